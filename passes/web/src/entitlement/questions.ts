// What a gate may have to ask, one small entry a kind: the questions of passes/entitlement/rule_*.py.

import { dayNumber, dayStart, isoDay, periodOf, yearAndMonth } from "./days";
import type { Booked, Closure, ConfirmItem, Counter, Facts, Per, Question } from "./wire";

const EARLY_SECONDS = 900;
const OLDEST = 150;

/** One scan as a question sees it. now is another moment than facts.now where it is asked when it would be let in. */
export interface Asked {
  facts: Facts;
  benefitId: string;
  now: number;
  day: number;
  validFrom: number;
}

/** A refusal code, something for staff to confirm, or null where it does not stand in the way. */
export type Said = string | ConfirmItem | null;

export interface Kind<Q> {
  say: (question: Q, asked: Asked) => Said;
  /** When it refuses: a later moment up to which it goes on to refuse; null where waiting is vain. */
  clearsAt?: (question: Q, asked: Asked) => number | null;
  /** What an admitted scan moves because of what was chosen, entered or booked for it. */
  moves?: (question: Q, asked: Asked) => Counter[];
  stock?: (question: Q, asked: Asked) => Counter[];
}

type Name = Question[0];
type Kinds = { [K in Name]: Kind<Extract<Question, [K, ...unknown[]]>> };

const unless = (fine: boolean, code: string): string | null => (fine ? null : code);

const toConfirm = (item: string, more: Partial<ConfirmItem> = {}): ConfirmItem => ({
  item,
  choices: [],
  about: null,
  ...more,
});

export const choiceToMake = (item: string, choices: ConfirmItem["choices"]): ConfirmItem => toConfirm(item, { choices });

const tomorrow = (asked: Asked): number => dayStart(asked.day + 1);

/** What is not among the counts was never used. */
export const countIn = (counts: Facts["counters"], name: string, period: string): number =>
  counts[`${name} ${period}`] ?? 0;

/** How often that was used in the period of the day, or of another day. */
function count(asked: Asked, name: string, per: Per, day = asked.day): number {
  return countIn(asked.facts.counters, name, periodOf(per, day, asked.validFrom));
}

/** The closures of these kinds that are on. */
function closuresOn(asked: Asked, kinds: string[]): Closure[] {
  return asked.facts.closures.filter(
    ([kind, startsAt, until]) => kinds.includes(kind) && startsAt <= asked.now && (until === null || asked.now < until),
  );
}

export const isOn = (asked: Asked, kinds: string[]): boolean => closuresOn(asked, kinds).length > 0;

/** The end of one that is on; null where it has none. Whether another is on then is asked then. */
export const closureEnd = (asked: Asked, kinds: string[]): number | null => closuresOn(asked, kinds)[0]![2];

type Window = [opens: number, closes: number];

/** The first window that is not over, if any: open if it has begun. */
const windowAt = (windows: Window[], at: number): Window | undefined => windows.find(([, closes]) => at < closes);

const secondOf = (asked: Asked): number => asked.now - dayStart(asked.day);

/** Who is born on 29 February grows older on 1 March in common years. */
function fullYears(birthOn: string, day: number): number {
  const today = isoDay(day);
  const years = yearAndMonth(today)[0] - yearAndMonth(birthOn)[0];
  return today.slice(4) < birthOn.slice(4) ? years - 1 : years;
}

/** The birthday, or its month, that is not over: on if it has begun. 29 February counts as 28 in common years. */
function birthdayAt(within: "day" | "month", birthOn: string, day: number): Window {
  const [year] = yearAndMonth(isoDay(day));
  const [, month] = yearAndMonth(birthOn);
  const windows = [year, year + 1].map((each): Window => {
    const nextMonth = dayNumber(each, month + 1, 1);
    if (within === "month") return [dayNumber(each, month, 1), nextMonth];
    const birthday = Math.min(dayNumber(each, month, Number(birthOn.slice(8))), nextMonth - 1);
    return [birthday, birthday + 1];
  });
  return windowAt(windows, day)!;
}

function chosenOf(asked: Asked, group: string, members: string[]): string[] {
  return members.filter((member) => count(asked, `group:${group}/${member}`, "term") > 0);
}

/** The days among these n up to today on which it was used, the latest first. */
function daysUsed(asked: Asked, name: string, n: number): number[] {
  const days = Array.from({ length: n }, (_, ago) => asked.day - ago);
  return days.filter((day) => count(asked, name, "day", day) > 0);
}

/** The reservation of this benefit here that begins first of those that are not over and not used. */
function firstBooked(asked: Asked): Booked | undefined {
  const unused = asked.facts.reservations.filter(
    ([id, benefitId, venueId, , endsAt]) =>
      benefitId === asked.benefitId &&
      venueId === asked.facts.venue_id &&
      asked.now < endsAt &&
      count(asked, `slot:${id}`, "ever") === 0,
  );
  const first = Math.min(...unused.map(([, , , startsAt]) => startsAt));
  const ids = unused.filter(([, , , startsAt]) => startsAt === first).map(([id]) => id);
  const id = ids.sort()[0];
  return unused.find((one) => one[0] === id);
}

const stockPeriod = (per: Per, asked: Asked): string => periodOf(per, asked.day, asked.day);

