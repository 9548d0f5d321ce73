// What the gate's screen shows. Everything from the server goes in as text, never as markup.

import type { Bilingual, Choice, ConfirmItem, Lane, Outcome, ScanAnswer } from "./protocol";

export type Language = "zh" | "en";

export interface Texts {
  both: Record<string, Bilingual>;
  one: Record<string, string>;
}

/** What the buttons of a result do. */
export interface Actions {
  choose: (choice: Choice) => void;
  confirm: (items: string[]) => void;
  askAgain: () => void;
}

export type State = "ready" | "waiting" | "admitted" | "refused" | "needs_confirmation" | "silent" | "problem";

export const language: Language = document.documentElement.lang.startsWith("en") ? "en" : "zh";

export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
}

export const texts = JSON.parse(byId("texts").textContent ?? "") as Texts;

export function word(name: string): string {
  return texts.one[name] ?? name;
}

function both(name: string): Bilingual {
  return texts.both[name] ?? { zh: name, en: name };
}

export function setState(state: State): void {
  document.body.dataset.state = state;
  byId("result").hidden = state === "ready";
  for (const icon of document.querySelectorAll<SVGElement>("#result svg[data-icon]")) {
    icon.toggleAttribute("hidden", icon.dataset.icon !== state);
  }
}

export function showLane(lane: Lane, connected: boolean): void {
  byId("lane-name").textContent = lane.name;
  byId("venue-name").textContent = lane.venue[language];
  byId("lane-benefit").textContent = lane.default_benefit?.[language] ?? word("benefit_asked");
  byId("lane-attended").textContent = word(lane.attended ? "attended" : "unattended");
  byId("disconnected").hidden = connected;
}

export function showWaiting(): void {
  clear();
  say(both("waiting"));
  setState("waiting");
}

/** Draws one outcome over the whole screen. */
export function showOutcome(outcome: Outcome<ScanAnswer>, actions: Actions): State {
  clear();
  if (outcome.kind === "answer") {
    showAnswer(outcome.answer, actions);
    setState(outcome.answer.decision);
    return outcome.answer.decision;
  }
  if (outcome.kind === "silent") {
    say(both("silent"));
    addFact(word("what_now"), word("silent_advice"));
    addButton(word("ask_again"), actions.askAgain);
    setState("silent");
    return "silent";
  }
  say(both("problem"));
  addFact(word("what_now"), outcome.problem.detail);
  setState("problem");
  return "problem";
}

function showAnswer(answer: ScanAnswer, actions: Actions): void {
  say(answer.words);
  if (answer.benefit) addFact(word("benefit"), answer.benefit[language]);
  if (answer.holder) {
    const holderClass = word(`class_${answer.holder.holder_class}`);
    addFact(word("holder"), `${answer.holder.name} · ${holderClass} · ${answer.holder.product[language]}`);
    addFact(word("document"), `…${answer.holder.document_last4}`);
  }
  for (const use of answer.terms?.uses ?? []) {
    const words = texts.one[`uses_${use.per}`];
    if (words) addFact(words, `${use.used} / ${use.limit}`);
  }
  for (const left of answer.terms?.excludes ?? []) addFact(word("excludes"), left[language]);
  if (answer.next_allowed_at) addFact(word("next_allowed"), localMoment(answer.next_allowed_at));
  if (answer.decision === "needs_confirmation") offer(answer.confirm ?? [], actions);
}

function offer(items: ConfirmItem[], actions: Actions): void {
  for (const choice of items.flatMap((item) => item.choices ?? [])) {
    addButton(`${choice.zh} ${choice.en}`, () => actions.choose(choice)).dataset.benefit = choice.id;
  }
  const toConfirm = items.filter((item) => item.choices === undefined);
  if (toConfirm.length === 0) return;
  for (const item of toConfirm) addFact(word("confirm"), `${item.words.zh} ${item.words.en}`);
  addButton(word("confirm_button"), () => actions.confirm(toConfirm.map((item) => item.item)));
}

function say(words: Bilingual): void {
  const other: Language = language === "zh" ? "en" : "zh";
  byId("words-first").textContent = words[language];
  byId("words-second").textContent = words[other];
  byId("words-second").lang = other === "zh" ? "zh-CN" : "en";
}

function clear(): void {
  byId("facts").replaceChildren();
  byId("choices").replaceChildren();
}

function addFact(name: string, value: string): void {
  const term = document.createElement("dt");
  const description = document.createElement("dd");
  term.textContent = name;
  description.textContent = value;
  byId("facts").append(term, description);
}

function addButton(text: string, act: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "big";
  button.textContent = text;
  button.addEventListener("click", act);
  byId("choices").append(button);
  return button;
}

function localMoment(moment: string): string {
  const format = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", {
    timeZone: "Asia/Shanghai",
    dateStyle: "medium",
    timeStyle: "short",
  });
  const parsed = new Date(moment);
  return Number.isNaN(parsed.getTime()) ? moment : format.format(parsed);
}
