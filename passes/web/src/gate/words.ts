// The page's texts, its language, and times as people at a gate say them.

import type { Bilingual } from "./protocol";

export type Language = "zh" | "en";

export interface Texts {
  both: Record<string, Bilingual>;
  one: Record<string, string>;
}

const ZONE = "Asia/Shanghai";
const DAY_MS = 86_400_000;

export const language: Language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
export const other: Language = language === "zh" ? "en" : "zh";

export function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as unknown as T;
}

export const texts = JSON.parse(byId("texts").textContent ?? "") as Texts;

/** A text in the page's language, its %(name)s filled in. */
export function word(name: string, values: Record<string, string | number> = {}): string {
  return fill(texts.one[name] ?? name, values);
}

/** A text in both languages. */
export function both(name: string, values: Record<Language, Record<string, string>> = { zh: {}, en: {} }): Bilingual {
  const found = texts.both[name] ?? { zh: name, en: name };
  return { zh: fill(found.zh, values.zh), en: fill(found.en, values.en) };
}

export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/%\((\w+)\)s/g, (whole, name: string) => String(values[name] ?? whole));
}

export function htmlLang(of: Language): string {
  return of === "zh" ? "zh-CN" : "en";
}

/** "today 14:00", "tomorrow 06:30", or the day with its weekday: local time of the city, whatever the tablet says. */
export function momentWords(moment: string, of: Language, now: Date = new Date()): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return moment;
  const locale = of === "zh" ? "zh-CN" : "en-GB";
  const time = new Intl.DateTimeFormat(locale, { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false });
  const days = dayNumber(at) - dayNumber(now);
  const near = days === 0 ? "today" : days === 1 ? "tomorrow" : null;
  if (near !== null) return `${both(near)[of]} ${time.format(at)}`;
  const day = new Intl.DateTimeFormat(locale, { timeZone: ZONE, dateStyle: "long" });
  const weekday = new Intl.DateTimeFormat(locale, { timeZone: ZONE, weekday: "short" });
  return `${day.format(at)} ${weekday.format(at)} ${time.format(at)}`;
}

export function timeWords(moment: string | Date, seconds = false): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return String(moment);
  const parts: Intl.DateTimeFormatOptions = { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false };
  if (seconds) parts.second = "2-digit";
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", parts).format(at);
}

function dayNumber(at: Date): number {
  // No summer time since 1991: a local day of the city is always 24 hours.
  return Math.floor((at.getTime() + 8 * 3_600_000) / DAY_MS);
}

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  text = "",
  set: Record<string, string> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(set)) made.setAttribute(key, value);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: string): SVGSVGElement {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  made.append(use);
  return made;
}

/** A button that is on or off; what stands inside it with data-when shows itself accordingly. */
export function press(button: HTMLElement, on: boolean): void {
  button.setAttribute("aria-pressed", String(on));
  for (const part of button.querySelectorAll<Element>("[data-when]")) {
    part.toggleAttribute("hidden", part.getAttribute("data-when") !== String(on));
  }
}
