// The page of a tablet at an entrance: enrol once, then scan all day.

import { cameraPanel } from "./gate/camera-panel";
import { Desk } from "./gate/desk";
import { enrolling, takeLinkedCode } from "./gate/enrolling";
import { listenToKeys } from "./gate/keys";
import * as protocol from "./gate/protocol";
import type { Enrolled, Problem } from "./gate/protocol";
import { Reader } from "./gate/reader";
import * as screen from "./gate/screen";
import { shiftPanel } from "./gate/shift";
import { isMuted, setMuted, wakeSound } from "./gate/signals";
import * as store from "./gate/store";
import { takingBack } from "./gate/taking-back";
import { Today } from "./gate/today";
import { Training } from "./gate/training";
import { byId, press, word } from "./gate/words";

const LANE_EVERY_MS = 60_000;
const LANE_SOON_MS = 3000;

const around = protocol.browserSurroundings();
const desk = new Desk();
let enrolment = store.readEnrolment();
let isEnrolling = true;
let laneTimer: ReturnType<typeof setTimeout> | undefined;

const token = (): string | null => enrolment?.token ?? null;
const dialogs = [...document.querySelectorAll("dialog")];

function signedOff(problem: Problem): void {
  store.dropEnrolment();
  enrolment = null;
  reader.forget();
  today.forget();
  training.end();
  for (const dialog of dialogs) dialog.close();
  showEnrolling(problem.detail || word("enrol_again"));
}

const reader: Reader = new Reader({
  token: () => (isEnrolling ? null : token()),
  training: () => training.on,
  desk,
  around,
  signedOff,
  recorded: () => {
    today.soon();
    if (enrolment?.lane.shift) laneSoon();
  },
});
const camera = cameraPanel((text) => void reader.see(text));
const training = new Training(reader);
const shift = shiftPanel({ token, around, signedOff, changed: () => void refreshLane() });
const takeBack = takingBack({
  token,
  around,
  signedOff,
  taken: () => {
    reader.forget();
    camera.forget();
    void today.read();
    void refreshLane();
  },
});
const today = new Today({ token, around, signedOff, takeBack });
const enrolForm = enrolling({ token, around, enrolled });

function showEnrolling(message: string | null, linked: string | null = null): void {
  isEnrolling = true;
  screen.setState("ready");
  byId("scan").hidden = true;
  byId("training").hidden = true;
  byId("enrol").hidden = false;
  camera.wake(false);
  enrolForm.open(message, linked);
}

function showScanning(connected: boolean): void {
  if (enrolment === null) return;
  isEnrolling = false;
  byId("enrol").hidden = true;
  byId("scan").hidden = false;
  showLane(enrolment.lane, connected);
  screen.setState("ready");
  camera.wake(true);
  void today.read();
}

function showLane(lane: protocol.Lane, connected: boolean): void {
  screen.showLane(lane, connected);
  desk.show(lane);
  shift.show(lane);
  today.showIf(lane.attended);
  byId("training").hidden = isEnrolling || !lane.attended;
  today.shiftIs((lane.shift ?? null) !== null);
}

function enrolled(made: Enrolled): void {
  enrolment = { token: made.token, lane: made.lane };
  const kept = store.keepEnrolment(enrolment);
  reader.forget();
  today.forget();
  showScanning(true);
  byId("not-kept").hidden = kept;
  void refreshLane();
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
    showLane(outcome.answer, true);
  } else {
    byId("disconnected").hidden = false;
  }
}

function laneSoon(): void {
  if (laneTimer !== undefined) return;
  laneTimer = setTimeout(() => {
    laneTimer = undefined;
    void refreshLane();
  }, LANE_SOON_MS);
}

async function keepAwake(): Promise<void> {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
  } catch {
    // Low battery, or not over HTTPS: the tablet's own settings decide.
  }
}

function openLinked(): boolean {
  const code = takeLinkedCode();
  if (code !== null) showEnrolling(null, code);
  return code !== null;
}

listenToKeys({
  listening: () => !isEnrolling && !dialogs.some((dialog) => dialog.open),
  read: (text) => void reader.read(text),
  escape: () => reader.ready(),
  claimed: (key) => shift.key(key),
});
for (const dialog of dialogs) {
  dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
}
byId("next").addEventListener("click", () => reader.ready());
for (const kind of ["click", "keydown"]) byId("choices").addEventListener(kind, () => screen.stayOn());
byId("move").addEventListener("click", () => showEnrolling(null));
byId("stay").addEventListener("click", () => showScanning(true));
byId("sound").addEventListener("click", () => {
  setMuted(!isMuted());
  press(byId("sound"), !isMuted());
});
document.addEventListener("keydown", wakeSound, { capture: true });
document.addEventListener("pointerdown", wakeSound, { capture: true });
document.addEventListener("visibilitychange", () => void keepAwake());
window.addEventListener("hashchange", openLinked);
window.addEventListener("offline", () => (byId("disconnected").hidden = false));
window.addEventListener("online", () => void refreshLane());

press(byId("sound"), !isMuted());
if (!openLinked()) {
  if (enrolment === null) showEnrolling(null);
  else showScanning(true);
}
void keepAwake();
void refreshLane();
setInterval(() => void refreshLane(), LANE_EVERY_MS);
