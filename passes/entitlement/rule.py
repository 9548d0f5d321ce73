"""What a rule type is. Each is one small class in rule_*.py; rules.py lists them in the order in which they are asked.

A rule is settled once for a day: what then is left of it is a Question. Questions are all that a gate asks, so they
are what decide.ts knows too; wire() is how it reads them.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Literal, Protocol, Self

from passes import clock
from passes.entitlement.calendars import Calendar
from passes.entitlement.facts import ConfirmItem, Counter, Facts, Per, period_of
from passes.entitlement.nodes import Node, Text

Wire = list[object]
Said = str | ConfirmItem | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One scan as a question sees it: the facts, the benefit meant, and the local day and second of `now`.

    now is another moment than facts.now where it is asked when the scan would be let in.
    """

    facts: Facts
    benefit_id: str
    now: datetime
    day: date
    second: float

    def count(self, name: str, per: Per, day: date | None = None) -> int:
        """How often that was used in the period of the day, or of this day."""
        facts = self.facts
        if facts.valid_from is None:
            return 0
        return facts.counters.get((name, period_of(per, day or self.day, facts.valid_from)), 0)

    def tomorrow(self) -> datetime:
        return clock.day_start(self.day + timedelta(days=1))


class Question(ABC):
    """What is left to ask at the gate once the day is settled. It is a value: equal questions are one question."""

    counts: ClassVar[bool] = False
    """Whether other scans of the same pass may change the answer."""

    @abstractmethod
    def say(self, asked: Asked) -> Said:
        """A refusal code, something for staff to confirm, or None where it does not stand in the way."""

    @abstractmethod
    def wire(self) -> Wire:
        """Its kind and values, as the day sheet carries them."""

    def clears_at(self, asked: Asked) -> datetime | None:
        """When it refuses: the first later moment at which it would not, all else equal; None where waiting is vain."""
        return None

    def moves(self, asked: Asked) -> Iterator[Counter]:
        """What an admitted scan moves because of what was chosen, entered or booked for it."""
        yield from ()

    def stock(self, asked: Asked) -> Iterator[Counter]:
        """What it takes from the venue's stock."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Closed(Question):
    """The whole day is closed, for the reason `code`. waits: another day may be open."""

    code: str
    waits: bool = True

    def say(self, asked: Asked) -> Said:
        return self.code

    def clears_at(self, asked: Asked) -> datetime | None:
        return asked.tomorrow() if self.waits else None

    def wire(self) -> Wire:
        return ["closed", self.code, self.waits]


@dataclass(frozen=True, slots=True)
class Reference:
    """An id a rule names, which must exist in the same catalogue."""

    kind: Literal["benefit", "spot", "product"]
    id: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where and for what a rule is settled: the benefit it stands on, a venue that offers it, and all the spots."""

    benefit_id: str
    venue_id: str
    spots: tuple[str, ...] = ()


class Names(Protocol):
    """What the other entries of the same catalogue are called."""

    def benefit(self, id_: str) -> Text: ...
    def venue(self, id_: str) -> Text: ...
    def product(self, id_: str) -> Text: ...
    def pool(self, id_: str) -> tuple[str, ...]:
        """The ids of the benefits that share it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """A count that a rule asks, or that a use moves: its name, its period, and the limit where there is one."""

    name: str
    per: Per
    limit: int | None = None


class Rule(ABC):
    """One rule of one benefit, parsed and frozen."""

    name: ClassVar[str]
    refusal_code: ClassVar[str | None] = None
    repeatable: ClassVar[bool] = False
    """May stand more than once on one benefit."""

    @classmethod
    @abstractmethod
    def parse(cls, node: Node) -> Self:
        """The rule a catalogue's value means; Fault where it means none."""

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        """Settle what depends on the date: Closed, a question for the gate, or None where nothing is left to ask."""
        return None

    def tallies(self, place: Place) -> Iterator[Tally]:
        """The counts it asks; whoever is admitted moves those that are about him."""
        yield from ()

    def terms_on(self, day: date) -> dict[str, object]:
        """Its part of the terms on which a scan of that day is admitted, as plain values for a gate's screen.

        A list is added to the lists of the benefit's other rules; any other value stands alone.
        """
        return {}

    def references(self) -> Iterator[Reference]:
        yield from ()

    def words(self) -> Text | None:
        """The rule in plain words for a holder, or None where it has nothing to tell."""
        return None

    def words_among(self, names: Names, benefit_id: str) -> Text | None:
        """The same for a reader who has the catalogue at hand: other benefits and places are called by their names."""
        return self.words()


def plain(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def pair(text: Text) -> list[str]:
    """As the wire carries words: [zh, en]."""
    return [text.zh, text.en]
