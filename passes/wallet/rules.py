"""What a holder is shown, as values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, TypeVar, cast

Section = Literal["sights", "hotels", "city", "experiences"]
# How the name of a counter begins that several benefits move: see entitlement.facts.Counter.
SHARED = "pool:"
SECTIONS: tuple[Section, ...] = ("sights", "hotels", "city", "experiences")


class Placed(Protocol):
    """A benefit as a wallet lists it."""

    @property
    def section(self) -> str: ...
    @property
    def standing(self) -> str: ...


Row = TypeVar("Row", bound=Placed)


class Limited(Protocol):
    """A counter of a benefit: what entitlement calls Counter."""

    @property
    def name(self) -> str: ...
    @property
    def period(self) -> str: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def per(self) -> str: ...


@dataclass(frozen=True)
class Life:
    """Where a pass is in its life. Days are local; `valid_until` is exclusive."""

    state: str
    held: bool
    activate_by_on: date
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True)
class Left:
    """How many uses of a benefit are left. per: day, month or term. shared: other benefits use the same limit."""

    per: str
    left: int
    limit: int
    shared: bool = False


def status_of(life: Life, today: date) -> str:
    """ready (a code is shown), to_activate, starting (by itself, soon), frozen, expired or void."""
    if life.state == "void":
        return "void"
    if life.state == "expired" or (life.valid_until is not None and today >= life.valid_until):
        return "expired"
    if life.held:
        return "frozen"
    if life.state == "issued":
        return "to_activate" if today <= life.activate_by_on else "starting"
    return "starting" if life.valid_from is not None and today < life.valid_from else "ready"


def days_left(last_day: date, today: date) -> int:
    """Days that can still be used, today included; 0 when the last one is over."""
    return max((last_day - today).days + 1, 0)


def uses_left(counters: Iterable[Limited], used: Mapping[tuple[str, str], int]) -> tuple[Left, ...]:
    """What is left of each limit; a use beyond a limit leaves 0, never less."""
    return tuple(
        Left(
            counter.per,
            max(counter.limit - used.get((counter.name, counter.period), 0), 0),
            counter.limit,
            counter.name.startswith(SHARED),
        )
        for counter in counters
        if counter.limit is not None
    )


def section_of(experience: bool, kinds: Sequence[str]) -> Section:
    """Where a benefit stands in a wallet, by the kinds of its places: at one sight, at one hotel, about the city."""
    if experience:
        return "experiences"
    if list(kinds) == ["spot"]:
        return "sights"
    return "hotels" if set(kinds) == {"hotel"} else "city"


Standing = Literal["usable", "closed", "tomorrow", "next_month", "spent"]
STANDINGS: tuple[Standing, ...] = ("usable", "closed", "tomorrow", "next_month", "spent")


def standing(lefts: Sequence[Left]) -> Standing:
    """usable; used up for today, for this month, or for the whole term. The day itself (closed) is not asked here."""
    spent = {left.per for left in lefts if left.left == 0}
    if "term" in spent:
        return "spent"
    return "next_month" if "month" in spent else "tomorrow" if spent else "usable"


def in_order(benefits: Iterable[Row], section: str) -> list[Row]:
    """The benefits of a section: what can be used first."""
    return sorted(
        (benefit for benefit in benefits if benefit.section == section),
        key=lambda benefit: STANDINGS.index(cast(Standing, benefit.standing)),
    )
