"""What a decision costs, in Python and in the module of the browser, and what a day's sheet costs before.

The scans are those of the twins on a day of the sample catalogue: let in, refused and to be confirmed, many of them at
a boundary. Nothing else of the service runs. One JSON line a measure, then a table.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from statistics import median, quantiles

import orjson

from passes.entitlement import daysheet, wire
from passes.entitlement.decide import decide, next_allowed
from tests.rules.samples import sample
from tests.twins.generator import Case, Group, cases_of
from tests.twins.node import built_module, node
from tests.twins.worlds import World

DAY, NEXT_DAY = date(2026, 5, 6), date(2026, 5, 7)
CASES = 5000
ROUNDS = 7
RUNNER = Path(__file__).with_name("decisions.mjs")
Figures = list[tuple[str, float, str]]


def main() -> None:
    reading = sample()
    compiled = partial(daysheet.compile, reading.terms, reading.calendar)
    # Once: the open days of the whole calendar are found for the first sheet and kept for the next.
    figures = [("compile of a day, cold", seconds(partial(compiled, DAY)) * 1e3, "ms")]
    sheet = compiled(DAY)
    warm = [seconds(partial(compiled, NEXT_DAY)) for _ in range(ROUNDS)]
    written = [seconds(partial(wire.sheet_json, sheet)) for _ in range(ROUNDS)]
    figures += [("compile of a day, warm", median(warm) * 1e3, "ms"), ("its text", median(written) * 1e3, "ms")]
    figures += [("its text", len(wire.sheet_json(sheet).encode()) / 1024, "KiB")]
    group = Group(World("sample", reading.terms, reading.calendar, (DAY,)), sheet)
    cases = list(cases_of(group, CASES, Random(1)))
    figures += [*python_figures(group, cases), *node_figures(group, cases)]
    for measure, value, unit in figures:
        print(json.dumps({"measure": measure, "value": round(value, 2), "unit": unit}, ensure_ascii=False))
    print("\n" + "\n".join(f"{measure:<36}{value:>12,.1f} {unit}" for measure, value, unit in figures))


def python_figures(group: Group, cases: list[Case]) -> Figures:
    refused = [case for case in cases if case.decision.outcome == "refused"]
    return [
        *spread("decide in Python", [partial(decide, group.sheet, case.facts) for case in cases]),
        *spread(
            "next_allowed in Python",
            [partial(next_allowed, group.sheet, case.facts, case.decision) for case in refused],
        ),
    ]


def spread(measure: str, calls: list[Callable[[], object]]) -> Figures:
    """Median and 99th percentile of the calls, each made before."""
    for call in calls:
        call()
    spent = [seconds(call) * 1e6 for call in calls]
    return [(f"{measure}, median", median(spent), "µs"), (f"{measure}, p99", quantiles(spent, n=100)[98], "µs")]


def node_figures(group: Group, cases: list[Case]) -> Figures:
    with tempfile.TemporaryDirectory(prefix="youyou-bench-") as folder:
        path = Path(folder) / "cases.json"
        facts = [wire.facts_wire(case.facts) for case in cases]
        path.write_bytes(orjson.dumps({"sheet": wire.sheet_wire(group.sheet), "facts": facts}))
        done = subprocess.run([node(), RUNNER, built_module(), path], capture_output=True, text=True, check=True)
    found = map(json.loads, done.stdout.splitlines())
    return [(f"{one['measure']} in Node", one["per_second"], "a second") for one in found]


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
