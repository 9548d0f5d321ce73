// What this lane did today: figures and the last scans, read again after each scan and every half minute.

import { listScans, type ListedScan, type ScanList, type Totals } from "./ledger";
import type { Outcome, Problem, Surroundings } from "./protocol";
import { byId, element, icon, language, press, timeWords, word } from "./words";

const EVERY_MS = 30_000;
const AFTER_SCAN_MS = 700;
const PAGE = 20;

export interface Around {
  token: () => string | null;
  around: Surroundings;
  signedOff: (problem: Problem) => void;
  takeBack: (scan: ListedScan) => void;
}

export class Today {
  private items: ListedScan[] = [];
  private before: string | null = null;
  private mine = false;
  private asked = 0;
  private shown = true;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly gate: Around) {
    byId("list-all").addEventListener("click", () => this.only(false));
    byId("list-mine").addEventListener("click", () => this.only(true));
    byId("list-more").addEventListener("click", () => void this.more());
  }

  /** Read it again soon: a queue must not wait for a list. */
  soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.read(), AFTER_SCAN_MS);
  }

  /** Where nobody stands the visitors look at this screen: who came before them is not theirs to see or take back. */
  showIf(attended: boolean): void {
    this.shown = attended;
    byId("today").hidden = !attended;
  }

  /** Whether someone's shift is open, whose scans may be looked at alone. */
  shiftIs(open: boolean): void {
    byId("list-mine").hidden = !open;
    if (!open && this.mine) this.only(false);
  }

  forget(): void {
    clearTimeout(this.timer);
    this.items = [];
    this.before = null;
    this.asked += 1;
    byId("list").replaceChildren();
    byId("list-empty").hidden = true;
    byId("list-more").hidden = true;
  }

  async read(): Promise<void> {
    clearTimeout(this.timer);
    const token = this.gate.token();
    if (token === null || !this.shown) return;
    const asked = (this.asked += 1);
    const outcome = await listScans(token, { mine: this.mine, limit: PAGE }, this.gate.around);
    if (asked !== this.asked) return;
    this.timer = setTimeout(() => void this.read(), EVERY_MS);
    const list = this.answered(outcome);
    if (list === null) return;
    // Earlier pages that were opened stay open under the fresh first one.
    const ids = new Set(list.items.map((item) => item.scan_id));
    const oldest = list.items.at(-1)?.scanned_at ?? "";
    const kept = this.items.filter((item) => !ids.has(item.scan_id) && item.scanned_at < oldest);
    if (kept.length === 0) this.before = list.next_before;
    this.items = [...list.items, ...kept];
    drawTotals(list.totals);
    byId("list-age").textContent = word("as_of", { time: timeWords(new Date(), true) });
    this.draw();
  }

  private async more(): Promise<void> {
    const token = this.gate.token();
    if (token === null || this.before === null) return;
    const button = byId<HTMLButtonElement>("list-more");
    button.disabled = true;
    const asked = this.asked;
    const wanted = { mine: this.mine, before: this.before, limit: PAGE };
    const outcome = await listScans(token, wanted, this.gate.around);
    button.disabled = false;
    if (asked !== this.asked) return;
    const list = this.answered(outcome);
    if (list === null) return;
    this.items = [...this.items, ...list.items];
    this.before = list.next_before;
    this.draw();
  }

  private answered(outcome: Outcome<ScanList>): ScanList | null {
    if (outcome.kind === "signed_off") this.gate.signedOff(outcome.problem);
    byId("list-problem").hidden = outcome.kind === "answer";
    return outcome.kind === "answer" ? outcome.answer : null;
  }

  private only(mine: boolean): void {
    this.mine = mine;
    press(byId("list-all"), !mine);
    press(byId("list-mine"), mine);
    this.items = [];
    void this.read();
  }

  private draw(): void {
    byId("list").replaceChildren(...this.items.map((item) => this.row(item)));
    byId("list-empty").hidden = this.items.length > 0;
    byId("list-more").hidden = this.before === null;
  }

  private row(item: ListedScan): HTMLLIElement {
    const outcome = item.voided_at === null ? item.outcome : "voided";
    const row = element("li", "", { "data-outcome": outcome });
    const words = element("div");
    const said = outcome === "voided" ? word("voided") : item.words[language];
    words.append(element("strong", said), element("p", detailsOf(item), { class: "small muted" }));
    if (item.voided_at) words.append(element("p", voidedWords(item), { class: "small" }));
    const time = element("time", timeWords(item.scanned_at, true), { datetime: item.scanned_at });
    row.append(icon(outcome), time, words);
    if (outcome === "admitted" && item.voidable_until !== null) {
      const button = element("button", word("take_back"), { type: "button", class: "quiet" });
      const whose = [item.holder?.name_masked, timeWords(item.scanned_at)].filter(Boolean).join(" ");
      button.setAttribute("aria-label", `${word("take_back")}: ${whose}`);
      button.addEventListener("click", () => this.gate.takeBack(item));
      row.append(button);
    }
    return row;
  }
}

function detailsOf(item: ListedScan): string {
  const holder = item.holder ? `${item.holder.name_masked} (${word(`class_${item.holder.holder_class}`)})` : null;
  return [holder, item.benefit?.[language], item.clerk?.name].filter(Boolean).join(" · ");
}

function voidedWords(item: ListedScan): string {
  return word("voided_why", { time: timeWords(item.voided_at ?? ""), reason: item.void_reason ?? "" });
}

function drawTotals(totals: Totals): void {
  const format = new Intl.NumberFormat(document.documentElement.lang);
  for (const [name, count] of Object.entries(totals)) {
    const place = document.getElementById(`total-${name}`);
    if (place !== null) place.textContent = format.format(count);
  }
}
