// A keyboard-wedge scanner types like a keyboard. The physical key (event.code) is read, not the character, so that
// an input method or another layout on the tablet changes nothing. The scanner itself stays on its US default.

export interface Key {
  code: string;
  key: string;
  shiftKey: boolean;
}

// A scanner leaves a few milliseconds between keys, more on a busy tablet; a person is slower than a key in 60 ms.
const GAP_MS = 1000;
const BURST_MS_PER_KEY = 60;
const BURST_KEYS = 6;

const SHIFTED_DIGITS = ")!@#$%^&*(";
const OTHERS: Record<string, [string, string]> = {
  Minus: ["-", "_"],
  Equal: ["=", "+"],
  BracketLeft: ["[", "{"],
  BracketRight: ["]", "}"],
  Backslash: ["\\", "|"],
  Semicolon: [";", ":"],
  Quote: ["'", '"'],
  Comma: [",", "<"],
  Period: [".", ">"],
  Slash: ["/", "?"],
  Backquote: ["`", "~"],
  Space: [" ", " "],
  NumpadAdd: ["+", "+"],
  NumpadSubtract: ["-", "-"],
  NumpadMultiply: ["*", "*"],
  NumpadDivide: ["/", "/"],
  NumpadDecimal: [".", "."],
};

/** The character of a physical key on a US keyboard, or null for a key that writes none. */
export function characterOf(key: Key, capsLock: boolean): string | null {
  const pair = pairOf(key.code);
  if (pair === null) return null;
  // Where the system agrees which two characters the key has, it knows best which one was meant.
  if (key.key === pair[0] || key.key === pair[1]) return key.key;
  const letter = key.code.startsWith("Key");
  return pair[key.shiftKey !== (letter && capsLock) ? 1 : 0];
}

function pairOf(code: string): [string, string] | null {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter !== undefined) return [letter.toLowerCase(), letter];
  const digit = /^Digit([0-9])$/.exec(code)?.[1];
  if (digit !== undefined) return [digit, SHIFTED_DIGITS.charAt(Number(digit))];
  const numpad = /^Numpad([0-9])$/.exec(code)?.[1];
  return numpad !== undefined ? [numpad, numpad] : (OTHERS[code] ?? null);
}

/** Collects keys into one text. Times are milliseconds of any steady clock. */
export class Wedge {
  private text = "";
  private startedAt = 0;
  private lastAt = 0;

  add(character: string, at: number): void {
    if (at - this.lastAt > GAP_MS) this.text = "";
    if (this.text === "") this.startedAt = at;
    this.text += character;
    this.lastAt = at;
  }

  /** What was typed up to this Enter, with whether only a machine types so fast; the next key starts afresh. */
  take(at: number): { text: string; burst: boolean } {
    const text = at - this.lastAt > GAP_MS ? "" : this.text;
    const burst = text.length >= BURST_KEYS && at - this.startedAt < text.length * BURST_MS_PER_KEY;
    this.text = "";
    return { text, burst };
  }
}

/** A pasted or scanned text without the scanner's line end; nothing else is trimmed. */
export function withoutLineEnd(text: string): string {
  return text.replace(/[\r\n\t]+$/, "");
}
