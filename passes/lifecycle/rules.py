"""The life of a pass, as values."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

STATES = ("issued", "active", "expired", "void")
STEPS = ("activate", "expire", "void")
HOLD_REASONS = ("misuse", "refund", "dispute", "lost")
LINK_GRACE_DAYS = 30

# Random, and without the letters that are read as figures: no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
NUMBER_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"

_NEXT = {
    ("issued", "activate"): "active",
    ("active", "expire"): "expired",
    ("issued", "void"): "void",
    ("active", "void"): "void",
}


def next_status(state: str, step: str) -> str | None:
    """The state after this step; None where it may not be taken."""
    return _NEXT.get((state, step))


@dataclass(frozen=True)
class Validity:
    """Local days, half-open: `valid_until` is the first day the pass is no longer good."""

    valid_from: date
    valid_until: date

    def __contains__(self, day: date) -> bool:
        return self.valid_from <= day < self.valid_until


def validity_of(activated_on: date, days: int) -> Validity:
    """`days` include the day of activation."""
    return Validity(activated_on, activated_on + timedelta(days=days))


def activate_by(issued_on: date, window_days: int) -> date:
    """The last day to activate: the day of issue is the first of the window."""
    return issued_on + timedelta(days=window_days - 1)


def state_at(state: str, activated_at: datetime | None, ended_at: datetime | None, moment: datetime) -> str:
    """The state of a pass at an earlier moment, from its state now and when it got there."""
    if activated_at is None or moment < activated_at:
        return state if state == "void" and (ended_at is None or ended_at <= moment) else "issued"
    return "active" if ended_at is not None and moment < ended_at else state


def auto_start_on(activate_by_on: date, held_until: date | None) -> date:
    """The day an unactivated pass starts by itself: the one after the window (day 91), or when its last hold ended."""
    day = activate_by_on + timedelta(days=1)
    return day if held_until is None else max(day, held_until)


def link_ends_on(activate_by_on: date, validity: Validity | None, validity_days: int) -> date:
    """The first day without the wallet link: 30 days past the pass's life; an unactivated pass may live longest."""
    last = validity or validity_of(activate_by_on + timedelta(days=1), validity_days)
    return last.valid_until + timedelta(days=LINK_GRACE_DAYS)


def number_of(letters: str, *, livemode: bool) -> str:
    """The printed number of eight random letters: XXXX-XXXX, a test pass T-XXXX-XXXX."""
    return f"{'' if livemode else 'T-'}{letters[:4]}-{letters[4:]}"


def is_open(since: datetime, until: datetime | None, closed_at: datetime | None, now: datetime) -> bool:
    """Whether a hold freezes its pass at this moment."""
    return since <= now and closed_at is None and (until is None or now < until)


def masked_name(name: str) -> str:
    """The holder's name as a stranger may see it: 王*明, 王*, W*** S."""
    parts = name.split()
    if len(parts) > 1:
        return f"{parts[0][:1]}*** {parts[-1][:1]}"
    if len(name) <= 2:
        return name[:1] + "*"
    return name[0] + "*" * min(len(name) - 2, 3) + name[-1]
