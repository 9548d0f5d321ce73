"""Whether a product can be bought now: its sale windows as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Standing = Literal["on_sale", "not_yet", "sold_out", "over"]

# kind of move → how held and sold change by it.
MOVES = {
    "hold": (1, 0),
    "sell": (-1, 1),
    "release": (-1, 0),
    "retake": (0, 1),
    "return": (0, -1),
}


@dataclass(frozen=True, slots=True)
class Window:
    """When how many are sold, and how many of them are taken: held by unpaid orders, or sold. closes_at: exclusive."""

    id: int
    product_id: str
    opens_at: datetime
    closes_at: datetime | None
    quota: int
    held: int
    sold: int

    @property
    def left(self) -> int:
        return self.quota - self.held - self.sold

    def is_open(self, now: datetime) -> bool:
        return self.opens_at <= now and (self.closes_at is None or now < self.closes_at)


@dataclass(frozen=True, slots=True)
class Availability:
    """window: the one that is open; opens_at: when the next one opens. left: None where no quota is set."""

    standing: Standing
    window: Window | None = None
    opens_at: datetime | None = None

    @property
    def left(self) -> int | None:
        return None if self.window is None else self.window.left


def availability_of(windows: Sequence[Window], now: datetime) -> Availability:
    """How a product stands at this moment, given all of its windows; without any it is sold without end."""
    if not windows:
        return Availability("on_sale")
    opens_at = min((window.opens_at for window in windows if window.opens_at > now), default=None)
    open_now = next((window for window in windows if window.is_open(now)), None)
    if open_now is None:
        return Availability("over" if opens_at is None else "not_yet", None, opens_at)
    return Availability("on_sale" if open_now.left > 0 else "sold_out", open_now, opens_at)
