"""Which issuer keys there must be, which kid a new one gets, and which one signs now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from passes.clock import day_start

SCREEN = ("D", "T")
CARD = ("C",)
OVERLAP = timedelta(hours=72)
SETTLED = timedelta(hours=1)
REST = timedelta(days=30)


@dataclass(frozen=True)
class KeyPeriod:
    """A key there must be: what it signs and when it is believed, both ends inclusive."""

    types: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def key_periods(today: date) -> list[KeyPeriod]:
    """The keys of today and of the next period: screens by month, cards by year, believed 72 hours longer.

    A card lives for a year after it was printed, so its key is believed for the year after its own.
    """
    month = today.replace(day=1)
    following = _month_after(month)
    year = date(today.year, 1, 1)
    return [
        *(
            KeyPeriod(SCREEN, day_start(first), day_start(_month_after(first)) + OVERLAP)
            for first in (month, following)
        ),
        *(
            KeyPeriod(CARD, day_start(first), day_start(date(first.year + 2, 1, 1)) + OVERLAP)
            for first in (year, date(year.year + 1, 1, 1))
        ),
    ]


def _month_after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def free_kid(last_use: Mapping[int, datetime], not_before: datetime) -> int | None:
    """A kid for a new key: a number never used, else the one at rest longest, for 30 days at least; None if none is.

    The rest outlasts every gate's bundle (72 h), so that a returning kid is never read with its old key.
    """
    for kid in range(1, 256):
        if kid not in last_use:
            return kid
    kid, until = min(last_use.items(), key=lambda item: item[1])
    return kid if until + REST < not_before else None


def signing_key(not_befores: Sequence[datetime], now: datetime) -> int:
    """The index of the key that signs at `now`, of keys valid now: the newest that no gate's slow clock can refuse."""
    settled = [index for index, begin in enumerate(not_befores) if begin + SETTLED <= now]
    return max(settled or range(len(not_befores)), key=lambda index: not_befores[index])
