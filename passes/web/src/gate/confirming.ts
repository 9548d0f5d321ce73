// Draws what a clerk must choose, enter or check: all of it on one screen, sent by one button.

import { answerTo, kindOf, MOST_NIGHTS, together, type Gathered } from "./gathering";
import type { Bilingual, Choice, ConfirmItem } from "./protocol";
import { element, htmlLang, language, other, texts, word } from "./words";

/** One drawn item: its answer, or null while it has none; complain shows what is missing and goes there. */
interface Part {
  node: HTMLElement;
  answer: () => Gathered | null;
  complain: () => void;
}

export interface Confirming {
  items: readonly ConfirmItem[];
  /** What the headline says already. */
  said: Bilingual | null;
  button: string;
  send: (more: Gathered) => void;
}

/** A single choice needs no button besides: the choice is the tap. A single check needs none but the button. */
export function confirming({ items, said, button, send }: Confirming): HTMLElement[] {
  const [first] = items;
  if (first !== undefined && items.length === 1 && kindOf(first) === "choice") {
    return (first.choices ?? []).map((choice) => choiceButton(first, choice, send));
  }
  const lone = items.filter((item) => kindOf(item) === "check").length === 1;
  const parts = items.map((item) => partOf(item, lone, item.words.zh === said?.zh));
  const form = element("form", "", { class: "confirm", novalidate: "" });
  form.append(...parts.map((part) => part.node), element("button", button, { type: "submit", class: "big" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const answers = parts.map((part) => part.answer());
    const missing = parts.filter((_, number) => answers[number] === null);
    for (const part of [...missing].reverse()) part.complain();
    if (missing.length === 0) send(together(answers.filter((answer) => answer !== null)));
  });
  return [form];
}

function choiceButton(item: ConfirmItem, choice: Choice, send: (more: Gathered) => void): HTMLElement {
  const made = element("button", "", { type: "button", class: "big" });
  made.append(...twice(choice));
  made.dataset[item.item === "choose_item" ? "item" : "benefit"] = choice.id;
  made.addEventListener("click", () => send(answerTo(item, choice.id)));
  return made;
}

function partOf(item: ConfirmItem, lone: boolean, isSaid: boolean): Part {
  const kind = kindOf(item);
  if (kind === "choice") return choicePart(item, isSaid);
  if (kind === "nights") return nightsPart(item, isSaid);
  return lone ? statement(item, isSaid) : checkPart(item);
}

/** The button below confirms it: one tap. */
function statement(item: ConfirmItem, isSaid: boolean): Part {
  const node = element("div", "", { class: "confirm-said" });
  if (!isSaid) node.append(element("p", item.words[language]), element("p", item.words[other], { lang: htmlLang(other) }));
  node.append(...aboutOf(item));
  node.hidden = node.childElementCount === 0;
  return { node, answer: () => answerTo(item, true), complain: () => undefined };
}

function checkPart(item: ConfirmItem): Part {
  const box = element("input", "", { type: "checkbox", name: item.item });
  const label = element("label", "", { class: "confirm-tile" });
  const words = element("span");
  words.append(...twice(item.words), ...aboutOf(item));
  label.append(box, words);
  const node = element("div", "", { class: "confirm-part" });
  const complain = errorFor(node, [box], word("check_missing"));
  node.prepend(label);
  return { node, answer: () => (box.checked ? answerTo(item, true) : null), complain };
}

function choicePart(item: ConfirmItem, isSaid: boolean): Part {
  const node = group(item, isSaid);
  const choices = item.choices ?? [];
  const boxes = choices.map((choice) => {
    const box = element("input", "", { type: "radio", name: item.item, value: choice.id });
    box.checked = choices.length === 1;
    const label = element("label", "", { class: "confirm-tile" });
    const words = element("span");
    words.append(...twice(choice));
    label.append(box, words);
    node.append(label);
    return box;
  });
  const complain = errorFor(node, boxes, word("choice_missing"));
  const chosen = (): string | undefined => boxes.find((box) => box.checked)?.value;
  return { node, answer: () => (chosen() === undefined ? null : answerTo(item, chosen() ?? "")), complain };
}

/** A number with a large less and more; with the keyboard also by the arrows. */
function nightsPart(item: ConfirmItem, isSaid: boolean): Part {
  const node = group(item, isSaid);
  let nights = 1;
  const shown = element("span", "", {
    role: "spinbutton",
    tabindex: "0",
    class: "confirm-number",
    "aria-label": item.words[language],
    "aria-valuemin": "1",
    "aria-valuemax": String(MOST_NIGHTS),
  });
  const fewer = element("button", "−", { type: "button", "aria-label": word("fewer") });
  const more = element("button", "+", { type: "button", "aria-label": word("more") });
  const set = (wanted: number): void => {
    nights = Math.min(Math.max(wanted, 1), MOST_NIGHTS);
    shown.textContent = String(nights);
    shown.setAttribute("aria-valuenow", String(nights));
    shown.setAttribute("aria-valuetext", word(nights === 1 ? "night" : "nights", { count: nights }));
    // Not disabled: a button that loses its focus while it is pressed throws the keyboard out of the form.
    fewer.setAttribute("aria-disabled", String(nights === 1));
    more.setAttribute("aria-disabled", String(nights === MOST_NIGHTS));
  };
  const steps: Record<string, () => number> = {
    ArrowUp: () => nights + 1,
    ArrowDown: () => nights - 1,
    Home: () => 1,
    End: () => MOST_NIGHTS,
  };
  shown.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    set(step());
  });
  fewer.addEventListener("click", () => set(nights - 1));
  more.addEventListener("click", () => set(nights + 1));
  set(1);
  const stepper = element("div", "", { class: "confirm-stepper" });
  stepper.append(fewer, shown, more);
  node.append(stepper);
  return { node, answer: () => answerTo(item, nights), complain: () => undefined };
}

function group(item: ConfirmItem, isSaid: boolean): HTMLElement {
  const node = element("fieldset", "", { class: "confirm-part" });
  const legend = element("legend", "", isSaid ? { class: "visually-hidden" } : {});
  legend.append(...twice(item.words));
  node.append(legend, ...aboutOf(item));
  return node;
}

function errorFor(node: HTMLElement, boxes: HTMLInputElement[], text: string): () => void {
  const error = element("p", "", { class: "confirm-error", id: `missing-${boxes[0]?.name ?? ""}`, role: "alert" });
  error.hidden = true;
  node.append(error);
  for (const box of boxes) {
    box.setAttribute("aria-describedby", error.id);
    box.addEventListener("change", () => {
      error.hidden = true;
    });
  }
  return () => {
    error.hidden = false;
    error.textContent = text;
    boxes[0]?.focus();
  };
}

function aboutOf(item: ConfirmItem): HTMLElement[] {
  if (!item.about) return [];
  const { about } = item;
  // A role is written as one word of the catalogue, the same in both languages.
  const role = texts.one[`role_${about.zh}`];
  if (role !== undefined) return [element("p", role, { class: "confirm-about" })];
  return [element("p", about[language], { class: "confirm-about" })];
}

function twice(words: Bilingual): HTMLElement[] {
  const made = element("span", "", { class: "confirm-words" });
  made.append(element("span", words[language]), " ", element("span", words[other], { lang: htmlLang(other) }));
  return [made];
}
