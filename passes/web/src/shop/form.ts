// The form of a purchase: what is surely wrong is said beside its field as soon as it is left; the birth date is asked
// for only where the document's number does not hold it. Without this script the server says the same.
import { documentFault, emailFault, holdsBirth, phoneFault, type Fault } from "./checks";

const input = (name: string): HTMLInputElement | null => document.querySelector<HTMLInputElement>(`#${name}`);

export function watchForm(form: HTMLFormElement): void {
  const texts = JSON.parse(document.querySelector("#texts")?.textContent ?? "{}") as Record<Fault, string>;
  const type = document.querySelector<HTMLSelectElement>("#document_type");
  const number = input("document_number");
  const checks: [string, (text: string) => Fault | null][] = [
    ["document_number", (text) => documentFault(type?.value ?? "", text)],
    ["phone", phoneFault],
    ["email", emailFault],
  ];
  for (const [name, faultOf] of checks) {
    const field = input(name);
    const check = (): void => {
      if (field) say(field, texts[faultOf(field.value) as Fault] ?? null);
    };
    field?.addEventListener("change", check);
    field?.addEventListener("input", () => {
      if (field.getAttribute("aria-invalid") === "true" && faultOf(field.value) === null) say(field, null);
    });
    if (name === "document_number") type?.addEventListener("change", check);
  }
  const birth = document.querySelector<HTMLElement>("#birth-field");
  const showBirth = (): void => {
    // A field with a message stays, or nobody would see the message.
    if (birth) birth.hidden = holdsBirth(type?.value ?? "", number?.value ?? "") && !birth.querySelector(".field-error");
  };
  type?.addEventListener("change", showBirth);
  number?.addEventListener("input", showBirth);
  showBirth();
  showChosen(form);
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

function showChosen(form: HTMLFormElement): void {
  const name = document.querySelector("#chosen-name");
  const price = document.querySelector("#chosen-price");
  const show = (): void => {
    const chosen = form.querySelector<HTMLInputElement>("[name=product_id]:checked");
    if (!chosen || !name || !price) return;
    name.textContent = chosen.dataset["name"] ?? "";
    price.textContent = chosen.dataset["price"] ?? "";
  };
  for (const radio of form.querySelectorAll("[name=product_id]")) radio.addEventListener("change", show);
  // After going back, the browser puts the last choice in without telling.
  window.addEventListener("pageshow", show);
}

/** Another language keeps what was typed: the form goes along, and comes back unchecked. */
export function keepInputInOtherLanguage(form: HTMLFormElement): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".languages a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const only = document.createElement("input");
      only.type = "hidden";
      only.name = "only";
      only.value = "language";
      form.append(only);
      form.action = new URL(link.href).pathname + new URL(link.href).search;
      form.submit();
    });
  }
}

/** Whoever comes back to this page finds what was typed, also where the page was the answer to a form: the browser
 * then asks for the empty form instead of asking whether to send it again, and puts in what differs from that. */
export function comeBackToInput(form: HTMLFormElement): void {
  history.replaceState(null, "", location.href);
  for (const field of form.querySelectorAll<HTMLInputElement>("input:not([type=hidden])")) {
    const { value, checked } = field;
    if (field.type === "checkbox") {
      field.defaultChecked = false;
      field.checked = checked;
    } else if (field.type !== "radio") {
      field.defaultValue = "";
      field.value = value;
    }
  }
}
