// How far a place is: what passes/catalogue computes and says, too. A position comes in and goes nowhere.

export interface Position { lat: number; lon: number }
/** “350 m” and “1.2 km” in the reader's language, {n} where the number stands. */
export interface DistanceTexts { metres: string; km: string }

const EARTH_METRES = 6_371_000;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** As the crow flies, on a sphere. */
export function metresBetween(one: Position, other: Position): number {
  const across = Math.sin(radians(other.lat - one.lat) / 2) ** 2;
  const along = Math.sin(radians(other.lon - one.lon) / 2) ** 2;
  const half = across + Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * along;
  return Math.round(2 * EARTH_METRES * Math.asin(Math.sqrt(half)));
}

/** 340 → “340 m”, 1260 → “1.3 km”, 24900 → “25 km”. */
export function distanceWords(metres: number, texts: DistanceTexts): string {
  if (metres < 995) return texts.metres.replace("{n}", String(Math.max(Math.round(metres / 10) * 10, 10)));
  return texts.km.replace("{n}", metres < 9_950 ? (metres / 1000).toFixed(1) : String(Math.round(metres / 1000)));
}

/** The things with how far each is, the nearest first. */
export function nearestFirst<Thing>(here: Position, things: readonly Thing[], positionOf: (thing: Thing) => Position) {
  return things
    .map((thing) => ({ thing, metres: metresBetween(here, positionOf(thing)) }))
    .sort((one, other) => one.metres - other.metres);
}
