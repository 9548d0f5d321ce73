"""What a rule type is. Each is one small class in rule_*.py; rules.py lists them in the order in which they are asked.

A type that only is parsed and kept stops here: evaluated stays False and a benefit that carries it answers
`not_yet_supported`. To evaluate it, set evaluated and write `on`; nothing else changes.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal, Protocol, Self

from passes.entitlement.calendars import Calendar
from passes.entitlement.facts import Counter, Facts
from passes.entitlement.nodes import Node, Text


@dataclass(frozen=True, slots=True)
class Asked:
    """One scan as a question sees it: the facts, the benefit meant, the local day and the second of that day."""

    facts: Facts
    benefit_id: str
    day: date
    second: float


class Question(Protocol):
    """What is left to ask at the gate once the day is settled."""

    waits: ClassVar[bool]
    """Whether a later moment may answer differently."""

    def refusal(self, asked: Asked) -> str | None:
        """The refusal code, or None where the question does not stand in the way."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The whole day is closed, for the reason `code`."""

    code: str
    waits: ClassVar[bool] = True

    def refusal(self, asked: Asked) -> str | None:
        return self.code


@dataclass(frozen=True, slots=True)
class Reference:
    """An id a rule names, which must exist in the same catalogue."""

    kind: Literal["benefit", "spot", "product"]
    id: str


class Names(Protocol):
    """What the other entries of the same catalogue are called."""

    def benefit(self, id_: str) -> Text: ...
    def venue(self, id_: str) -> Text: ...
    def product(self, id_: str) -> Text: ...
    def pool(self, id_: str) -> tuple[str, ...]:
        """The ids of the benefits that share it."""


class Rule(ABC):
    """One rule of one benefit, parsed and frozen."""

    name: ClassVar[str]
    refusal_code: ClassVar[str | None] = None
    evaluated: ClassVar[bool] = False
    shown_only: ClassVar[bool] = False
    """Never stands in the way of a scan."""
    repeatable: ClassVar[bool] = False
    """May stand more than once on one benefit."""

    @classmethod
    @abstractmethod
    def parse(cls, node: Node) -> Self:
        """The rule a catalogue's value means; Fault where it means none."""

    def on(self, day: date, calendar: Calendar) -> Question | None:
        """Settle what depends on the date: Closed, a question for the gate, or None where nothing is left to ask."""
        raise TypeError(f"{self.name} is not evaluated: nobody may ask it")

    def references(self) -> Iterator[Reference]:
        yield from ()

    def words(self) -> Text | None:
        """The rule in plain words for a holder, or None where it has nothing to tell."""
        return None

    def words_among(self, names: Names, benefit_id: str) -> Text | None:
        """The same for a reader who has the catalogue at hand: other benefits and places are called by their names."""
        return self.words()


class CounterRule(Rule):
    """A limit on how often the benefit is used in a period. It is its own question."""

    limit: int
    per: ClassVar[str]
    waits: ClassVar[bool] = True

    @abstractmethod
    def period(self, day: date, valid_from: date) -> str:
        """The period a use on this local day counts in."""

    def counter(self, benefit_id: str, day: date, valid_from: date) -> Counter:
        return Counter(f"{self.name}:{benefit_id}", self.period(day, valid_from), self.limit, self.per)

    def refusal(self, asked: Asked) -> str | None:
        valid_from = asked.facts.valid_from
        if valid_from is None:
            return self.refusal_code
        key = (f"{self.name}:{asked.benefit_id}", self.period(asked.day, valid_from))
        used = asked.facts.counters.get(key, 0)
        return self.refusal_code if used >= self.limit else None
