// The shop's pages. All of them work without this; it saves steps.
import { comeBackToInput, keepInputInOtherLanguage, watchForm } from "./shop/form";
import { waitForPayment } from "./shop/waiting";

const form = document.querySelector<HTMLFormElement>("#order");
if (form) {
  watchForm(form);
  keepInputInOtherLanguage(form);
  comeBackToInput(form);
}

document.querySelector<HTMLElement>("#faults")?.focus();

const waiting = document.querySelector<HTMLElement>("[data-waiting]");
if (waiting) waitForPayment(waiting);

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
