"""compile(terms, calendar, day): everything that depends on the date is settled here, once a day."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby

from passes import clock
from passes.entitlement.facts import Choice, Counter, HolderClass
from passes.entitlement.nodes import Text
from passes.entitlement.rule import Closed, CounterRule, Question, Rule
from passes.entitlement.rule_dates import Hours, TimeWindow, WeekdayNot
from passes.entitlement.rule_terms import Excludes
from passes.entitlement.rules import in_order, not_supported
from passes.entitlement.terms import Benefit, Calendar, Terms, Venue

Place = tuple[str, str]
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
    """Days in a row, first to last inclusive, on which a benefit opens at the same hours."""

    first: date
    last: date
    opening: Opening


@dataclass(frozen=True, slots=True)
class Offer:
    """One benefit on the day. unsupported: its rules we cannot evaluate yet; then it is refused before any is asked."""

    benefit_id: str
    name: Text
    experience: bool
    value_fen: int
    unsupported: tuple[str, ...]
    at: Mapping[str, Opening]
    counter_rules: tuple[CounterRule, ...]
    terms: Mapping[str, object]

    def counters(self, day: date, valid_from: date) -> tuple[Counter, ...]:
        return tuple(rule.counter(self.benefit_id, day, valid_from) for rule in self.counter_rules)


@dataclass(frozen=True, slots=True)
class ProductSheet:
    name: Text
    holder: HolderClass | None
    benefits: frozenset[str]


@dataclass(frozen=True, eq=False)
class DaySheet:
    """One terms version on one local day. choices: the benefits each venue offers; runs: the open days of each."""

    version: int
    day: date
    starts_at: datetime
    offers: Mapping[str, Offer]
    products: Mapping[str, ProductSheet]
    choices: Mapping[str, tuple[Choice, ...]]
    runs: Mapping[Place, tuple[Run, ...]]

    def second_of(self, moment: datetime) -> float:
        """Seconds after the local midnight the day begins with."""
        return (moment - self.starts_at).total_seconds()

    def openings_after(self, place: Place) -> Iterator[tuple[date, Opening]]:
        """The open days after this one, up to the end of the calendar's data."""
        runs = self.runs.get(place, ())
        start = bisect_right(runs, self.day, key=lambda run: run.last)
        for run in runs[start:]:
            day = max(run.first, self.day + timedelta(days=1))
            while day <= run.last:
                yield day, run.opening
                day += timedelta(days=1)


def compile(terms: Terms, calendar: Calendar, day: date) -> DaySheet:
    """The sheet of a local day. It is whole for any day, known to the calendar or not."""
    offers = {benefit.id: offer_on(terms, benefit, calendar, day) for benefit in terms.benefits.values()}
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
        runs=open_runs(terms, calendar, min(day.year, *calendar.years)) if calendar.years else {},
    )


def offer_on(terms: Terms, benefit: Benefit, calendar: Calendar, day: date) -> Offer:
    return Offer(
        benefit_id=benefit.id,
        name=benefit.name,
        experience=benefit.experience,
        value_fen=benefit.value_fen,
        unsupported=not_supported(benefit.rules),
        at={venue_id: opening_on(rules_at(benefit, terms.venues[venue_id]), day, calendar) for venue_id in benefit.at},
        counter_rules=tuple(rule for rule in benefit.rules if isinstance(rule, CounterRule)),
        terms=terms_of(benefit),
    )


def rules_at(benefit: Benefit, venue: Venue) -> tuple[Rule, ...]:
    """The evaluated rules of a benefit and those of its venue: closed weekdays always, hours where it has no window."""
    rules = [rule for rule in benefit.rules if rule.evaluated]
    if venue.closed_weekdays:
        rules.append(WeekdayNot(venue.closed_weekdays))
    if not any(isinstance(rule, TimeWindow) for rule in rules):
        rules.append(TimeWindow(venue.hours))
    return in_order(rules)


def opening_on(rules: tuple[Rule, ...], day: date, calendar: Calendar) -> Opening:
    questions: list[Question] = []
    for rule in rules:
        question = rule.on(day, calendar)
        if question is not None:
            questions.append(question)
            if isinstance(question, Closed):
                break
    return Opening(tuple(questions))


def terms_of(benefit: Benefit) -> Mapping[str, object]:
    """On what terms an admitted scan of the benefit is let in, as plain values for the gate's screen."""
    excluded = [item for rule in benefit.rules if isinstance(rule, Excludes) for item in rule.items]
    return {"free": True, "excludes": [{"zh": item.zh, "en": item.en} for item in excluded]}


@lru_cache(maxsize=16)
def open_runs(terms: Terms, calendar: Calendar, first_year: int) -> Mapping[Place, tuple[Run, ...]]:
    """The open days of every supported benefit at each of its venues, up to the end of the calendar's data."""
    first, last = date(first_year, 1, 1), date(max(calendar.years), 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        (benefit.id, venue_id): runs_of(rules_at(benefit, terms.venues[venue_id]), days, calendar)
        for benefit in terms.benefits.values()
        if not not_supported(benefit.rules)
        for venue_id in benefit.at
    }


def runs_of(rules: tuple[Rule, ...], days: list[date], calendar: Calendar) -> tuple[Run, ...]:
    openings = ((day, opening_on(rules, day, calendar)) for day in days)
    runs = []
    for opening, stretch in groupby(openings, key=lambda found: found[1]):
        if opening.closed is None:
            inside = [day for day, _ in stretch]
            runs.append(Run(inside[0], inside[-1], opening))
    return tuple(runs)
