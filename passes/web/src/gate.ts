// The page of a tablet at an entrance: enrol once, then scan all day.

import { ShownMemory } from "./gate/memory";
import * as protocol from "./gate/protocol";
import type { Enrolled, Outcome, Problem, ScanAnswer, ScanRequest } from "./gate/protocol";
import * as screen from "./gate/screen";
import { byId, word } from "./gate/screen";
import { play, wakeSound } from "./gate/sound";
import * as store from "./gate/store";
import { characterOf, Wedge, withoutLineEnd } from "./gate/wedge";

// How long a result stays when nobody touches anything: a green must not admit the next person too.
const CLEAR_AFTER_MS: Record<screen.State, number | null> = {
  ready: null,
  waiting: null,
  admitted: 6000,
  refused: 15_000,
  needs_confirmation: 60_000,
  silent: null,
  problem: 30_000,
};
const LANE_EVERY_MS = 60_000;

interface Shown {
  scan: ScanRequest;
  outcome: Outcome<ScanAnswer>;
}

const around = protocol.browserSurroundings();
const memory = new ShownMemory<Shown>();
const wedge = new Wedge();

let enrolment = store.readEnrolment();
let enrolling = enrolment === null;
let busy = false;
let unanswered: ScanRequest | null = null;
let clearing: ReturnType<typeof setTimeout> | undefined;

/** A text read by the scanner, typed or pasted. */
async function read(raw: string): Promise<void> {
  const code = withoutLineEnd(raw);
  if (enrolment === null || enrolling || code === "") return;
  if (busy) {
    byId("busy-note").hidden = false;
    return;
  }
  const again = memory.repeat(code, performance.now());
  if (again !== null) {
    show(again);
  } else if (unanswered?.code === code) {
    await submit(unanswered);
  } else {
    await submit({ scan_id: protocol.newScanId(), code });
  }
}

async function submit(scan: ScanRequest): Promise<void> {
  if (enrolment === null || busy) return;
  busy = true;
  clearTimeout(clearing);
  screen.showWaiting();
  const outcome = await protocol.sendScan(enrolment.token, scan, around);
  busy = false;
  byId("busy-note").hidden = true;
  byId("disconnected").hidden = outcome.kind !== "silent";
  unanswered = outcome.kind === "silent" ? scan : null;
  if (outcome.kind === "signed_off") {
    signedOff(outcome.problem);
    return;
  }
  if (outcome.kind === "answer") memory.keep(scan.code, { scan, outcome }, performance.now());
  show({ scan, outcome });
}

function show(shown: Shown): void {
  const { scan } = shown;
  const more = (added: Partial<ScanRequest>): void => {
    void submit({ ...scan, ...added, scan_id: protocol.newScanId() });
  };
  const state = screen.showOutcome(shown.outcome, {
    choose: (choice) => more({ benefit_id: choice.id }),
    confirm: (items) => more({ confirmed: [...(scan.confirmed ?? []), ...items] }),
    askAgain: () => void submit(scan),
  });
  play(state === "admitted" || state === "refused" || state === "needs_confirmation" ? state : "silent");
  clearTimeout(clearing);
  const after = CLEAR_AFTER_MS[state];
  if (after !== null) clearing = setTimeout(ready, after);
}

function ready(): void {
  clearTimeout(clearing);
  unanswered = null;
  screen.setState("ready");
}

function showEnrolling(message: string | null): void {
  enrolling = true;
  screen.setState("ready");
  byId("scan").hidden = true;
  byId("enrol").hidden = false;
  byId("stay").hidden = enrolment === null;
  byId("enrol-message").hidden = message === null;
  byId("enrol-message").textContent = message ?? "";
}

function showScanning(connected: boolean): void {
  if (enrolment === null) return;
  enrolling = false;
  byId("enrol").hidden = true;
  byId("scan").hidden = false;
  screen.showLane(enrolment.lane, connected);
  screen.setState("ready");
}

function signedOff(problem: Problem): void {
  store.dropEnrolment();
  enrolment = null;
  memory.forget();
  showEnrolling(problem.detail || word("enrol_again"));
}