export const KINDS: Kinds = {
  closed: {
    say: ([, code]) => code,
    clearsAt: ([, , waits], asked) => (waits ? tomorrow(asked) : null),
  },
  conditions: {
    say: ([, conditions], asked) => unless(!isOn(asked, conditions), "closed_by_condition"),
    clearsAt: ([, conditions], asked) => closureEnd(asked, conditions),
  },
  hours: {
    say: ([, windows], asked) => {
      const window = windowAt(windows, secondOf(asked));
      return unless(window !== undefined && window[0] <= secondOf(asked), "outside_hours");
    },
    clearsAt: ([, windows], asked) => {
      const window = windowAt(windows, secondOf(asked));
      return window === undefined ? tomorrow(asked) : dayStart(asked.day) + window[0];
    },
  },
  class: {
    say: ([, classes], asked) => unless(classes.includes(asked.facts.holder_class), "not_for_this_holder"),
  },
  limits: {
    say: ([, minAge, maxAge, minHeightCm, about], { facts, day }) => {
      if (minAge !== null || maxAge !== null) {
        const age = facts.birth_on === null ? null : fullYears(facts.birth_on, day);
        if (age === null) {
          if (!facts.confirmed.includes("age")) return toConfirm("age", { about });
        } else if (age < (minAge ?? 0) || age > (maxAge ?? OLDEST)) return "holder_limit";
      }
      return minHeightCm === null || facts.confirmed.includes("height") ? null : toConfirm("height", { about });
    },
  },
  birthday: {
    say: ([, within], { facts, day }) => {
      if (facts.birth_on === null) return facts.confirmed.includes("birthday") ? null : toConfirm("birthday");
      return unless(birthdayAt(within, facts.birth_on, day)[0] <= day, "not_birthday");
    },
    clearsAt: ([, within], { facts, day }) => dayStart(birthdayAt(within, facts.birth_on!, day)[0]),
  },
  below: {
    say: ([, name, per, limit, code], asked) => unless(count(asked, name, per) < limit, code),
    clearsAt: ([, , per], asked) => {
      if (per === "day") return tomorrow(asked);
      const [year, month] = yearAndMonth(isoDay(asked.day));
      return per === "month" ? dayStart(dayNumber(year, month + 1, 1)) : null;
    },
  },
  rested: {
    say: ([, name, days], asked) => unless(daysUsed(asked, name, days).length === 0, "cooling_down"),
    clearsAt: ([, name, days], asked) => dayStart(daysUsed(asked, name, days)[0]! + days),
  },
  member: {
    say: ([, group, choose, members, own], asked) => {
      const chosen = chosenOf(asked, group, members);
      return unless(chosen.length < choose || chosen.includes(own), "choice_spent");
    },
  },
  item: {
    say: ([, group, choose, items], asked) => {
      const chosen = chosenOf(asked, group, items.map(([id]) => id));
      const left = chosen.length < choose ? items : items.filter(([id]) => chosen.includes(id));
      const isWanted = ([id]: [string, ...unknown[]]): boolean => id === asked.facts.item_id;
      if (left.some(isWanted)) return null;
      return items.some(isWanted) ? "choice_spent" : choiceToMake("choose_item", left);
    },
    moves: ([, group], asked) => [
      [`group:${group}/${asked.facts.item_id}`, periodOf("term", asked.day, asked.validFrom), null],
    ],
  },
  not_today: {
    say: ([, names], asked) => unless(names.every((name) => count(asked, name, "day") === 0), "excluded_today"),
    clearsAt: (_, asked) => tomorrow(asked),
  },
  only_after: {
    say: ([, name], asked) => unless(count(asked, name, "day") > 0, "prerequisite_missing"),
  },
  visited: {
    say: ([, least, names], asked) =>
      unless(names.filter((name) => count(asked, name, "term") > 0).length >= least, "not_yet_earned"),
  },
  slot: {
    say: (_, asked) => {
      const booked = firstBooked(asked);
      if (booked === undefined) return "reservation_required";
      return unless(booked[3] - EARLY_SECONDS <= asked.now, "slot_not_now");
    },
    clearsAt: (_, asked) => {
      const booked = firstBooked(asked);
      return booked === undefined ? null : booked[3] - EARLY_SECONDS;
    },
    moves: (_, asked) => {
      const booked = firstBooked(asked);
      return booked === undefined ? [] : [[`slot:${booked[0]}`, "ever", 1]];
    },
  },
  nights: {
    say: (_, { facts }) => (facts.nights === null ? toConfirm("nights") : null),
    moves: ([, benefitId], { facts, day }) =>
      Array.from({ length: facts.nights! + 1 }, (_, n) => [`stay:${benefitId}`, isoDay(day + n), null]),
  },
  stock: {
    say: ([, name, per, limit], asked) =>
      unless(countIn(asked.facts.stock, name, stockPeriod(per, asked)) < limit, "out_of_stock"),
    clearsAt: ([, , per], asked) => (per === "day" ? tomorrow(asked) : null),
    stock: ([, name, per, limit], asked) => [[name, stockPeriod(per, asked), limit]],
  },
  confirmed: {
    say: ([, item, about], { facts }) => (facts.confirmed.includes(item) ? null : toConfirm(item, { about })),
  },
};

/** The entry of a question's kind; throws for one this build does not know. */
export function kindOf(question: Question): Kind<Question> {
  const [kind] = question;
  if (!Object.hasOwn(KINDS, kind)) throw new Error(`unknown question: ${kind}`);
  return KINDS[kind] as unknown as Kind<Question>;
}
