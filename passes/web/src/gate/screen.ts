// What the gate says over the whole screen. Everything from the server goes in as text, never as markup.

import { confirming } from "./confirming";
import { kindOf, type Gathered } from "./gathering";
import type { Bilingual, Choice, Elsewhere, Lane, Outcome, ScanAnswer } from "./protocol";
import { termsShown, type TermsShown } from "./terms";
import { both, byId, element, htmlLang, language, other, texts, whenWords, word, type Language } from "./words";

/** What the buttons of a result do. */
export interface Actions {
  send: (more: Gathered) => void;
  askAgain: () => void;
}

/** preview: a look before something is redeemed. item: what the clerk chose to hand over. */
export interface View {
  preview: boolean;
  item: Choice | null;
}

export type State =
  | "ready"
  | "waiting"
  | "admitted"
  | "pay"
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
  pay: 60_000,
  refused: 15_000,
  needs_confirmation: 60_000,
  confirm: 60_000,
  silent: null,
  problem: 30_000,
};

const HIDDEN_AT_FIRST = ["result-charge", "result-hand", "result-next", "result-elsewhere", "slow-note", "busy-note"];

let focused: Element | null = null;
let kept: { milliseconds: number | null; cleared: () => void } | null = null;
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
  kept = { milliseconds: STAYS_MS[state], cleared };
  stayFor(kept.milliseconds, cleared);
}

/** Whoever is still choosing or counting gets the whole time again. */
export function stayOn(): void {
  if (kept !== null) stayFor(kept.milliseconds, kept.cleared);
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

/** Draws one outcome over the whole screen. */
export function showOutcome(
  outcome: Outcome<ScanAnswer>,
  actions: Actions,
  cleared: () => void,
  view: View,
): State {
  clear();
  const state = drawOutcome(outcome, actions, view);
  setState(state, cleared);
  return state;
}

function drawOutcome(outcome: Outcome<ScanAnswer>, actions: Actions, view: View): State {
  if (outcome.kind === "answer") {
    const { answer } = outcome;
    const choosing = (answer.confirm ?? []).some((item) => kindOf(item) === "choice");
    const shown = termsShown(answer.terms ?? {}, view.item, both);
    return view.preview && !choosing ? drawPreview(answer, shown, actions) : drawAnswer(answer, shown, actions);
  }
  if (outcome.kind === "silent") {
    say(both("silent"));
    addFact(word("what_now"), word("silent_advice"));
    const button = element("button", word("ask_again"), { type: "button", class: "big" });
    button.addEventListener("click", actions.askAgain);
    byId("choices").append(button);
    return "silent";
  }
  say(both("problem"));
  addFact(word("what_now"), outcome.problem.detail);
  return "problem";
}

function drawPreview(answer: ScanAnswer, shown: TermsShown, actions: Actions): State {
  const said = answer.benefit ?? both("redeem_question");
  say(said);
  if (shown.charge) sayTwice("result-charge", shown.charge);
  drawFacts(answer, shown);
  const asked = { items: answer.confirm ?? [], said, button: word("redeem"), send: actions.send };
  byId("choices").append(...confirming(asked));
  return "confirm";
}

/** What must be collected stands where a free admission says welcome: nobody reads one for the other. */
function drawAnswer(answer: ScanAnswer, shown: TermsShown, actions: Actions): State {
  const charge = answer.decision === "admitted" ? shown.charge : null;
  say(charge ?? answer.words);
  if (charge) sayTwice("result-charge", both("then_admit"));
  if (answer.next_allowed_at) sayNext(answer.next_allowed_at);
  if (answer.elsewhere) sayElsewhere(answer.elsewhere);
  if (answer.benefit) addFact(word("benefit"), answer.benefit[language]);
  drawFacts(answer, shown);
  if (charge) return "pay";
  const items = answer.confirm ?? [];
  if (answer.decision === "needs_confirmation" && items.length > 0) {
    const asked = { items, said: answer.words, button: word("confirm_button"), send: actions.send };
    byId("choices").append(...confirming(asked));
  }
  return answer.decision;
}

function drawFacts(answer: ScanAnswer, shown: TermsShown): void {
  if (shown.hand) sayTwice("result-hand", shown.hand);
  for (const line of shown.lines) addFact(word(line.name), line.words[language]);
  for (const use of answer.terms?.uses ?? []) {
    const words = texts.one[`uses_${use.per}`];
    if (words) addFact(words, `${use.used} / ${use.limit}`);
  }
  if (answer.holder) {
    const holderClass = word(`class_${answer.holder.holder_class}`);
    addFact(word("holder"), `${answer.holder.name} · ${holderClass} · ${answer.holder.product[language]}`);
    addFact(word("document"), `…${answer.holder.document_last4}`);
  }
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

function clear(): void {
  byId("facts").replaceChildren();
  byId("choices").replaceChildren();
  for (const id of HIDDEN_AT_FIRST) byId(id).hidden = true;
}

function addFact(name: string, value: string): void {
  byId("facts").append(element("dt", name), element("dd", value));
}