async function refreshLane(): Promise<void> {
  const asked = enrolment;
  if (asked === null) return;
  const outcome = await protocol.fetchLane(asked.token, around);
  if (enrolment !== asked) return;
  if (outcome.kind === "signed_off") {
    signedOff(outcome.problem);
  } else if (outcome.kind === "answer") {
    enrolment = { token: asked.token, lane: outcome.answer };
    store.keepEnrolment(enrolment);
    screen.showLane(outcome.answer, true);
  } else {
    byId("disconnected").hidden = false;
  }
}

async function enrol(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const code = byId<HTMLInputElement>("enrol-code");
  const name = byId<HTMLInputElement>("device-name");
  const button = byId<HTMLButtonElement>("enrol-button");
  button.disabled = true;
  const outcome = await protocol.enrol(code.value, name.value, enrolment?.token ?? null, around);
  button.disabled = false;
  if (outcome.kind === "answer") {
    enrolled(outcome.answer);
    code.value = "";
    return;
  }
  const problem = outcome.kind === "silent" ? null : outcome.problem;
  markField(code, "enrol-code-error", problem?.fields?.code ?? []);
  markField(name, "device-name-error", problem?.fields?.device_name ?? []);
  const message = byId("enrol-message");
  message.textContent = problem === null ? word("enrol_silent") : problem.detail;
  message.hidden = false;
}

function enrolled(made: Enrolled): void {
  enrolment = { token: made.token, lane: made.lane };
  const kept = store.keepEnrolment(enrolment);
  showScanning(true);
  byId("not-kept").hidden = kept;
}

function markField(input: HTMLInputElement, errorId: string, reasons: string[]): void {
  byId(errorId).textContent = reasons.join(" ");
  byId(errorId).hidden = reasons.length === 0;
  input.toggleAttribute("aria-invalid", false);
  if (reasons.length > 0) input.setAttribute("aria-invalid", "true");
}

function onKey(event: KeyboardEvent): void {
  wakeSound();
  if (enrolling || event.ctrlKey || event.altKey || event.metaKey) return;
  const field = byId<HTMLInputElement>("code");
  const inField = event.target === field;
  const at = event.timeStamp;
  if (event.code === "Enter" || event.code === "NumpadEnter") {
    const { text, burst } = wedge.take(at);
    // In the field only a machine's burst is taken from the keys; what a person typed there is the field's.
    if (text === "" || (inField && !burst)) return;
    event.preventDefault();
    field.value = "";
    void read(text);
    return;
  }
  if (event.code === "Escape" && !busy) ready();
  const character = characterOf(event, event.getModifierState("CapsLock"));
  if (character === null || (character === " " && event.target instanceof HTMLButtonElement)) return;
  wedge.add(character, at);
  if (!inField) event.preventDefault();
}

function onPaste(event: ClipboardEvent): void {
  if (enrolling || event.target === byId("code")) return;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (text === "") return;
  event.preventDefault();
  void read(text);
}

async function keepAwake(): Promise<void> {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
  } catch {
    // Low battery, or not over HTTPS: the tablet's own settings decide.
  }
}

byId<HTMLFormElement>("enrol-form").addEventListener("submit", (event) => void enrol(event));
byId<HTMLFormElement>("code-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = byId<HTMLInputElement>("code");
  const text = field.value;
  field.value = "";
  void read(text);
});
byId("next").addEventListener("click", () => {
  if (!busy) ready();
});
byId("move").addEventListener("click", () => showEnrolling(null));
byId("stay").addEventListener("click", () => showScanning(true));
document.addEventListener("keydown", onKey, { capture: true });
document.addEventListener("pointerdown", wakeSound, { capture: true });
document.addEventListener("paste", onPaste);
document.addEventListener("visibilitychange", () => void keepAwake());

if (enrolment === null) {
  showEnrolling(null);
} else {
  showScanning(true);
}
void keepAwake();
void refreshLane();
setInterval(() => void refreshLane(), LANE_EVERY_MS);
