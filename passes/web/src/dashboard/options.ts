// What the charts show, as ECharts options. No drawing here.

import type {
  BarsChart, ChartName, Charts, DaysChart, HoursChart, PassesChart, PlacesChart, SatisfactionChart, Sign, Texts, TodayChart,
  WeekdaysChart,
} from "./live";
import type { Palette } from "./palette";
import type { EChartsCoreOption } from "echarts/core";

interface Look { texts: Texts; palette: Palette; width: number; height: number; count: (value: unknown) => string }
type Painter<Name extends ChartName> = (numbers: Charts[Name], look: Look) => EChartsCoreOption;

const KIND_SIGNS: Record<string, string> = { spot: "circle", hotel: "rect", shop: "diamond", transport: "triangle", online: "circle" };

const kindColour = (kind: string, palette: Palette): string =>
  ({ hotel: palette.river, shop: palette.lantern, transport: palette.green })[kind] ?? palette.ochre;

function frame({ palette }: Look): EChartsCoreOption {
  return {
    animation: false,
    textStyle: { fontFamily: palette.font, fontSize: 12, color: palette.soft },
    grid: { left: 4, right: 12, top: 12, bottom: 4, containLabel: true },
  };
}

// HTML tooltips would need inline styles, which the page's policy forbids.
function tooltip({ palette, count }: Look, more: object): object {
  return {
    renderMode: "richText", confine: true, backgroundColor: palette.raised, borderColor: palette.line, borderWidth: 1,
    valueFormatter: count, textStyle: { color: palette.ink, fontSize: 13 }, axisPointer: { type: "shadow", shadowStyle: { color: palette.line, opacity: 0.35 } },
    ...more,
  };
}

function names(labels: string[], { palette }: Look, more: object = {}): object {
  return {
    type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: palette.line } },
    axisLabel: { color: palette.soft, hideOverlap: true }, ...more,
  };
}

function numbers({ palette }: Look, more: object = {}): object {
  return { type: "value", splitNumber: 4, axisLabel: { color: palette.soft }, splitLine: { lineStyle: { color: palette.line } }, ...more };
}

/** A name beside its bar: on two lines where there is room for them, else cut short. */
function beside(rows: number, look: Look): object {
  const twoLines = look.height / rows > 34;
  return {
    color: look.palette.ink, width: Math.min(200, Math.round(look.width * 0.38)), interval: 0, hideOverlap: false, lineHeight: 15, height: 30,
    overflow: twoLines ? "break" : "truncate", lineOverflow: "truncate", ellipsis: "…",
  };
}

function today(day: TodayChart, look: Look): EChartsCoreOption {
  const { palette } = look;
  return {
    ...frame(look),
    tooltip: tooltip(look, { trigger: "axis", formatter: (at: { seriesName: string; name: string; value: number | null }[]) =>
      [`${at[0]?.name ?? ""}:00`, ...at.filter((one) => one.value !== null).map((one) => `${one.seriesName}: ${look.count(one.value)}`)].join("\n") }),
    xAxis: names(day.labels, look, { boundaryGap: false }),
    yAxis: numbers(look, { minInterval: 1 }),
    series: [
      {
        type: "line", name: day.then_title, data: day.then, showSymbol: false, smooth: 0.25,
        lineStyle: { type: "dashed", width: 2, color: palette.grey }, itemStyle: { color: palette.grey },
      },
      {
        type: "line", name: day.now_title, data: day.now.map((count, hour) => (hour < day.running ? count : null)), symbolSize: 6, smooth: 0.25,
        lineStyle: { width: 3 }, itemStyle: { color: palette.river }, areaStyle: { color: palette.river, opacity: 0.14 },
      },
      // The hour that runs stands apart: it is not over, so it is no fall.
      {
        type: "scatter", name: day.now_title, data: day.now.map((count, hour) => (hour === day.running ? count : null)), symbolSize: 9,
        itemStyle: { color: palette.paper, borderColor: palette.river, borderWidth: 2, opacity: 1 },
      },
    ],
  };
}

function days(period: DaysChart, look: Look): EChartsCoreOption {
  const { palette, texts } = look;
  return {
    ...frame(look),
    tooltip: tooltip(look, { trigger: "axis" }),
    xAxis: names(period.labels, look),
    yAxis: numbers(look, { minInterval: 1 }),
    series: [
      {
        type: "bar", name: texts.visits, barMaxWidth: 36, barCategoryGap: "25%", itemStyle: { color: palette.ochre, borderRadius: [3, 3, 0, 0] },
        data: period.visits.map((value, number) => (period.weekend[number] ? { value } : { value, itemStyle: { opacity: 0.72 } })),
      },
      {
        type: "line", name: period.before_title, data: period.before, showSymbol: period.before.length === 1,
        lineStyle: { type: "dashed", width: 2, color: palette.grey }, itemStyle: { color: palette.grey },
      },
    ],
  };
}

