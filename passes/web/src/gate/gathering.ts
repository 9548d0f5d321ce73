// What a clerk must choose, enter or check before a visitor is let in, as values.

import type { Choice, ConfirmItem, ScanRequest } from "./protocol";

export const MOST_NIGHTS = 30;

/** What one amber answer brought. */
export interface Gathered {
  benefit_id?: string;
  item_id?: string;
  nights?: number;
  confirmed?: string[];
}

export type Kind = "choice" | "nights" | "check";

export function kindOf(item: ConfirmItem): Kind {
  if (item.item === "nights") return "nights";
  return item.choices && item.choices.length > 0 ? "choice" : "check";
}

/** How an item is answered: with a choice, a number, or by being confirmed. */
export function answerTo(item: ConfirmItem, given: string | number | true): Gathered {
  if (typeof given === "number") return { nights: given };
  if (given === true) return { confirmed: [item.item] };
  return item.item === "choose_item" ? { item_id: given } : { benefit_id: given };
}

export function together(parts: readonly Gathered[]): Gathered {
  const confirmed = parts.flatMap((part) => part.confirmed ?? []);
  const all: Gathered = Object.assign({}, ...parts) as Gathered;
  return confirmed.length > 0 ? { ...all, confirmed } : all;
}

/** The scan that is sent next: all that was gathered in the rounds before stays, under a new scan id. */
export function nextScan(scan: ScanRequest, more: Gathered, scanId: string): ScanRequest {
  const confirmed = [...new Set([...(scan.confirmed ?? []), ...(more.confirmed ?? [])])];
  const next: ScanRequest = { ...scan, ...more, scan_id: scanId };
  if (confirmed.length > 0) next.confirmed = confirmed;
  return next;
}

/** A choice changes on what terms the visitor is let in; a check does not. */
export function changesTerms(more: Gathered): boolean {
  return more.benefit_id !== undefined || more.item_id !== undefined;
}

/** The item that was chosen to be handed over, by its words. */
export function itemChosen(items: readonly ConfirmItem[], more: Gathered): Choice | null {
  const choices = items.flatMap((item) => (item.item === "choose_item" ? (item.choices ?? []) : []));
  return choices.find((choice) => choice.id === more.item_id) ?? null;
}
