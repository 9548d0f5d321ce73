// What is chosen in the form comes to so much: as the server says it, with no digits where there are none to say.

/** The sum of amounts in fen as they stand in the page; what is not chosen yet costs nothing. */
export const sumOf = (amounts: readonly (string | undefined)[]): number =>
  amounts.reduce((sum, fen) => sum + Number(fen ?? 0), 0);

/** 19900 → ¥199, 1250 → ¥12.50, 123450000 → ¥1,234,500. */
export function yuan(fen: number): string {
  const digits = fen % 100 === 0 ? 0 : 2;
  return `¥${(fen / 100).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}
