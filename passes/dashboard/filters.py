"""Which figures are asked for: a period and a part of the city, read from an address and written into one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol
from urllib.parse import urlencode

from passes.catalogue.search import KINDS
from passes.errors import N_

# 52 weeks rather than 365 days: as many Sundays as the year before.
PERIOD_DAYS = {"today": 1, "7d": 7, "30d": 30, "90d": 90, "52w": 364}
PERIODS = (*PERIOD_DAYS, "month")
DEFAULT_PERIOD = "30d"
CUSTOM = "custom"
WEEK = timedelta(days=7)
MOST_DAYS = 366
# More days than these are shown by month: a phone has no room for more columns.
MOST_COLUMNS = 100


class Place(Protocol):
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Filter:
    """first_on and last_on: local days, both included. venue_ids: the places meant, None = all there ever were.

    faults: {field: msgid} for what the address asked and could not be had; given: what it said of the days.
    """

    period: str
    first_on: date
    last_on: date
    kind: str | None = None
    venue_id: str | None = None
    venue_ids: frozenset[str] | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1

    @property
    def weeks_back(self) -> int:
        """How far back lies what the period is compared with: whole weeks, so that Sundays meet Sundays."""
        return -(-self.days // WEEK.days)

    @property
    def before(self) -> tuple[date, date]:
        """The days the period is compared with."""
        return self.first_on - self.weeks_back * WEEK, self.last_on - self.weeks_back * WEEK

    @property
    def by_month(self) -> bool:
        return self.days > MOST_COLUMNS

    def columns(self) -> list[tuple[date, date]]:
        """The period cut into what one column of a chart shows: days, or the parts of calendar months."""
        days = [self.first_on + timedelta(days=number) for number in range(self.days)]
        if not self.by_month:
            return [(day, day) for day in days]
        firsts = [day for day in days if day == self.first_on or day.day == 1]
        lasts = [*(first - timedelta(days=1) for first in firsts[1:]), self.last_on]
        return list(zip(firsts, lasts, strict=True))

    def query(self, **changes: str | None) -> str:
        """The part of an address that asks for this again, changed here and there; empty for the plain dashboard."""
        days: dict[str, str | None] = {"period": None if self.period == DEFAULT_PERIOD else self.period}
        if self.period == CUSTOM:
            days = {"from": self.first_on.isoformat(), "to": self.last_on.isoformat()}
        if "period" in changes:
            days = {}
        asked = days | {"kind": self.kind, "venue": self.venue_id} | changes
        return urlencode({name: text for name, text in asked.items() if text})


def read_filter(given: Mapping[str, str], venues: Mapping[str, Place], *, today: date) -> Filter:
    """What an address asks for. What it cannot have is named in faults, and the usual takes its place."""
    faults: dict[str, str] = {}
    period, first_on, last_on = _days(given, faults, today)
    kind, venue_id = given.get("kind") or None, given.get("venue") or None
    if kind is not None and kind not in KINDS:
        faults["kind"] = N_("There is no such kind of place. All kinds are shown.")
        kind = None
    if venue_id is not None and venue_id not in venues:
        faults["venue"] = N_("We know no such place. All places are shown.")
        venue_id = None
    if venue_id is not None and kind is not None and venues[venue_id].kind != kind:
        kind = None
    chosen = None
    if venue_id is not None:
        chosen = frozenset({venue_id})
    elif kind is not None:
        chosen = frozenset(id_ for id_, venue in venues.items() if venue.kind == kind)
    typed: dict[str, str] = {name: given.get(name, "")[:20] for name in ("from", "to") if name in faults}
    return Filter(period, first_on, last_on, kind, venue_id, chosen, faults, typed)


def _days(given: Mapping[str, str], faults: dict[str, str], today: date) -> tuple[str, date, date]:
    """The period's name and its first and last day."""
    if given.get("from", "").strip() or given.get("to", "").strip():
        custom = _custom(given, faults, today)
        if custom is not None:
            return CUSTOM, *custom
    period = given.get("period") or DEFAULT_PERIOD
    if period == CUSTOM:
        period = DEFAULT_PERIOD
    if period not in PERIODS:
        faults["period"] = N_("There is no such period. The last 30 days are shown.")
        period = DEFAULT_PERIOD
    if period == "month":
        return period, today.replace(day=1), today
    return period, today - timedelta(days=PERIOD_DAYS[period] - 1), today


def _custom(given: Mapping[str, str], faults: dict[str, str], today: date) -> tuple[date, date] | None:
    """Days of the reader's own; None where they make no period."""
    found = {}
    for name in ("from", "to"):
        text = given.get(name, "").strip()
        try:
            found[name] = date.fromisoformat(text) if text else None
        except ValueError:
            faults[name] = N_("This is no date. Write it as year, month and day: 2026-05-01.")
    if faults:
        return None
    last_on = min(found["to"] or today, today)
    first_on = found["from"] or last_on - timedelta(days=PERIOD_DAYS[DEFAULT_PERIOD] - 1)
    if first_on > today:
        faults["from"] = N_("This day is still to come. Choose today or an earlier one.")
    elif first_on > last_on:
        faults["to"] = N_("The last day lies before the first. Choose a later one.")
    elif (last_on - first_on).days >= MOST_DAYS:
        faults["from"] = N_("That is more than a year. Choose at most 366 days.")
    return None if faults else (first_on, last_on)
