// What the gate says over the whole screen. Everything from the server goes in as text, never as markup.

import type { Bilingual, Choice, ConfirmItem, Elsewhere, Lane, Outcome, ScanAnswer } from "./protocol";
import { both, byId, element, htmlLang, language, other, texts, whenWords, word, type Language } from "./words";

/** What the buttons of a result do. */
export interface Actions {
  choose: (choice: Choice) => void;
  confirm: (items: string[]) => void;
  askAgain: () => void;
}

export type State =
  | "ready"
  | "waiting"
  | "admitted"
  | "refused"
  | "needs_confirmation"
  | "confirm"
  | "silent"
  | "problem";

// How long a result stays when nobody touches anything: a green must not admit the next person too.
const STAYS_MS: Record<State, number | null> = {
  ready: null,
  waiting: null,
  admitted: 6000,
  refused: 15_000,
  needs_confirmation: 60_000,
  confirm: 60_000,
  silent: null,
  problem: 30_000,
};

let focused: Element | null = null;
let clearing: ReturnType<typeof setTimeout> | undefined;
let left: Animation | null = null;

export function setState(state: State, cleared: () => void = () => undefined): void {
  const before = document.body.dataset.state ?? "ready";
  document.body.dataset.state = state;
  const result = byId("result");
  result.hidden = state === "ready";
  byId<SVGElement>("result-icon").setAttribute("href", `#i-${state}`);
  byId("next").textContent = word(state === "needs_confirmation" || state === "confirm" ? "cancel" : "next");
  byId("next").hidden = state === "waiting";
  for (const behind of document.querySelectorAll("header, main, footer")) {
    behind.toggleAttribute("inert", state !== "ready");
  }
  if (before === "ready" && state !== "ready") focused = document.activeElement;
  if (state !== "ready") result.focus();
  else if (focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true });
  stayFor(STAYS_MS[state], cleared);
}

/** Clears by itself after a while, and shows how much of it is left. */
function stayFor(milliseconds: number | null, cleared: () => void): void {
  clearTimeout(clearing);
  left?.cancel();
  left = null;
  const bar = byId("result-left");
  bar.hidden = milliseconds === null;
  if (milliseconds === null) return;
  clearing = setTimeout(cleared, milliseconds);
  const shrink = [{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }];
  left = bar.animate(shrink, { duration: milliseconds, fill: "forwards" });
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

/** Draws one outcome over the whole screen; `preview` is a look before something is redeemed. */
export function showOutcome(
  outcome: Outcome<ScanAnswer>,
  actions: Actions,
  cleared: () => void,
  preview = false,
): State {
  clear();
  const state = drawOutcome(outcome, actions, preview);
  setState(state, cleared);
  return state;
}

function drawOutcome(outcome: Outcome<ScanAnswer>, actions: Actions, preview: boolean): State {
  if (outcome.kind === "answer") {
    const choosing = (outcome.answer.confirm ?? []).some((item) => item.choices !== undefined);
    if (preview && !choosing) return drawPreview(outcome.answer, actions);
    drawAnswer(outcome.answer, actions);
    return outcome.answer.decision;
  }
  if (outcome.kind === "silent") {
    say(both("silent"));
    addFact(word("what_now"), word("silent_advice"));
    addButton(word("ask_again"), actions.askAgain);
    return "silent";
  }
  say(both("problem"));
  addFact(word("what_now"), outcome.problem.detail);
  return "problem";
}

function drawPreview(answer: ScanAnswer, actions: Actions): State {
  const benefit = answer.benefit;
  say(benefit ?? both("redeem_question"));
  drawFacts(answer);
  const items = answer.confirm ?? [];
  for (const item of items) addFact(word("confirm"), twice(item.words));
  addButton(word("redeem"), () => actions.confirm(items.map((item) => item.item)));
  return "confirm";
}

function drawAnswer(answer: ScanAnswer, actions: Actions): void {
  say(answer.words);
  if (answer.next_allowed_at) sayNext(answer.next_allowed_at);
  if (answer.elsewhere) sayElsewhere(answer.elsewhere);
  if (answer.benefit) addFact(word("benefit"), answer.benefit[language]);
  drawFacts(answer);
  if (answer.decision === "needs_confirmation") offer(answer.confirm ?? [], answer.words, actions);
}

function drawFacts(answer: ScanAnswer): void {
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
}

function offer(items: ConfirmItem[], said: Bilingual, actions: Actions): void {
  for (const choice of items.flatMap((item) => item.choices ?? [])) {
    const button = addButton("", () => actions.choose(choice));
    button.append(element("span", choice[language]), " ", element("span", choice[other], { lang: htmlLang(other) }));
    button.dataset.benefit = choice.id;
  }
  const toConfirm = items.filter((item) => item.choices === undefined);
  if (toConfirm.length === 0) return;
  for (const item of toConfirm) {
    if (item.words.zh !== said.zh) addFact(word("confirm"), twice(item.words));
  }
  addButton(word("confirm_button"), () => actions.confirm(toConfirm.map((item) => item.item)));
}

function sayNext(moment: string): void {
  const when = (of: Language): Record<string, string> => ({ when: whenWords(moment, of) });
  sayTwice("result-next", both("next_allowed", { zh: when("zh"), en: when("en") }));
}

function sayElsewhere(near: Elsewhere): void {
  const place = (of: Language): Record<string, string> => {
    const away = near.metres ? distance(near.metres, of) : null;
    return { place: [near.venue[of], near.benefit?.[of], away].filter(Boolean).join(" · ") };
  };
  sayTwice("result-elsewhere", both("elsewhere", { zh: place("zh"), en: place("en") }));
}

function distance(metres: number, of: Language): string {
  const settings: Intl.NumberFormatOptions = { style: "unit", unit: "kilometer", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(htmlLang(of), settings).format(metres / 1000);
}

function sayTwice(id: string, words: Bilingual): void {
  const line = byId(id);
  line.hidden = false;
  line.replaceChildren(element("span", words[language]), element("span", words[other], { lang: htmlLang(other) }));
}

function say(words: Bilingual): void {
  // Chinese may break anywhere; it reads best broken after a comma.
  const phrases = words[language].split(/(?<=[，：；])/);
  byId("words-first").replaceChildren(...phrases.map((phrase) => element("span", phrase)));
  byId("words-second").textContent = words[other];
  byId("words-second").lang = htmlLang(other);
}

function twice(words: Bilingual): string {
  return `${words.zh} ${words.en}`;
}

function clear(): void {
  byId("facts").replaceChildren();
  byId("choices").replaceChildren();
  for (const id of ["result-next", "result-elsewhere", "slow-note", "busy-note"]) byId(id).hidden = true;
}

function addFact(name: string, value: string): void {
  byId("facts").append(element("dt", name), element("dd", value));
}

function addButton(text: string, act: () => void): HTMLButtonElement {
  const button = element("button", text, { type: "button", class: "big" });
  button.addEventListener("click", act);
  byId("choices").append(button);
  return button;
}
