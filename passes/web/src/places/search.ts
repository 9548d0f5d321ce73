// Which places a visitor looks for: the same rules as passes/catalogue/search.py and rules.py.

export interface Position { lat: number; lon: number }
export interface Wanted { words: string; kind: string; interest: string; open: boolean }
export interface Place { kind: string; interests: readonly string[]; open: boolean; words: string }

const EARTH_METRES = 6_371_000;

/** Text as it is compared: without case, width and accents. */
export function folded(text: string): string {
  return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").trim();
}

/** Whether a place is what was asked for; its words are folded already. */
export function fits(wanted: Wanted, place: Place): boolean {
  return (
    (!wanted.kind || place.kind === wanted.kind) &&
    (!wanted.interest || place.interests.includes(wanted.interest)) &&
    (!wanted.open || place.open) &&
    folded(wanted.words).split(/\s+/).every((word) => place.words.includes(word))
  );
}

/** As the crow flies, on a sphere. */
export function metresBetween(one: Position, other: Position): number {
  const radians = Math.PI / 180;
  const half =
    Math.sin(((other.lat - one.lat) * radians) / 2) ** 2 +
    Math.cos(one.lat * radians) * Math.cos(other.lat * radians) * Math.sin(((other.lon - one.lon) * radians) / 2) ** 2;
  return Math.round(2 * EARTH_METRES * Math.asin(Math.sqrt(half)));
}

/** “350 m”, “1.2 km”, “14 km”. */
export function distanceWords(metres: number, texts: { metres: string; km: string }): string {
  if (metres < 1000) return texts.metres.replace("{n}", String(Math.max(Math.round(metres / 10) * 10, 10)));
  return texts.km.replace("{n}", metres < 10_000 ? (metres / 1000).toFixed(1) : String(Math.round(metres / 1000)));
}
