// Who works here: a clerk's PIN opens a shift, and its figures are theirs.

import { endShift, startShift } from "./ledger";
import type { Lane, Problem, Shift, Surroundings } from "./protocol";
import { fact } from "./taking-back";
import { byId, timeWords, word } from "./words";

const DIGITS = 6;

export interface Around {
  token: () => string | null;
  around: Surroundings;
  signedOff: (problem: Problem) => void;
  /** A shift began or ended: ask for the lane again. */
  changed: () => void;
}

export interface ShiftPanel {
  show: (lane: Lane) => void;
  /** A key while the PIN is asked for; true where it was taken. */
  key: (key: string) => boolean;
}

export function shiftPanel(gate: Around): ShiftPanel {
  const dialog = byId<HTMLDialogElement>("pin-dialog");
  const send = byId<HTMLButtonElement>("pin-send");
  const endDialog = byId<HTMLDialogElement>("end-dialog");
  let pin = "";

  function draw(message: string | null = null): void {
    const dots = byId("pin-shown");
    dots.textContent = "●".repeat(pin.length) + "○".repeat(DIGITS - pin.length);
    byId("pin-typed").textContent = word("digits_typed", { count: pin.length });
    const error = byId("pin-error");
    error.hidden = message === null;
    error.textContent = message ?? "";
  }

  function add(digit: string): void {
    if (pin.length >= DIGITS || send.disabled) return;
    pin += digit;
    draw();
    if (pin.length === DIGITS) void submit();
  }

  function erase(): void {
    pin = pin.slice(0, -1);
    draw();
  }

  async function submit(): Promise<void> {
    const token = gate.token();
    if (token === null || send.disabled) return;
    if (pin.length < DIGITS) return draw(word("pin_short"));
    send.disabled = true;
    const outcome = await startShift(token, pin, gate.around);
    send.disabled = false;
    pin = "";
    if (outcome.kind === "answer") {
      dialog.close();
      gate.changed();
    } else if (outcome.kind === "signed_off") {
      dialog.close();
      gate.signedOff(outcome.problem);
    } else {
      draw(outcome.kind === "silent" ? word("no_answer") : outcome.problem.detail);
    }
  }

  async function end(): Promise<void> {
    const token = gate.token();
    const button = byId<HTMLButtonElement>("end-send");
    if (token === null || button.disabled) return;
    button.disabled = true;
    const outcome = await endShift(token, gate.around);
    button.disabled = false;
    // The same answer where no shift is open any more: it ended by itself, or the first tap was heard.
    if (outcome.kind === "answer") {
      endDialog.close();
      gate.changed();
    } else if (outcome.kind === "signed_off") {
      endDialog.close();
      gate.signedOff(outcome.problem);
    } else {
      byId("end-error").hidden = false;
      byId("end-error").textContent = outcome.kind === "silent" ? word("no_answer") : outcome.problem.detail;
    }
  }

  byId("pin-pad").addEventListener("click", (event) => {
    const digit = (event.target as Element).closest<HTMLElement>("[data-digit]")?.dataset.digit;
    if (digit !== undefined) add(digit);
  });
  byId("pin-erase").addEventListener("click", erase);
  send.addEventListener("click", () => void submit());
  byId("shift-start").addEventListener("click", () => {
    pin = "";
    draw();
    dialog.showModal();
  });
  dialog.addEventListener("close", () => (pin = ""));
  byId("shift-end").addEventListener("click", () => {
    byId("end-error").hidden = true;
    endDialog.showModal();
  });
  byId("end-send").addEventListener("click", () => void end());

  return {
    show: (lane) => drawShift(lane),
    key: (key) => {
      if (!dialog.open) return false;
      if (/^[0-9]$/.test(key)) add(key);
      else if (key === "Backspace") erase();
      else if (key === "Enter" && pin !== "") void submit();
      else return false;
      return true;
    },
  };
}

function drawShift(lane: Lane): void {
  const shift = lane.shift ?? null;
  byId("shift").hidden = lane.clerks_required !== true && shift === null;
  byId("shift-none").hidden = shift !== null;
  byId("shift-open").hidden = shift === null;
  if (shift === null) return;
  byId("shift-clerk").textContent = shift.clerk.name;
  byId("shift-figures").textContent = word("shift_figures", figuresOf(shift));
  byId("end-figures").replaceChildren(
    ...fact(word("since"), timeWords(shift.started_at)),
    ...fact(word("admitted"), String(shift.admitted)),
    ...fact(word("refused"), String(shift.refused)),
    ...fact(word("voided"), String(shift.voided)),
  );
}

function figuresOf(shift: Shift): Record<string, string | number> {
  return { time: timeWords(shift.started_at), admitted: shift.admitted, refused: shift.refused };
}
