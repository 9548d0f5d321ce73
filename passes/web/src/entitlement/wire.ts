// Day sheets, facts and decisions as plain JSON: what passes/entitlement/wire.py writes and reads.
//
// Days are numbers, days since 1970-01-01, all local; moments are unix seconds. Texts are [zh, en].

export const FORMAT = 1;

export type Per = "day" | "month" | "term" | "ever";
export type Words = [zh: string, en: string];
/** A count that a use moves: its name, its period, and its limit where there is one. */
export type Tally = [name: string, per: Per, limit: number | null];
/** One count in one period, and how far it may go. */
export type Counter = [name: string, period: string, limit: number | null];
export type Choice = [id: string, zh: string, en: string];
/** Days in a row, first to last inclusive, on which the same is asked; the number of what is asked. */
export type Run = [first: number, last: number, opening: number];
/** A benefit at one venue: the numbers of its rows in openings, moves and terms, and its open days. */
export type Offered = [opening: number, moves: number, terms: number, runs: Run[]];

/** What is left to ask at the gate once the day is settled: its kind, then its values. */
export type Question =
  | ["closed", code: string, waits: boolean]
  | ["conditions", conditions: string[]]
  | ["hours", windows: [opens: number, closes: number][]]
  | ["class", classes: string[]]
  | ["limits", minAge: number | null, maxAge: number | null, minHeightCm: number | null, about: Words]
  | ["birthday", within: "day" | "month"]
  | ["below", name: string, per: Per, limit: number, code: string]
  | ["rested", name: string, days: number]
  | ["member", group: string, choose: number, members: string[], own: string]
  | ["item", group: string, choose: number, items: Choice[]]
  | ["not_today", names: string[]]
  | ["only_after", name: string]
  | ["visited", least: number, names: string[]]
  | ["slot"]
  | ["nights", benefitId: string]
  | ["stock", name: string, per: Per, limit: number]
  | ["confirmed", item: string, about: Words];

export interface Offer {
  name: Words;
  then_discount: number | null;
  at: Record<string, Offered>;
}

/** One terms version on one local day. rests: for how many days before it a use may still be asked about. */
export interface DaySheet {
  format: number;
  terms_version: number;
  day: number;
  rests: number;
  products: Record<string, string[]>;
  choices: Record<string, string[]>;
  offers: Record<string, Offer>;
  openings: Question[][];
  moves: Tally[][];
  terms: Record<string, unknown>[];
}

export type Closure = [kind: string, startsAt: number, until: number | null];
export type Booked = [id: string, benefitId: string, venueId: string, startsAt: number, endsAt: number];

/** All a decision may depend on besides the sheet. counters and stock are keyed by "name period". */
export interface Facts {
  now: number;
  venue_id: string;
  product_id: string;
  holder_class: string;
  state: "issued" | "active" | "expired" | "void";
  valid_from: number | null;
  valid_until: number | null;
  held: boolean;
  birth_on: string | null;
  counters: Record<string, number>;
  stock: Record<string, number>;
  closures: Closure[];
  reservations: Booked[];
  confirmed: string[];
  attended: boolean;
  benefit_id: string | null;
  default_benefit_id: string | null;
  item_id: string | null;
  nights: number | null;
}

export interface ConfirmItem {
  item: string;
  choices: Choice[];
  about: Words | null;
}

export interface Decision {
  outcome: "admitted" | "refused" | "needs_confirmation";
  benefit_id: string | null;
  refusal_code: string | null;
  confirm: ConfirmItem[];
  terms: Record<string, unknown>;
  moves: Counter[];
  stock: Counter[];
}

export interface Answer extends Decision {
  next_allowed_at: number | null;
}
