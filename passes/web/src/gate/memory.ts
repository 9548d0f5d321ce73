// The reader's memory: a code held before the scanner is read many times, and only the first reading is a scan.

const REPEAT_MS = 3000;

export class ShownMemory<T> {
  private text: string | null = null;
  private shown: T | null = null;
  private until = 0;

  /** Remember what was shown for this text, now. */
  keep(text: string, shown: T, at: number): void {
    this.text = text;
    this.shown = shown;
    this.until = at + REPEAT_MS;
  }

  /** What was shown for the same text within the last 3 seconds; showing it again starts them anew. */
  repeat(text: string, at: number): T | null {
    if (this.shown === null || this.text !== text || at >= this.until) return null;
    this.until = at + REPEAT_MS;
    return this.shown;
  }

  forget(): void {
    this.text = null;
    this.shown = null;
  }
}

/** What a camera sees, twelve times a second. A code is new until it has been out of sight for 3 seconds. */
export class Sightings {
  private text: string | null = null;
  private lastAt = 0;

  isNew(text: string, at: number): boolean {
    const known = this.text === text && at - this.lastAt < REPEAT_MS;
    this.text = text;
    this.lastAt = at;
    return !known;
  }

  /** The same code may be read again at once: what it was shown for was not taken. */
  forget(): void {
    this.text = null;
  }
}
