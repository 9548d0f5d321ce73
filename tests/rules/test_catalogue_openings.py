"""Whether a place is open, how far it is, and where a pass may be used instead."""

from dataclasses import replace
from datetime import date

import pytest

from passes.catalogue.rules import elsewhere, metres_between, nearest_open, opening_of
from passes.entitlement.daysheet import compile
from passes.entitlement.facts import Facts
from passes.entitlement.spans import TimeSpan, Window
from tests.rules.samples import facts_at, local, sample, small_terms

TERMS = sample().terms
BRIDGE = (36.0665, 103.817)


@pytest.mark.parametrize(
    ("moment", "until", "next_at"),
    [
        ("2026-11-25 08:59:59", None, "2026-11-25 09:00:00"),
        ("2026-11-25 09:00:00", "2026-11-25 17:00:00", None),
        ("2026-11-25 16:59:59", "2026-11-25 17:00:00", None),
        ("2026-11-25 17:00:00", None, "2026-11-26 09:00:00"),
        ("2026-11-29 18:00:00", None, "2026-12-01 09:00:00"),  # Sunday evening, and Monday is closed
        ("2026-11-30 12:00:00", None, "2026-12-01 09:00:00"),
    ],
)
def test_a_museum_opens_and_closes_by_the_second_and_rests_on_mondays(
    moment: str, until: str | None, next_at: str | None
) -> None:
    found = opening_of(TERMS.venues["S08"], local(moment))
    assert found.open is (until is not None)
    assert found.until == (until and local(until))
    assert found.next_at == (next_at and local(next_at))


def test_hours_change_with_the_season_even_overnight() -> None:
    assert opening_of(TERMS.venues["S01"], local("2026-10-31 21:00:00")).until == local("2026-10-31 22:00:00")
    assert opening_of(TERMS.venues["S01"], local("2026-10-31 23:00:00")).next_at == local("2026-11-01 07:00:00")


def test_a_place_that_never_closes_has_no_closing_time() -> None:
    found = opening_of(TERMS.venues["H1"], local("2026-11-25 03:00:00"))
    assert (found.open, found.until, found.next_at) == (True, None, None)
    assert found.today == (TimeSpan(0, 1440),)


def test_a_place_open_past_midnight_closes_when_the_night_does() -> None:
    venue = small_terms().venues["V1"]
    late = replace(venue, hours=(Window((), TimeSpan(0, 120)), Window((), TimeSpan(1200, 1440))))
    assert opening_of(late, local("2026-05-01 23:00:00")).until == local("2026-05-02 02:00:00")
    assert opening_of(late, local("2026-05-02 01:00:00")).until == local("2026-05-02 02:00:00")


def test_distances_are_those_of_the_city() -> None:
    assert 95_000 < metres_between((36.690, 102.665), (36.335, 104.185)) < 150_000
    assert metres_between(BRIDGE, BRIDGE) == 0


def test_the_nearest_open_places_come_first_and_closed_ones_not_at_all() -> None:
    day = nearest_open(TERMS, BRIDGE, local("2026-11-25 10:00:00"))
    assert [near.venue.id for near in day] == ["WATERBUS", "SHOP1", "CABLEWAY"]
    assert [near.metres for near in day] == sorted(near.metres or 0 for near in day)
    night = nearest_open(TERMS, BRIDGE, local("2026-11-25 03:00:00"), most=99)
    assert {near.venue.id for near in night} == {"H1", "H2", "H3", "H4", "H5", "S10"}


def test_without_a_position_the_order_is_the_catalogues() -> None:
    found = nearest_open(TERMS, None, local("2026-11-25 10:00:00"), venue_ids=["S03", "S01", "ONLINE"])
    assert [(near.venue.id, near.metres) for near in found] == [("S03", None), ("S01", None)]


def facts_of_a_visit(moment: str) -> Facts:
    return facts_at(local(moment), product_id="PASS-ADULT", venue_id="S01", valid_from=date(2026, 11, 1))


def test_a_refused_visitor_is_sent_to_the_nearest_place_that_admits_this_pass_now() -> None:
    facts = facts_of_a_visit("2026-11-25 10:00:00")
    sheet = compile(TERMS, sample().calendar, date(2026, 11, 25))
    found = elsewhere(TERMS, sheet, facts, {})
    assert found is not None and (found.venue.id, found.benefit_id) == ("S02", "B02")
    spent = {(move.name, move.period): 1 for move in sheet.offers["B02"].limits(sheet.day, date(2026, 11, 1))}
    found = elsewhere(TERMS, sheet, replace(facts, counters=spent), {})
    assert found is not None and (found.venue.id, found.benefit_id) == (
        "S02",
        "B37",
    )  # its entry is used, a guide is not


def test_at_night_there_is_the_old_street_and_with_a_frozen_pass_nothing() -> None:
    sheet = compile(TERMS, sample().calendar, date(2026, 11, 25))
    night = elsewhere(TERMS, sheet, facts_of_a_visit("2026-11-25 03:00:00"), {})
    assert night is not None and night.venue.id == "S10"
    assert elsewhere(TERMS, sheet, replace(facts_of_a_visit("2026-11-25 10:00:00"), held=True), {}) is None
