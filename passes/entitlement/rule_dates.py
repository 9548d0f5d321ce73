"""Rules about when: the contract, the season, the weekday, blackout days, conditions, the hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from passes.entitlement.calendars import HOLIDAYS, Calendar
from passes.entitlement.nodes import Fault, Node, Text, fields, iso_day, sequence, some_of, words
from passes.entitlement.phrases import (
    CONDITIONS,
    condition_words,
    day_words,
    holiday_words,
    joined,
    listed,
    season_words,
    span_words,
    weekday_words,
    window_words,
)
from passes.entitlement.rule import Asked, Closed, Place, Question, Rule, Said, Wire
from passes.entitlement.spans import (
    DaySpan,
    TimeSpan,
    Window,
    day_span,
    days_of_the_year,
    in_season,
    season,
    time_span,
    weekdays,
)


@dataclass(frozen=True, slots=True)
class ContractValidity(Rule):
    """The partner's contract; from the day after `until` on the benefit is gone."""

    name = "contract_validity"
    refusal_code = "benefit_ended"
    until: date

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(iso_day(fields(node, "until")["until"]))

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return Closed("benefit_ended", waits=False) if day > self.until else None

    def words(self) -> Text:
        return day_words("可用至{}", "until {}", self.until)


@dataclass(frozen=True, slots=True)
class Season(Rule):
    name = "season"
    refusal_code = "out_of_season"
    spans: tuple[DaySpan, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(season(node))

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return None if in_season(self.spans, day) else Closed("out_of_season")

    def words(self) -> Text:
        return season_words(self.spans)


@dataclass(frozen=True, slots=True)
class WeekdayIn(Rule):
    name = "weekday_in"
    refusal_code = "closed_weekday"
    weekdays: tuple[int, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(weekdays(node))

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return None if day.weekday() in self.weekdays else Closed("closed_weekday")

    def words(self) -> Text:
        return joined("限{}", "{} only", weekday_words(self.weekdays))


@dataclass(frozen=True, slots=True)
class WeekdayNot(Rule):
    """Also stands for a venue's closed_weekdays."""

    name = "weekday_not"
    refusal_code = "closed_weekday"
    weekdays: tuple[int, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        found = weekdays(node)
        if len(found) == 7:
            raise Fault(node.line, "七天全部排除，权益永不可用", "all seven days are excluded: never usable")
        return cls(found)

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return Closed("closed_weekday") if day.weekday() in self.weekdays else None

    def words(self) -> Text:
        return joined("{}不可用", "not on {}", weekday_words(self.weekdays, plural=True))


@dataclass(frozen=True, slots=True)
class Days:
    """Holiday keys and stretches of the year, as blackout and reservation name them."""

    holidays: tuple[str, ...]
    spans: tuple[DaySpan, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        entries = sequence(node, most=50)
        named = [entry for entry in entries if words(entry) in HOLIDAYS]
        for entry in entries:
            if entry not in named and ".." not in words(entry):
                raise Fault(
                    entry.line,
                    f"“{entry.content}”既不是节日键也不是“MM-DD..MM-DD”",
                    f"“{entry.content}” is neither a holiday key nor “MM-DD..MM-DD”",
                )
        spans = tuple(day_span(entry) for entry in entries if entry not in named)
        keys = some_of(Node(node.line, list(named)), HOLIDAYS) if named else ()
        return cls(keys, spans)

    def holds(self, day: date, calendar: Calendar) -> bool:
        """Whether the day is one of these; a holiday is asked of the calendar, which must know the year."""
        return in_season(self.spans, day) or any(calendar.is_holiday(key, day) for key in self.holidays)

    @property
    def preposition(self) -> str:
        """English only: during a holiday, but from a day to a day."""
        return "during" if self.holidays else "from"

    def words(self, last: str = "and") -> Text:
        return listed([*map(holiday_words, self.holidays), *map(span_words, self.spans)], last)


@dataclass(frozen=True, slots=True)
class Blackout(Rule):
    """A holiday in a year without data is not guessed: the benefit answers calendar_missing all that year."""

    name = "blackout"
    refusal_code = "blackout"
    days: Days

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(Days.parse(node))

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        if self.days.holidays and not calendar.knows(day):
            return Closed("calendar_missing")
        return Closed("blackout") if self.days.holds(day, calendar) else None

    def words(self) -> Text:
        return joined("{}不可用", f"not {self.days.preposition} {{}}", self.days.words("or"))


@dataclass(frozen=True, slots=True)
class NoCondition(Question):
    """None of the conditions may be on at the venue."""

    conditions: tuple[str, ...]

    def say(self, asked: Asked) -> Said:
        on = any(closure.kind in self.conditions and closure.holds(asked.now) for closure in asked.facts.closures)
        return "closed_by_condition" if on else None

    def clears_at(self, asked: Asked) -> datetime | None:
        return closures_end(asked, self.conditions)

    def wire(self) -> Wire:
        return ["conditions", list(self.conditions)]


def closures_end(asked: Asked, kinds: Sequence[str]) -> datetime | None:
    """The last end of what is on now; None where one of them has none."""
    ends = [one.until for one in asked.facts.closures if one.kind in kinds and one.holds(asked.now)]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


@dataclass(frozen=True, slots=True)
class ConditionClosure(Rule):
    name = "condition_closure"
    refusal_code = "closed_by_condition"
    conditions: tuple[str, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(some_of(node, tuple(CONDITIONS)))

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return NoCondition(self.conditions)

    def words(self) -> Text:
        return joined("遇{}暂停", "closed during {}", condition_words(self.conditions))


@dataclass(frozen=True, slots=True)
class Hours(Question):
    """Open within the windows of the day, in seconds after midnight, half-open and in order."""

    windows: tuple[tuple[int, int], ...]

    def say(self, asked: Asked) -> Said:
        second = asked.second
        for opens, closes in self.windows:
            if opens <= second < closes:
                return None
        return "outside_hours"

    def clears_at(self, asked: Asked) -> datetime | None:
        for opens, _ in self.windows:
            if opens > asked.second:
                return asked.now + timedelta(seconds=opens - asked.second)
        return asked.tomorrow()

    def wire(self) -> Wire:
        return ["hours", [list(window) for window in self.windows]]


@dataclass(frozen=True, slots=True)
class TimeWindow(Rule):
    """Entry within the window. It replaces the venue's hours, which are compiled as a rule of this type too."""

    name = "time_window"
    refusal_code = "outside_hours"
    windows: tuple[Window, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        windows = []
        for entry in sequence(node, most=20):
            parts = fields(entry, "enter", "season")
            windows.append(Window(season(parts["season"]) if "season" in parts else (), time_span(parts["enter"])))
        rule = cls(tuple(windows))
        for day in days_of_the_year():
            spans = rule.spans_on(day)
            if any(one.overlaps(other) for n, one in enumerate(spans) for other in spans[n + 1 :]):
                raise Fault(
                    node.line,
                    f"时段在{day.month}月{day.day}日重叠",
                    f"the windows overlap on {day:%m-%d}",
                )
        return rule

    def spans_on(self, day: date) -> list[TimeSpan]:
        spans = [window.span for window in self.windows if window.holds(day)]
        return sorted(spans, key=lambda span: span.opens)

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        spans = self.spans_on(day)
        if not spans:
            return Closed("outside_hours")
        return Hours(tuple((span.opens * 60, span.closes * 60) for span in spans))

    def words(self) -> Text:
        return joined("可用时段：{}" if len(self.windows) > 1 else "{} 可用", "{}", window_words(self.windows))
