"""The cases have teeth: whatever single thing is turned in decide.ts, some answer becomes another."""

import json
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from passes.entitlement import wire
from tests.conftest import ROOT
from tests.twins.generator import SEED, groups
from tests.twins.node import node
from tests.twins.vectors import VECTORS

MUTANTS = ROOT / "passes" / "web" / "tests" / "mutants.mjs"
CASES = 3000


def write_corpus(path: Path, cases: int) -> None:
    """The shared vectors, and so many generated cases."""
    stored = json.loads(VECTORS.read_text("utf-8"))
    with path.open("wb") as file:
        for number, one in enumerate(stored["sheets"]):
            file.write(orjson.dumps(one["sheet"]) + b"\n")
            for case in stored["cases"]:
                if case["sheet"] == number:
                    file.write(orjson.dumps([case["facts"], case["answer"]]) + b"\n")
        for group, made in groups(SEED + 1, cases, more_days=0):
            file.write(wire.sheet_json(group.sheet).encode() + b"\n")
            for one in made:
                answer = wire.decision_wire(one.decision, one.next_allowed_at)
                file.write(orjson.dumps([wire.facts_wire(one.facts), answer]) + b"\n")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    corpus = tmp_path_factory.mktemp("mutants") / "corpus.ndjson"
    write_corpus(corpus, CASES)
    done = subprocess.run([node(), MUTANTS, corpus], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_module_as_it_is_answers_every_case_of_the_corpus(told: dict[str, Any]) -> None:
    assert told["wrong"] == 0


def test_every_mutant_of_it_is_caught(told: dict[str, Any]) -> None:
    assert told["operators"] > 100 and told["mutants"] > 200
    assert told["survivors"] == []
