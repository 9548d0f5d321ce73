"""compile(terms, calendar, day): everything that depends on the date is settled here, once a day."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby

from passes import clock
from passes.entitlement.facts import Choice, Counter, HolderClass, Per, period_of
from passes.entitlement.nodes import Text
from passes.entitlement.rule import Closed, Place, Question, Rule, Tally
from passes.entitlement.rule_choices import Prerequisite
from passes.entitlement.rule_counts import CooldownDays, LimitRule
from passes.entitlement.rule_dates import Hours, TimeWindow, WeekdayNot
from passes.entitlement.rule_slots import NightsEntered
from passes.entitlement.rule_terms import ThenDiscount
from passes.entitlement.rules import in_order
from passes.entitlement.terms import Benefit, Calendar, Terms, Venue

PERIODS: tuple[Per, ...] = ("day", "month", "term")
Spot = tuple[str, str]
"""A benefit and a venue that offers it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is left to ask for one benefit at one venue on one day, in the order of asking; Closed ends it."""

    questions: tuple[Question, ...]

    @property
    def closed(self) -> str | None:
        """Why the whole day is closed, or None."""
        last = self.questions[-1]
        return last.code if isinstance(last, Closed) else None

    @property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """When entry is open, in seconds after local midnight, half-open; none on a closed day."""
        if self.closed:
            return ()
        return next(question.windows for question in self.questions if isinstance(question, Hours))


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row, first to last inclusive, on which a benefit is open and the same is asked."""

    first: date
    last: date
    opening: Opening


@dataclass(frozen=True, slots=True)
class Offered:
    """A benefit at one venue on the day. moves: what a use counts in. terms: on what it is let in, as plain values."""

    opening: Opening
    moves: tuple[Tally, ...]
    terms: Mapping[str, object]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One benefit on the day. then_discount: percent off once its limits are spent; None: it is refused then."""

    benefit_id: str
    name: Text
    experience: bool
    value_fen: int
    then_discount: int | None
    rests: int
    at: Mapping[str, Offered]

    def limits(self, day: date, valid_from: date) -> tuple[Counter, ...]:
        """Its limits in the periods of the day, the same at each of its venues."""
        return limits_of(next(iter(self.at.values())).moves, day, valid_from)


@lru_cache(maxsize=65_536)
def counter_of(tally: Tally, day: date, valid_from: date) -> Counter:
    return Counter(tally.name, period_of(tally.per, day, valid_from), tally.limit, tally.per)


def limits_of(moves: Iterable[Tally], day: date, valid_from: date) -> tuple[Counter, ...]:
    return tuple(counter_of(tally, day, valid_from) for tally in moves if tally.limit is not None)


@dataclass(frozen=True, slots=True)
class ProductSheet:
    name: Text
    holder: HolderClass | None
    benefits: frozenset[str]


@dataclass(frozen=True, eq=False)
class DaySheet:
    """One terms version on one local day. choices: the benefits each venue offers, in the order of the catalogue.

    rests: for how many days before this one a use may still be asked about.
    """

    version: int
    day: date
    starts_at: datetime
    offers: Mapping[str, Offer]
    products: Mapping[str, ProductSheet]
    choices: Mapping[str, tuple[Choice, ...]]
    rests: int

    def second_of(self, moment: datetime) -> float:
        """Seconds after the local midnight the day begins with."""
        return (moment - self.starts_at).total_seconds()

    def open_from(self, offered: Offered, day: date) -> tuple[date, Opening] | None:
        """The first open day that is not before `day`, up to the end of the calendar's data."""
        if day == self.day and offered.opening.closed is None:
            return day, offered.opening
        start = bisect_left(offered.runs, day, key=lambda run: run.last)
        if start == len(offered.runs):
            return None
        run = offered.runs[start]
        return max(day, run.first), run.opening


def compile(terms: Terms, calendar: Calendar, day: date) -> DaySheet:
    """The sheet of a local day. It is whole for any day, known to the calendar or not."""
    runs = open_runs(terms, calendar, min(day.year, *calendar.years)) if calendar.years else {}
    asked = _asked(terms)
    offers = {benefit.id: offer_on(terms, benefit, calendar, day, asked, runs) for benefit in terms.benefits.values()}
    return DaySheet(
        version=terms.version,
        day=day,
        starts_at=clock.day_start(day),
        offers=offers,
        products={
            product.id: ProductSheet(product.name, product.holder, frozenset(product.benefits))
            for product in terms.products.values()
            if not product.bundle
        },
        choices={
            venue_id: tuple(Choice(offer.benefit_id, offer.name) for offer in offers.values() if venue_id in offer.at)
            for venue_id in terms.venues
        },
        rests=max((offer.rests for offer in offers.values()), default=0),
    )


def offer_on(
    terms: Terms,
    benefit: Benefit,
    calendar: Calendar,
    day: date,
    asked: frozenset[tuple[str, str]],
    runs: Mapping[Spot, tuple[Run, ...]],
) -> Offer:
    discounts = [rule.percent for rule in benefit.rules if isinstance(rule, ThenDiscount)]
    on_what = terms_on(benefit, day)
    return Offer(
        benefit_id=benefit.id,
        name=benefit.name,
        experience=benefit.experience,
        value_fen=benefit.value_fen,
        then_discount=discounts[0] if discounts else None,
        rests=max((rule.days - 1 for rule in benefit.rules if isinstance(rule, CooldownDays)), default=0),
        at={
            venue_id: Offered(
                opening_on(settled_at(terms, benefit, venue_id), day, calendar),
                moves_of(benefit, place_of(terms, benefit, venue_id), asked),
                on_what,
                runs.get((benefit.id, venue_id), ()),
            )
            for venue_id in benefit.at
        },
    )


