// Which places a visitor looks for: the same rules as passes/catalogue/search.py.

export interface Wanted { words: string; kind: string; interest: string; open: boolean }
export interface Place { kind: string; interests: readonly string[]; open: boolean; words: string }

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
