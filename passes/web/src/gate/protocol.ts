// Asking the server, and what may be concluded when it does not answer.

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
  choices?: Choice[];
}

export interface ScanRequest {
  scan_id: string;
  code: string;
  benefit_id?: string;
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
  terms?: { uses?: Use[]; excludes?: Bilingual[] } | null;
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

export interface Lane {
  id: number;
  name: string;
  venue: Choice;
  attended: boolean;
  default_benefit: Choice | null;
  benefits?: Choice[];
}

export interface Problem {
  code: string;
  detail: string;
  fields?: Record<string, string[]>;
}

/** answer: the server's word. signed_off: enrol again. problem: it refused the request. silent: nobody knows. */
export type Outcome<T> =
  | { kind: "answer"; answer: T }
  | { kind: "signed_off"; problem: Problem }
  | { kind: "problem"; problem: Problem }
  | { kind: "silent" };

export interface Surroundings {
  fetch: typeof fetch;
  wait: (milliseconds: number) => Promise<void>;
  timeoutMs: number;
}

const RETRY_AFTER_MS = [300, 1200];
const DECISIONS = new Set(["admitted", "refused", "needs_confirmation"]);

export function browserSurroundings(): Surroundings {
  return {
    fetch: (input, init) => window.fetch(input, init),
    wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    timeoutMs: 4000,
  };
}

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
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await call("/api/v1/scans", { method: "POST", token, body: scan }, around);
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

interface Call {
  method: string;
  token: string | null;
  body?: unknown;
}

async function call(path: string, { method, token, body }: Call, around: Surroundings): Promise<Outcome<unknown>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), around.timeoutMs);
  try {
    const response = await around.fetch(path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: stop.signal,
      cache: "no-store",
      redirect: "error",
    });
    return judge(response.status, (await response.json()) as unknown);
  } catch {
    // No network, a time-out, or an answer that is no JSON (a hotel's log-in page, say).
    return { kind: "silent" };
  } finally {
    clearTimeout(timer);
  }
}

function judge(status: number, body: unknown): Outcome<unknown> {
  if (status >= 200 && status < 300) return { kind: "answer", answer: body };
  if (status >= 500 || status === 408) return { kind: "silent" };
  const found = body as Partial<Problem> | null;
  if (typeof found?.code !== "string") return { kind: "silent" };
  const problem: Problem = { code: found.code, detail: String(found.detail ?? "") };
  if (found.fields !== undefined) problem.fields = found.fields;
  return { kind: status === 401 ? "signed_off" : "problem", problem };
}
