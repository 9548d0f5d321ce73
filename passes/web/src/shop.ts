// The shop's pages. All of them work without this; it saves steps.
import { comeBackToInput, keepInputInOtherLanguage, watchForm } from "./shop/form";
import { changeInPlace } from "./shop/passes";
import { waitForPayment } from "./shop/waiting";

function begin(): void {
  const form = document.querySelector<HTMLFormElement>("#order");
  if (!form) return;
  watchForm(form);
  comeBackToInput(form);
  changeInPlace(form, begin);
}

begin();
keepInputInOtherLanguage();

document.querySelector<HTMLElement>("#faults")?.focus();

const waiting = document.querySelector<HTMLElement>("[data-waiting]");
if (waiting) waitForPayment(waiting);

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
