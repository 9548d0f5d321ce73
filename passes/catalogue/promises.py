"""The promise check: what passes may claim of every reservable benefit against the seats that there are. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from passes.catalogue.draft import of_type
from passes.entitlement.calendars import Calendar
from passes.entitlement.daysheet import opening_on, settled_at
from passes.entitlement.nodes import Text
from passes.entitlement.rule_counts import CooldownDays, PerDay, PerMonth, PerTerm, Pool
from passes.entitlement.rule_slots import Reservation, SlotNow, Slots
from passes.entitlement.terms import Benefit, Terms

PASSES = 50_000
TERM_DAYS = 365


@dataclass(frozen=True, slots=True)
class Promise:
    """One reservable benefit over a term. per_pass: what one pass may claim at most; claims: what all may.

    days: on which a booking is needed and possible somewhere. bounded: a rule limits the claims of a pass over the
    term; otherwise whoever comes first is served, every day anew.
    """

    benefit: Benefit
    days: int
    per_pass: int
    bounded: bool
    claims: int
    seats: int

    @property
    def fits(self) -> bool:
        return self.claims <= self.seats


def promises_of(terms: Terms, calendar: Calendar, *, passes: int, starts_on: date) -> tuple[Promise, ...]:
    """For `passes` passes whose term begins on starts_on, in the order of the catalogue.

    seats = Σ over the benefit's venues: days × slots a day × ⌊capacity_per_slot × pass_quota⌋, where days are those of
    the term (the longest validity_days of a product that gives it) on which the benefit is open and asks for a booking.
    claims = passes × the least of per_term, pool, per_month × months, per_day × days, days over cooldown_days, and
    slots × days. Uses under then_discount are no promise. What a choice_group keeps from a member is not taken off:
    every holder may choose the same one. A stay by the night is the hotel's and left out.

    The sample's night cruise: 205 days × 16 sessions × ⌊80 × 0.25⌋ = 65 600 seats for 50 000 passes once each; its
    noodle class: 365 × 4 × 12 = 17 520.
    """
    found = []
    for benefit in terms.benefits.values():
        for rule in of_type(benefit.rules, Reservation):
            if rule.slots is not None:
                found.append(_promise(terms, calendar, benefit, rule.slots, passes, starts_on))
    return tuple(found)


def _promise(terms: Terms, calendar: Calendar, benefit: Benefit, slots: Slots, passes: int, starts_on: date) -> Promise:
    term = [starts_on + timedelta(days=n) for n in range(_term_days(terms, benefit))]
    bookable = [_bookable(terms, calendar, benefit, venue_id, term) for venue_id in benefit.at]
    days = sorted(set().union(*bookable))
    per_pass = _per_pass(benefit, slots, days)
    return Promise(
        benefit=benefit,
        days=len(days),
        per_pass=per_pass,
        bounded=any(isinstance(rule, PerTerm | Pool) for rule in benefit.rules),
        claims=passes * per_pass,
        seats=sum(map(len, bookable)) * slots.per_day * slots.seats_for_passes,
    )


def _term_days(terms: Terms, benefit: Benefit) -> int:
    lengths = [product.validity_days for product in terms.products.values() if benefit.id in product.benefits]
    return max((days for days in lengths if days is not None), default=TERM_DAYS)


def _bookable(terms: Terms, calendar: Calendar, benefit: Benefit, venue_id: str, term: Iterable[date]) -> set[date]:
    """The days that ask for a booking at the venue; none in a year whose holidays it needs and nobody knows."""
    settled = settled_at(terms, benefit, venue_id)
    openings = ((day, opening_on(settled, day, calendar)) for day in term)
    return {day for day, opening in openings if opening.closed is None and SlotNow() in opening.questions}


def _per_pass(benefit: Benefit, slots: Slots, days: list[date]) -> int:
    """The most that one pass may book of it on these days."""
    bounds = [slots.per_day * len(days)]
    for rule in benefit.rules:
        if isinstance(rule, PerTerm):
            bounds.append(rule.limit)
        elif isinstance(rule, Pool):
            bounds.append(rule.total)
        elif isinstance(rule, PerMonth):
            bounds.append(rule.limit * len({(day.year, day.month) for day in days}))
        elif isinstance(rule, PerDay):
            bounds.append(rule.limit * len(days))
        elif isinstance(rule, CooldownDays):
            bounds.append(_spaced(days, rule.days))
    return min(bounds)


def _spaced(days: list[date], apart: int) -> int:
    """How many of the days can be taken, each so many days after the last."""
    count, free_from = 0, date.min
    for day in days:
        if day >= free_from:
            count, free_from = count + 1, day + timedelta(days=apart)
    return count


def promise_words(promise: Promise) -> Text:
    """One line: “E04 …: up to 50,000 claims (1 a pass) for 17,520 seats: does not fit”."""
    one, name = promise, promise.benefit
    ending = Text("够", "fits") if one.fits else Text("不够", "does not fit")
    bound = Text("", "") if one.bounded else Text("，有效期内不限次", ", without a limit over the term")
    return Text(
        f"{name.id} {name.name.zh}：{one.days} 天共 {one.seats:,} 个名额，最多 {one.claims:,} 次"
        f"（每卡 {one.per_pass} 次{bound.zh}）：{ending.zh}",
        f"{name.id} {name.name.en}: {one.seats:,} seats on {one.days} days for up to {one.claims:,} claims "
        f"({one.per_pass} a pass{bound.en}): {ending.en}",
    )
