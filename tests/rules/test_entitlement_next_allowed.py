"""next_allowed(): admitted at it, refused one second before, and None where the rules cannot know."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passes import clock
from passes.entitlement import daysheet
from passes.entitlement.calendars import Calendar
from passes.entitlement.decide import decide, next_allowed
from passes.entitlement.facts import Booked, Closure, Decision, Facts
from passes.entitlement.terms import Benefit, Terms
from tests.rules.samples import facts_at, local, sample, sheet_at, small_calendar, small_terms

SECOND = timedelta(seconds=1)


def decided(terms: Terms, calendar: Calendar, facts: Facts) -> Decision:
    return decide(daysheet.compile(terms, calendar, clock.local_day(facts.now)), facts)


def next_of(terms: Terms, facts: Facts, calendar: Calendar | None = None) -> datetime | None:
    sheet = sheet_at(terms, facts.now, calendar)
    return next_allowed(sheet, facts, decide(sheet, facts))


def next_after(terms: Terms, words: str, **changes: Any) -> datetime | None:
    return next_of(terms, facts_at(local(words), **changes))


def test_before_opening_it_is_the_opening_second() -> None:
    terms = small_terms(hours="09:00-17:00")
    assert next_after(terms, "2026-05-06 08:59:59.5") == local("2026-05-06 09:00:00")


def test_after_closing_it_is_the_next_open_day() -> None:
    terms = small_terms(hours="09:00-17:00", closed="thu")
    assert next_after(terms, "2026-05-06 17:00:00") == local("2026-05-08 09:00:00")


def test_in_the_break_it_is_the_second_window_of_the_day() -> None:
    terms = small_terms({"time_window": [{"enter": "09:00-12:00"}, {"enter": "14:00-17:00"}]})
    assert next_after(terms, "2026-05-06 12:30:00") == local("2026-05-06 14:00:00")


def test_after_the_daily_limit_it_is_midnight_where_the_venue_never_closes() -> None:
    used = {("benefit:B1", "2026-05-06"): 1}
    assert next_after(small_terms({"per_day": 1}), "2026-05-06 12:00:00", counters=used) == local("2026-05-07 00:00:00")


def test_out_of_season_it_is_the_seasons_first_day() -> None:
    terms = small_terms({"season": ["05-01..10-15"]}, hours="08:00-18:00")
    assert next_after(terms, "2026-04-02 12:00:00") == local("2026-05-01 08:00:00")


def test_in_a_blackout_it_is_the_day_after_it() -> None:
    terms = small_terms({"blackout": ["national_day"]}, hours="08:00-18:00")
    assert next_after(terms, "2026-10-01 12:00:00") == local("2026-10-04 08:00:00")


def test_a_pass_that_is_not_valid_yet_waits_for_its_first_open_day() -> None:
    terms = small_terms(hours="09:00-17:00", closed="fri")
    term = {"valid_from": date(2026, 5, 8), "valid_until": date(2027, 5, 8)}  # a Friday
    assert next_after(terms, "2026-05-06 12:00:00", **term) == local("2026-05-09 09:00:00")


def test_nothing_is_promised_after_the_pass_has_ended() -> None:
    terms = small_terms({"season": ["05-01..10-15"]})
    assert next_after(terms, "2026-11-02 12:00:00") is None
    assert next_after(terms, "2026-11-02 12:00:00", valid_until=date(2027, 5, 1)) is None
    assert next_after(terms, "2026-11-02 12:00:00", valid_until=date(2027, 5, 2)) == local("2027-05-01 00:00:00")


def test_nothing_is_promised_beyond_the_calendars_data() -> None:
    terms = small_terms({"season": ["01-01..01-31"]})
    facts = facts_at(local("2027-02-01 12:00:00"), valid_from=date(2027, 1, 1), valid_until=date(2029, 1, 1))
    assert next_of(terms, facts) is None
    assert next_of(terms, facts, small_calendar(2028)) == local("2028-01-01 00:00:00")
    assert next_of(terms, facts, Calendar({})) is None


def test_a_missing_calendar_waits_for_the_next_year_with_data() -> None:
    terms = small_terms({"blackout": ["national_day"]})
    facts = facts_at(local("2027-02-01 12:00:00"), valid_until=date(2029, 1, 1))
    assert next_of(terms, facts, small_calendar(2026, 2028)) == local("2028-01-01 00:00:00")


@pytest.mark.parametrize(
    ("rules", "changes"),
    [
        ([], {"held": True}),
        ([], {"state": "void"}),
        ([], {"state": "expired"}),
        ([], {"state": "issued", "valid_from": None, "valid_until": None}),
        ([], {"benefit_id": "B9"}),
        ([], {"venue_id": "V2", "benefit_id": "B1"}),
        ([{"holder_class": ["child"]}], {}),
        ([{"holder_class": ["child"]}, {"season": ["01-01..01-31"]}], {}),
        ([{"cooldown_days": 7}], {}),
        ([{"per_term": 1}], {"counters": {("benefit:B1", "term:2026-01-01"): 1}}),
        (
            [{"per_term": 1}, {"per_day": 1}],
            {"counters": {("benefit:B1", "term:2026-01-01"): 1, ("benefit:B1", "2026-05-06"): 1}},
        ),
    ],
)
def test_there_is_none_where_waiting_does_not_help(rules: list[dict[str, Any]], changes: dict[str, Any]) -> None:
    assert next_after(small_terms(*rules), "2026-05-06 12:00:00", **changes) is None


def test_an_admitted_scan_and_an_open_choice_have_none() -> None:
    assert next_after(small_terms(), "2026-05-06 12:00:00") is None
    assert next_after(small_terms(B2=[]), "2026-05-06 12:00:00") is None


WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
some_weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True)
spans = st.sampled_from(["05-01..10-15", "11-01..03-31", "02-29..03-01", "06-10..06-10", "12-31..01-01"])
days = st.sampled_from(["national_day", "new_year", "12-24..01-03", "05-01..09-30"])
windows = st.sampled_from(
    [
        [{"enter": "08:30-16:30"}],
        [{"enter": "00:00-12:00"}, {"enter": "12:00-24:00"}],
        [{"enter": "09:00-11:00"}, {"enter": "23:00-24:00"}],
        [{"season": ["04-01..10-31"], "enter": "08:30-16:30"}, {"season": ["11-01..02-28"], "enter": "10:00-16:00"}],
    ]
)
rule_sets = st.fixed_dictionaries(
    {},
    optional={
        "season": st.lists(spans, min_size=1, max_size=2),
        "weekday_in": some_weekdays,
        "weekday_not": some_weekdays,
        "blackout": st.lists(days, min_size=1, max_size=2, unique=True),
        "time_window": windows,
        "holder_class": st.sampled_from([["adult"], ["child"], ["adult", "senior"]]),
        "per_day": st.integers(1, 2),
        "per_term": st.integers(1, 3),
    },
)
START = local("2026-01-01 00:00:00")
TWO_YEARS_IN_TENTHS = 730 * 86_400 * 10
moments = st.integers(0, TWO_YEARS_IN_TENTHS - 1).map(lambda tenths: START + timedelta(seconds=tenths / 10))
hours = st.sampled_from(["00:00-24:00", "09:00-17:00", "06:30-24:00"])
closed = st.sampled_from(["", "mon", "sat sun"])


def people(draw: st.DrawFn, moment: datetime) -> dict[str, Any]:
    """A pass in any state, its term somewhere around the moment."""
    first = clock.local_day(moment) + timedelta(days=draw(st.integers(-364, 30)))
    return {
        "state": draw(st.sampled_from(["active"] * 6 + ["expired", "void"])),
        "held": draw(st.sampled_from([False] * 6 + [True])),
        "valid_from": first,
        "valid_until": first + timedelta(days=365),
        "holder_class": draw(st.sampled_from(["adult", "adult", "senior", "child"])),
    }


def uses(draw: st.DrawFn, benefit_id: str, facts: Facts) -> dict[tuple[str, str], int]:
    return {
        (f"benefit:{benefit_id}", clock.local_day(facts.now).isoformat()): draw(st.integers(0, 2)),
        (f"benefit:{benefit_id}", f"term:{facts.valid_from}"): draw(st.integers(0, 3)),
    }


@st.composite
def small_cases(draw: st.DrawFn) -> tuple[Terms, Calendar, Facts]:
    moment = draw(moments)
    rules = [{name: value} for name, value in draw(rule_sets).items()]
    terms = small_terms(*rules, hours=draw(hours), closed=draw(closed))
    calendar = small_calendar(*draw(st.sampled_from([(2026, 2027), (2026, 2028), (2027,)])))
    facts = facts_at(moment, **people(draw, moment))
    return terms, calendar, replace(facts, counters=uses(draw, "B1", facts))


def more_facts(draw: st.DrawFn, benefit: Benefit, venue_id: str, facts: Facts) -> dict[str, Any]:
    """Everything else a rule of the sample may ask: half of it there, at the edges of its time."""
    day, term = clock.local_day(facts.now), f"term:{facts.valid_from}"
    counts = st.integers(0, 2)
    counters = uses(draw, benefit.id, facts)
    counters[f"benefit:{benefit.id}", day.isoformat()[:7]] = draw(counts)
    for days in (1, 6, 7):
        counters[f"benefit:{benefit.id}", (day - timedelta(days=days)).isoformat()] = draw(st.sampled_from([0, 0, 1]))
    for name in ("benefit:E01", "benefit:E02", f"visit:{venue_id}", "visit:S07", "stay:B22", "stay:B27"):
        counters.setdefault((name, day.isoformat()), draw(counts))
    for name in ("pool:wellness6", "pool:audio6", "group:ich3/E05", "group:ich3/E06", "group:welcome/MAP"):
        counters[name, term] = draw(st.sampled_from([0, 1, 5, 6]))
    counters |= {(f"visit:S{n:02d}", term): 1 for n in range(1, draw(st.integers(8, 12)))}
    return {
        "counters": counters,
        "birth_on": draw(st.one_of(st.none(), st.dates(date(1960, 1, 1), date(2020, 12, 31)), st.just(LEAPLING))),
        "closures": tuple(draw(st.lists(closures(facts.now), max_size=2))),
        "reservations": tuple(draw(st.lists(bookings(facts.now, benefit.id, venue_id), max_size=2))),
        "confirmed": frozenset(draw(st.sets(st.sampled_from(["height", "age", "guardian", "manual_confirm"])))),
        "item_id": draw(st.sampled_from([None, "MAGNET", "MAP"])),
        "nights": draw(st.sampled_from([None, 1])),
        "stock": {
            ("stock:CAKE-6IN@H5", day.isoformat()): draw(st.sampled_from([19, 20])),
            ("stock:WELCOME@S02", "ever"): 3000,
        },
    }


LEAPLING = date(1996, 2, 29)
waits = st.sampled_from([-90_000, -1800, -900, -1, 0, 1, 900, 3600, 90_000]).map(lambda n: timedelta(seconds=n))
kinds = st.sampled_from(["wind", "river_level", "forest_fire_ban", "lightning", "venue_closed", "venue_full"])


def closures(now: datetime) -> st.SearchStrategy[Closure]:
    lengths = st.one_of(st.none(), st.sampled_from([1, 1800, 200_000]).map(lambda n: timedelta(seconds=n)))
    return st.builds(
        lambda kind, wait, length: Closure(kind, now + wait, length and now + wait + length), kinds, waits, lengths
    )


def bookings(now: datetime, benefit_id: str, venue_id: str) -> st.SearchStrategy[Booked]:
    return st.builds(
        lambda wait, id_: Booked(id_, benefit_id, venue_id, now + wait, now + wait + timedelta(hours=1)),
        waits,
        st.sampled_from(["1", "2"]),
    )


@st.composite
def sample_cases(draw: st.DrawFn) -> tuple[Terms, Calendar, Facts]:
    reading = sample()
    moment = draw(moments)
    benefit = draw(st.sampled_from(list(reading.terms.benefits.values())))
    product = draw(st.sampled_from(["PASS-ADULT", "PASS-ADULT", "PASS-CHILD", "PASS-SENIOR"]))
    facts = facts_at(moment, product_id=product, benefit_id=benefit.id, **people(draw, moment))
    venue_id = draw(st.sampled_from(benefit.at))
    return (
        reading.terms,
        reading.calendar,
        replace(facts, venue_id=venue_id, **more_facts(draw, benefit, venue_id, facts)),
    )


def holds(terms: Terms, calendar: Calendar, facts: Facts, fraction: float) -> datetime | None:
    """The property itself. fraction picks one more moment of the wait, which must be refused too."""
    sheet = daysheet.compile(terms, calendar, clock.local_day(facts.now))
    decision = decide(sheet, facts)
    found = next_allowed(sheet, facts, decision)
    if decision.outcome != "refused":
        assert found is None
    elif found is not None:
        assert found > facts.now
        assert decided(terms, calendar, replace(facts, now=found)).outcome != "refused"
        assert decided(terms, calendar, replace(facts, now=found - SECOND)).outcome == "refused"
        waited = facts.now + (found - facts.now) * fraction
        assert waited >= found or decided(terms, calendar, replace(facts, now=waited)).outcome == "refused"
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(small_cases(), st.floats(0, 1))
def test_admitted_at_it_and_refused_one_second_before(case: tuple[Terms, Calendar, Facts], fraction: float) -> None:
    """Of rules that only time lifts, also: where nothing is promised, no moment of the pass's life is admitted."""
    terms, calendar, facts = case
    refused = decided(terms, calendar, facts).outcome == "refused"
    if holds(terms, calendar, facts, fraction) is None and refused:
        assert facts.valid_until is not None
        end = clock.day_start(min(facts.valid_until, date(max(calendar.years) + 1, 1, 1)))
        if facts.now < end:
            waited = facts.now + (end - facts.now) * fraction
            assert decided(terms, calendar, replace(facts, now=waited)).outcome != "admitted"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sample_cases(), st.floats(0, 1))
def test_so_it_is_all_over_the_sample_catalogue(case: tuple[Terms, Calendar, Facts], fraction: float) -> None:
    holds(*case, fraction)
