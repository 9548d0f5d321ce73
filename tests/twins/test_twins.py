"""decide.ts as it is built for browsers answers what decide.py answers, in every generated case."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twins.generator import SEED, groups
from tests.twins.node import Batch, built_module
from tests.twins.passes import PASS_ROWS
from tests.twins.rows import CARRYING, DECIDING
from tests.twins.table import Table

CASES = 100_000
LEAST = 1000


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Table, list[str]]]:
    yield compare(SEED, CASES, tmp_path_factory.mktemp("twins"))


def compare(seed: int, cases: int, folder: Path) -> tuple[Table, list[str]]:
    """The table of the cases and what differs, the smallest first."""
    table, batch = Table(), Batch(folder)
    for group, made in groups(seed, cases):
        batch.begin(group)
        for case in made:
            table.add(group, case)
            batch.add(case)
    found = sorted(batch.differences(built_module()), key=lambda one: len(one.asked.facts))
    return table, [str(one) for one in found]


def test_both_twins_give_the_same_answers(compared: tuple[Table, list[str]]) -> None:
    table, differences = compared
    assert table.cases > CASES * 0.95
    assert not differences, f"seed {SEED}: {len(differences)} differ, the smallest:\n{differences[0]}"


@pytest.mark.parametrize("row", [*DECIDING, *PASS_ROWS])
def test_a_rule_decides_often_on_either_side_and_at_its_boundary(row: str, compared: tuple[Table, list[str]]) -> None:
    table, _ = compared
    assert min(table.refused[row], table.let_in[row], table.edges[row]) >= LEAST, "\n".join(table.lines())


@pytest.mark.parametrize("name", CARRYING)
def test_the_terms_of_a_rule_are_often_carried(name: str, compared: tuple[Table, list[str]]) -> None:
    assert compared[0].carried[name] >= LEAST
