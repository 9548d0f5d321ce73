"""The promise check: what passes may claim of every reservable benefit against the seats that there are."""

from datetime import date

import pytest

from passes.catalogue.promises import PASSES, Promise, promise_words, promises_of
from tests.rules.samples import sample
from tests.rules.small_catalogue import benefit, read

TODAY = date(2026, 11, 25)
SEATS = "capacity_per_slot: 10, pass_quota: 0.55, walk_in_share: 0.1, lead_days: 7, cancel_before_minutes: 60"
BOOKED = f'{{reservation: {{mode: always, slot_minutes: 60, open: "10:00-12:00", {SEATS}}}}}'


def sample_promises(passes: int = PASSES, starts_on: date = TODAY) -> dict[str, Promise]:
    reading = sample()
    found = promises_of(reading.terms, reading.calendar, passes=passes, starts_on=starts_on)
    return {promise.benefit.id: promise for promise in found}


def one(*rules: str, passes: int = 100, at: str = "V1") -> Promise:
    reading = read(benefit("B0", *rules, at=at))
    [found] = promises_of(reading.terms, reading.calendar, passes=passes, starts_on=date(2027, 1, 1))
    return found


def test_the_night_cruise_fits_and_the_noodle_class_does_not() -> None:
    found = sample_promises()
    cruise, class_ = found["E01"], found["E04"]
    assert (cruise.seats, cruise.claims, cruise.fits) == (65_600, 50_000, True)
    assert (cruise.days, cruise.per_pass, cruise.bounded) == (205, 1, True)
    assert (class_.seats, class_.claims, class_.fits) == (17_520, 50_000, False)
    assert promise_words(class_).en == (
        "E04 Hand-Pulled Beef Noodle Class: 17,520 seats on 365 days for up to 50,000 claims (1 a pass): does not fit"
    )
    assert promise_words(cruise).zh.startswith("E01 夜游黄河·长河秘卷：205 天共 65,600 个名额")


@pytest.mark.parametrize("starts_on", [date(2026, 1, 1), date(2026, 8, 1), date(2027, 1, 1)])
def test_whenever_the_term_begins_a_year_has_one_season(starts_on: date) -> None:
    found = sample_promises(starts_on=starts_on)
    assert (found["E01"].seats, found["E04"].seats) == (65_600, 17_520)


def test_the_cruise_fits_up_to_its_last_seat() -> None:
    assert sample_promises(65_600)["E01"].fits and not sample_promises(65_601)["E01"].fits


def test_every_reservable_benefit_is_asked_and_stays_by_the_night_are_not() -> None:
    assert set(sample_promises()) == {"B06", "B08", "B09", "B17", "B28", *(f"E{n:02d}" for n in range(1, 12))}


def test_only_days_that_ask_for_a_booking_count() -> None:
    found = sample_promises(starts_on=date(2026, 1, 1))["B06"]
    assert (found.days, found.per_pass) == (5 + 7, 12)  # Labour Day and National Day of 2026
    assert found.seats == 12 * 12 * 80


def test_half_a_seat_is_none() -> None:
    assert one(BOOKED).seats == 365 * 2 * 5


@pytest.mark.parametrize(
    ("rules", "per_pass", "bounded"),
    [
        ([], 730, False),
        (["{per_day: 1}"], 365, False),
        (["{per_month: 2}"], 24, False),
        (["{per_month: 2}", "{per_term: 5}"], 5, True),
        (["{pool: {id: p, total: 6}}", "{per_day: 1}"], 6, True),
        (["{cooldown_days: 7}"], 53, False),
        (["{per_month: 2}", '{season: ["05-01..06-30"]}'], 4, False),
        (["{per_day: 1}", "{weekday_in: [mon]}"], 52, False),
    ],
)
def test_a_pass_claims_as_much_as_its_rules_let_it(rules: list[str], per_pass: int, bounded: bool) -> None:
    found = one(BOOKED, *rules)
    assert (found.per_pass, found.claims, found.bounded) == (per_pass, 100 * per_pass, bounded)


def test_seats_of_all_its_places_count_on_the_days_each_is_open() -> None:
    found = one(BOOKED, "{per_term: 1}", at="V1, V2")
    assert found.seats == (365 + 365 - 52) * 2 * 5  # V2 rests on Mondays
    assert found.days == 365


def test_what_is_not_booked_is_not_asked() -> None:
    reading = read(benefit("B0"), benefit("B1", at="H1"))
    assert promises_of(reading.terms, reading.calendar, passes=1, starts_on=TODAY) == ()
