"""When a figure of the house is well, worth a look, or wrong. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["ok", "warn", "bad"]

LATE, VERY_LATE = timedelta(minutes=2), timedelta(minutes=15)
CHORE_SPARE = timedelta(minutes=2)
KEY_SPARE = timedelta(days=3)
CLOCKS_APART_SECONDS = 2.0
GIGABYTE = 1024**3


def by_age(since: datetime | None, now: datetime) -> State:
    """Of what waits: since when the oldest does."""
    if since is None or now - since < LATE:
        return "ok"
    return "warn" if now - since < VERY_LATE else "bad"


def by_lag(as_of: datetime | None, now: datetime) -> State:
    """Of a worker: everything before as_of is counted. Unknown is worth a look."""
    return "warn" if as_of is None else by_age(as_of, now)


def by_count(count: int, *, otherwise: State = "bad") -> State:
    """Of what should be none."""
    return otherwise if count else "ok"


def by_refusals(refused: int, kept: int) -> State:
    """Of payment messages: strangers knock at times, but when none is let in something is wrong here."""
    if refused < 3:
        return "ok"
    return "warn" if kept else "bad"


def by_chore(every_seconds: float, ran_at: datetime, failures: int, now: datetime) -> State:
    """Of a chore: late where two of its turns and two minutes have passed; failing is wrong from the third time on."""
    if now - ran_at > timedelta(seconds=2 * every_seconds) + CHORE_SPARE:
        return "bad"
    return "ok" if not failures else "warn" if failures < 3 else "bad"


def by_key(not_after: datetime, now: datetime) -> State:
    """Of the youngest key of a use."""
    if not_after <= now:
        return "bad"
    return "warn" if not_after - now < KEY_SPARE else "ok"


def by_room(free: int, total: int) -> State:
    """Of a disk, in bytes: a tenth and five gigabytes free are well, a twentieth or one gigabyte is wrong."""
    if free < GIGABYTE or free * 20 < total:
        return "bad"
    return "ok" if free >= 5 * GIGABYTE and free * 10 >= total else "warn"


def by_clock(ahead_seconds: float) -> State:
    """Of two clocks: codes live for a minute, so a few seconds already refuse some."""
    apart = abs(ahead_seconds)
    return "ok" if apart < CLOCKS_APART_SECONDS else "warn" if apart < 10 else "bad"


@dataclass(frozen=True, slots=True)
class Room:
    """A disk, in bytes."""

    free: int
    total: int


def shown_bytes(size: int) -> str:
    """1536 → 1.5 KB; of 1024 each."""
    amount, unit = float(size), "B"
    for bigger in ("KB", "MB", "GB", "TB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, bigger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
