"""What is known when a scan is decided, and what a decision says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from passes.entitlement.nodes import Text

HolderClass = Literal["adult", "child", "senior"]
HOLDER_CLASSES: tuple[HolderClass, ...] = ("adult", "child", "senior")

PassState = Literal["issued", "active", "expired", "void"]
Outcome = Literal["admitted", "refused", "needs_confirmation"]


@dataclass(frozen=True, slots=True)
class Counter:
    """One count of a pass: how often `name` was used in `period`, at most `limit` times.

    period: a local day "2026-05-01", or a term "term:2026-05-01" named by its first day, so that a renewal counts anew.
    """

    name: str
    period: str
    limit: int
    per: str = field(compare=False, default="day")


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
    counters maps (name, period) to the uses so far; what is not in it was never used.
    """

    now: datetime
    venue_id: str
    product_id: str
    holder_class: HolderClass
    state: PassState
    valid_from: date | None
    valid_until: date | None
    held: bool = False
    counters: Mapping[tuple[str, str], int] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    attended: bool = True
    benefit_id: str | None = None
    default_benefit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A benefit that staff may choose."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class ConfirmItem:
    """One thing a member of staff must confirm or choose before the scan can be admitted."""

    item: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one scan. moves are the counters an admitted scan moves by one, empty otherwise."""

    outcome: Outcome
    benefit_id: str | None = None
    refusal_code: str | None = None
    confirm: tuple[ConfirmItem, ...] = ()
    terms: Mapping[str, object] = field(default_factory=dict)
    moves: tuple[Counter, ...] = ()
