"""Stretches of the year, the week and the day, all local: "MM-DD..MM-DD", [mon…sun], "HH:MM-HH:MM"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from passes.entitlement.nodes import Fault, Node, sequence, some_of, words

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LEAP_YEAR = 2028  # a year in which every day of the year exists


def days_of_the_year() -> Iterator[date]:
    """All 366 days, for rules that must hold the year round."""
    first = date(LEAP_YEAR, 1, 1)
    return (first + timedelta(days=n) for n in range(366))


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Days of every year, first to last inclusive, as month × 100 + day. It wraps over New Year where first > last."""

    first: int
    last: int

    def holds(self, day: date) -> bool:
        key = day.month * 100 + day.day
        if self.first <= self.last:
            return self.first <= key <= self.last
        return key >= self.first or key <= self.last


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of one local day in minutes after midnight, half-open: opens ≤ t < closes; 24:00 is 1440."""

    opens: int
    closes: int

    def overlaps(self, other: "TimeSpan") -> bool:
        return self.opens < other.closes and other.opens < self.closes

    def contains(self, other: "TimeSpan") -> bool:
        return self.opens <= other.opens and other.closes <= self.closes

    @property
    def minutes(self) -> int:
        return self.closes - self.opens

    def __str__(self) -> str:
        return f"{clock_words(self.opens)}–{clock_words(self.closes)}"


@dataclass(frozen=True, slots=True)
class Window:
    """Opening hours that hold in a season; without a season, all year."""

    season: tuple[DaySpan, ...]
    span: TimeSpan

    def holds(self, day: date) -> bool:
        return not self.season or in_season(self.season, day)


def in_season(season: Sequence[DaySpan], day: date) -> bool:
    return any(span.holds(day) for span in season)


def clock_words(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def day_of_year(node: Node, content: str) -> int:
    found = re.fullmatch(r"(\d\d)-(\d\d)", content)
    try:
        if found:
            month, day = int(found[1]), int(found[2])
            date(LEAP_YEAR, month, day)
            return month * 100 + day
    except ValueError:
        pass
    raise Fault(node.line, f"“{content}”不是日期（MM-DD）", f"“{content}” is no day of the year (MM-DD)")


def day_span(node: Node) -> DaySpan:
    first, dots, last = words(node).partition("..")
    if not dots:
        raise Fault(node.line, "应为“MM-DD..MM-DD”", "“MM-DD..MM-DD” is expected")
    return DaySpan(day_of_year(node, first), day_of_year(node, last))


def season(node: Node) -> tuple[DaySpan, ...]:
    return tuple(day_span(entry) for entry in sequence(node, most=50))


def minute_of_day(node: Node, content: str | None = None) -> int:
    """The minutes after midnight of "HH:MM"; "24:00" is the day's end."""
    content = words(node) if content is None else content
    found = re.fullmatch(r"(\d\d):(\d\d)", content)
    if found:
        minute = int(found[1]) * 60 + int(found[2])
        if int(found[2]) < 60 and minute <= 1440:
            return minute
    raise Fault(node.line, f"“{content}”不是时刻（HH:MM）", f"“{content}” is no time of day (HH:MM)")


def time_span(node: Node) -> TimeSpan:
    content = words(node)
    opens, dash, closes = content.partition("-")
    if not dash:
        raise Fault(node.line, "应为“HH:MM-HH:MM”", "“HH:MM-HH:MM” is expected")
    span = TimeSpan(minute_of_day(node, opens), minute_of_day(node, closes))
    if span.opens >= span.closes:
        raise Fault(node.line, f"“{content}”的结束时间须晚于开始时间", f"“{content}” ends before it begins")
    return span


def weekdays(node: Node) -> tuple[int, ...]:
    """Days of the week as date.weekday() counts them: Monday is 0."""
    return tuple(WEEKDAYS.index(name) for name in some_of(node, WEEKDAYS))
