// Training: the same questions and screens, of which the server keeps nothing.

import type { Bilingual, ScanAnswer } from "./protocol";
import type { Reader } from "./reader";
import { byId, press, texts } from "./words";

// Forgotten, it ends by itself: a lane must not let people in on answers that count nobody.
const ENDS_AFTER_MS = 20 * 60_000;

type Example = "admitted" | "pay" | "refused" | "needs_confirmation" | "silent";

export class Training {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private is = false;

  constructor(private readonly reader: Reader) {
    byId("training").addEventListener("click", () => (this.is ? this.end() : this.begin()));
    byId("training-end").addEventListener("click", () => this.end());
    byId("examples").addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-example]");
      if (button !== null) this.show(button.dataset.example as Example);
    });
  }

  get on(): boolean {
    return this.is;
  }

  end(): void {
    this.is = false;
    clearTimeout(this.timer);
    this.draw();
  }

  private begin(): void {
    this.is = true;
    this.timer = setTimeout(() => this.end(), ENDS_AFTER_MS);
    this.draw();
  }

  private draw(): void {
    this.reader.forget();
    this.reader.ready();
    document.body.toggleAttribute("data-training", this.is);
    press(byId("training"), this.is);
    byId("training-banner").hidden = !this.is;
    byId("examples").hidden = !this.is;
    for (const mark of document.querySelectorAll<HTMLElement>(".result-training")) mark.hidden = !this.is;
  }

  private show(example: Example): void {
    if (example === "silent") {
      this.reader.showExample({ kind: "silent" });
      return;
    }
    this.reader.showExample({ kind: "answer", answer: exampleOf(example) });
  }
}

function exampleOf(example: Exclude<Example, "silent">): ScanAnswer {
  const words: Bilingual = texts.both[`example_${example}`]!;
  if (example === "pay") {
    return { scan_id: "", decision: "admitted", words, terms: { free: false, discount: { percent: 20 } } };
  }
  const answer: ScanAnswer = { scan_id: "", decision: example, words };
  if (example === "needs_confirmation") answer.confirm = [{ item: "check_document", words }];
  return answer;
}
