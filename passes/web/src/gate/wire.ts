// One request to the server, and what may be concluded when it does not answer.

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

export function browserSurroundings(): Surroundings {
  return {
    fetch: (input, init) => window.fetch(input, init),
    wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    timeoutMs: 4000,
  };
}

export interface Call {
  method: string;
  token: string | null;
  body?: unknown;
}

export async function call(path: string, { method, token, body }: Call, around: Surroundings): Promise<Outcome<unknown>> {
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
    return judge(response.status, response.status === 204 ? null : ((await response.json()) as unknown));
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
