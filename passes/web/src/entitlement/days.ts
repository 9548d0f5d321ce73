// Local days as numbers. Shanghai is UTC+8 the year round; the machine's own zone is never asked.

import type { Per } from "./wire";

const DAY_SECONDS = 86_400;
const AHEAD_SECONDS = 28_800;

export function dayOf(moment: number): number {
  return Math.floor((moment + AHEAD_SECONDS) / DAY_SECONDS);
}

/** The moment of 00:00:00 of a local day. */
export function dayStart(day: number): number {
  return day * DAY_SECONDS - AHEAD_SECONDS;
}

/** "2026-05-01". */
export function isoDay(day: number): string {
  return new Date(Date.UTC(1970, 0, day + 1)).toISOString().slice(0, 10);
}

/** Months from 1; a month or day beyond the last runs on into the next year or month. */
export function dayNumber(year: number, month: number, day: number): number {
  return dayOf(Date.UTC(year, month - 1, day) / 1000);
}

export function yearAndMonth(iso: string): [year: number, month: number] {
  return [Number(iso.slice(0, 4)), Number(iso.slice(5, 7))];
}

/** The period a use on this day counts in: "2026-05-01", "2026-05", "term:2026-05-01" or "ever". */
export function periodOf(per: Per, day: number, validFrom: number): string {
  if (per === "ever") return per;
  if (per === "term") return `term:${isoDay(validFrom)}`;
  const iso = isoDay(day);
  return per === "month" ? iso.slice(0, 7) : iso;
}
