// What a gate asks the server about a visitor, and about itself.

import type { Terms } from "./terms";
import { call, type Outcome, type Problem, type Surroundings } from "./wire";

export { browserSurroundings, type Outcome, type Problem, type Surroundings } from "./wire";

export interface Bilingual {
  zh: string;
  en: string;
}

export interface Choice extends Bilingual {
  id: string;
}

export interface ConfirmItem {
  item: string;
  words: Bilingual;
  /** What the rule asks for: "at least 120 cm tall". */
  about?: Bilingual | null;
  choices?: Choice[] | null;
}

export interface ScanRequest {
  scan_id: string;
  code: string;
  benefit_id?: string;
  item_id?: string;
  nights?: number;
  confirmed?: string[];
}

export interface ScanAnswer {
  scan_id: string;
  decision: "admitted" | "refused" | "needs_confirmation";
  refusal_code?: string | null;
  words: Bilingual;
  next_allowed_at?: string | null;
  confirm?: ConfirmItem[] | null;
  benefit?: Choice | null;
  holder?: Holder | null;
  terms?: Terms | null;
  elsewhere?: Elsewhere | null;
}

/** The nearest other place that would let this pass in now, and with which benefit. */
export interface Elsewhere {
  venue: Choice;
  benefit?: Choice | null;
  metres?: number | null;
  until?: string | null;
}

export interface Holder {
  name: string;
  holder_class: string;
  document_last4: string;
  product: Bilingual;
}

export interface Use {
  per: string;
  used: number;
  limit: number;
}

export interface Shift {
  clerk: { id: number; name: string };
  started_at: string;
  admitted: number;
  refused: number;
  voided: number;
}

export interface Lane {
  id: number;
  name: string;
  venue: Choice;
  venue_kind?: string;
  attended: boolean;
  default_benefit: Choice | null;
  benefits?: Choice[];
  clerks_required?: boolean;
  shift?: Shift | null;
}

const RETRY_AFTER_MS = [300, 1200];
const DECISIONS = new Set(["admitted", "refused", "needs_confirmation"]);

/** A version 4 UUID; crypto.randomUUID is missing where the page is not served over HTTPS or localhost. */
export function newScanId(source: Pick<Crypto, "getRandomValues"> & { randomUUID?: () => string } = crypto): string {
  if (typeof source.randomUUID === "function") return source.randomUUID();
  const bytes = source.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * Ask for a decision. While the answer is unknown (no network, time-out, a fault of the server) the same request is
 * sent again with the same scan_id: the server answers a repeated id with its first answer, so nobody is counted twice.
 */
export async function sendScan(token: string, scan: ScanRequest, around: Surroundings): Promise<Outcome<ScanAnswer>> {
  return ask("/api/v1/scans", token, scan, around);
}

/** The same question, of which nothing is kept: for training, and for a look before something is redeemed. */
export async function rehearse(token: string, scan: ScanRequest, around: Surroundings): Promise<Outcome<ScanAnswer>> {
  return ask("/api/v1/gate/rehearsals", token, scan, around);
}

async function ask(
  path: string,
  token: string,
  scan: ScanRequest,
  around: Surroundings,
): Promise<Outcome<ScanAnswer>> {
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await call(path, { method: "POST", token, body: scan }, around);
    const judged = outcome.kind === "answer" ? judgeScan(outcome.answer, scan.scan_id) : outcome;
    const pause = RETRY_AFTER_MS[attempt];
    if (judged.kind !== "silent" || pause === undefined) return judged;
    await around.wait(pause);
  }
}

function judgeScan(body: unknown, scanId: string): Outcome<ScanAnswer> {
  const list = (body as { answers?: unknown[] } | null)?.answers;
  const one = (Array.isArray(list) ? list[0] : body) as (Partial<ScanAnswer> & Partial<Problem>) | null;
  if (one === null || typeof one !== "object") return { kind: "silent" };
  if (typeof one.decision === "string" && DECISIONS.has(one.decision) && one.scan_id === scanId && isWords(one.words)) {
    return { kind: "answer", answer: one as ScanAnswer };
  }
  if (typeof one.code === "string" && typeof one.detail === "string") {
    return { kind: "problem", problem: { code: one.code, detail: one.detail } };
  }
  return { kind: "silent" };
}

function isWords(words: unknown): words is Bilingual {
  const found = words as Partial<Bilingual> | null | undefined;
  return typeof found?.zh === "string" && typeof found.en === "string";
}

export async function fetchLane(token: string, around: Surroundings): Promise<Outcome<Lane>> {
  return (await call("/api/v1/gate/lane", { method: "GET", token }, around)) as Outcome<Lane>;
}

export interface Enrolled {
  token: string;
  enrolment_id: string;
  lane: Lane;
}

/** The device's old token goes along, so that its old enrolment ends when it moves to another lane. */
export async function enrol(
  code: string,
  deviceName: string,
  oldToken: string | null,
  around: Surroundings,
): Promise<Outcome<Enrolled>> {
  const body = { code, device_name: deviceName };
  return (await call("/api/v1/enrolments", { method: "POST", token: oldToken, body }, around)) as Outcome<Enrolled>;
}

/** The code in what was typed or scanned: itself, or the end of a link like https://…/gate#enrol=ABCD-EFGH. */
export function enrolmentCode(text: string): string {
  return /#enrol=([^&#\s]+)/.exec(text)?.[1] ?? text.trim();
}
