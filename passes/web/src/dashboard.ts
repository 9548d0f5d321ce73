// The dashboard: asks for fresh figures every few seconds, and has the charts drawn where they come into view.
// The page is complete without it, but for the charts.

import type { ChartName, Live, Texts } from "./dashboard/live";
import { showPage } from "./dashboard/page";

type Drawing = typeof import("./dashboard-charts");

const POLL_MS = 3000;
const LONGEST_POLL_MS = 30_000;

function read<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null") as T;
}

function notice(name: "lost" | "signed-out", shown: boolean): void {
  const place = document.querySelector<HTMLElement>(`[data-${name}]`);
  if (place) place.hidden = !shown;
}

const texts = read<Texts>("texts");
const dataAddress = `/dashboard/data.json${location.search}`;
let live = read<Live>("live");
let etag: string | null = null;
let waitMs = POLL_MS;
let touched = false;
let drawing: Drawing | undefined;
const inView = new Set<HTMLElement>();

function draw(place: HTMLElement): void {
  const name = place.dataset["chart"] as ChartName;
  const chart = live.panels[name]?.chart;
  if (drawing && chart) drawing.draw(place, name, chart, texts);
}

function show(fresh: Live): void {
  live = fresh;
  showPage(live);
  inView.forEach(draw);
}

async function poll(): Promise<void> {
  try {
    const headers: Record<string, string> = {};
    if (etag) headers["If-None-Match"] = etag;
    if (touched) headers["X-Attended"] = "1"; // only a person keeps the session alive, not this script
    touched = false;
    const answer = await fetch(dataAddress, { headers, cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (answer.redirected || answer.status === 403) {
      notice("signed-out", true);
      notice("lost", false);
      return; // the page stays as it is until somebody signs in again
    }
    if (answer.status === 200) {
      show((await answer.json()) as Live);
      etag = answer.headers.get("ETag");
    } else if (answer.status !== 304) {
      throw new Error(`status ${answer.status}`);
    }
    waitMs = POLL_MS;
    notice("lost", false);
  } catch {
    waitMs = Math.min(LONGEST_POLL_MS, waitMs * 2);
    notice("lost", true);
  }
  setTimeout(next, waitMs);
}

/** A page nobody looks at asks nothing. */
function next(): void {
  if (document.visibilityState === "visible") void poll();
  else document.addEventListener("visibilitychange", next, { once: true });
}

async function startCharts(): Promise<void> {
  drawing = (await import(texts.charts)) as Drawing;
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      inView.add(target as HTMLElement);
      draw(target as HTMLElement);
    }
  }, { rootMargin: "300px" });
  const places = document.querySelectorAll<HTMLElement>("[data-chart]");
  places.forEach((place) => watcher.observe(place));
  addEventListener("beforeprint", () => {
    places.forEach((place) => { inView.add(place); draw(place); });
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => { drawing?.forgetColours(); inView.forEach(draw); });
}

for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, () => { touched = true; }, { passive: true });
}
setTimeout(next, POLL_MS);
void startCharts();