function places(map: PlacesChart, look: Look): EChartsCoreOption {
  const { palette, texts } = look;
  const [width, height] = map.size;
  const most = Math.max(1, ...map.signs.map((sign) => sign.visits));
  const widest = look.width < 480 ? 16 : 28;
  const size = (visits: number): number => (visits ? 8 + widest * Math.sqrt(visits / most) : 7);
  const leading = [...map.signs].sort((a, b) => b.visits - a.visits).slice(0, look.width < 480 ? 5 : 9).filter((sign) => sign.visits);
  return {
    ...frame(look),
    grid: { left: 0, right: 0, top: 0, bottom: 0 },
    tooltip: tooltip(look, { trigger: "item", formatter: (at: { name: string; data: Sign }) => `${at.name}\n${texts.visits}: ${look.count(at.data.visits)}` }),
    xAxis: { type: "value", show: false, min: 0, max: width },
    yAxis: { type: "value", show: false, inverse: true, min: 0, max: height },
    series: [
      {
        type: "line", data: map.river, smooth: 0.5, showSymbol: false, silent: true, tooltip: { show: false }, z: 1,
        lineStyle: { width: 14, color: palette.river, opacity: 0.2, cap: "round" },
      },
      {
        type: "scatter", silent: true, z: 1, tooltip: { show: false }, symbol: "rect", symbolSize: [5, 30], itemStyle: { color: palette.grey },
        data: map.bridges.map((bridge) => ({ name: bridge.name, value: bridge.at })),
        label: { show: true, position: "bottom", formatter: "{b}", color: palette.soft, fontSize: 11 },
        labelLayout: { hideOverlap: true },
      },
      {
        type: "scatter",
        data: map.signs.map((sign) => {
          const colour = kindColour(sign.kind, palette);
          return {
            name: sign.name, value: sign.at, visits: sign.visits, query: sign.query, symbol: KIND_SIGNS[sign.kind] ?? "circle", symbolSize: size(sign.visits),
            itemStyle: { color: sign.visits ? colour : palette.paper, opacity: sign.visits ? 0.85 : 1, borderColor: sign.visits ? palette.paper : colour, borderWidth: 1.5 },
            label: { show: leading.includes(sign), position: sign.at[0] > width * 0.6 ? "left" : "right" },
          };
        }),
        label: { formatter: "{b}", color: palette.ink, fontSize: 12, width: look.width * 0.3, overflow: "truncate", textBorderColor: palette.paper, textBorderWidth: 3 },
        labelLayout: { hideOverlap: true, moveOverlap: "shiftY" },
        cursor: "pointer",
      },
    ],
  };
}

function weekdays(heat: WeekdaysChart, look: Look): EChartsCoreOption {
  const { palette, texts } = look;
  const most = Math.max(...heat.cells.map((cell) => cell[2]));
  // On a phone the hours go down, where there is room for them.
  const upright = look.width < 520;
  const hours = names(heat.labels, look, { inverse: upright, axisLine: { show: false } });
  const days = names(heat.weekdays, look, { inverse: !upright, axisLine: { show: false } });
  return {
    ...frame(look),
    grid: { left: 4, right: 4, top: 4, bottom: 44, containLabel: true },
    tooltip: tooltip(look, {
      trigger: "item",
      formatter: (at: { data: [number, number, number] }) => {
        const [x, y, mean] = at.data;
        const [day, hour] = upright ? [x, y] : [y, x];
        return `${heat.weekdays[day] ?? ""} ${heat.labels[hour] ?? ""}:00\n${texts.visits}: ${mean}`;
      },
    }),
    xAxis: upright ? { ...days, position: "top" } : hours,
    yAxis: upright ? hours : days,
    visualMap: {
      type: "continuous", min: 0, max: most, calculable: false, orient: "horizontal", left: "center", bottom: 0, itemWidth: 12, itemHeight: 120,
      text: [String(Math.round(most * 10) / 10), "0"], textStyle: { color: palette.soft }, inRange: { color: [palette.ground, palette.ochrePale, palette.ochre, palette.ochreStrong] },
    },
    series: [{
      type: "heatmap", data: heat.cells.map(([day, hour, mean]) => (upright ? [day, hour, mean] : [hour, day, mean])),
      itemStyle: { borderColor: palette.paper, borderWidth: 2, borderRadius: 4 }, emphasis: { itemStyle: { borderColor: palette.ink } },
    }],
  };
}

