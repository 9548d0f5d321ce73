"""`make fuzz`: a million cases for both twins, from a seed of chance that a failure tells. SEED=… gives it again."""

import os
import random
from pathlib import Path

import pytest

from tests.twins.test_twins import compare

ROUNDS = 10
CASES_A_ROUND = 100_000
SEED = int(os.environ.get("SEED", random.randrange(1_000_000)))


@pytest.mark.parametrize("seed", range(SEED, SEED + ROUNDS))
def test_a_million_cases_get_the_same_answers(seed: int, tmp_path: Path) -> None:
    table, differences = compare(seed, CASES_A_ROUND, tmp_path)
    assert table.cases > CASES_A_ROUND * 0.95
    assert not differences, f"SEED={seed}: {len(differences)} differ, the smallest:\n{differences[0]}"
