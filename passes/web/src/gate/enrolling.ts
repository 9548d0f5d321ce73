// A device becomes this lane's: by a typed code, or by a link that brings the code along.

import * as protocol from "./protocol";
import type { Enrolled, Surroundings } from "./protocol";
import { keepSetting, readSetting } from "./store";
import { byId, word } from "./words";

export interface Around {
  token: () => string | null;
  around: Surroundings;
  enrolled: (made: Enrolled) => void;
}

/** The code that the page's address brought along. It is taken out of the address: it works once. */
export function takeLinkedCode(): string | null {
  if (!location.hash.startsWith("#enrol=")) return null;
  const code = protocol.enrolmentCode(decoded(location.hash));
  history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** A damaged link is taken as it is: whoever reads its code in the field sees what is wrong. */
function decoded(hash: string): string {
  try {
    return decodeURI(hash);
  } catch {
    return hash;
  }
}

export function enrolling(gate: Around): { open: (message: string | null, linked: string | null) => void } {
  const code = byId<HTMLInputElement>("enrol-code");
  const name = byId<HTMLInputElement>("device-name");
  const button = byId<HTMLButtonElement>("enrol-button");
  const message = byId("enrol-message");

  async function submit(): Promise<void> {
    if (button.disabled) return;
    button.disabled = true;
    const outcome = await protocol.enrol(protocol.enrolmentCode(code.value), name.value, gate.token(), gate.around);
    button.disabled = false;
    byId("enrol-linked").hidden = true;
    const problem = outcome.kind === "problem" || outcome.kind === "signed_off" ? outcome.problem : null;
    markField(code, "enrol-code-error", problem?.fields?.code ?? []);
    markField(name, "device-name-error", problem?.fields?.device_name ?? []);
    message.hidden = outcome.kind === "answer";
    if (outcome.kind === "answer") {
      keepSetting("device-name", name.value.trim());
      code.value = "";
      gate.enrolled(outcome.answer);
      return;
    }
    message.textContent = problem === null ? word("enrol_silent") : problem.detail;
    document.querySelector<HTMLElement>("#enrol-form [aria-invalid]")?.focus();
  }

  byId<HTMLFormElement>("enrol-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  return {
    open: (said, linked) => {
      message.hidden = said === null;
      message.textContent = said ?? "";
      byId("enrol-linked").hidden = linked === null;
      if (linked !== null) code.value = linked;
      if (name.value === "") name.value = readSetting("device-name") ?? "";
      byId("stay").hidden = gate.token() === null;
    },
  };
}

function markField(input: HTMLInputElement, errorId: string, reasons: string[]): void {
  byId(errorId).textContent = reasons.join(" ");
  byId(errorId).hidden = reasons.length === 0;
  if (reasons.length > 0) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}
