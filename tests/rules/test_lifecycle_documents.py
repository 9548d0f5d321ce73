"""Which ID document numbers can exist."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from passes.lifecycle.documents import DOCUMENT_TYPES, birth_date, check_digit, document_fault, last4, normalised

TODAY = date(2026, 11, 25)


def whole(seventeen: str) -> str:
    return seventeen + check_digit(seventeen)


@pytest.mark.parametrize(
    ("document_type", "number"),
    [
        ("CN_ID", "11010519491231002X"),
        ("CN_ID", "620102199003078811"[:17] + check_digit("620102199003078811"[:17])),
        ("CN_ID", whole("81000019900101001")),
        ("CN_ID", whole("82000019900101001")),
        ("CN_ID", whole("83000019900101001")),
        ("CN_HMT_PERMIT", "H12345678"),
        ("CN_HMT_PERMIT", "M1234567890"),
        ("CN_TW_PERMIT", "01234567"),
        ("CN_TW_PERMIT", "0123456789"),
        ("CN_TW_PERMIT", "0123456789B"),
        ("PASSPORT", "E12345678"),
        ("PASSPORT", "123456789"),
        ("PASSPORT", "AB1234567"),
        ("CN_PR_CARD", "USA110080010199"),
        ("CN_PR_CARD", whole("91184019901231001")),
        ("CN_PR_CARD", "91184019901231018X"),
    ],
)
def test_a_number_that_can_exist_is_taken(document_type: str, number: str) -> None:
    assert document_fault(document_type, number, TODAY) is None


@pytest.mark.parametrize(
    ("document_type", "number", "words"),
    [
        ("CN_ID", "110105194912310021", "last character"),
        ("CN_ID", "11010519491231003X", "last character"),
        ("CN_ID", "11010519491231002", "18 digits"),
        ("CN_ID", "11010519491231002XX", "18 digits"),
        ("CN_ID", "1101051949123100ⅩX", "18 digits"),
        ("CN_ID", "١١010519491231002X", "18 digits"),
        ("CN_ID", whole("11010520230230001"), "birth date"),
        ("CN_ID", whole("11010520990101001"), "birth date"),
        ("CN_ID", whole("11010520261126001"), "birth date"),
        ("CN_ID", whole("11010517000101001"), "birth date"),
        ("CN_ID", whole("16010519900101001"), "region"),
        ("CN_ID", whole("84000019900101001"), "region"),
        ("CN_HMT_PERMIT", "T12345678", "Hong Kong"),
        ("CN_HMT_PERMIT", "H123456789", "Hong Kong"),
        ("CN_TW_PERMIT", "1234567", "Taiwan"),
        ("PASSPORT", "ABCDEFGHI", "passport"),
        ("PASSPORT", "E1234567890", "passport"),
        ("PASSPORT", "E 123", "passport"),
        ("CN_PR_CARD", whole("11010519900101001"), "permanent"),
        ("CN_PR_CARD", "911840199012310019", "last character"),
        ("CN_PR_CARD", whole("91184019901331001"), "birth date"),
        ("DRIVING_LICENCE", "1", "type"),
        ("CN_ID", "", "18 digits"),
    ],
)
def test_a_number_that_cannot_exist_is_refused_with_its_reason(document_type: str, number: str, words: str) -> None:
    assert words in (document_fault(document_type, number, TODAY) or "taken")


def test_somebody_born_today_is_taken() -> None:
    assert document_fault("CN_ID", whole("62010220261125001"), TODAY) is None


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
        (" 110105 19491231 002x ", "11010519491231002X"),
        ("110105\u300019491231-002X", "11010519491231002X"),
        ("e12345678", "E12345678"),
    ],
)
def test_a_number_is_written_one_way_before_it_is_hashed(typed: str, number: str) -> None:
    assert normalised(typed) == number
    assert normalised(normalised(typed)) == number


def test_the_birth_date_and_the_last_four_are_read_from_the_number() -> None:
    assert birth_date("11010519491231002X", TODAY) == date(1949, 12, 31)
    assert last4("11010519491231002X") == "002X"


mainland_numbers = st.builds(
    lambda region, born, order: whole(f"{region}{born:%Y%m%d}{order:03d}"),
    # Its table knows these counties only since 1997 or earlier; ours asks for the province alone.
    st.sampled_from(["110105", "620102", "310101", "440106", "650102", "500103"]),
    st.dates(date(1998, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
)


@given(mainland_numbers)
def test_python_stdnum_agrees_on_residents_of_the_mainland(number: str) -> None:
    assert ric.is_valid(number)
    assert document_fault("CN_ID", number, TODAY) is None
    assert birth_date(number, TODAY) == ric.get_birth_date(number)


@given(mainland_numbers, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: str, place: int, step: int) -> None:
    digit = str((int(number[place]) + step) % 10)
    assert document_fault("CN_ID", number[:place] + digit + number[place + 1 :], TODAY) is not None


@given(st.sampled_from(DOCUMENT_TYPES), st.text(max_size=30))
def test_rubbish_is_refused_or_taken_but_never_breaks(document_type: str, typed: str) -> None:
    number = normalised(typed)
    if document_fault(document_type, number, TODAY) is None:
        assert number.isascii()
