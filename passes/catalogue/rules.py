"""Whether a place is open at a moment, how far it is, and where a pass may be used instead. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from passes.clock import day_start, local_day
from passes.entitlement.daysheet import DaySheet
from passes.entitlement.decide import decide
from passes.entitlement.facts import Closure, Decision, Facts
from passes.entitlement.spans import TimeSpan
from passes.entitlement.terms import Terms, Venue

EARTH_METRES = 6_371_000
DAYS_AHEAD = 8  # beyond one closed weekday after another
Position = tuple[float, float]
"""Latitude and longitude."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a venue is open at a moment. today: its hours of that local day, none on a closed one.

    until: when it closes; None where it is closed or never closes. next_at: when it opens; None where it is open.
    """

    open: bool
    until: datetime | None
    next_at: datetime | None
    today: tuple[TimeSpan, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """An open venue and how far it is; metres None where either position is unknown. benefit_id: what works there."""

    venue: Venue
    opening: Opening
    metres: int | None
    benefit_id: str | None = None


def spans_on(venue: Venue, day: date) -> tuple[TimeSpan, ...]:
    """The venue's hours on a local day, in order; none on a weekday it is closed."""
    if day.weekday() in venue.closed_weekdays:
        return ()
    return tuple(sorted((window.span for window in venue.hours if window.holds(day)), key=lambda span: span.opens))


def opening_of(venue: Venue, now: datetime) -> Opening:
    """Whether the venue is open now, and until or from when, by its hours alone: the weather is not in them."""
    today = local_day(now)
    hours = spans_on(venue, today)
    horizon = day_start(today + timedelta(days=DAYS_AHEAD + 1))
    until = None
    for opens_at, closes_at in _stretches(venue, today):
        if until is not None and opens_at > until:
            break
        if until is None and closes_at <= now:
            continue
        if until is None and opens_at > now:
            return Opening(False, None, opens_at, hours)
        until = closes_at
    if until is None:
        return Opening(False, None, None, hours)
    return Opening(True, None if until >= horizon else until, None, hours)


def _stretches(venue: Venue, first: date) -> Iterable[tuple[datetime, datetime]]:
    for n in range(DAYS_AHEAD + 1):
        day = first + timedelta(days=n)
        for span in spans_on(venue, day):
            yield day_start(day, plus_seconds=span.opens * 60), day_start(day, plus_seconds=span.closes * 60)


def position_of(venue: Venue) -> Position | None:
    """Where the venue is; None for an online one."""
    return None if venue.lat is None or venue.lon is None else (venue.lat, venue.lon)


def metres_between(one: Position, other: Position) -> int:
    """As the crow flies, on a sphere."""
    lat1, lon1, lat2, lon2 = map(radians, (*one, *other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_METRES * asin(sqrt(half)))


def nearest_open(
    terms: Terms, near: Position | None, now: datetime, *, venue_ids: Iterable[str] | None = None, most: int = 3
) -> tuple[Near, ...]:
    """The open venues nearest to a position, the nearest first; without a position in the order of the catalogue.

    venue_ids: only among these. A venue without a place (online) is never near.
    """
    found = []
    for venue in map(terms.venues.__getitem__, terms.venues if venue_ids is None else venue_ids):
        position = position_of(venue)
        if position is not None and (state := opening_of(venue, now)).open:
            found.append(Near(venue, state, None if near is None else metres_between(near, position)))
    return tuple(sorted(found, key=lambda one: one.metres or 0)[:most])


def elsewhere(terms: Terms, sheet: DaySheet, facts: Facts, closures: Mapping[str, tuple[Closure, ...]]) -> Near | None:
    """The nearest other venue where this very pass is admitted free at facts.now, and the benefit it may use there.

    Where nothing is free, the nearest that takes something off. The same kind of benefit is not asked for, nor what may
    be gone there. closures: by venue. facts.counters must hold the counts of all benefits of the pass.
    """
    paid = None
    for near in _others(terms, facts):
        closed = closures.get(near.venue.id, ())
        asked = replace(facts, venue_id=near.venue.id, closures=closed, stock={}, default_benefit_id=None)
        for benefit_id, decision in _admitted(sheet, asked):
            if decision.terms["free"]:
                return replace(near, benefit_id=benefit_id)
            paid = paid or replace(near, benefit_id=benefit_id)
    return paid


def _others(terms: Terms, facts: Facts) -> tuple[Near, ...]:
    here = position_of(terms.venues[facts.venue_id]) if facts.venue_id in terms.venues else None
    others = [venue_id for venue_id in terms.venues if venue_id != facts.venue_id]
    return nearest_open(terms, here, facts.now, venue_ids=others, most=len(others))


def _admitted(sheet: DaySheet, facts: Facts) -> Iterator[tuple[str, Decision]]:
    """What the pass may use at the venue, without asking staff and whatever the stock."""
    included = sheet.products[facts.product_id].benefits
    for choice in sheet.choices.get(facts.venue_id, ()):
        if choice.id in included:
            decision = decide(sheet, replace(facts, benefit_id=choice.id))
            if decision.outcome == "admitted" and not decision.stock:
                yield choice.id, decision
