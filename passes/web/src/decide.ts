// The answer to one scan where no server can be asked: the twin of passes/entitlement/decide.py. Pure.
//
// The order is fixed: the pass, the product, the place, then the questions in the sheet's order, last whether the
// place is full. What changes there changes here; the tests of the twins hold both together.

import { dayOf, dayStart, periodOf } from "./entitlement/days";
import { choiceToMake, closureEnd, countIn, isOn, kindOf, type Asked } from "./entitlement/questions";
import { FORMAT } from "./entitlement/wire";
import type { Answer, Choice, ConfirmItem, Counter, DaySheet, Decision, Facts, Offered } from "./entitlement/wire";
import type { Question } from "./entitlement/wire";

export type { Answer, DaySheet, Decision, Facts };

/** Refusals that no waiting lifts, whatever the rules say. */
const VAIN = [
  ...["pass_not_active", "pass_expired", "pass_void", "pass_frozen", "not_included", "not_at_this_venue"],
  ...["venue_full", "guardian_required", "needs_confirmation"],
];

type Chosen = { benefitId: string } | { code: string } | { choices: string[] };

/** Which benefit a scan means: the named one, else the lane's default, else the only one the venue offers. */
function chooseBenefit(sheet: DaySheet, facts: Facts): Chosen {
  if (!Object.hasOwn(sheet.products, facts.product_id)) return { code: "not_included" };
  const included = sheet.products[facts.product_id]!;
  const benefitId = facts.benefit_id ?? facts.default_benefit_id;
  const offered = sheet.choices[facts.venue_id] ?? [];
  if (benefitId !== null) {
    if (!included.includes(benefitId)) return { code: "not_included" };
    return offered.includes(benefitId) ? { benefitId } : { code: "not_at_this_venue" };
  }
  if (offered.length === 0) return { code: "not_at_this_venue" };
  const choices = offered.filter((id) => included.includes(id));
  if (choices.length === 0) return { code: "not_included" };
  return choices.length === 1 ? { benefitId: choices[0]! } : { choices };
}

/** Why the pass itself is refused. A void pass says so, whatever hold is still open on it. */
function passRefusal(day: number, facts: Facts): string | null {
  if (facts.state === "issued") return "pass_not_active";
  if (facts.valid_from !== null && day < facts.valid_from) return "pass_not_yet_valid";
  if (facts.state === "expired" || (facts.valid_until !== null && day >= facts.valid_until)) return "pass_expired";
  if (facts.state === "void") return "pass_void";
  return facts.held ? "pass_frozen" : null;
}

function decisionOf(outcome: Decision["outcome"], benefitId: string | null, more: Partial<Decision> = {}): Decision {
  return { outcome, benefit_id: benefitId, refusal_code: null, confirm: [], terms: {}, moves: [], stock: [], ...more };
}

const refused = (benefitId: string | null, code: string): Decision =>
  decisionOf("refused", benefitId, { refusal_code: code });

/** Admitted, refused or needs_confirmation. Throws where facts.now is not on the sheet's day. */
export function decide(sheet: DaySheet, facts: Facts): Decision {
  if (sheet.format !== FORMAT) throw new Error(`unknown format of a day sheet: ${sheet.format}`);
  const day = dayOf(facts.now);
  if (day !== sheet.day) throw new Error(`${facts.now} is not on the sheet's day ${sheet.day}`);
  const meant = chooseBenefit(sheet, facts);
  const code = passRefusal(day, facts);
  if (code !== null) return refused("benefitId" in meant ? meant.benefitId : null, code);
  if ("code" in meant) return refused(facts.benefit_id, meant.code);
  if ("choices" in meant) {
    const choices = meant.choices.map((id): Choice => [id, ...sheet.offers[id]!.name]);
    return toConfirm(facts, null, [choiceToMake("choose_benefit", choices)]);
  }
  if (facts.valid_from === null) throw new Error("an active pass has a first day");
  const { benefitId } = meant;
  const asked = { facts, benefitId, now: facts.now, day, validFrom: facts.valid_from };
  const [opening, moves, terms] = sheet.offers[benefitId]!.at[facts.venue_id]!;
  const said = whatIsSaid(sheet.openings[opening]!, asked);
  if (typeof said === "string") return refused(benefitId, said);
  if (said.length > 0) return toConfirm(facts, benefitId, said);
  return admitted(sheet, asked, opening, moves, terms);
}

