// Taking an admission back: asks once, with a reason, and says what it does.

import { voidScan, type ListedScan } from "./ledger";
import type { Problem, Surroundings } from "./protocol";
import { byId, element, language, timeWords, word } from "./words";

export interface Around {
  token: () => string | null;
  around: Surroundings;
  signedOff: (problem: Problem) => void;
  taken: () => void;
}

const SHORTEST = 3;

/** Returns what opens the dialog for one admission. */
export function takingBack(gate: Around): (scan: ListedScan) => void {
  const dialog = byId<HTMLDialogElement>("void-dialog");
  const form = byId<HTMLFormElement>("void-form");
  const text = byId<HTMLInputElement>("void-text");
  const send = byId<HTMLButtonElement>("void-send");
  const error = byId("void-error");
  let asked: ListedScan | null = null;

  function complain(message: string | null): void {
    error.hidden = message === null;
    error.textContent = message ?? "";
  }

  function reason(): string | null {
    const chosen = new FormData(form).get("reason");
    if (typeof chosen !== "string") return null;
    return chosen === "" ? text.value.trim() : chosen;
  }

  async function submit(): Promise<void> {
    const [token, scan, why] = [gate.token(), asked, reason()];
    if (token === null || scan === null || send.disabled) return;
    if (why === null || why.length < SHORTEST) {
      complain(word(why === null ? "void_choose" : "void_say"));
      (why === null ? form.querySelector<HTMLElement>("input") : text)?.focus();
      return;
    }
    send.disabled = true;
    const outcome = await voidScan(token, scan.scan_id, why, gate.around);
    send.disabled = false;
    if (outcome.kind === "signed_off") {
      dialog.close();
      gate.signedOff(outcome.problem);
    } else if (outcome.kind === "answer" || (outcome.kind === "problem" && outcome.problem.code === "void_done")) {
      dialog.close();
      gate.taken();
    } else {
      complain(outcome.kind === "silent" ? word("void_silent") : outcome.problem.detail);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  form.addEventListener("change", () => {
    byId("void-other").hidden = new FormData(form).get("reason") !== "";
    complain(null);
  });
  return (scan) => {
    asked = scan;
    form.reset();
    byId("void-other").hidden = true;
    complain(null);
    byId("void-facts").replaceChildren(
      ...fact(word("holder"), scan.holder?.name_masked),
      ...fact(word("benefit"), scan.benefit?.[language]),
      ...fact(word("scanned"), timeWords(scan.scanned_at, true)),
      ...fact(word("until"), scan.voidable_until ? timeWords(scan.voidable_until) : undefined),
    );
    dialog.showModal();
  };
}

export function fact(name: string, value: string | undefined): HTMLElement[] {
  return value === undefined ? [] : [element("dt", name), element("dd", value)];
}
