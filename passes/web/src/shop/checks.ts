// What can be said of a field before the form is sent. The server decides; these only save a walk there and back, so
// they name what is surely wrong and nothing else.

/** The name of the text that says what is wrong. */
export type Fault = "id_shape" | "id_check" | "phone" | "email";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** Full-width characters narrowed, blanks and hyphens dropped, upper case: as the server reads it. */
export const narrow = (text: string): string =>
  text.normalize("NFKC").replace(/[\s\-‐‑–—·]+/g, "").toUpperCase();

/** The 18th character that belongs to the first 17 digits (GB 11643). */
export function checkDigit(number: string): string {
  const total = WEIGHTS.reduce((sum, weight, place) => sum + weight * Number(number[place]), 0);
  return "10X98765432".charAt(total % 11);
}

export function documentFault(type: string, text: string): Fault | null {
  const number = narrow(text);
  if (type !== "CN_ID" || number === "") return null;
  if (!/^[1-8][0-9]{16}[0-9X]$/.test(number)) return "id_shape";
  return checkDigit(number) === number.charAt(17) ? null : "id_check";
}

export function phoneFault(text: string): Fault | null {
  const number = text.normalize("NFKC").replace(/[\s\-‐‑–—().·/]+/g, "");
  if (number === "") return null;
  if (/^\+[0-9]{7,15}$/.test(number)) return null;
  if (!/^[0-9]{7,15}$/.test(number)) return "phone";
  return number.startsWith("1") && number.length !== 11 ? "phone" : null;
}

export function emailFault(text: string): Fault | null {
  const address = text.trim();
  return address === "" || /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(address) ? null : "email";
}

/** Whether this document's number holds the birth date, so that it need not be asked for. */
export function holdsBirth(type: string, text: string): boolean {
  const length = narrow(text).length;
  return type === "CN_ID" || (type === "CN_PR_CARD" && length !== 15);
}
