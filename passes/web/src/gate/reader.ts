// From a text that was read to an answer on the screen: one question at a time, none asked twice, none lost.

import type { Desk } from "./desk";
import { changesTerms, itemChosen, nextScan, type Gathered } from "./gathering";
import { ShownMemory } from "./memory";
import * as protocol from "./protocol";
import type { Choice, Outcome, Problem, ScanAnswer, ScanRequest, Surroundings } from "./protocol";
import * as screen from "./screen";
import { signal, type Signal } from "./signals";
import { withoutLineEnd } from "./wedge";
import { byId } from "./words";

/** The gate around the reader. */
export interface Post {
  token: () => string | null;
  training: () => boolean;
  desk: Desk;
  around: Surroundings;
  signedOff: (problem: Problem) => void;
  /** An answer was given and kept by the server. */
  recorded: () => void;
}

/** sure: a clerk has seen what will happen, or need not; else a desk looks first. item: chosen to be handed over. */
interface Question {
  scan: ScanRequest;
  sure: boolean;
  item: Choice | null;
}

interface Shown extends Question {
  outcome: Outcome<ScanAnswer>;
  preview: boolean;
}

// A quick answer needs no "one moment" before it; a slow one is explained.
const WAITING_AFTER_MS = 180;
const SLOW_AFTER_MS = 3000;

const SIGNALS: Record<screen.State, Signal> = {
  ready: "silent",
  waiting: "silent",
  admitted: "admitted",
  pay: "pay",
  refused: "refused",
  needs_confirmation: "needs_confirmation",
  confirm: "needs_confirmation",
  silent: "silent",
  problem: "silent",
};

export class Reader {
  private readonly memory = new ShownMemory<Shown>();
  private busy = false;
  private unanswered: Question | null = null;

  constructor(private readonly post: Post) {}

  get isBusy(): boolean {
    return this.busy;
  }

  /** A text read by the scanner, typed or pasted. */
  async read(raw: string): Promise<void> {
    const code = withoutLineEnd(raw);
    if (this.post.token() === null || code === "") return;
    if (this.busy) {
      byId("busy-note").hidden = false;
      return;
    }
    const again = this.memory.repeat(code, performance.now());
    if (again !== null) {
      this.show(again);
    } else if (this.unanswered?.scan.code === code) {
      await this.submit(this.unanswered);
    } else {
      await this.submit({ scan: this.scanOf(code), sure: false, item: null });
    }
  }

  /** A text seen by the camera: what stands on the screen and waits for a hand is not swept away by the next phone. */
  async see(code: string): Promise<void> {
    const state = document.body.dataset.state ?? "ready";
    if (["ready", "admitted", "refused"].includes(state) && !this.busy) await this.read(code);
  }

  ready(): void {
    if (this.busy) return;
    this.unanswered = null;
    screen.setState("ready");
  }

  /** What a result looks, sounds and feels like. */
  showExample(outcome: Outcome<ScanAnswer>): void {
    const nothing = (): void => this.ready();
    const view = { preview: false, item: null };
    signal(SIGNALS[screen.showOutcome(outcome, { send: nothing, askAgain: nothing }, nothing, view)]);
  }

  forget(): void {
    this.memory.forget();
    this.unanswered = null;
  }

  private scanOf(code: string): ScanRequest {
    const benefit = this.post.desk.chosen();
    const scan = { scan_id: protocol.newScanId(), code };
    return benefit === null ? scan : { ...scan, benefit_id: benefit };
  }

  /** At a desk the first question is a look, which nothing comes of; what is refused there is then asked for good. */
  private async submit(question: Question): Promise<void> {
    const { scan, sure } = question;
    const token = this.post.token();
    if (token === null || this.busy) return;
    const rehearsing = this.post.training() || (this.post.desk.open() && !sure);
    const outcome = await this.ask(token, scan, rehearsing);
    const looked = rehearsing && !this.post.training();
    if (looked && outcome.kind === "answer" && outcome.answer.decision === "refused") {
      await this.submit({ ...question, scan: { ...scan, scan_id: protocol.newScanId() }, sure: true });
      return;
    }
    this.unanswered = outcome.kind === "silent" ? question : null;
    byId("disconnected").hidden = outcome.kind !== "silent";
    if (outcome.kind === "signed_off") {
      this.post.signedOff(outcome.problem);
      return;
    }
    const shown = { ...question, outcome, preview: looked };
    if (outcome.kind === "answer") this.memory.keep(scan.code, shown, performance.now());
    this.show(shown);
    if (outcome.kind === "answer" && !rehearsing) this.post.recorded();
  }

  private async ask(token: string, scan: ScanRequest, rehearsing: boolean): Promise<Outcome<ScanAnswer>> {
    this.busy = true;
    const fresh = (document.body.dataset.state ?? "ready") === "ready";
    // The answer before must not stand for the next visitor, not even for a moment.
    const waiting = setTimeout(() => screen.showWaiting(), fresh ? WAITING_AFTER_MS : 0);
    const slow = setTimeout(() => (byId("slow-note").hidden = false), SLOW_AFTER_MS);
    try {
      return await (rehearsing ? protocol.rehearse : protocol.sendScan)(token, scan, this.post.around);
    } finally {
      this.busy = false;
      clearTimeout(waiting);
      clearTimeout(slow);
    }
  }

  private show(shown: Shown): void {
    const { scan, outcome, preview, item } = shown;
    const send = (more: Gathered): void => {
      const asked = outcome.kind === "answer" ? (outcome.answer.confirm ?? []) : [];
      void this.submit({
        scan: nextScan(scan, more, protocol.newScanId()),
        sure: !changesTerms(more),
        item: itemChosen(asked, more) ?? item,
      });
    };
    const actions: screen.Actions = { send, askAgain: () => void this.submit(shown) };
    const state = screen.showOutcome(outcome, actions, () => this.ready(), { preview, item });
    signal(SIGNALS[state]);
  }
}
