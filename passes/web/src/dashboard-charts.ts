// ECharts and nothing else: fetched beside the page, kept for a year.

import type { ChartName, Charts, Texts } from "./dashboard/live";
import { optionOf } from "./dashboard/options";
import { type Palette, readPalette } from "./dashboard/palette";
import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { GridSimpleComponent, TooltipComponent, VisualMapContinuousComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

// The SVG renderer would write style attributes, which the page's policy forbids; a canvas needs none.
echarts.use([
  BarChart, CanvasRenderer, GridSimpleComponent, HeatmapChart, LabelLayout, LineChart, ScatterChart, TooltipComponent,
  VisualMapContinuousComponent,
]);

const drawn = new Map<HTMLElement, { chart: echarts.ECharts; of: unknown; palette: Palette }>();
let palette: Palette | undefined;

export function forgetColours(): void {
  palette = undefined;
}

function made(place: HTMLElement): echarts.ECharts {
  const chart = echarts.init(place, undefined, { renderer: "canvas" });
  new ResizeObserver(() => chart.resize()).observe(place);
  // A sign on the map leads to its place's figures, as its row in the table does.
  chart.on("click", (event) => {
    const query = (event.data as { query?: unknown } | undefined)?.query;
    if (typeof query === "string") location.assign(`/dashboard?${query}`);
  });
  return chart;
}

/** Draws the numbers at the place, or leaves it as it is when nothing has changed. */
export function draw<Name extends ChartName>(place: HTMLElement, name: Name, numbers: Charts[Name], texts: Texts): void {
  palette ??= readPalette();
  const before = drawn.get(place);
  const same = before?.palette === palette && JSON.stringify(before.of) === JSON.stringify(numbers);
  if (same || place.clientWidth === 0) return;
  const chart = before?.chart ?? made(place);
  chart.setOption(optionOf(name, numbers, texts, palette, place), { notMerge: true });
  drawn.set(place, { chart, of: numbers, palette });
}
