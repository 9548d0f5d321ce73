// Keys, pastes and the field for typing: everything that can bring a code, but the camera.

import { characterOf, Wedge } from "./wedge";
import { byId } from "./words";

export interface Ears {
  /** May codes be read now? */
  listening: () => boolean;
  read: (text: string) => void;
  escape: () => void;
  /** A key that something else on the page wants first, the PIN for one. */
  claimed: (key: string) => boolean;
}

/** Things that a space or Enter works by itself. */
const WORKED_BY_SPACE = "button, a, select, summary, input[type=radio], input[type=checkbox]";

export function listenToKeys(ears: Ears): void {
  const wedge = new Wedge();
  const field = byId<HTMLInputElement>("code");

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (ears.claimed(event.key)) {
        event.preventDefault();
        return;
      }
      const at = event.timeStamp;
      const character = characterOf(event, event.getModifierState("CapsLock"));
      if (!ears.listening()) {
        // A scan while something is asked: its Enter must not answer for the person.
        if (event.code !== "Enter" && event.code !== "NumpadEnter") wedge.add(character ?? "", at);
        else if (wedge.take(at).burst) event.preventDefault();
        return;
      }
      const inField = event.target === field;
      if (event.code === "Enter" || event.code === "NumpadEnter") {
        const { text, burst } = wedge.take(at);
        // In the field only a machine's burst is taken from the keys; what a person typed there is the field's.
        if (text === "" || (inField && !burst)) return;
        event.preventDefault();
        field.value = "";
        ears.read(text);
        return;
      }
      if (event.code === "Escape") ears.escape();
      if (character === null) return;
      if (character === " " && event.target instanceof Element && event.target.matches(WORKED_BY_SPACE)) return;
      wedge.add(character, at);
      if (!inField) event.preventDefault();
    },
    { capture: true },
  );

  document.addEventListener("paste", (event) => {
    if (!ears.listening() || event.target === field) return;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text === "") return;
    event.preventDefault();
    ears.read(text);
  });

  byId<HTMLFormElement>("code-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value;
    field.value = "";
    ears.read(text);
  });
}
