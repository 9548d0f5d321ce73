"""A filter is read from an address, says what it could not have, and writes itself into an address again."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.dashboard.filters import PERIODS, WEEK, Filter, read_filter

TODAY = date(2026, 11, 25)


@dataclass
class Venue:
    kind: str


VENUES = {"S01": Venue("spot"), "S02": Venue("spot"), "H1": Venue("hotel")}


def read(**asked: str) -> Filter:
    names = {"first": "from", "last": "to"}
    return read_filter({names.get(key, key): text for key, text in asked.items()}, VENUES, today=TODAY)


@pytest.mark.parametrize(
    ("period", "first_on"),
    [
        ("today", TODAY),
        ("7d", date(2026, 11, 19)),
        ("30d", date(2026, 10, 27)),
        ("month", date(2026, 11, 1)),
        ("52w", date(2025, 11, 27)),
    ],
)
def test_a_period_ends_today(period: str, first_on: date) -> None:
    asked = read(period=period)
    assert (asked.first_on, asked.last_on, asked.faults) == (first_on, TODAY, {})


def test_days_of_ones_own_go_before_a_period_and_never_reach_into_the_future() -> None:
    asked = read(first="2026-10-01", last="2026-12-24", period="7d")
    assert (asked.period, asked.first_on, asked.last_on) == ("custom", date(2026, 10, 1), TODAY)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"first": "gestern"}, "from"),
        ({"last": "x" * 10_000}, "to"),
        ({"first": "2026-11-26"}, "from"),
        ({"first": "2026-11-10", "last": "2026-11-09"}, "to"),
        ({"first": "2025-11-24"}, "from"),
        ({"period": "🎉"}, "period"),
        ({"kind": "castle"}, "kind"),
        ({"venue": "S01\x00"}, "venue"),
    ],
)
def test_what_cannot_be_had_is_named_and_the_usual_shown(asked: dict[str, str], field: str) -> None:
    found = read(**asked)
    assert list(found.faults) == [field]
    assert (found.days, found.venue_ids) == (30, None)


def test_a_kind_means_all_its_places_and_a_place_goes_before_a_kind() -> None:
    assert read(kind="spot").venue_ids == {"S01", "S02"}
    chosen = read(kind="spot", venue="H1")
    assert (chosen.kind, chosen.venue_ids) == (None, {"H1"})


@given(st.dates(date(2025, 11, 25), TODAY), st.dates(date(2025, 11, 25), TODAY))
def test_what_a_period_is_compared_with_has_the_same_weekdays_and_lies_before_it(one: date, other: date) -> None:
    asked = read(first=min(one, other).isoformat(), last=max(one, other).isoformat())
    first, last = asked.before
    assert (asked.first_on - first) % WEEK == timedelta(0) == (asked.last_on - last) % WEEK
    assert last < asked.first_on
    assert asked.first_on - last <= WEEK


@settings(deadline=None)
@given(st.dates(date(2025, 11, 25), TODAY))
def test_the_columns_of_a_chart_hold_every_day_once(first_on: date) -> None:
    asked = read(first=first_on.isoformat(), last=TODAY.isoformat())
    columns = asked.columns()
    days = [first + timedelta(days=number) for first, last in columns for number in range((last - first).days + 1)]
    assert days == [first_on + timedelta(days=number) for number in range(asked.days)]
    assert len(columns) <= 100


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "period": st.sampled_from(PERIODS),
            "from": st.just("2026-11-01"),
            "kind": st.sampled_from(("spot", "hotel")),
            "venue": st.sampled_from(sorted(VENUES)),
        },
    )
)
def test_the_address_of_a_filter_asks_for_the_same_again(given: dict[str, str]) -> None:
    asked = read_filter(given, VENUES, today=TODAY)
    assert read_filter(dict(parse_qsl(asked.query())), VENUES, today=TODAY) == asked


def test_an_address_leaves_out_what_is_usual_and_takes_changes() -> None:
    assert read().query() == ""
    asked = read(period="7d", kind="spot")
    assert asked.query(venue="S01", kind=None) == "period=7d&venue=S01"
    assert asked.query(period="today") == "kind=spot&period=today"
