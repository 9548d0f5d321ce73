"""The life of a pass, as values."""

from datetime import date, datetime, timedelta

import pytest

from passes.lifecycle.rules import (
    NUMBER_ALPHABET,
    STATES,
    STEPS,
    activate_by,
    auto_start_on,
    is_open,
    masked_name,
    next_status,
    number_of,
    validity_of,
)


def test_no_other_step_than_these_may_be_taken() -> None:
    every = {(state, step): next_status(state, step) for state in STATES for step in STEPS}
    assert {pair: state for pair, state in every.items() if state} == {
        ("issued", "activate"): "active",
        ("active", "expire"): "expired",
        ("issued", "void"): "void",
        ("active", "void"): "void",
    }


def test_validity_is_half_open_and_counts_the_first_day() -> None:
    validity = validity_of(date(2027, 11, 25), 365)
    assert (validity.valid_from, validity.valid_until) == (date(2027, 11, 25), date(2028, 11, 24))
    assert date(2028, 11, 23) in validity
    assert date(2028, 11, 24) not in validity
    assert date(2027, 11, 24) not in validity


def test_day_91_follows_the_last_day_to_activate() -> None:
    issued_on = date(2026, 11, 25)
    assert activate_by(issued_on, 90) == issued_on + timedelta(days=89)
    assert auto_start_on(activate_by(issued_on, 90), None) == issued_on + timedelta(days=90)


def test_a_hold_that_ended_before_the_window_did_delays_nothing() -> None:
    assert auto_start_on(date(2026, 2, 1), date(2026, 1, 5)) == date(2026, 2, 2)
    assert auto_start_on(date(2026, 2, 1), date(2026, 2, 9)) == date(2026, 2, 9)


@pytest.mark.parametrize(
    ("until", "closed_at", "open_"),
    [(None, None, True), (10, None, True), (5, None, False), (None, 4, False), (10, 4, False)],
)
def test_a_hold_freezes_until_it_ends_or_is_closed(until: int | None, closed_at: int | None, open_: bool) -> None:
    start = datetime.fromisoformat("2026-11-25T10:00:00+08:00")

    def at(hours: int | None) -> datetime | None:
        return None if hours is None else start + timedelta(hours=hours)

    assert is_open(start, at(until), at(closed_at), start + timedelta(hours=5)) is open_
    assert not is_open(start, None, None, start - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王*明"),
        ("王明", "王*"),
        ("欧阳小明", "欧**明"),
        ("李", "李*"),
        ("Anna Smith", "A*** S"),
        ("Alice", "A***e"),
    ],
)
def test_a_name_is_shown_masked(name: str, shown: str) -> None:
    assert masked_name(name) == shown


def test_a_printed_number_has_no_letter_that_is_read_as_a_figure() -> None:
    assert not set("0O1IL2Z5S8BUV") & set(NUMBER_ALPHABET)
    assert number_of("34679ACD", livemode=False) == "T-3467-9ACD"
    assert number_of("34679ACD", livemode=True) == "3467-9ACD"
