// The form of a purchase: what is surely wrong is said beside its field as soon as it is left; the birth date is asked
// for only where the document's number does not hold it; the sum follows what is chosen. Without this script the server
// says the same.
import { documentFault, emailFault, holdsBirth, phoneFault, type Fault } from "./checks";
import { sumOf, yuan } from "./sum";

type Texts = Record<Fault, string>;

const AFTER_THE_CLICK_MS = 200;

export function watchForm(form: HTMLFormElement): void {
  const texts = JSON.parse(document.querySelector("#texts")?.textContent ?? "{}") as Texts;
  for (const holder of form.querySelectorAll<HTMLElement>("[data-holder]")) watchHolder(holder, texts);
  watchField(form.querySelector<HTMLInputElement>("#phone"), phoneFault, texts);
  watchField(form.querySelector<HTMLInputElement>("#email"), emailFault, texts);
  watchChosen(form);
}

function watchHolder(holder: HTMLElement, texts: Texts): void {
  const of = (name: string): string => `#holder-${holder.dataset["holder"] ?? ""}-${name}`;
  const type = holder.querySelector<HTMLSelectElement>(of("document_type"));
  const number = holder.querySelector<HTMLInputElement>(of("document_number"));
  const birth = holder.querySelector<HTMLElement>("[data-birth]");
  const check = watchField(number, (text) => documentFault(type?.value ?? "", text), texts);
  type?.addEventListener("change", check);
  const showBirth = (): void => {
    // A field with a message stays, or nobody would see the message.
    if (birth) birth.hidden = holdsBirth(type?.value ?? "", number?.value ?? "") && !birth.querySelector(".field-error");
  };
  type?.addEventListener("change", showBirth);
  number?.addEventListener("input", showBirth);
  showBirth();
}

/** Check a field when it is left; a message goes as soon as it is right. Returns the check. */
function watchField(
  field: HTMLInputElement | null,
  faultOf: (text: string) => Fault | null,
  texts: Texts,
): () => void {
  const check = (): void => {
    if (field) say(field, texts[faultOf(field.value) as Fault] ?? null);
  };
  // Leaving a field is often the first half of a click: a message that came at once would push the button from under it.
  field?.addEventListener("change", () => setTimeout(check, AFTER_THE_CLICK_MS));
  field?.addEventListener("input", () => {
    if (field.getAttribute("aria-invalid") === "true" && faultOf(field.value) === null) say(field, null);
  });
  return check;
}

/** The message beside a field, or none; read out with the field. */
function say(field: HTMLInputElement, text: string | null): void {
  const id = `${field.id}-error-1`;
  const box = field.closest(".field");
  for (const old of box?.querySelectorAll(".field-error") ?? []) old.remove();
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((name) => name && name !== id);
  if (text === null) {
    field.removeAttribute("aria-invalid");
  } else {
    const message = document.createElement("p");
    message.className = "field-error";
    message.id = id;
    message.textContent = text;
    box?.append(message);
    field.setAttribute("aria-invalid", "true");
    others.unshift(id);
  }
  if (others.length > 0) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
}

/** What is bought, its sum, and whether somebody has to be asked for a child. */
function watchChosen(form: HTMLFormElement): void {
  const choices = [...form.querySelectorAll<HTMLSelectElement>("[data-product]")];
  const guardian = form.querySelector<HTMLElement>("#guardian");
  const show = (): void => {
    const chosen = choices.map((choice) => choice.selectedOptions[0]);
    chosen.forEach((option, place) => {
      const row = form.querySelector(`[data-picked="${place + 1}"]`);
      const [name, price] = [row?.querySelector<HTMLElement>("[data-name]"), row?.querySelector("[data-price]")];
      const fen = option?.dataset["fen"];
      if (name) name.textContent = option?.dataset["name"] ?? name.dataset["none"] ?? "";
      if (price) price.textContent = fen === undefined ? "" : yuan(Number(fen));
    });
    const sum = yuan(sumOf(chosen.map((option) => option?.dataset["fen"])));
    for (const place of form.querySelectorAll("[data-sum]")) place.textContent = sum;
    const asked = chosen.some((option) => option?.dataset["guardian"] !== undefined);
    if (guardian) guardian.hidden = !asked && !guardian.querySelector(".field-error");
  };
  for (const choice of choices) choice.addEventListener("change", show);
  // After going back, the browser puts the last choice in without telling.
  window.addEventListener("pageshow", show);
  show();
}

/** Another language keeps what was typed: the form of this moment goes along, and comes back unchecked. */
export function keepInputInOtherLanguage(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".languages a")) {
    link.addEventListener("click", (event) => {
      const form = document.querySelector<HTMLFormElement>("#order");
      if (!form) return;
      event.preventDefault();
      const address = new URL(form.action);
      address.searchParams.set("lang", new URL(link.href).searchParams.get("lang") ?? "");
      sendOnly(form, "language", address.href);
    });
  }
}

/** Send the form as one of its steps that order nothing. */
export function sendOnly(form: HTMLFormElement, step: string, address: string): void {
  const only = document.createElement("input");
  only.type = "hidden";
  only.name = "only";
  only.value = step;
  form.append(only);
  form.action = address;
  form.submit();
}

/** Whoever comes back to this page finds what was typed, also where the page was the answer to a form: the browser
 * then asks for the empty form instead of asking whether to send it again, and puts in what differs from that. */
export function comeBackToInput(form: HTMLFormElement): void {
  history.replaceState(null, "", form.action);
  for (const field of form.querySelectorAll<HTMLInputElement>("input:not([type=hidden])")) {
    const { value, checked } = field;
    if (field.type === "checkbox") {
      field.defaultChecked = false;
      field.checked = checked;
    } else {
      field.defaultValue = "";
      field.value = value;
    }
  }
}
