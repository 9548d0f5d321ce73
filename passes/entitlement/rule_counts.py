"""Rules about how often: limits by day, month and term, shared pools, days of rest between two uses."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Self

from passes import clock
from passes.entitlement.calendars import Calendar
from passes.entitlement.facts import Per
from passes.entitlement.nodes import Node, Text, fields, label, whole
from passes.entitlement.phrases import listed, times
from passes.entitlement.rule import Asked, Names, Place, Question, Rule, Said, Tally, Wire


def first_of_next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Below(Question):
    """The count must be below its limit. A day's and a month's refill, a term's does not."""

    counts = True
    tally: Tally
    code: str

    def say(self, asked: Asked) -> Said:
        tally = self.tally
        return self.code if tally.limit is not None and asked.count(tally.name, tally.per) >= tally.limit else None

    def clears_at(self, asked: Asked) -> datetime | None:
        if self.tally.per == "day":
            return asked.tomorrow()
        return clock.day_start(first_of_next_month(asked.day)) if self.tally.per == "month" else None

    def wire(self) -> Wire:
        return ["below", self.tally.name, self.tally.per, self.tally.limit, self.code]


class LimitRule(Rule):
    """A limit on how often something is used in a period; `then_discount` turns it from a refusal into a price."""

    refusal_code: ClassVar[str]

    @abstractmethod
    def tally(self, benefit_id: str) -> Tally:
        """The count it limits, with the limit."""

    def tallies(self, place: Place) -> Iterator[Tally]:
        yield self.tally(place.benefit_id)

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return Below(self.tally(place.benefit_id), self.refusal_code)


class UsesRule(LimitRule):
    """A limit on the uses of this benefit."""

    per: ClassVar[Per]
    limit: int

    def tally(self, benefit_id: str) -> Tally:
        return Tally(f"benefit:{benefit_id}", self.per, self.limit)


@dataclass(frozen=True, slots=True)
class PerDay(UsesRule):
    name = "per_day"
    refusal_code = "daily_limit"
    per = "day"
    limit: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(node, 1, 1000))

    def words(self) -> Text:
        return times(self.limit, "每天", "a day")


@dataclass(frozen=True, slots=True)
class PerMonth(UsesRule):
    """By the calendar's month."""

    name = "per_month"
    refusal_code = "monthly_limit"
    per = "month"
    limit: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(node, 1, 1000))

    def words(self) -> Text:
        return times(self.limit, "每月", "a month")


@dataclass(frozen=True, slots=True)
class PerTerm(UsesRule):
    """Over the pass's validity; only a renewal, a new term, refills it."""

    name = "per_term"
    refusal_code = "term_limit"
    per = "term"
    limit: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(node, 1, 1000))

    def words(self) -> Text:
        return times(self.limit, "每年", "a year")


@dataclass(frozen=True, slots=True)
class Pool(LimitRule):
    """One count shared by all benefits that name the pool, over the term."""

    name = "pool"
    refusal_code = "pool_empty"
    repeatable = True
    id: str
    total: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "id total")
        return cls(label(parts["id"]), whole(parts["total"], 1, 10_000))

    def tally(self, benefit_id: str) -> Tally:
        return Tally(f"pool:{self.id}", "term", self.total)

    def words(self) -> Text:
        zh, en = times(self.total, "每年", "a year"), "together with others of its group"
        return Text(f"与同组权益合计{zh.zh}", f"{zh.en} {en}")

    def words_among(self, names: Names, benefit_id: str) -> Text:
        uses = times(self.total, "每年", "a year")
        others = listed(names.benefit(id_) for id_ in names.pool(self.id) if id_ != benefit_id)
        if not others.zh:
            return uses
        return Text(f"与{others.zh}合计{uses.zh}", f"{uses.en} together with {others.en}")


@dataclass(frozen=True, slots=True)
class Rested(Question):
    """No use on this day or in the days − 1 before it."""

    counts = True
    name: str
    days: int

    def _last(self, asked: Asked) -> date | None:
        for n in range(self.days):
            day = asked.day - timedelta(days=n)
            if asked.count(self.name, "day", day):
                return day
        return None

    def say(self, asked: Asked) -> Said:
        return None if self._last(asked) is None else "cooling_down"

    def clears_at(self, asked: Asked) -> datetime | None:
        last = self._last(asked)
        return None if last is None else clock.day_start(last + timedelta(days=self.days))

    def wire(self) -> Wire:
        return ["rested", self.name, self.days]


@dataclass(frozen=True, slots=True)
class CooldownDays(Rule):
    """Allowed again from the local day of the last use + days."""

    name = "cooldown_days"
    refusal_code = "cooling_down"
    days: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(node, 1, 366))

    def tallies(self, place: Place) -> Iterator[Tally]:
        yield Tally(f"benefit:{place.benefit_id}", "day")

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return Rested(f"benefit:{place.benefit_id}", self.days)

    def words(self) -> Text:
        days = "day" if self.days == 1 else "days"
        return Text(f"每次使用满 {self.days} 天后可再用", f"again {self.days} {days} after the last use")
