"""A few calls belong to one file each."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCES = sorted(path for room in ("passes", "consumers") for path in (ROOT / room).rglob("*.py"))


def calls(path: Path) -> Iterator[tuple[str, str]]:
    """(what the method is called on, its name) of every method call in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_only_db_commits(path: Path) -> None:
    # consumers/sources.py commits Kafka offsets, which only the lag dashboards read.
    if named(path) not in ("passes/db.py", "consumers/sources.py"):
        assert [target for target, method in calls(path) if method == "commit"] == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_only_clock_reads_the_clock(path: Path) -> None:
    if named(path) != "passes/clock.py":
        read = [
            f"{target}.{method}"
            for target, method in calls(path)
            if method in ("now", "utcnow", "today") and target.split(".")[-1] in ("datetime", "date", "time")
        ]
        assert read == []
