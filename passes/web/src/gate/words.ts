// The page's texts and its language, and small things to draw with.

import { clockWords, momentWords } from "./moments";
import type { Bilingual } from "./protocol";

export type Language = "zh" | "en";

export interface Texts {
  both: Record<string, Bilingual>;
  one: Record<string, string>;
}

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
  return of === "zh" ? "zh-CN" : "en-GB";
}

/** When a visitor may come again. */
export function whenWords(moment: string, of: Language): string {
  return momentWords(moment, htmlLang(of), { today: both("today")[of], tomorrow: both("tomorrow")[of] });
}

export function timeWords(moment: string | Date, seconds = false): string {
  return clockWords(moment, htmlLang(language), seconds);
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
