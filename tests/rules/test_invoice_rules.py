"""The check character of a tax number, against real-looking codes and an independent implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from passes.sale.invoice_rules import ALPHABET, CHECK, SHAPE, check_character, normalised, tax_number_fault


@given(st.integers(1, 9), st.integers(0, 99_999_999), st.text(ALPHABET, min_size=8, max_size=8))
def test_the_check_character_is_that_of_another_implementation(kind: int, place: int, rest: str) -> None:
    first = f"9{kind}{place:08d}"[:8] + rest + "0"
    assert check_character(first) == uscc.calc_check_digit(first)


def test_a_right_number_passes_and_each_changed_character_fails() -> None:
    number = "91110000600037341L"
    assert uscc.is_valid(number) and tax_number_fault(number) is None
    for place in range(len(number)):
        for other in ALPHABET:
            if other != number[place]:
                assert tax_number_fault(number[:place] + other + number[place + 1 :]) == CHECK


@pytest.mark.parametrize(
    "number", ["", "9111000060003734", "91110000600037341O", "911100006000373411L", "９1110000600037341L"]
)
def test_what_has_not_the_shape_is_told_so(number: str) -> None:
    assert tax_number_fault(normalised(number)) == SHAPE


def test_blanks_dashes_and_small_letters_are_no_fault() -> None:
    assert normalised(" 91110000-6000 37341l ") == "91110000600037341L"
