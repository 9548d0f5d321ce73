"""How a wallet sorts what a pass gives."""

from dataclasses import dataclass

import pytest

from passes.entitlement.facts import Counter
from passes.wallet.rules import Left, in_order, section_of, standing, uses_left


@pytest.mark.parametrize(
    ("experience", "kinds", "section"),
    [
        (False, ["spot"], "sights"),
        (False, ["spot", "spot"], "city"),
        (False, ["hotel"], "hotels"),
        (False, ["hotel", "shop"], "city"),
        (False, ["online"], "city"),
        (True, ["spot"], "experiences"),
    ],
)
def test_a_benefit_stands_where_a_holder_looks_for_it(experience: bool, kinds: list[str], section: str) -> None:
    assert section_of(experience, kinds) == section


def test_what_is_used_up_for_the_term_is_worse_than_for_the_day() -> None:
    today, term = Left("day", 0, 1), Left("term", 0, 4)
    assert standing(()) == "usable"
    assert standing((Left("day", 1, 1), Left("term", 3, 4))) == "usable"
    assert standing((today, Left("term", 3, 4))) == "tomorrow"
    assert standing((today, term)) == "spent"
    assert standing((today, Left("month", 0, 2))) == "next_month"
    assert standing((Left("month", 0, 2), term)) == "spent"


def test_what_is_left_is_told_for_each_limit_and_whether_others_share_it() -> None:
    counters = (
        Counter("benefit:B35", "2026-11", 2, "month"),
        Counter("pool:wellness6", "term:2026-11-25", 6, "term"),
        Counter("visit:S01", "2026-11-25"),
    )
    used = {("benefit:B35", "2026-11"): 1, ("pool:wellness6", "term:2026-11-25"): 7}
    assert uses_left(counters, used) == (Left("month", 1, 2), Left("term", 0, 6, shared=True))


@dataclass(frozen=True)
class Row:
    name: str
    section: str
    standing: str


def test_what_can_be_used_comes_first_and_the_catalogues_order_stays() -> None:
    rows = [
        Row("a", "sights", "next_month"),
        Row("f", "sights", "closed"),
        Row("b", "sights", "usable"),
        Row("c", "hotels", "usable"),
        Row("d", "sights", "usable"),
        Row("e", "sights", "spent"),
    ]
    assert [row.name for row in in_order(rows, "sights")] == ["b", "d", "f", "a", "e"]
