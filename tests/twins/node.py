"""The twin of the browser, asked by Node."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import orjson

from passes.entitlement import wire
from passes.http.assets import STATIC, manifest
from tests.twins.generator import Case, Group

RUNNER = Path(__file__).with_name("runner.mjs")


def node() -> str:
    """The machine's Node, or the one that the environment brings."""
    own = Path(sys.executable).with_name("node")
    return str(own) if own.exists() else which("node") or "node"


def built_module() -> Path:
    """decide.js as a browser gets it."""
    return STATIC / manifest()["decide.js"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One case as the wire has it. sheet: the number of its sheet among those of the batch."""

    sheet: int
    facts: bytes
    answer: bytes
    target: str


@dataclass(frozen=True, slots=True)
class Difference:
    group: Group
    asked: Asked
    found: bytes

    def __str__(self) -> str:
        return (
            f"{self.group.world.name}, {self.group.sheet.day}, made for {self.asked.target}\n"
            f"facts  {self.asked.facts.decode()}\npython {self.asked.answer.decode()}\nnode   {self.found.decode()}"
        )


def canonical(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


class Batch:
    """Cases on their way to Node: written down as they come, answered all at once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cases.ndjson"
        self.lines = self.path.open("wb")
        self.groups: list[Group] = []
        self.asked: list[Asked] = []

    def begin(self, group: Group) -> None:
        self.groups.append(group)
        self.lines.write(wire.sheet_json(group.sheet).encode() + b"\n")

    def add(self, case: Case) -> None:
        facts = orjson.dumps(wire.facts_wire(case.facts))
        answer = canonical(wire.decision_wire(case.decision, case.next_allowed_at))
        self.asked.append(Asked(len(self.groups) - 1, facts, answer, case.target))
        self.lines.write(facts + b"\n")

    def differences(self, module: Path) -> Iterator[Difference]:
        """Ask Node, and tell where it answers otherwise."""
        self.lines.close()
        answers = self.path.with_suffix(".answers")
        with answers.open("wb") as output:
            subprocess.run([node(), RUNNER, module, self.path], stdout=output, check=True)
        with answers.open("rb") as found:
            for asked, line in zip(self.asked, found, strict=True):
                answer = canonical(orjson.loads(line))
                if answer != asked.answer:
                    yield Difference(self.groups[asked.sheet], asked, answer)


def in_folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="youyou-twins-")
