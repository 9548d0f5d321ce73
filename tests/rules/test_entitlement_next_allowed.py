"""next_allowed(): admitted at it, refused one second before, and None where the rules cannot know."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passes import clock
from passes.entitlement import daysheet
from passes.entitlement.calendars import Calendar
from passes.entitlement.decide import decide, next_allowed
from passes.entitlement.facts import Decision, Facts
from passes.entitlement.terms import Terms
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
    used = {("per_day:B1", "2026-05-06"): 1}
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
        ([{"per_term": 1}], {"counters": {("per_term:B1", "term:2026-01-01"): 1}}),
        (
            [{"per_term": 1}, {"per_day": 1}],
            {"counters": {("per_term:B1", "term:2026-01-01"): 1, ("per_day:B1", "2026-05-06"): 1}},
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
        (f"per_day:{benefit_id}", clock.local_day(facts.now).isoformat()): draw(st.integers(0, 2)),
        (f"per_term:{benefit_id}", f"term:{facts.valid_from}"): draw(st.integers(0, 3)),
    }


@st.composite
def small_cases(draw: st.DrawFn) -> tuple[Terms, Calendar, Facts]:
    moment = draw(moments)
    rules = [{name: value} for name, value in draw(rule_sets).items()]
    terms = small_terms(*rules, hours=draw(hours), closed=draw(closed))
    calendar = small_calendar(*draw(st.sampled_from([(2026, 2027), (2026, 2028), (2027,)])))
    facts = facts_at(moment, **people(draw, moment))
    return terms, calendar, replace(facts, counters=uses(draw, "B1", facts))


@cache
def sample_of_evaluated_rules() -> Terms:
    """The sample catalogue as if it had only the rules that are evaluated: every benefit can be admitted then."""
    terms = sample().terms
    kept = {
        id_: replace(benefit, rules=tuple(rule for rule in benefit.rules if rule.evaluated))
        for id_, benefit in terms.benefits.items()
    }
    return replace(terms, benefits=kept)


@st.composite
def sample_cases(draw: st.DrawFn) -> tuple[Terms, Calendar, Facts]:
    reading = sample()
    terms = draw(st.sampled_from([reading.terms, sample_of_evaluated_rules()]))
    moment = draw(moments)
    benefit = draw(st.sampled_from(list(terms.benefits.values())))
    product = draw(st.sampled_from(["PASS-ADULT", "PASS-CHILD", "PASS-SENIOR"]))
    facts = facts_at(moment, product_id=product, benefit_id=benefit.id, **people(draw, moment))
    venue_id = draw(st.sampled_from(benefit.at))
    return terms, reading.calendar, replace(facts, venue_id=venue_id, counters=uses(draw, benefit.id, facts))


def holds(terms: Terms, calendar: Calendar, facts: Facts, fraction: float) -> None:
    """The property itself. fraction picks one more moment of the wait, which must be refused too."""
    sheet = daysheet.compile(terms, calendar, clock.local_day(facts.now))
    decision = decide(sheet, facts)
    found = next_allowed(sheet, facts, decision)
    if decision.outcome != "refused":
        assert found is None
        return
    if found is None:
        assert facts.valid_until is not None
        end = clock.day_start(min(facts.valid_until, date(max(calendar.years) + 1, 1, 1)))
        if facts.now < end:
            waited = facts.now + (end - facts.now) * fraction
            assert decided(terms, calendar, replace(facts, now=waited)).outcome != "admitted"
        return
    assert found > facts.now
    assert decided(terms, calendar, replace(facts, now=found)).outcome == "admitted"
    assert decided(terms, calendar, replace(facts, now=found - SECOND)).outcome == "refused"
    waited = facts.now + (found - facts.now) * fraction
    if waited < found:
        assert decided(terms, calendar, replace(facts, now=waited)).outcome == "refused"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(small_cases(), st.floats(0, 1))
def test_admitted_at_it_and_refused_one_second_before(case: tuple[Terms, Calendar, Facts], fraction: float) -> None:
    holds(*case, fraction)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sample_cases(), st.floats(0, 1))
def test_so_it_is_all_over_the_sample_catalogue(case: tuple[Terms, Calendar, Facts], fraction: float) -> None:
    holds(*case, fraction)