/** The first refusal; else all that staff must confirm, in the order of asking. */
function whatIsSaid(questions: Question[], asked: Asked): string | ConfirmItem[] {
  if (isOn(asked, ["venue_closed"])) return "venue_closed";
  const confirm: ConfirmItem[] = [];
  for (const question of questions) {
    const said = kindOf(question).say(question, asked);
    if (typeof said === "string") return said;
    if (said !== null) confirm.push(said);
  }
  return isOn(asked, ["venue_full"]) ? "venue_full" : confirm;
}

/** Amber where there is staff; an unattended lane refuses. */
function toConfirm(facts: Facts, benefitId: string | null, confirm: ConfirmItem[]): Decision {
  if (facts.attended) return decisionOf("needs_confirmation", benefitId, { confirm });
  return refused(benefitId, confirm[0]!.item === "guardian" ? "guardian_required" : "needs_confirmation");
}

/** With the terms, what it counts in and what it takes. A use beyond a limit is let in at the discount after it. */
function admitted(sheet: DaySheet, asked: Asked, opening: number, moves: number, terms: number): Decision {
  const questions = sheet.openings[opening]!;
  const fixed = sheet.moves[moves]!.map(([name, per, limit]) => ({ per, row: periodRow(name, per, limit, asked) }));
  const limited = fixed.flatMap(({ per, row: [name, period, limit] }) =>
    limit === null ? [] : [{ per, limit, before: countIn(asked.facts.counters, name, period) }],
  );
  const thenDiscount = sheet.offers[asked.benefitId]!.then_discount;
  const isSpent = limited.some(({ before, limit }) => before >= limit);
  const uses = limited.map(({ per, before, limit }) => ({ per, used: Math.min(before + 1, limit), limit }));
  return decisionOf("admitted", asked.benefitId, {
    terms: {
      ...sheet.terms[terms],
      uses,
      ...(thenDiscount !== null && isSpent ? { free: false, then_discount: thenDiscount } : {}),
    },
    moves: [...fixed.map(({ row }) => row), ...questions.flatMap((one) => kindOf(one).moves?.(one, asked) ?? [])],
    stock: questions.flatMap((one) => kindOf(one).stock?.(one, asked) ?? []),
  });
}

function periodRow(name: string, per: Parameters<typeof periodOf>[0], limit: number | null, asked: Asked): Counter {
  return [name, periodOf(per, asked.day, asked.validFrom), limit];
}

/** The earliest moment the refused scan would be admitted as far as the rules can know, exact to the second; or null. */
export function nextAllowed(sheet: DaySheet, facts: Facts, decision: Decision): number | null {
  const { benefit_id: benefitId, refusal_code: code } = decision;
  if (code === null || VAIN.includes(code) || benefitId === null) return null;
  if (facts.state !== "active" || facts.held || facts.valid_from === null) return null;
  const offered = sheet.offers[benefitId]!.at[facts.venue_id]!;
  let moment: number | null = Math.max(facts.now, dayStart(facts.valid_from));
  while (moment !== null) {
    const found = openFrom(sheet, offered, dayOf(moment));
    if (found === null || (facts.valid_until !== null && found.day >= facts.valid_until)) return null;
    const { day, questions } = found;
    const asked: Asked = { facts, benefitId, now: Math.max(moment, dayStart(day)), day, validFrom: facts.valid_from };
    const said = whatIsSaid(questions, asked);
    if (typeof said !== "string") return facts.attended || said.length === 0 ? asked.now : null;
    moment = clearsAt(questions, asked);
  }
  return null;
}

/** The first open day that is not before this one, up to the end of the calendar's data, and what is asked on it. */
function openFrom(sheet: DaySheet, [opening, , , runs]: Offered, day: number): { day: number; questions: Question[] } | null {
  const today = sheet.openings[opening]!;
  if (day === sheet.day && today.at(-1)![0] !== "closed") return { day, questions: today };
  const run = runs.find(([, last]) => day <= last);
  return run === undefined ? null : { day: Math.max(day, run[0]), questions: sheet.openings[run[2]]! };
}

/** Until when the first that refuses goes on to; a later moment than asked.now, or null. */
function clearsAt(questions: Question[], asked: Asked): number | null {
  if (isOn(asked, ["venue_closed"])) return closureEnd(asked, ["venue_closed"]);
  const refusing = questions.find((one) => typeof kindOf(one).say(one, asked) === "string");
  return refusing === undefined ? null : (kindOf(refusing).clearsAt?.(refusing, asked) ?? null);
}

/** All that the twins must answer alike: the decision with the moment from which waiting would help. */
export function answer(sheet: DaySheet, facts: Facts): Answer {
  const decision = decide(sheet, facts);
  return { ...decision, next_allowed_at: nextAllowed(sheet, facts, decision) };
}
