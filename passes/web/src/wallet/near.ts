// How far the open places are. Pure; the position comes in and goes nowhere.

export interface Spot {
  lat: number;
  lon: number;
}

const EARTH_METRES = 6_371_000;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** As the crow flies, on a sphere: what passes/catalogue/rules.py computes, too. */
export function metresBetween(one: Spot, other: Spot): number {
  const across = Math.sin(radians(other.lat - one.lat) / 2) ** 2;
  const along = Math.sin(radians(other.lon - one.lon) / 2) ** 2;
  const half = across + Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * along;
  return Math.round(2 * EARTH_METRES * Math.asin(Math.sqrt(half)));
}

/** 340 → "340 m", 1260 → "1.3 km", 24900 → "25 km", in the words given. */
export function distanceWords(metres: number, texts: Record<string, string>): string {
  if (metres < 950) return (texts["metres"] ?? "").replace("{metres}", String(Math.max(10, Math.round(metres / 10) * 10)));
  const kilometres = metres < 9_950 ? (metres / 1000).toFixed(1) : String(Math.round(metres / 1000));
  return (texts["kilometres"] ?? "").replace("{kilometres}", kilometres);
}

/** The things with how far each is, the nearest first. */
export function nearestFirst<Thing>(here: Spot, things: readonly Thing[], spotOf: (thing: Thing) => Spot) {
  return things
    .map((thing) => ({ thing, metres: metresBetween(here, spotOf(thing)) }))
    .sort((one, other) => one.metres - other.metres);
}
