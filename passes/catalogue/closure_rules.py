"""What closes a place for a while, and when it is full. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from passes.entitlement.facts import Closure
from passes.entitlement.terms import Terms

CONDITIONS = ("river_level", "wind", "lightning", "forest_fire_ban", "flood_alert", "rain_landslide_alert")
VENUE_CLOSED, VENUE_FULL = "venue_closed", "venue_full"
KINDS = (*CONDITIONS, VENUE_CLOSED, VENUE_FULL)

# What a feed calls a closure: it stands in an address, too.
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}")
COUNTS_FOR = timedelta(minutes=30)
Level = Literal["free", "notice", "report", "stop", "old", "uncounted", "no_limit"]
"""How full a venue is: from which share on its pass rules ask for what. old: counted too long ago to say;
uncounted: never counted; no_limit: the catalogue has no capacity for it."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares of the instant capacity at which people are told, the authority is told, and nobody more is let in."""

    notice_at: float = 0.80
    report_at: float = 0.90
    stop_at: float = 1.00


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people were in a venue, when that was counted, and by whom."""

    venue_id: str
    people: int
    measured_at: datetime
    source: str


def thresholds_of(terms: Terms) -> Thresholds:
    """Those of the catalogue's pass rules; where it has none, 80, 90 and 100 per cent."""
    told = terms.pass_rules.get("carrying_capacity")
    if not isinstance(told, Mapping):
        return Thresholds()
    return Thresholds(**{name: float(value) for name, value in told.items()})


def share_of(counted: Counted | None, capacity_people: int | None) -> float | None:
    """The share of the instant capacity that is taken; None where either is not known."""
    return None if counted is None or not capacity_people else counted.people / capacity_people


def level_of(counted: Counted | None, capacity_people: int | None, limits: Thresholds, now: datetime) -> Level:
    """How full the venue is now."""
    share = share_of(counted, capacity_people)
    if not capacity_people:
        return "no_limit"
    if counted is None or share is None:
        return "uncounted"
    if now - counted.measured_at > COUNTS_FOR:
        return "old"
    if share >= limits.stop_at:
        return "stop"
    if share >= limits.report_at:
        return "report"
    return "notice" if share >= limits.notice_at else "free"


def longest(closures: Iterable[Closure]) -> dict[str, datetime | None]:
    """Until when each kind lasts, where several of a kind hold at once; None: nobody knows."""
    found: dict[str, datetime | None] = {}
    for one in closures:
        known = found.get(one.kind, one.until)
        found[one.kind] = None if known is None or one.until is None else max(known, one.until)
    return found
