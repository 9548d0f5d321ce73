"""The shared vectors, tests/data/decide-vectors.json: few telling cases on small sheets.

`python -m tests.twins.vectors` writes them anew. They pin the wire too: sheet and facts stand in them as it has them.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from passes.entitlement import daysheet, wire
from passes.entitlement.rule import Closed, Question
from tests.rules.samples import small_terms
from tests.twins.generator import SEED, Aim, Case, Group, Place, case_of
from tests.twins.passes import EDGED, PASS_ROWS
from tests.twins.rows import row_of
from tests.twins.worlds import BENEFITS, EDGE_DAYS, World, calendar

VECTORS = Path(__file__).parents[1] / "data" / "decide-vectors.json"
USUAL_DAY = date(2026, 9, 30)
NEEDED = {"G": ["G1", "G2", "G3"], "X1": ["N1", "X2"], "X3": ["R4"], "N5": ["N6"]}
"""Benefits that a benefit's rules speak of, by the beginning of its id."""

Plain = dict[str, Any]


def rules_of(benefit_id: str) -> dict[str, Any]:
    more = next((ids for start, ids in NEEDED.items() if benefit_id.startswith(start)), [])
    return {id_: BENEFITS[id_] for id_ in sorted({benefit_id, *more})}


def group_of(rules: dict[str, Any], day: date) -> Group:
    """The sheet of these benefits, and of B1 which has no rules, at V1 from 8:30 to 23:00."""
    terms = small_terms(hours="08:30-23:00", **rules)
    return Group(World("vectors", terms, calendar(), (day,)), daysheet.compile(terms, calendar(), day))


@cache
def days_of(benefit_id: str) -> tuple[date, ...]:
    """Days worth asking about: the usual one; for a rule about days the first open and the first closed at an edge."""
    if benefit_id[0] not in "DR":
        return (USUAL_DAY,)
    runs = group_of(rules_of(benefit_id), USUAL_DAY).sheet.offers[benefit_id].at["V1"].runs
    edges = {run.last for run in runs} | {run.first for run in runs}
    outside = {run.last + timedelta(days=1) for run in runs} | {run.first - timedelta(days=1) for run in runs}
    found = list(map(date.fromisoformat, EDGE_DAYS))
    first = [day for day in found if day in edges][:1]
    closed = [day for day in found if day in outside and not any(run.first <= day <= run.last for run in runs)][:1]
    beyond = [date(2025, 12, 31), date(2028, 2, 29)] if benefit_id in {"D7", "R2", "R5"} else []
    return tuple(sorted({*first, *closed, *beyond})) or (USUAL_DAY,)


def cases_of(group: Group, place: Place, rng: Random) -> Iterator[Case]:
    """Each question of the benefit met and missed at its boundary, before and behind it."""
    benefit = group.world.terms.benefits[place.offer.benefit_id]
    asked: list[Question | None] = [*place.opening.questions]
    if place.offer.then_discount is not None:
        asked.append(None)
    own = [one for one in asked if row_of_any(one, group, place) != "time_window" or place.offer.benefit_id[0] in "CB"]
    for question in own:
        row = "then_discount" if question is None else row_of(question, benefit)
        for missed in [True] if isinstance(question, Closed) else [True, False]:
            for _ in range(2):
                yield case_of(group, Aim(place, question, row, missed, True), rng)
    if not own:
        yield case_of(group, Aim(place, None, "", False, True), rng)


def row_of_any(question: Question | None, group: Group, place: Place) -> str:
    return "" if question is None else row_of(question, group.world.terms.benefits[place.offer.benefit_id])


def pass_cases(group: Group, rng: Random) -> Iterator[Case]:
    (place,) = (one for one in group.places if one.offer.benefit_id == "B1")
    for row in PASS_ROWS:
        for missed in [True, True, False] if row in EDGED else [True, True]:
            yield case_of(group, Aim(place, None, row, missed, True), rng)


def vectors() -> Plain:
    rng = Random(SEED)
    sheets: list[Plain] = []
    cases: list[Plain] = []

    def add(group: Group, benefit_id: str, found: Iterator[Case]) -> None:
        rules = rules_of(benefit_id)
        sheets.append({"day": str(group.sheet.day), "benefits": rules, "sheet": wire.sheet_wire(group.sheet)})
        cases.extend(plain_of(case, len(sheets) - 1, benefit_id) for case in found)

    for benefit_id in BENEFITS:
        for day in days_of(benefit_id):
            group = group_of(rules_of(benefit_id), day)
            (place,) = (one for one in group.places if one.offer.benefit_id == benefit_id)
            add(group, benefit_id, cases_of(group, place, rng))
    group = group_of(rules_of("N1"), USUAL_DAY)
    add(group, "N1", pass_cases(group, rng))
    return {
        "about": "What decide(sheet, facts) and next_allowed must answer: sheets, then cases that name one by number.",
        "format": wire.FORMAT,
        "sheets": sheets,
        "cases": cases,
    }


def plain_of(case: Case, sheet: int, benefit_id: str) -> Plain:
    answer = wire.decision_wire(case.decision, case.next_allowed_at)
    said = case.decision.refusal_code or case.decision.outcome
    name = f"{benefit_id} {case.target or 'with its terms'}: {said}"
    return {"name": name, "sheet": sheet, "facts": wire.facts_wire(case.facts), "answer": answer}


def text() -> str:
    """One line a sheet and a case, so that a change is easy to see."""
    found = vectors()
    lines = {
        name: ",\n".join(json.dumps(row, ensure_ascii=False) for row in found[name]) for name in ("sheets", "cases")
    }
    head = json.dumps({"about": found["about"], "format": found["format"]}, ensure_ascii=False)[:-1]
    return f'{head},\n"sheets": [\n{lines["sheets"]}\n],\n"cases": [\n{lines["cases"]}\n]}}\n'


if __name__ == "__main__":
    VECTORS.write_text(text(), "utf-8")
