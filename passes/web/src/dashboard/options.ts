// What the charts show, from the figures the server sent. No drawing here.

import type { EChartsCoreOption } from "echarts/core";

export interface Freshness {
  at: string | null;
  stale: boolean;
  text: string;
}

export interface Shown {
  as_of: Freshness;
  answers_as_of: Freshness;
  figures: Record<string, string>;
  hours: { name: string; visits: number[]; total: number }[];
  days: { label: string; visits: number }[];
  benefits: { name: string; visits: number }[];
  refusals: { name: string; refusals: number }[];
  satisfaction: { name: string; answers: number; share: number; lower: number }[];
  tables: Record<string, string[][]>;
}

export interface Texts {
  language: "zh" | "en";
  visits: string;
  scans: string;
  good: string;
  lower: string;
  answers: string;
}

const RIVER = "#1d5b79";
const OCHRE = "#8f4a12";
const BAD = "#a3211a";
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));
const AXIS_TEXT = { width: 130, overflow: "truncate" } as const;
// HTML tooltips would need inline styles, which the page's policy forbids.
const TOOLTIP = { renderMode: "richText", confine: true } as const;

function bars(rows: { name: string; value: number }[], series: string, colour: string): EChartsCoreOption {
  return {
    animation: false,
    aria: { enabled: true },
    tooltip: { ...TOOLTIP, trigger: "axis", axisPointer: { type: "shadow" } },
    grid: { left: 8, right: 24, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", minInterval: 1 },
    yAxis: { type: "category", inverse: true, data: rows.map((row) => row.name), axisLabel: AXIS_TEXT },
    series: [{ type: "bar", name: series, data: rows.map((row) => row.value), barMaxWidth: 28, itemStyle: { color: colour } }],
  };
}

function heat(shown: Shown, texts: Texts): EChartsCoreOption {
  const cells = shown.hours.flatMap((spot, row) => spot.visits.map((visits, hour) => [hour, row, visits]));
  const most = Math.max(1, ...cells.map((cell) => cell[2] ?? 0));
  return {
    animation: false,
    aria: { enabled: true },
    tooltip: { ...TOOLTIP, position: "top" },
    grid: { left: 8, right: 8, top: 8, bottom: 56, containLabel: true },
    xAxis: { type: "category", data: HOURS, splitArea: { show: true } },
    yAxis: { type: "category", inverse: true, data: shown.hours.map((spot) => spot.name), axisLabel: AXIS_TEXT },
    visualMap: {
      min: 0, max: most, calculable: false, orient: "horizontal", left: "center", bottom: 0, text: [String(most), "0"],
      inRange: { color: ["#f6f2ec", "#e3b98a", OCHRE, "#4d2506"] },
    },
    series: [{ type: "heatmap", name: texts.visits, data: cells }],
  };
}

function month(shown: Shown, texts: Texts): EChartsCoreOption {
  return {
    animation: false,
    aria: { enabled: true },
    tooltip: { ...TOOLTIP, trigger: "axis" },
    grid: { left: 8, right: 16, top: 16, bottom: 8, containLabel: true },
    xAxis: { type: "category", data: shown.days.map((day) => day.label) },
    yAxis: { type: "value", minInterval: 1 },
    series: [{
      type: "line", name: texts.visits, data: shown.days.map((day) => day.visits), symbolSize: 6,
      itemStyle: { color: RIVER }, areaStyle: { color: RIVER, opacity: 0.12 },
    }],
  };
}

function satisfaction(shown: Shown, texts: Texts): EChartsCoreOption {
  const percent = (share: number): number => Math.round(share * 100);
  return {
    animation: false,
    aria: { enabled: true },
    legend: { bottom: 0 },
    tooltip: { ...TOOLTIP, trigger: "axis", axisPointer: { type: "shadow" } },
    grid: { left: 8, right: 24, top: 8, bottom: 40, containLabel: true },
    xAxis: { type: "value", min: 0, max: 100, axisLabel: { formatter: "{value} %" } },
    yAxis: {
      type: "category", inverse: true, axisLabel: AXIS_TEXT,
      data: shown.satisfaction.map((spot) => `${spot.name} (n = ${spot.answers})`),
    },
    series: [
      { type: "bar", name: texts.good, data: shown.satisfaction.map((spot) => percent(spot.share)), barMaxWidth: 28, itemStyle: { color: RIVER } },
      {
        type: "scatter", name: texts.lower, data: shown.satisfaction.map((spot) => percent(spot.lower)),
        symbol: "diamond", symbolSize: 12, itemStyle: { color: OCHRE },
      },
    ],
  };
}

/** {chart name: ECharts option}; a chart without figures is left out. */
export function options(shown: Shown, texts: Texts): Record<string, EChartsCoreOption> {
  const drawn: Record<string, EChartsCoreOption> = { days: month(shown, texts) };
  if (shown.hours.length) drawn["hours"] = heat(shown, texts);
  if (shown.benefits.length) {
    drawn["benefits"] = bars(shown.benefits.map(({ name, visits }) => ({ name, value: visits })), texts.visits, OCHRE);
  }
  if (shown.refusals.length) {
    drawn["refusals"] = bars(shown.refusals.map(({ name, refusals }) => ({ name, value: refusals })), texts.scans, BAD);
  }
  if (shown.satisfaction.length) drawn["satisfaction"] = satisfaction(shown, texts);
  return drawn;
}
