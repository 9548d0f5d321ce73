"""What a scan costs by how many counters it moves: the use case and its SQL, without the web, one at a time.

The kinds take turns in one run, so that whatever else the machine does falls on all of them alike.
"""

import json
from statistics import median

from benchmarks.city import City, admit

ROUNDS = 400
WARM_UP = 40


def measure_counters(city: City) -> dict[int, float]:
    """The median in milliseconds of each kind; prints them, their ratio to a scan without counters, and statements."""
    took: dict[int, list[float]] = {counters: [] for counters in city.desks}
    for _ in range(WARM_UP + ROUNDS):
        for counters, gate in city.desks.items():
            took[counters].append(admit(gate, city.new_code()))
            if not took[counters][1:] and city.counters_of_the_last() != counters:
                raise SystemExit(f"a scan moves {city.counters_of_the_last()} counters, not {counters}: mend city.py")
    medians = {counters: median(all_[WARM_UP:]) * 1000 for counters, all_ in took.items()}
    for counters, gate in city.desks.items():
        told = {
            "measure": "scan by counters moved",
            "counters": counters,
            "median_ms": round(medians[counters], 3),
            "of_none": round(medians[counters] / medians[0], 3),
            "statements": city.statements_of_a_scan(gate),
        }
        print(json.dumps(told), flush=True)
    return medians


def print_counters(medians: dict[int, float]) -> None:
    print("\n" + "".join(f"{head:>10}" for head in ("counters", "ms", "of none")))
    for counters, milliseconds in medians.items():
        print(f"{counters:>10}{milliseconds:>10.2f}{milliseconds / medians[0]:>10.2f}")
