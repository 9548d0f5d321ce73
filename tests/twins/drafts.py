"""Facts in the making."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from passes import clock
from passes.entitlement.facts import Booked, Closure, Facts, Per, period_of


@dataclass
class Draft:
    """One scan of a benefit at a venue on a local day. second: of that day; parts: the fields of Facts besides now."""

    rng: Random
    day: date
    benefit_id: str
    venue_id: str
    valid_from: date
    second: int = 0
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    stock: dict[tuple[str, str], int] = field(default_factory=dict)
    closures: list[Closure] = field(default_factory=list)
    reservations: list[Booked] = field(default_factory=list)
    confirmed: set[str] = field(default_factory=set)
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return clock.day_start(self.day, plus_seconds=self.second)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def after(self, days: int) -> date:
        return self.day + timedelta(days=days)

    def moment(self, seconds: int) -> datetime:
        """So many seconds after now."""
        return self.now + timedelta(seconds=seconds)

    def count(self, name: str, per: Per, n: int, day: date | None = None) -> None:
        self.counters[name, period_of(per, day or self.day, self.valid_from)] = n

    def close(self, kind: str, starts: int, until: int | None) -> None:
        self.closures.append(Closure(kind, self.moment(starts), None if until is None else self.moment(until)))

    def book(self, starts: int, ends: int, *, elsewhere: bool = False) -> str:
        """A reservation, in seconds from now; elsewhere: one of another benefit or at another venue."""
        id_ = f"R{self.rng.randrange(1000):03}"
        here = [self.benefit_id, self.venue_id]
        if elsewhere:
            here[self.rng.randrange(2)] = "Z9"
        self.reservations.append(Booked(id_, here[0], here[1], self.moment(starts), self.moment(ends)))
        return id_

    def facts(self) -> Facts:
        return Facts(
            now=self.now,
            venue_id=self.venue_id,
            valid_from=self.parts.pop("valid_from", self.valid_from),
            counters=self.counters,
            stock=self.stock,
            closures=tuple(self.closures),
            reservations=tuple(self.reservations),
            confirmed=frozenset(self.confirmed),
            **self.parts,
        )


def closure(draft: Draft, kind: str, met: bool, edge: bool) -> None:
    """Not on: it ends now, begins in a second, or is not there at all. On: it begins now, or ends in a second."""
    long = draft.rng.randrange(2, 400_000)
    if met and edge:
        draft.close(kind, *draft.rng.choice([(-long, 0), (1, long), (1, None)]))
    elif met:
        if draft.chance(0.3):
            draft.close(kind, *draft.rng.choice([(-2 * long, -long), (long, 2 * long)]))
    elif edge:
        draft.close(kind, *draft.rng.choice([(0, long), (0, None), (-long, 1), (0, 1)]))
    else:
        draft.close(kind, -long, draft.rng.choice([None, long, draft.rng.randrange(2, 400_000)]))


def counted(rng: Random, limit: int, met: bool, edge: bool) -> int:
    if edge:
        return limit - 1 if met else limit
    return rng.randrange(limit) if met else limit + rng.randint(0, 2)
