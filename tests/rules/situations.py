"""Situations in which a benefit of the sample catalogue is admitted, and what spoils each of its rules."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from passes import clock
from passes.entitlement import daysheet
from passes.entitlement.daysheet import DaySheet
from passes.entitlement.facts import Booked, Closure, Facts
from passes.entitlement.rule import Rule
from passes.entitlement.rule_choices import Achievement, ChoiceGroup, Prerequisite
from passes.entitlement.rule_dates import ConditionClosure
from passes.entitlement.rule_holders import Birthday, HolderClasses, HolderLimits
from passes.entitlement.rule_slots import Reservation
from passes.entitlement.rule_terms import FreeItem
from passes.entitlement.terms import Benefit
from tests.rules.samples import facts_at, local, sample

FIRST = date(2026, 1, 1)
TERM = {"valid_from": date(2026, 1, 1), "valid_until": date(2027, 1, 1)}
T = "term:2026-01-01"


@cache
def sheet_of(day: date) -> DaySheet:
    reading = sample()
    return daysheet.compile(reading.terms, reading.calendar, day)


def rules_of(benefit: Benefit, type_: type[Any]) -> list[Any]:
    return [rule for rule in benefit.rules if isinstance(rule, type_)]


def moments_of(year: int = 2026) -> Iterator[datetime]:
    """Every day of the year, at hours at which something may be on."""
    for n in range(365):
        for hour in (8, 10, 12, 15, 19, 23):
            yield clock.day_start(date(year, 1, 1) + timedelta(days=n), plus_seconds=hour * 3600)


def product_for(benefit: Benefit) -> tuple[str, str]:
    """A product that gives it, and the class of its holder."""
    classes = [rule.classes for rule in rules_of(benefit, HolderClasses)]
    return ("PASS-CHILD", "child") if classes == [("child",)] else ("PASS-ADULT", "adult")


def born(benefit: Benefit, day: date) -> date:
    """Forty years ago today, or nine for what only children may use."""
    years = 9 if product_for(benefit)[1] == "child" else 40
    return day.replace(year=day.year - years, day=min(day.day, 28))


def favourable(benefit: Benefit, moment: datetime, venue_id: str) -> Facts:
    """All that the benefit asks of its holder is there; whether it is open is left to the day and the hour."""
    day = clock.local_day(moment)
    counters = {}
    for rule in rules_of(benefit, Prerequisite):
        counters[f"stay:{rule.stay}" if rule.stay else f"visit:{rule.spot or venue_id}", day.isoformat()] = 1
    for rule in rules_of(benefit, Achievement):
        counters |= {(f"visit:S{n:02d}", T): 1 for n in range(1, rule.distinct_spots + 1)}
    product_id, holder_class = product_for(benefit)
    items = [item.id for rule in rules_of(benefit, ChoiceGroup) for item in rule.items]
    booked = Booked("7", benefit.id, venue_id, moment, moment + timedelta(minutes=30))
    return facts_at(
        moment,
        **TERM,
        venue_id=venue_id,
        product_id=product_id,
        holder_class=holder_class,
        benefit_id=benefit.id,
        birth_on=born(benefit, day),
        counters=counters,
        reservations=(booked,) if rules_of(benefit, Reservation) else (),
        confirmed=frozenset({"height", "guardian", "manual_confirm"}),
        item_id=items[0] if items else None,
        nights=1,
    )


def counted(name: str, period: Callable[[Facts], str], n: int) -> Callable[[Facts, Rule, Benefit], Facts]:
    def spoil(facts: Facts, rule: Rule, benefit: Benefit) -> Facts:
        key = name.format(benefit=benefit.id, rule=rule), period(facts)
        return replace(facts, counters={**facts.counters, key: getattr(rule, "limit", n)})

    return spoil


def today(facts: Facts) -> str:
    return clock.local_day(facts.now).isoformat()


def without_counters(facts: Facts, rule: Rule, benefit: Benefit) -> Facts:
    return replace(facts, counters={})


def excluded(facts: Facts, rule: Any, benefit: Benefit) -> Facts:
    return replace(facts, counters={(f"benefit:{rule.benefits[0]}", today(facts)): 1})


def chosen_out(facts: Facts, rule: ChoiceGroup, benefit: Benefit) -> Facts:
    members = [*rule.benefits, *(item.id for item in rule.items)]
    others = [member for member in members if member not in (benefit.id, facts.item_id)]
    return replace(facts, counters={(f"group:{rule.id}/{member}", T): 1 for member in others[: rule.choose]})


def closed_by(facts: Facts, rule: ConditionClosure, benefit: Benefit) -> Facts:
    return replace(facts, closures=(Closure(rule.conditions[0], facts.now),))


def too_old(facts: Facts, rule: HolderLimits, benefit: Benefit) -> Facts:
    """Beyond max_age; where there is none, below min_age."""
    assert facts.birth_on is not None
    year = facts.birth_on.year - 30 if rule.max_age is not None else facts.birth_on.year + 35
    return replace(facts, birth_on=facts.birth_on.replace(year=year))


def another_birthday(facts: Facts, rule: Birthday, benefit: Benefit) -> Facts:
    assert facts.birth_on is not None
    month = facts.birth_on.month % 12 + 1
    return replace(facts, birth_on=facts.birth_on.replace(month=month))


def handed_out(facts: Facts, rule: FreeItem, benefit: Benefit) -> Facts:
    period = today(facts) if rule.stock_per == "per_day" else "ever"
    return replace(facts, stock={(f"stock:{rule.sku}@{facts.venue_id}", period): rule.stock or 0})


def of_another_class(facts: Facts, rule: HolderClasses, benefit: Benefit) -> Facts:
    other = next(name for name in ("child", "adult", "senior") if name not in rule.classes)
    return replace(facts, holder_class=other)  # type: ignore[arg-type]


def unbooked(facts: Facts, rule: Reservation, benefit: Benefit) -> Facts:
    return replace(facts, reservations=())


def alone(facts: Facts, rule: Rule, benefit: Benefit) -> Facts:
    """Nothing is confirmed, and nobody is there to ask."""
    return replace(facts, confirmed=frozenset(), attended=False)


def at_another_time(facts: Facts, rule: Rule, benefit: Benefit) -> Facts:
    """The day and the hour alone decide: the search finds one."""
    return facts


def after_the_contract(facts: Facts, rule: Rule, benefit: Benefit) -> Facts:
    return replace(facts, now=local("2027-03-03 12:00:00"), valid_from=date(2026, 6, 1), valid_until=date(2027, 6, 1))


SPOILED: dict[str, Callable[[Any, Any, Benefit], Facts]] = {
    "contract_validity": after_the_contract,
    "season": at_another_time,
    "weekday_in": at_another_time,
    "weekday_not": at_another_time,
    "blackout": at_another_time,
    "time_window": at_another_time,
    "condition_closure": closed_by,
    "holder_class": of_another_class,
    "holder_limits": too_old,
    "birthday": another_birthday,
    "per_day": counted("benefit:{benefit}", today, 1),
    "per_month": counted("benefit:{benefit}", lambda facts: today(facts)[:7], 1),
    "per_term": counted("benefit:{benefit}", lambda facts: T, 1),
    "pool": counted("pool:{rule.id}", lambda facts: T, 6),
    "cooldown_days": counted(
        "benefit:{benefit}", lambda facts: (clock.local_day(facts.now) - timedelta(days=1)).isoformat(), 1
    ),
    "choice_group": chosen_out,
    "same_day_exclusive": excluded,
    "prerequisite": without_counters,
    "achievement": without_counters,
    "reservation": unbooked,
    "free_item": handed_out,
    "companion": alone,
    "manual_confirm": alone,
}
"""For each rule that can refuse, what makes it refuse where everything else is favourable."""
