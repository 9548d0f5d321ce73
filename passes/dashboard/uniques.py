"""Different passes, not visits: unions of the bitmaps that the counting keeps a day and a month."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pyroaring import BitMap
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from passes.dashboard.filters import Filter
from passes.dashboard.projections import ALL, UniquePasses


@dataclass(frozen=True, slots=True)
class Uniques:
    """Different passes of a period; of them, those never seen before it; and both for each column of its chart."""

    passes: int
    first: int
    columns: list[tuple[int, int]]


def unique_passes(session: Session, period: str, starts_on: date, venue_ids: frozenset[str] | None = None) -> int:
    """How many different passes were admitted in a day or a month, everywhere or at these places."""
    wanted = and_(UniquePasses.period == period, UniquePasses.starts_on == starts_on)
    return len(_union(_bitmaps(session, wanted, venue_ids)))


def count_uniques(session: Session, asked: Filter) -> Uniques:
    """The whole past is looked at, by month, to tell who came for the first time."""
    days, months = _cut(asked)
    found = _bitmaps(session, or_(_rows("day", days), _rows("month", months), _past(asked.first_on)), asked.venue_ids)
    parts: dict[date, list[BitMap]] = defaultdict(list)
    past = BitMap()
    for starts_on, bitmap in found:
        if starts_on < asked.first_on:
            past |= bitmap
        else:
            parts[starts_on].append(bitmap)
    seen, all_of_period, columns = BitMap(past), BitMap(), []
    for first_on, last_on in asked.columns():
        column = BitMap()
        for starts_on, bitmaps in parts.items():
            if first_on <= starts_on <= last_on:
                column |= BitMap.union(*bitmaps)
        columns.append((len(column), len(column - seen)))
        seen |= column
        all_of_period |= column
    return Uniques(len(all_of_period), len(all_of_period - past), columns)


def _cut(asked: Filter) -> tuple[list[date], list[date]]:
    """The days and the whole months a period is put together from: months where the chart shows months."""
    days: list[date] = []
    months: list[date] = []
    for first_on, last_on in asked.columns():
        if asked.by_month and first_on.day == 1 and (last_on + timedelta(days=1)).day == 1:
            months.append(first_on)
        else:
            days += [first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)]
    return days, months


def _past(first_on: date) -> ColumnElement[bool]:
    """Every month before the period, and the days of the month in which it begins."""
    month = first_on.replace(day=1)
    whole = and_(UniquePasses.period == "month", UniquePasses.starts_on < month)
    rest = and_(UniquePasses.period == "day", UniquePasses.starts_on >= month, UniquePasses.starts_on < first_on)
    return or_(whole, rest)


def _rows(period: str, starts: list[date]) -> ColumnElement[bool]:
    return and_(UniquePasses.period == period, UniquePasses.starts_on.in_(starts))


def _bitmaps(
    session: Session, wanted: ColumnElement[bool], venue_ids: frozenset[str] | None
) -> Iterable[tuple[date, BitMap]]:
    """(day or first of the month, passes) of each partition and place."""
    where = UniquePasses.venue_id == ALL if venue_ids is None else UniquePasses.venue_id.in_(sorted(venue_ids))
    rows = session.execute(select(UniquePasses.starts_on, UniquePasses.passes).where(where, wanted))
    return [(starts_on, BitMap.deserialize(passes)) for starts_on, passes in rows]


def _union(found: Iterable[tuple[date, BitMap]]) -> BitMap:
    bitmaps = [bitmap for _, bitmap in found]
    return BitMap.union(*bitmaps) if bitmaps else BitMap()
