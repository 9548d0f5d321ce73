"""What is known when a scan is decided, and what a decision says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

from passes.entitlement.nodes import Text

HolderClass = Literal["adult", "child", "senior"]
HOLDER_CLASSES: tuple[HolderClass, ...] = ("adult", "child", "senior")

PassState = Literal["issued", "active", "expired", "void"]
Outcome = Literal["admitted", "refused", "needs_confirmation"]
Per = Literal["day", "month", "term", "ever"]

CounterKey = tuple[str, str]
"""Which count, in which period of it: ("benefit:B01", "2026-05-01")."""
Counts = Mapping[CounterKey, int]


@dataclass(frozen=True, slots=True)
class Counter:
    """One count, and how far it may go; limit None: it is only kept for others to ask.

    name: what is counted. benefit:B01 uses of a benefit; pool:ID uses of all that share it; group:ID/MEMBER uses of a
    member; visit:S01 admissions to a venue; stay:B22 nights; slot:ID uses of a reservation. These are of one pass;
    stock:SKU@S02 counts what all passes were handed. period: see period_of.
    """

    name: str
    period: str
    limit: int | None = None
    per: Per = "day"

    @property
    def key(self) -> CounterKey:
        return self.name, self.period


# Asked for every count of every scan, and only of the days and terms that are about.
@lru_cache(maxsize=65_536)
def period_of(per: Per, day: date, valid_from: date) -> str:
    """The period a use on this local day counts in: "2026-05-01", "2026-05", "ever".

    A term is named by its first day, "term:2026-05-01", so that a renewal counts anew.
    """
    if per == "day":
        return day.isoformat()
    if per == "month":
        return day.isoformat()[:7]
    return f"term:{valid_from}" if per == "term" else per


@dataclass(frozen=True, slots=True)
class Booked:
    """A reservation that stands: one use of the benefit at the venue, from starts_at up to ends_at."""

    id: str
    benefit_id: str
    venue_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Closure:
    """A condition (high water, wind, …), `venue_closed` or `venue_full` at the venue asked about, half-open in time."""

    kind: str
    starts_at: datetime
    until: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        return self.starts_at <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Facts:
    """All a decision may depend on besides the day sheet.

    valid_from is the first day of the pass's term, valid_until the first day after it; both None before activation.
    counters are those of the pass, stock those of the venue; what is not in them was never used. closures are those of
    the venue, on now or later. item_id, nights: what staff chose or entered. confirmed: what staff confirmed.
    """

    now: datetime
    venue_id: str
    product_id: str
    holder_class: HolderClass
    state: PassState
    valid_from: date | None
    valid_until: date | None
    held: bool = False
    birth_on: date | None = None
    counters: Counts = field(default_factory=dict)
    stock: Counts = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    reservations: tuple[Booked, ...] = ()
    confirmed: frozenset[str] = frozenset()
    attended: bool = True
    benefit_id: str | None = None
    default_benefit_id: str | None = None
    item_id: str | None = None
    nights: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A benefit or an item that staff may choose."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class ConfirmItem:
    """One thing a member of staff must confirm, enter or choose before the scan can be admitted.

    about: what the rule says of it, "at least 120 cm tall".
    """

    item: str
    choices: tuple[Choice, ...] = ()
    about: Text | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one scan. moves and stock are the counters an admitted scan moves by one, empty otherwise."""

    outcome: Outcome
    benefit_id: str | None = None
    refusal_code: str | None = None
    confirm: tuple[ConfirmItem, ...] = ()
    terms: Mapping[str, object] = field(default_factory=dict)
    moves: tuple[Counter, ...] = ()
    stock: tuple[Counter, ...] = ()
