// One pass more or less, in place. The server draws the form, numbers and all, and the page takes it over; where that
// does not succeed, the form is sent as it would be without this script.
import { sendOnly } from "./form";

/** redraw: what makes the new form work as the first did. */
export function changeInPlace(form: HTMLFormElement, redraw: () => void): void {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement) || button.name !== "only") return;
    event.preventDefault();
    if (form.dataset["busy"] !== undefined) return; // clicked twice is one pass
    form.dataset["busy"] = "";
    // What is typed while the answer is on its way would go with the old form.
    wait(form, true);
    void takeOver(form, button, redraw);
  });
}

function wait(form: HTMLFormElement, waiting: boolean): void {
  form.inert = waiting;
  form.setAttribute("aria-busy", String(waiting));
}

async function takeOver(form: HTMLFormElement, button: HTMLButtonElement, redraw: () => void): Promise<void> {
  const { value, formAction } = button;
  try {
    const sent = new FormData(form);
    sent.set(button.name, value);
    const answer = await fetch(formAction, { method: "POST", body: sent, signal: AbortSignal.timeout(10_000) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [old, fresh] = [document.querySelector("main"), page.querySelector("main")];
    if (!answer.ok || !old || !fresh?.querySelector("#order")) throw new Error(`no form, but ${answer.status}`);
    document.title = page.title;
    old.replaceWith(fresh);
  } catch {
    wait(form, false);
    sendOnly(form, value, formAction);
    return;
  }
  redraw();
  document.querySelector<HTMLElement>("[autofocus]")?.focus();
}