function hours(day: HoursChart, look: Look): EChartsCoreOption {
  return {
    ...frame(look),
    tooltip: tooltip(look, { trigger: "axis" }),
    xAxis: names(day.labels, look),
    yAxis: numbers(look),
    series: [{
      type: "bar", name: look.texts.average, data: day.visits, barMaxWidth: 36, barCategoryGap: "20%",
      itemStyle: { color: look.palette.river, borderRadius: [3, 3, 0, 0] },
    }],
  };
}

function passes(period: PassesChart, look: Look): EChartsCoreOption {
  const { palette, texts } = look;
  const stacked = { type: "bar", stack: "passes", barMaxWidth: 36, barCategoryGap: "25%" };
  return {
    ...frame(look),
    tooltip: tooltip(look, { trigger: "axis" }),
    xAxis: names(period.labels, look),
    yAxis: numbers(look, { minInterval: 1 }),
    series: [
      { ...stacked, name: texts.first, data: period.first, itemStyle: { color: palette.green } },
      { ...stacked, name: texts.again, data: period.again, itemStyle: { color: palette.river } },
    ],
  };
}

function bars(list: BarsChart, series: string, colour: string, look: Look): EChartsCoreOption {
  return {
    ...frame(look),
    grid: { left: 4, right: 44, top: 4, bottom: 4, containLabel: true },
    tooltip: tooltip(look, { trigger: "axis" }),
    xAxis: numbers(look, { show: false, minInterval: 1 }),
    yAxis: names(list.rows.map((row) => row.name), look, { inverse: true, axisLine: { show: false }, axisLabel: beside(list.rows.length, look) }),
    series: [{
      type: "bar", name: series, data: list.rows.map((row) => row.count), barMaxWidth: 22, itemStyle: { color: colour, borderRadius: [0, 3, 3, 0] },
      label: { show: true, position: "right", color: look.palette.ink, formatter: (at: { value: unknown }) => look.count(at.value) },
    }],
  };
}

function satisfaction(list: SatisfactionChart, look: Look): EChartsCoreOption {
  const { palette, texts } = look;
  const percent = (share: number): number => Math.round(share * 1000) / 10;
  const labels = list.rows.map((row) => row.name);
  return {
    ...frame(look),
    tooltip: tooltip(look, { trigger: "axis", valueFormatter: (value: unknown) => `${value} %` }),
    xAxis: numbers(look, { min: 0, max: 100, interval: 25, axisLabel: { color: palette.soft, formatter: "{value} %" } }),
    yAxis: names(labels, look, { inverse: true, axisLine: { show: false }, axisLabel: beside(labels.length, look) }),
    series: [
      {
        type: "bar", name: texts.good, data: list.rows.map((row) => ({ value: percent(row.share), answers: row.answers })), barMaxWidth: 22,
        itemStyle: { color: palette.green, borderRadius: [0, 3, 3, 0] },
        label: { show: true, position: "insideLeft", color: palette.paper, fontSize: 11, formatter: (at: { data: { answers: number } }) => `n = ${look.count(at.data.answers)}` },
      },
      {
        type: "scatter", name: texts.lower, data: list.rows.map((row) => percent(row.lower)), symbol: "diamond", symbolSize: 13,
        itemStyle: { color: palette.ink, borderColor: palette.paper, borderWidth: 1.5, opacity: 1 }, z: 3,
      },
    ],
  };
}

const PAINTERS: { [Name in ChartName]: Painter<Name> } = {
  today, days, places, weekdays, hours, passes, satisfaction,
  benefits: (list, look) => bars(list, look.texts.visits, look.palette.ochre, look),
  refusals: (list, look) => bars(list, look.texts.scans, look.palette.lantern, look),
};

export function optionOf<Name extends ChartName>(
  name: Name, numbersOf: Charts[Name], texts: Texts, palette: Palette, place: HTMLElement,
): EChartsCoreOption {
  const written = new Intl.NumberFormat(texts.language === "zh" ? "zh-CN" : "en-GB");
  const count = (value: unknown): string => (typeof value === "number" ? written.format(value) : "–");
  return PAINTERS[name](numbersOf, { texts, palette, count, width: place.clientWidth, height: place.clientHeight });
}
