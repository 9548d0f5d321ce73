// What this lane did today, who works here, and taking an admission back.

import type { Bilingual, Choice, Shift } from "./protocol";
import { call, type Outcome, type Surroundings } from "./wire";

export interface ListedScan {
  scan_id: string;
  scanned_at: string;
  /** What the gate showed, whatever became of it. */
  outcome: "admitted" | "refused" | "needs_confirmation";
  refusal_code: string | null;
  words: Bilingual;
  benefit: Choice | null;
  holder: { name_masked: string; holder_class: string } | null;
  clerk: { id: number; name: string } | null;
  voidable_until: string | null;
  voided_at: string | null;
  void_reason: string | null;
}

export interface Totals {
  admitted: number;
  refused: number;
  needs_confirmation: number;
  voided: number;
}

export interface ScanList {
  items: ListedScan[];
  next_before: string | null;
  totals: Totals;
}

export interface Wanted {
  mine: boolean;
  before?: string | null;
  limit?: number;
}

/** Today's scans of the lane, the newest first; `mine` are those of the shift that is open. */
export async function listScans(token: string, wanted: Wanted, around: Surroundings): Promise<Outcome<ScanList>> {
  const query = new URLSearchParams({ limit: String(wanted.limit ?? 20) });
  if (wanted.mine) query.set("mine", "1");
  if (wanted.before) query.set("before", wanted.before);
  return (await call(`/api/v1/gate/scans?${query}`, { method: "GET", token }, around)) as Outcome<ScanList>;
}

/** Take one admission back. Sent twice it is refused as done: the first one held. */
export async function voidScan(
  token: string,
  scanId: string,
  reason: string,
  around: Surroundings,
): Promise<Outcome<ListedScan>> {
  const path = `/api/v1/gate/scans/${encodeURIComponent(scanId)}/void`;
  return (await call(path, { method: "POST", token, body: { reason } }, around)) as Outcome<ListedScan>;
}

export async function startShift(
  token: string,
  pin: string,
  around: Surroundings,
): Promise<Outcome<Pick<Shift, "clerk" | "started_at">>> {
  const made = await call("/api/v1/gate/shifts", { method: "POST", token, body: { pin } }, around);
  return made as Outcome<Pick<Shift, "clerk" | "started_at">>;
}

export async function endShift(token: string, around: Surroundings): Promise<Outcome<unknown>> {
  return call("/api/v1/gate/shifts/current", { method: "DELETE", token }, around);
}
