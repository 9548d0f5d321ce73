"""What holds among the passes of one order."""

import pytest

from passes.entitlement.nodes import Text
from passes.entitlement.terms import Product
from passes.sale.party_rules import ALONE, DOUBLED, Seat, overlap, party_faults

NAME = Text("卡", "Pass")
ADULT = Product("ADULT", NAME, 19900, sold=True, benefits=("B1", "B2"))
SENIOR = Product("SENIOR", NAME, 12900, sold=True, benefits=("B2",))
CHILD = Product("CHILD", NAME, 6900, sold=True, benefits=("B1",), requires="ADULT", max_per_parent=2)
DOG = Product("DOG", NAME, 900, sold=True, benefits=("B9",), requires="ADULT")
HOTEL = Product("HOTEL", NAME, 900, sold=True, benefits=("B7",))


def seat(product: Product | None, number: str | None = None) -> Seat:
    return Seat(product, None if number is None else ("PASSPORT", number))


def test_products_overlap_where_they_open_some_of_the_same() -> None:
    assert overlap(ADULT, ADULT) and overlap(ADULT, SENIOR) and overlap(ADULT, CHILD)
    assert not overlap(SENIOR, CHILD) and not overlap(ADULT, HOTEL)
    empty = Product("EMPTY", NAME, 100, sold=True)
    assert overlap(empty, empty) and not overlap(empty, ADULT)


def test_one_document_has_use_for_one_pass_of_a_kind_and_the_later_one_is_named() -> None:
    assert party_faults([seat(ADULT, "E1"), seat(ADULT, "E2"), seat(SENIOR, "E1"), seat(HOTEL, "E1")]) == {
        "holders.2.document_number": [DOUBLED]
    }
    other_kind = Seat(ADULT, ("CN_HMT_PERMIT", "E1"))
    assert party_faults([seat(ADULT, "E1"), other_kind]) == {}


def test_what_could_not_be_read_doubles_nothing() -> None:
    assert party_faults([seat(ADULT), seat(ADULT), seat(None, "E1"), seat(ADULT, "E1")]) == {}


@pytest.mark.parametrize(
    ("seats", "alone"),
    [
        ([CHILD], [0]),
        ([SENIOR, CHILD], [1]),
        ([CHILD, ADULT], []),
        ([CHILD, CHILD, CHILD, ADULT], [2]),
        ([CHILD, CHILD, CHILD, ADULT, ADULT, CHILD, CHILD], [6]),
        ([DOG, DOG, DOG, ADULT], []),
        ([DOG], [0]),
        ([ADULT, CHILD, CHILD, DOG], []),
    ],
)
def test_an_addition_needs_what_it_belongs_to_wherever_that_stands(seats: list[Product], alone: list[int]) -> None:
    found = party_faults([seat(product) for product in seats])
    assert found == {f"holders.{index}.product_id": [ALONE] for index in alone}
