// Redraws the code every 15 seconds; covers it with the reason when it runs out. It never looks valid when it is not.
import { offerInstall } from "./wallet/install";
import { offerLarge } from "./wallet/large";
import { offerNearest } from "./wallet/places";
import {
  REFRESH_MS,
  RETRY_MS,
  codeOf,
  serverNow,
  viewOf,
  waitAfter,
  type Code,
  type Failure,
  type Reading,
  type ServerTime,
} from "./wallet/showing";

const ANSWER_WITHIN_MS = 8_000;

function element<Type extends Element>(id: string): Type {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no #${id} on this page`);
  return found as Element as Type;
}

const figure = element<HTMLElement>("code");
const picture = element<SVGElement>("picture");
const path = element<SVGPathElement>("path");
const cover = element<HTMLElement>("cover");
const reason = element<HTMLElement>("reason");
const progress = element<HTMLProgressElement>("progress");
const clock = element<HTMLElement>("clock");
const hint = element<HTMLElement>("hint");
const texts = JSON.parse(element("texts").textContent ?? "{}") as Record<string, string>;

const read = (): Reading => ({ steady: performance.now(), wall: Date.now() });

// The page's own code: its server time belongs to the start of the navigation. performance.timeOrigin would name
// that moment too, but in a browser that has slept it is hours off.
const begun: Reading = { steady: 0, wall: Date.now() - performance.now() };
let time: ServerTime = { now: Number(figure.dataset["now"]), since: begun };
let expiresAt = Number(figure.dataset["expiresAt"]);
let drawing = path.getAttribute("d") ?? "";
let failure: Failure | null = null;
let running: AbortController | null = null;
let timer: number | undefined;
let askedAt = -Infinity;

const localTime = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", timeStyle: "medium", hour12: false });

function words(found: Failure | null): string {
  if (found === null) return texts["late"] ?? "";
  return found.kind === "closed" ? found.detail : (texts[found.kind] ?? "");
}

function draw(): void {
  const now = serverNow(time, read());
  const view = viewOf(expiresAt, now, failure);
  cover.hidden = !view.covered;
  // A covered code is not in the page at all: nothing to scan behind the cover.
  const wanted = view.covered ? "" : drawing;
  if (path.getAttribute("d") !== wanted) path.setAttribute("d", wanted);
  figure.dataset["covered"] = String(view.covered);
  progress.value = view.secondsLeft;
  clock.textContent = localTime.format(now);
  if (view.covered) {
    const said = words(view.failure);
    if (reason.textContent !== said) reason.textContent = said;
    hint.textContent = "";
  } else {
    const said = view.failure === null ? texts["fresh"] : texts["still_good"];
    hint.textContent = (said ?? "").replace("{seconds}", String(view.secondsLeft));
  }
}

async function failureOf(response: Response): Promise<Failure> {
  // 404: the link is unknown, revoked or over. Everything else may pass.
  if (response.status !== 404) return { kind: "server" };
  const problem: unknown = await response.json().catch(() => null);
  const detail = (problem as { detail?: unknown } | null)?.detail;
  return { kind: "closed", detail: typeof detail === "string" ? detail : (texts["closed"] ?? "") };
}

function take(code: Code, since: Reading): void {
  time = { now: code.now, since };
  if (code.path === null || code.expires_at === null) {
    // The pass was frozen or has ended: the server's page says which.
    failure = { kind: "closed", detail: texts["closed"] ?? "" };
    draw();
    location.reload();
    return;
  }
  failure = null;
  drawing = code.path;
  expiresAt = code.expires_at;
  picture.setAttribute("viewBox", `0 0 ${code.size} ${code.size}`);
}

async function ask(signal: AbortSignal): Promise<void> {
  const since = read();
  const response = await fetch(figure.dataset["url"] ?? "", { cache: "no-store", redirect: "error", signal });
  if (!response.ok) {
    failure = await failureOf(response);
    return;
  }
  const code = codeOf(await response.json());
  if (signal.aborted) return;
  if (code === null) failure = { kind: "server" };
  else take(code, since);
}

async function refresh(): Promise<void> {
  window.clearTimeout(timer);
  running?.abort();
  const mine = new AbortController();
  running = mine;
  askedAt = performance.now();
  AbortSignal.timeout(ANSWER_WITHIN_MS).addEventListener("abort", () => mine.abort());
  try {
    await ask(mine.signal);
  } catch {
    if (running === mine) failure = { kind: navigator.onLine ? "server" : "offline" };
  }
  // A later call has taken over: its answer counts, not this one's.
  if (running !== mine) return;
  running = null;
  draw();
  const wait = waitAfter(failure);
  if (wait !== null && !document.hidden) timer = window.setTimeout(() => void refresh(), wait);
}

const secondsLeft = (): number => viewOf(expiresAt, serverNow(time, read()), failure).secondsLeft;

function tick(): void {
  draw();
  // Nothing failed and yet it ran out: timers slept, or the phone's clock jumped.
  const quiet = performance.now() - askedAt > RETRY_MS;
  if (failure === null && running === null && quiet && !document.hidden && secondsLeft() === 0) void refresh();
}

function wakeUp(): void {
  draw();
  if (!document.hidden && failure?.kind !== "closed") void refresh();
}

async function stayAwake(): Promise<void> {
  // A phone that dims in front of the reader is the commonest trouble; where it cannot be helped the hint remains.
  if (!document.hidden && "wakeLock" in navigator) await navigator.wakeLock.request("screen").catch(() => undefined);
}

element("again").addEventListener("click", wakeUp);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) window.clearTimeout(timer);
  wakeUp();
  void stayAwake();
});
window.addEventListener("online", wakeUp);
window.addEventListener("offline", wakeUp);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) wakeUp();
});
window.setInterval(tick, 250);
offerLarge(figure, element("large"), texts);
offerNearest(texts);
offerInstall(element("install"));
draw();
void stayAwake();
// A page that took long to come, or was kept by the browser, brings an old code.
timer = window.setTimeout(() => void refresh(), secondsLeft() > 45 ? REFRESH_MS : 0);