def place_of(terms: Terms, benefit: Benefit, venue_id: str) -> Place:
    return Place(benefit.id, venue_id, _spots(terms))


@lru_cache(maxsize=64)
def _spots(terms: Terms) -> tuple[str, ...]:
    return tuple(venue.id for venue in terms.venues.values() if venue.kind == "spot")


@lru_cache(maxsize=64)
def _asked(terms: Terms) -> frozenset[tuple[str, str]]:
    """Every count that some rule of the terms asks: (name, per). Only these are worth keeping."""
    return frozenset(
        (tally.name, tally.per)
        for benefit in terms.benefits.values()
        for venue_id in benefit.at
        for rule in benefit.rules
        for tally in rule.tallies(place_of(terms, benefit, venue_id))
    )


def moves_of(benefit: Benefit, place: Place, asked: frozenset[tuple[str, str]]) -> tuple[Tally, ...]:
    """What a use of the benefit at the venue counts in: its own limits, and what the rules of others ask of it."""
    own = [tally for rule in benefit.rules if isinstance(rule, LimitRule) for tally in rule.tallies(place)]
    limited = {(tally.name, tally.per) for tally in own}
    marks = [Tally(f"benefit:{benefit.id}", per) for per in PERIODS]
    if not any(isinstance(rule, Prerequisite) for rule in benefit.rules):
        marks += [Tally(f"visit:{place.venue_id}", per) for per in PERIODS]
    marks += [
        tally
        for rule in benefit.rules
        for tally in rule.tallies(place)
        if tally.name.startswith("group:") and tally.name.endswith(f"/{benefit.id}")
    ]
    # A benefit that comes later may ask for the spots of the whole term, so these are kept from the first visit on.
    kept = asked | {(f"visit:{place.venue_id}", "term")} if place.venue_id in place.spots else asked
    wanted = (mark for mark in marks if (mark.name, mark.per) in kept and (mark.name, mark.per) not in limited)
    return (*own, *wanted)


@dataclass(frozen=True, slots=True)
class Settled:
    """A benefit's rules at one venue, in the order of asking, and what they are settled for.

    stays: another benefit may only be used during a stay under this one, so its nights must be entered.
    """

    rules: tuple[Rule, ...]
    place: Place
    stays: bool


def settled_at(terms: Terms, benefit: Benefit, venue_id: str) -> Settled:
    """With the venue's own: closed weekdays always, hours where the benefit has no window.

    Where a discount follows the spent limits, they stand in nobody's way.
    """
    return Settled(
        rules_at(benefit, terms.venues[venue_id]),
        place_of(terms, benefit, venue_id),
        (f"stay:{benefit.id}", "day") in _asked(terms),
    )


def rules_at(benefit: Benefit, venue: Venue) -> tuple[Rule, ...]:
    goes_on = any(isinstance(rule, ThenDiscount) for rule in benefit.rules)
    rules = [rule for rule in benefit.rules if not (goes_on and isinstance(rule, LimitRule))]
    if venue.closed_weekdays:
        rules.append(WeekdayNot(venue.closed_weekdays))
    if not any(isinstance(rule, TimeWindow) for rule in rules):
        rules.append(TimeWindow(venue.hours))
    return in_order(rules)


def opening_on(settled: Settled, day: date, calendar: Calendar) -> Opening:
    questions: list[Question] = []
    for rule in settled.rules:
        question = rule.on(day, calendar, settled.place)
        if question is not None:
            questions.append(question)
            if isinstance(question, Closed):
                break
    nights = NightsEntered(settled.place.benefit_id)
    if settled.stays and nights not in questions and not isinstance(questions[-1], Closed):
        questions.append(nights)
    return Opening(tuple(questions))


def terms_on(benefit: Benefit, day: date) -> Mapping[str, object]:
    """On what terms an admitted scan of the day is let in. free: nothing is paid at the till but what is named."""
    found: dict[str, object] = {"free": True, "excludes": []}
    for rule in benefit.rules:
        for key, value in rule.terms_on(day).items():
            before = found.get(key)
            found[key] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
    if found.keys() & {"discount", "buy_x_get_y"}:
        found["free"] = False
    return found


@lru_cache(maxsize=64)
def open_runs(terms: Terms, calendar: Calendar, first_year: int) -> Mapping[Spot, tuple[Run, ...]]:
    """The open days of every benefit at each of its venues, up to the end of the calendar's data."""
    first, last = date(first_year, 1, 1), date(max(calendar.years), 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        (benefit.id, venue_id): runs_of(settled_at(terms, benefit, venue_id), days, calendar)
        for benefit in terms.benefits.values()
        for venue_id in benefit.at
    }


def runs_of(settled: Settled, days: Sequence[date], calendar: Calendar) -> tuple[Run, ...]:
    openings = ((day, opening_on(settled, day, calendar)) for day in days)
    runs = []
    for opening, stretch in groupby(openings, key=lambda found: found[1]):
        if opening.closed is None:
            inside = [day for day, _ in stretch]
            runs.append(Run(inside[0], inside[-1], opening))
    return tuple(runs)
