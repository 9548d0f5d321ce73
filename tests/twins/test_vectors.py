"""The shared vectors, read by this side: the same sheets, the same facts, the answers that are written down."""

import json
from datetime import date
from functools import cache
from typing import Any

import pytest

from passes.entitlement import wire
from passes.entitlement.daysheet import DaySheet
from passes.entitlement.decide import decide, next_allowed
from tests.twins.reading import facts_of
from tests.twins.vectors import VECTORS, group_of

FOUND: dict[str, Any] = json.loads(VECTORS.read_text("utf-8"))


@cache
def sheet_of(number: int) -> DaySheet:
    stored = FOUND["sheets"][number]
    return group_of(stored["benefits"], date.fromisoformat(stored["day"])).sheet


@pytest.mark.parametrize("number", range(len(FOUND["sheets"])))
def test_the_rules_of_a_vector_compile_to_its_sheet(number: int) -> None:
    assert json.loads(wire.sheet_json(sheet_of(number))) == FOUND["sheets"][number]["sheet"]


@pytest.mark.parametrize("case", FOUND["cases"], ids=lambda case: case["name"])
def test_a_vector_gets_the_answer_that_is_written_down(case: dict[str, Any]) -> None:
    facts = facts_of(case["facts"])
    assert wire.facts_wire(facts) == case["facts"]
    sheet = sheet_of(case["sheet"])
    decision = decide(sheet, facts)
    answer = wire.decision_wire(decision, next_allowed(sheet, facts, decision))
    assert json.loads(json.dumps(answer)) == case["answer"]
