"""Rules about how often, and after or instead of what: counters, pools, groups, prerequisites."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal, Self

from passes.entitlement.calendars import Calendar
from passes.entitlement.nodes import (
    Fault,
    Node,
    Text,
    fields,
    identities,
    identity,
    label,
    only_field,
    sequence,
    whole,
    words,
)
from passes.entitlement.phrases import joined, listed, times
from passes.entitlement.rule import CounterRule, Names, Question, Reference, Rule


@dataclass(frozen=True, slots=True)
class PerDay(CounterRule):
    name = "per_day"
    refusal_code = "daily_limit"
    evaluated = True
    per = "day"
    limit: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(node, 1, 1000))

    def period(self, day: date, valid_from: date) -> str:
        return day.isoformat()

    def on(self, day: date, calendar: Calendar) -> Question | None:
        return self

    def words(self) -> Text:
        return times(self.limit, "每天", "a day")


@dataclass(frozen=True, slots=True)
class PerMonth(Rule):
    name = "per_month"
    refusal_code = "monthly_limit"
    limit: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(node, 1, 1000))

    def words(self) -> Text:
        return times(self.limit, "每月", "a month")


@dataclass(frozen=True, slots=True)
class PerTerm(CounterRule):
    """Over the pass's validity; only a renewal, a new term, refills it."""

    name = "per_term"
    refusal_code = "term_limit"
    evaluated = True
    per = "term"
    waits: ClassVar[bool] = False
    limit: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(node, 1, 1000))

    def period(self, day: date, valid_from: date) -> str:
        return f"term:{valid_from}"

    def on(self, day: date, calendar: Calendar) -> Question | None:
        return self

    def words(self) -> Text:
        return times(self.limit, "每年", "a year")


@dataclass(frozen=True, slots=True)
class Pool(Rule):
    """One counter shared by all benefits that name the pool, over the term."""

    name = "pool"
    refusal_code = "pool_empty"
    repeatable = True
    id: str
    total: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "id total")
        return cls(label(parts["id"]), whole(parts["total"], 1, 10_000))

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
class CooldownDays(Rule):
    """Allowed again from the local day of the last use + days."""

    name = "cooldown_days"
    refusal_code = "cooling_down"
    days: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(node, 1, 366))

    def words(self) -> Text:
        days = "day" if self.days == 1 else "days"
        return Text(f"每次使用满 {self.days} 天后可再用", f"again {self.days} {days} after the last use")


@dataclass(frozen=True, slots=True)
class GroupItem:
    """A thing chosen at redemption."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class ChoiceGroup(Rule):
    """At most `choose` different members over the term: either benefits or items, never mixed."""

    name = "choice_group"
    refusal_code = "choice_spent"
    id: str
    choose: int
    benefits: tuple[str, ...]
    items: tuple[GroupItem, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "id choose of")
        members = sequence(parts["of"], least=2, most=50)
        benefits: tuple[str, ...] = ()
        items: tuple[GroupItem, ...] = ()
        if all(isinstance(member.content, str) for member in members):
            benefits = identities(parts["of"])
        else:
            items = tuple(cls.parse_item(member) for member in members)
            if len({item.id for item in items}) < len(items):
                raise Fault(parts["of"].line, "列表中有重复的编号", "the list names an id twice")
        return cls(label(parts["id"]), whole(parts["choose"], 1, len(members)), benefits, items)

    @staticmethod
    def parse_item(node: Node) -> GroupItem:
        parts = fields(node, "id zh en")
        return GroupItem(identity(parts["id"]), Text(words(parts["zh"]), words(parts["en"])))

    def references(self) -> Iterator[Reference]:
        yield from (Reference("benefit", id_) for id_ in self.benefits)

    def words(self) -> Text:
        total = len(self.benefits) or len(self.items)
        return Text(f"{total} 选 {self.choose}", f"choose {self.choose} of {total}")

    def words_among(self, names: Names, benefit_id: str) -> Text:
        members = [names.benefit(id_) for id_ in self.benefits] or [item.name for item in self.items]
        return joined(self.words().zh + "：{}", self.words().en + ": {}", listed(members, "or"))


@dataclass(frozen=True, slots=True)
class SameDayExclusive(Rule):
    """Not on a day one of these benefits was used."""

    name = "same_day_exclusive"
    refusal_code = "excluded_today"
    benefits: tuple[str, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(identities(node))

    def references(self) -> Iterator[Reference]:
        yield from (Reference("benefit", id_) for id_ in self.benefits)

    def words(self) -> Text:
        return Text("不与同类项目同日使用", "not on the same day as a similar one")

    def words_among(self, names: Names, benefit_id: str) -> Text:
        others = listed((names.benefit(id_) for id_ in self.benefits), "or")
        return joined("不与{}同日使用", "not on the same day as {}", others)


@dataclass(frozen=True, slots=True)
class Prerequisite(Rule):
    """An admission on the same local day at this venue (spot None) or at a spot, or a stay under a room benefit."""

    name = "prerequisite"
    refusal_code = "prerequisite_missing"
    repeatable = True
    kind: Literal["same_day_admission", "same_stay"]
    spot: str | None = None
    stay: str | None = None

    @classmethod
    def parse(cls, node: Node) -> Self:
        kind, value = only_field(node, "same_day_admission same_stay")
        if kind == "same_stay":
            return cls("same_stay", stay=identity(value))
        return cls("same_day_admission", spot=None if words(value) == "same_venue" else identity(value))

    def references(self) -> Iterator[Reference]:
        if self.spot is not None:
            yield Reference("spot", self.spot)
        if self.stay is not None:
            yield Reference("benefit", self.stay)

    def words(self) -> Text:
        if self.kind == "same_stay":
            return Text("限本次入住期间", "during a stay")
        return Text("须当日已入园", "after an admission on the same day")

    def words_among(self, names: Names, benefit_id: str) -> Text:
        if self.stay is not None:
            return joined("限用“{}”入住期间", "during a stay with “{}”", names.benefit(self.stay))
        if self.spot is not None:
            return joined("须当日已入{}", "after an admission to {} on the same day", names.venue(self.spot))
        return Text("须当日已入该景点", "after an admission there on the same day")


@dataclass(frozen=True, slots=True)
class Achievement(Rule):
    name = "achievement"
    refusal_code = "not_yet_earned"
    distinct_spots: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(fields(node, "distinct_spots")["distinct_spots"], 1, 255))

    def words(self) -> Text:
        n = self.distinct_spots
        return Text(f"到访 {n} 个不同景点后", f"after visits to {n} different spots")
