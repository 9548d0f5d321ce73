// On what terms a visitor is let in, as short as a till's display: what is collected or handed over, who comes along.

import type { Bilingual, Choice, Use } from "./protocol";
import type { Language } from "./words";

export interface Terms {
  /** Nothing is paid for the benefit itself. */
  free?: boolean;
  discount?: { percent: number; cap_fen?: number | null; base?: string | null };
  /** The limits are spent: this many percent off instead. */
  then_discount?: number;
  supplements?: { item: Bilingual; amount_fen: number; optional: boolean }[];
  deposit_returned_fen?: number;
  buy_x_get_y?: { x: number; y: number };
  companions?: Companion[];
  child_policy?: { max_age: number | null; max_height_cm: number | null };
  items?: string[];
  excludes?: Bilingual[];
  uses?: Use[];
}

interface Companion {
  who: string;
  people: number;
  max_height_cm: number | null;
  discount_percent: number;
}

/** A text of the page in both languages, its %(name)s filled in. */
export type Phrase = (name: string, values?: Record<Language, Record<string, string>>) => Bilingual;

/** charge: what to collect, null where nothing is paid. hand: what to hand over. lines: the rest, a name and words. */
export interface TermsShown {
  charge: Bilingual | null;
  hand: Bilingual | null;
  lines: { name: string; words: Bilingual }[];
}

const LANGUAGES: Language[] = ["zh", "en"];
const BETWEEN: Record<Language, string> = { zh: "、", en: ", " };
const DIGITS_ZH = "零一二三四五六七八九";

/** `item` is what the clerk chose on the way, if anything. */
export function termsShown(terms: Terms, item: Choice | null, phrase: Phrase): TermsShown {
  const say = (name: string, value: (of: Language) => Record<string, string | number>): Bilingual => {
    const strings = (of: Language): Record<string, string> =>
      Object.fromEntries(Object.entries(value(of)).map(([key, one]) => [key, String(one)]));
    return phrase(name, { zh: strings("zh"), en: strings("en") });
  };
  const charge = chargesOf(terms, say);
  const goods = item === null ? (terms.items ?? []).map((sku) => ({ zh: sku, en: sku })) : [item];
  return {
    charge: charge.length > 0 ? joined(charge, { zh: "，", en: "; " }) : null,
    hand: goods.length > 0 ? say("hand_over", (of) => ({ item: joined(goods, BETWEEN)[of] })) : null,
    lines: linesOf(terms, say),
  };
}

type Say = (name: string, value: (of: Language) => Record<string, string | number>) => Bilingual;

function chargesOf(terms: Terms, say: Say): Bilingual[] {
  const charges: Bilingual[] = [];
  const percent = terms.then_discount ?? terms.discount?.percent ?? 100;
  if (percent < 100) {
    const name = terms.then_discount === undefined ? "collect_off" : "collect_then";
    charges.push(say(name, (of) => ({ off: percentWords(percent, of) })));
  }
  if (terms.buy_x_get_y) charges.push(say("buy_get", () => ({ ...terms.buy_x_get_y })));
  const due = (terms.supplements ?? []).filter((one) => !one.optional).reduce((sum, one) => sum + one.amount_fen, 0);
  if (due > 0) charges.push(say("collect_more", (of) => ({ amount: yuan(due, of) })));
  for (const { who, discount_percent: off } of terms.companions ?? []) {
    if (off < 100) charges.push(say(`collect_${who}`, (of) => ({ off: percentWords(off, of) })));
  }
  return charges;
}

function linesOf(terms: Terms, say: Say): TermsShown["lines"] {
  const lines: TermsShown["lines"] = [];
  const add = (name: string, words: Bilingual[]): void => {
    if (words.length > 0) lines.push({ name, words: joined(words, BETWEEN) });
  };
  const priced = (one: { item: Bilingual; amount_fen: number }): Bilingual =>
    each((of) => `${one.item[of]} ${yuan(one.amount_fen, of)}`);
  const { discount } = terms;
  // Beyond the limits another discount holds, so what is said of the first one does not.
  if (discount && terms.then_discount === undefined) add("price", priceWords(discount, say));
  add("due", (terms.supplements ?? []).filter((one) => !one.optional).map(priced));
  add("if_wanted", (terms.supplements ?? []).filter((one) => one.optional).map(priced));
  if (terms.deposit_returned_fen) {
    add("deposit", [say("deposit_back", (of) => ({ amount: yuan(terms.deposit_returned_fen ?? 0, of) }))]);
  }
  add("along", (terms.companions ?? []).map((one) => companionWords(one, say)));
  if (terms.child_policy) add("children", [childWords(terms.child_policy, say)]);
  add("excludes", terms.excludes ?? []);
  return lines;
}

function priceWords(discount: NonNullable<Terms["discount"]>, say: Say): Bilingual[] {
  const parts: Bilingual[] = [];
  if (discount.base) {
    parts.push(say(`off_${discount.base}`, (of) => ({ off: percentWords(discount.percent, of) })));
  }
  if (discount.cap_fen) parts.push(say("at_most", (of) => ({ amount: yuan(discount.cap_fen ?? 0, of) })));
  return parts;
}

function companionWords(one: Companion, say: Say): Bilingual {
  const name = `along_${one.who}${one.people === 1 ? "" : "s"}`;
  return say(name, (of) => ({
    people: one.people,
    height: one.max_height_cm ?? 0,
    off: percentWords(one.discount_percent, of),
  }));
}

function childWords(policy: NonNullable<Terms["child_policy"]>, say: Say): Bilingual {
  const limits: Bilingual[] = [];
  if (policy.max_age !== null) limits.push(say("up_to_age", () => ({ age: policy.max_age ?? 0 })));
  if (policy.max_height_cm !== null) limits.push(say("up_to_height", () => ({ height: policy.max_height_cm ?? 0 })));
  return say("children_free", (of) => ({ limits: joined(limits, { zh: "、", en: " and " })[of] }));
}

/** “八折”, “20% off”: in Chinese one says what is left to pay. The same words as in phrases.py. */
export function percentWords(percent: number, of: Language): string {
  const left = 100 - percent;
  if (left <= 0) return of === "zh" ? "免费" : "free";
  if (left === 50) return of === "zh" ? "半价" : "half price";
  if (of === "en") return `${percent}% off`;
  if (left < 10) return `减 ${percent}%`;
  return `${[...String(left).replace(/0$/, "")].map((digit) => DIGITS_ZH.charAt(Number(digit))).join("")}折`;
}

/** “30 元”, “¥30”, with fen only where there are some. */
export function yuan(fen: number, of: Language): string {
  const amount = (fen / 100).toLocaleString("en", { minimumFractionDigits: 2 }).replace(/\.00$/, "");
  return of === "zh" ? `${amount} 元` : `¥${amount}`;
}

function joined(parts: readonly Bilingual[], between: Record<Language, string>): Bilingual {
  return each((of) => parts.map((part) => part[of]).join(between[of]));
}

function each(words: (of: Language) => string): Bilingual {
  const [zh, en] = LANGUAGES.map(words);
  return { zh: zh ?? "", en: en ?? "" };
}
