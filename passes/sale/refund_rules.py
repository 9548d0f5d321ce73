"""What a pass would get back today, line by line, by the terms it was sold under. Pure arithmetic on integer fen.

The lines add up to the payout, and 0 ≤ payout ≤ what was paid. Days are local; a division is rounded down to the fen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from passes.entitlement.nodes import Text
from passes.entitlement.rule_counts import PerDay, PerMonth, PerTerm
from passes.entitlement.rule_terms import ThenDiscount, Variants
from passes.entitlement.terms import Benefit
from passes.sale import refund_words as words

Case = Literal["cooling_off", "unactivated", "unused", "used", "operator_fault", "ended", "no_right"]
Cause = Literal["holder", "operator"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One entry of pass_rules.refund. ratio: full | remaining_days | none. days: how long it holds, None = no end."""

    ratio: str
    days: int | None = None
    fee_fen: int = 0
    floor_fen: int = 0
    minus_uses: bool = False


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """pass_rules.refund as values; a case the terms do not name gives no money back."""

    cooling_off: Clause | None = None
    unactivated: Clause | None = None
    unused: Clause | None = None
    used: Clause | None = None
    operator_fault: Clause | None = None
    compensates: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """An admission that counts, and what it is worth."""

    name: Text
    used_on: date
    value_fen: int


@dataclass(frozen=True, slots=True)
class History:
    """What happened to a pass. state: issued | active | expired | void. valid_until: exclusive, None = not active yet.

    issued_on is the first day of the activation window; uses: every admission not taken back, oldest first.
    """

    paid_fen: int
    paid_on: date
    issued_on: date
    state: str
    validity_days: int
    valid_from: date | None = None
    valid_until: date | None = None
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A part of the sum: what it is, and by how much it moves the payout."""

    code: str
    words: Text
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What would be paid back, why, and how it comes about."""

    case: Case
    lines: tuple[Line, ...]

    @property
    def payout_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)


def refund_terms_of(pass_rules: Mapping[str, object]) -> RefundTerms:
    """The section refund of a catalogue's pass_rules."""
    section = _section(pass_rules, "refund")
    cooling_off, unactivated = _clause(section, "cooling_off", "days"), _clause(section, "unactivated", "until_day")
    return RefundTerms(
        cooling_off=cooling_off,
        unactivated=unactivated,
        unused=_clause(section, "activated_unused"),
        used=_clause(section, "activated_used"),
        operator_fault=_clause(section, "operator_fault"),
        compensates=bool(_section(section, "operator_fault").get("plus_compensation", False)),
    )


