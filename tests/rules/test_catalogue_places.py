"""The map, the search for places and what a pass saves: all computed from the catalogue alone."""

import re
from dataclasses import replace
from itertools import combinations
from math import dist

import pytest

from passes.catalogue.reading import read_files
from passes.catalogue.rules import opening_of
from passes.catalogue.search import Wanted, folded, haystack, matches, wanted_of
from passes.catalogue.sketch import (
    APART,
    HEIGHT,
    LANDMARKS,
    WIDTH,
    bridge_point,
    is_south,
    label_point,
    point_of,
    river_path,
    venue_points,
)
from passes.catalogue.value import value_of
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS, local, sample, small_terms

TERMS = sample().terms
MORNING = local("2026-11-25 10:00:00")


def test_a_catalogue_without_interests_and_sentences_is_as_good() -> None:
    plain = re.sub(r" about: \{.*?\},(?= hours)", "", re.sub(r" interests: \[.*?\],", "", SAMPLE))
    assert "about:" not in plain.split("spots:\n")[1] and "interests: [" not in plain
    reading, faults = read_files(plain, SAMPLE_HOLIDAYS)
    assert reading is not None and faults == ()
    assert reading.terms.venues["S01"].interests == () and reading.terms.venues["S01"].about is None


def test_every_sight_of_the_sample_says_what_draws_people_there() -> None:
    for venue in TERMS.venues.values():
        if venue.kind == "spot":
            assert venue.interests and venue.about and venue.about.zh and venue.about.en


def test_each_place_has_a_spot_of_its_own_on_the_map() -> None:
    points = venue_points(TERMS)
    assert set(points) == {venue.id for venue in TERMS.venues.values() if venue.kind != "online"}
    for x, y in points.values():
        assert 0 < x < WIDTH and 0 < y < HEIGHT
    assert min(dist(one, other) for one, other in combinations(points.values(), 2)) > APART * 0.85
    labels = [label_point(mark) for mark in LANDMARKS if mark.drawn]
    assert min(dist(point, label) for point in points.values() for label in labels) > 50


def test_places_stay_on_their_bank_and_north_stays_north() -> None:
    points = venue_points(TERMS)
    assert not is_south(points["S01"]) and not is_south(points["S02"]) and not is_south(points["S07"])
    assert is_south(points["S06"]) and is_south(points["S03"]) and is_south(points["S04"])
    assert points["S12"][1] > points["S11"][1] > points["S04"][1]
    assert points["S13"][0] < points["S16"][0] < points["S19"][0] < points["S01"][0] < points["S15"][0]


def test_the_map_is_the_same_for_everybody_and_bridges_cross_the_river() -> None:
    venue_points.cache_clear()
    first = venue_points(TERMS)
    venue_points.cache_clear()
    assert venue_points(TERMS) == first
    assert re.fullmatch(r"M-20\.0 [\d.]+(C[-\d. ]+)+", river_path())
    for mark in LANDMARKS:
        if mark.drawn:
            x, y = bridge_point(mark)
            assert not is_south((x, y - 14)) and is_south((x, y + 14))


def test_places_at_the_very_same_spot_are_drawn_apart() -> None:
    venues = {id_: replace(venue, lat=36.05, lon=103.8) for id_, venue in small_terms().venues.items()}
    one, other = venue_points(replace(small_terms(), venues=venues)).values()
    assert dist(one, other) > APART * 0.9


def test_what_lies_beyond_the_map_stands_on_its_edge() -> None:
    assert point_of(90, 180) == (WIDTH - 34, 34)
    assert point_of(-90, -180) == (34, HEIGHT - 34)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, Wanted()),
        ({"q": "  Yellow   River "}, Wanted(words="Yellow River")),
        ({"q": "a\x00b" + "x" * 10_000}, Wanted(words="a b" + "x" * 57)),
        (
            {"kind": "spot", "interest": "views", "open": "1", "near": "west-station"},
            Wanted("", "spot", "views", True, "west-station"),
        ),
        ({"kind": "castle", "interest": "'; DROP", "open": "yes", "near": "moon", "more": "1"}, Wanted()),
    ],
)
def test_an_address_that_asks_for_nonsense_asks_for_nothing(given: dict[str, str], wanted: Wanted) -> None:
    assert wanted_of(given) == wanted


def ids_found(wanted: Wanted) -> list[str]:
    return [
        venue.id
        for venue in TERMS.venues.values()
        if matches(wanted, venue, opening_of(venue, MORNING), haystack(TERMS, venue))
    ]


@pytest.mark.parametrize("words", ["白塔", "baita", "BAITA", "ｂａｉｔａ", "mountain baita", "首道门票 白塔山"])
def test_a_place_is_found_by_its_name_in_either_language_and_by_what_is_given_there(words: str) -> None:
    assert "S01" in ids_found(Wanted(words=words))


def test_filters_narrow_and_nothing_matches_nothing() -> None:
    assert ids_found(Wanted(interest="museum", kind="spot")) == ["S08", "S09", "S14"]
    assert ids_found(Wanted(words="永登", kind="shop")) == ["ROSEGARDEN"]
    assert ids_found(Wanted(words="zzz")) == []
    assert len(ids_found(Wanted())) == len(TERMS.venues)
    night = opening_of(TERMS.venues["S08"], local("2026-11-25 23:00:00"))
    assert not matches(Wanted(open=True), TERMS.venues["S08"], night, "")


def test_accents_case_and_width_do_not_matter() -> None:
    assert folded("Café ＬＡＮＺＨＯＵ 兰州") == "cafe lanzhou 兰州"


def test_the_value_of_a_pass_adds_up_and_takes_only_what_may_be_chosen() -> None:
    value = value_of(TERMS, TERMS.products["PASS-ADULT"])
    entries = [TERMS.benefits[f"B{n:02d}"].value_fen for n in range(1, 22)]
    assert (value.sights.count, value.sights.value_fen) == (21, sum(entries))
    # The eleventh experience is for children; of the three workshops only two may be chosen, so the cheapest count.
    bookable = [TERMS.benefits[f"E{n:02d}"].value_fen for n in range(1, 12) if n not in (6, 10)]
    assert (value.experiences.count, value.experiences.value_fen) == (10, sum(bookable))
    assert value.total.count == len(TERMS.products["PASS-ADULT"].benefits) == 51
    assert value.total.value_fen == value.sights.value_fen + value.experiences.value_fen + value.others.value_fen
