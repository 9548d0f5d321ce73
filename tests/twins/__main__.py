"""Print the table: python -m tests.twins [cases] [seed]."""

import sys

from tests.twins.generator import SEED, groups
from tests.twins.table import Table


def main(cases: int = 100_000, seed: int = SEED) -> None:
    table = Table()
    for group, made in groups(seed, cases):
        for case in made:
            table.add(group, case)
    print("\n".join(table.lines()))
    print(f"seed {seed}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
