import { optionOf } from "../src/dashboard/options";
import type { Texts } from "../src/dashboard/live";
import type { Palette } from "../src/dashboard/palette";
import assert from "node:assert/strict";
import { test } from "node:test";

const texts = { language: "en", visits: "Admissions" } as Texts;
const palette = new Proxy({}, { get: (_, name) => String(name) }) as Palette;
const phone = { clientWidth: 320, clientHeight: 300 } as HTMLElement;
const desk = { clientWidth: 900, clientHeight: 300 } as HTMLElement;

interface Series { data: unknown[] }

test("the hour that runs stands apart from those that are over", () => {
  const day = { labels: ["08", "09", "10"], now: [4, 7, 1], then: [3, 3, 3], now_title: "Today", then_title: "Before", running: 2 };
  const [then, over, running] = optionOf("today", day, texts, palette, desk)["series"] as Series[];
  assert.deepEqual(then?.data, [3, 3, 3]);
  assert.deepEqual(over?.data, [4, 7, null]);
  assert.deepEqual(running?.data, [null, null, 1]);
});

test("the week stands upright on a phone and lies on a desk", () => {
  const heat = { weekdays: ["Mon", "Tue"], labels: ["08", "09", "10"], cells: [[1, 2, 5]] as [number, number, number][] };
  const first = (place: HTMLElement): unknown => (optionOf("weekdays", heat, texts, palette, place)["series"] as Series[])[0]?.data[0];
  assert.deepEqual(first(phone), [1, 2, 5]);
  assert.deepEqual(first(desk), [2, 1, 5]);
});

test("a place where nobody came is drawn hollow and keeps its link", () => {
  const sign = (name: string, visits: number) => ({ name, kind: "spot", at: [1, 1] as [number, number], visits, query: `venue=${name}` });
  const map = { size: [640, 600] as [number, number], river: [], bridges: [], signs: [sign("S01", 9), sign("S02", 0)] };
  const series = optionOf("places", map, texts, palette, desk)["series"] as Series[];
  const [full, hollow] = series.at(-1)?.data as { itemStyle: { color: string }; symbolSize: number; query: string }[];
  assert.equal(full?.itemStyle.color, "ochre");
  assert.deepEqual([hollow?.itemStyle.color, hollow?.query], ["paper", "venue=S02"]);
  assert.ok((full?.symbolSize ?? 0) > (hollow?.symbolSize ?? 0));
});
