// What the wallet shows at a moment: pure, so that the tests can move the clocks.

/** The phone's two clocks in milliseconds: one that never jumps but may sleep, one that never sleeps but may jump. */
export interface Reading {
  steady: number;
  wall: number;
}

/** The server's time as far as the phone knows it. `since` is when the request was sent, so it is never behind. */
export interface ServerTime {
  now: number;
  since: Reading;
}

export function serverNow(time: ServerTime, reading: Reading): number {
  const steady = reading.steady - time.since.steady;
  const wall = reading.wall - time.since.wall;
  // The larger one: a phone that slept, or whose clock was set back, must not make a code look younger.
  return time.now + Math.max(steady, wall, 0);
}

/** Why no fresh code came: no network, no or no good answer, or an answer that says there is none any more. */
export type Failure = { kind: "offline" } | { kind: "server" } | { kind: "closed"; detail: string };

export interface View {
  covered: boolean;
  /** What the cover says, or what the hint beside a still good code says; null when all is well. */
  failure: Failure | null;
  secondsLeft: number;
}

/** A code is good until its expiry whatever happens, unless the server said that it is over. */
export function viewOf(expiresAt: number, now: number, failure: Failure | null): View {
  const secondsLeft = Math.max(0, Math.ceil((expiresAt - now) / 1000));
  const covered = secondsLeft === 0 || failure?.kind === "closed";
  return { covered, failure, secondsLeft: covered ? 0 : secondsLeft };
}

export interface Code {
  status: string;
  path: string | null;
  size: number | null;
  expires_at: number | null;
  now: number;
}

/** The answer as a code; null when it is none. */
export function codeOf(answer: unknown): Code | null {
  if (typeof answer !== "object" || answer === null) return null;
  const found = answer as Partial<Record<keyof Code, unknown>>;
  if (typeof found.status !== "string" || typeof found.now !== "number") return null;
  const drawn = typeof found.path === "string" && typeof found.size === "number" && typeof found.expires_at === "number";
  if (found.status === "ready" && !drawn) return null;
  return {
    status: found.status,
    path: drawn ? (found.path as string) : null,
    size: drawn ? (found.size as number) : null,
    expires_at: drawn ? (found.expires_at as number) : null,
    now: found.now,
  };
}

export const REFRESH_MS = 15_000;
export const RETRY_MS = 4_000;

/** When to ask again; never once the link or the pass is closed. */
export function waitAfter(failure: Failure | null): number | null {
  if (failure?.kind === "closed") return null;
  return failure === null ? REFRESH_MS : RETRY_MS;
}