def _section(rules: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = rules.get(name)
    return found if isinstance(found, Mapping) else {}


def _clause(section: Mapping[str, object], name: str, days: str = "") -> Clause | None:
    found = _section(section, name)
    if not found:
        return None

    def whole(key: str) -> int | None:
        value = found.get(key)
        return value if isinstance(value, int) else None

    return Clause(
        ratio=str(found.get("ratio", "none")),
        days=whole(days) if days else None,
        fee_fen=whole("fee_fen") or 0,
        floor_fen=whole("floor_fen") or 0,
        minus_uses=found.get("minus") == "value_of_uses",
    )


def value_of_use(benefit: Benefit, used_on: date, earlier: Sequence[date] = ()) -> int:
    """What one use saves at list price; where it was admitted at a discount, its percentage of it.

    A discount: that of another weekday's terms, or what follows when the uses of the day, month or term are spent.
    earlier: the days of the pass's uses of this benefit before this one.
    """
    percent = 100
    for rule in benefit.rules:
        if isinstance(rule, Variants):
            for variant in rule.variants:
                if used_on.weekday() in variant.weekdays and variant.discount is not None:
                    percent = variant.discount.percent
        elif isinstance(rule, ThenDiscount) and _is_spent(benefit, used_on, earlier):
            percent = rule.percent
    return benefit.value_fen * percent // 100


def _is_spent(benefit: Benefit, used_on: date, earlier: Sequence[date]) -> bool:
    same_month = [day for day in earlier if (day.year, day.month) == (used_on.year, used_on.month)]
    for rule in benefit.rules:
        if isinstance(rule, PerDay) and earlier.count(used_on) >= rule.limit:
            return True
        if isinstance(rule, PerMonth) and len(same_month) >= rule.limit:
            return True
        if isinstance(rule, PerTerm) and len(earlier) >= rule.limit:
            return True
    return False


def case_of(terms: RefundTerms, history: History, today: date, cause: Cause = "holder") -> tuple[Case, Clause | None]:
    """The case of a pass on this day, and the clause of the terms that says what it gets.

    Where the operator is at fault, whoever could have everything back by a clause of their own still can.
    """
    if history.state in ("expired", "void"):
        return "ended", None
    if not history.uses and _holds(terms.cooling_off, history.paid_on, today):
        return "cooling_off", terms.cooling_off
    if cause == "operator" and terms.operator_fault is not None:
        return "operator_fault", terms.operator_fault
    first_day_before = history.issued_on - timedelta(days=1)
    if history.state == "issued" and _holds(terms.unactivated, first_day_before, today):
        return "unactivated", terms.unactivated
    if history.uses:
        return ("used", terms.used) if terms.used is not None else ("no_right", None)
    return ("unused", terms.unused) if terms.unused is not None else ("no_right", None)


def may_change(terms: RefundTerms, case: Case) -> bool:
    """Whether a use that is told of late would change what this case gives."""
    if case == "operator_fault":
        return terms.operator_fault is not None and terms.operator_fault.minus_uses
    return case != "ended"


def _holds(clause: Clause | None, since: date, today: date) -> bool:
    """Until the end of the last of `days` days after `since`."""
    return clause is not None and (clause.days is None or today <= since + timedelta(days=clause.days))


def days_of(history: History, today: date) -> tuple[int, int]:
    """(days left, days in all): today still counts as left, as the wallet tells it; before activation all are left."""
    if history.valid_from is None or history.valid_until is None:
        return history.validity_days, history.validity_days
    total = max((history.valid_until - history.valid_from).days, 1)
    left = (history.valid_until - max(today, history.valid_from)).days
    return min(max(left, 0), total), total


def refund_of(
    terms: RefundTerms, history: History, today: date, *, cause: Cause = "holder", compensation_fen: int = 0
) -> Quote:
    """What would be paid back today. compensation_fen: what staff adds where the operator is at fault."""
    case, clause = case_of(terms, history, today, cause)
    lines = [Line("paid", words.PAID, history.paid_fen)]
    if clause is None or clause.ratio not in ("full", "remaining_days"):
        lines.append(Line(case, words.NOTHING[case if case == "ended" else "no_right"], -history.paid_fen))
    else:
        lines += _taken_off(clause, history, today)
    if cause == "operator" and terms.compensates and compensation_fen > 0:
        lines.append(Line("compensation", words.COMPENSATION, compensation_fen))
    over = sum(line.amount_fen for line in lines) - history.paid_fen
    if over > 0:
        lines.append(Line("no_more_than_paid", words.NO_MORE_THAN_PAID, -over))
    return Quote(case, tuple(lines))


def no_more_than(quote: Quote, left_fen: int) -> Quote:
    """The quote, capped by what has not gone back of the order's money yet, with a line that says so."""
    over = quote.payout_fen - max(left_fen, 0)
    return quote if over <= 0 else Quote(quote.case, (*quote.lines, Line("gone_back", words.GONE_BACK, -over)))


def _taken_off(clause: Clause, history: History, today: date) -> Iterator[Line]:
    left = history.paid_fen
    lowest = min(clause.floor_fen, history.paid_fen)
    for line in _reasons(clause, history, today):
        left += line.amount_fen
        yield line
    if left < lowest:
        yield Line("floor", words.FLOOR if clause.floor_fen else words.NOT_BELOW_NOTHING, lowest - left)


def _reasons(clause: Clause, history: History, today: date) -> Iterator[Line]:
    if clause.ratio == "remaining_days":
        left, total = days_of(history, today)
        gone = history.paid_fen - history.paid_fen * left // total
        yield Line("days_gone", words.days_gone(total - left, total), -gone)
    if clause.minus_uses:
        for use in history.uses:
            yield Line("use", words.use(use.name, use.used_on), -use.value_fen)
    if clause.fee_fen:
        yield Line("fee", words.FEE, -clause.fee_fen)
