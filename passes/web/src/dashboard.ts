// The dashboard: draws the charts and asks for fresh figures every few seconds. The tables stand without it.

import { options, type Shown, type Texts } from "./dashboard/options";
import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import langZH from "echarts/i18n/langZH-obj.js";
import { CanvasRenderer } from "echarts/renderers";

const POLL_MS = 3000;
const LONGEST_POLL_MS = 30_000;

echarts.use([
  AriaComponent, BarChart, CanvasRenderer, GridComponent, HeatmapChart, LegendComponent, LineChart, ScatterChart,
  TooltipComponent, VisualMapComponent,
]);
echarts.registerLocale("ZH", langZH);

function read<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null") as T;
}

const texts = read<Texts>("texts");
const charts = new Map<string, echarts.ECharts>();
let etag: string | null = null;
let waitMs = POLL_MS;

function chartOf(name: string, place: HTMLElement): echarts.ECharts {
  let chart = charts.get(name);
  if (!chart) {
    chart = echarts.init(place, undefined, { renderer: "canvas", locale: texts.language === "zh" ? "ZH" : "EN" });
    charts.set(name, chart);
    const behind = place.parentElement?.querySelector("details");
    if (behind) behind.open = false;
  }
  return chart;
}

function showTable(body: HTMLElement, rows: string[][]): void {
  body.replaceChildren(
    ...rows.map((cells) => {
      const row = document.createElement("tr");
      cells.forEach((text, column) => {
        const cell = document.createElement(column === 0 ? "th" : "td");
        if (column === 0) cell.setAttribute("scope", "row");
        else cell.className = "number";
        cell.textContent = text;
        row.append(cell);
      });
      return row;
    }),
  );
}

function setText(place: Element, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}

function show(shown: Shown): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-as-of]")) {
    const freshness = shown[place.dataset["asOf"] as "as_of" | "answers_as_of"];
    setText(place.querySelector("span") ?? place, freshness.text);
    place.classList.toggle("stale", freshness.stale);
  }
  for (const place of document.querySelectorAll<HTMLElement>("[data-figure]")) {
    setText(place, shown.figures[place.dataset["figure"] ?? ""] ?? "");
  }
  for (const body of document.querySelectorAll<HTMLElement>("[data-rows]")) {
    const name = body.dataset["rows"] ?? "";
    const rows = shown.tables[name] ?? [];
    showTable(body, rows);
    const empty = document.querySelector<HTMLElement>(`[data-empty="${name}"]`);
    if (empty) empty.hidden = rows.length > 0;
  }
  const drawn = options(shown, texts);
  for (const place of document.querySelectorAll<HTMLElement>("[data-chart]")) {
    const name = place.dataset["chart"] ?? "";
    const option = drawn[name];
    place.hidden = option === undefined; // after midnight there is nothing to draw of the new day yet
    if (option) chartOf(name, place).setOption(option, { notMerge: true });
  }
}

async function poll(): Promise<void> {
  const lost = document.querySelector<HTMLElement>("[data-lost]");
  try {
    const headers: Record<string, string> = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch("/dashboard/data.json", { headers, cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (answer.redirected) {
      location.reload(); // signed out meanwhile
      return;
    }
    if (answer.status === 200) {
      show((await answer.json()) as Shown);
      etag = answer.headers.get("ETag");
    } else if (answer.status !== 304) {
      throw new Error(`status ${answer.status}`);
    }
    waitMs = POLL_MS;
    if (lost) lost.hidden = true;
  } catch {
    waitMs = Math.min(LONGEST_POLL_MS, waitMs * 2);
    if (lost) lost.hidden = false;
  }
  setTimeout(next, waitMs);
}

/** A page nobody looks at asks nothing. */
function next(): void {
  if (document.visibilityState === "visible") void poll();
  else document.addEventListener("visibilitychange", () => void poll(), { once: true });
}

show(read<Shown>("shown"));
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
setTimeout(next, POLL_MS);
