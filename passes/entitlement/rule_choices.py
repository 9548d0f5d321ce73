"""Rules about what must, or must not, have been used besides: groups to choose from, exclusions, prerequisites."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Self

from passes.entitlement.calendars import Calendar
from passes.entitlement.facts import Choice, ConfirmItem, Counter, period_of
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
from passes.entitlement.phrases import joined, listed
from passes.entitlement.rule import Asked, Names, Place, Question, Reference, Rule, Said, Tally, Wire, pair

CHOOSE_ITEM = "choose_item"


@dataclass(frozen=True, slots=True)
class MemberLeft(Question):
    """At most `choose` different members of a group over the term; `own` is the member this benefit is."""

    counts = True
    group: str
    choose: int
    members: tuple[str, ...]
    own: str

    def say(self, asked: Asked) -> Said:
        chosen = chosen_of(asked, self.group, self.members)
        return "choice_spent" if len(chosen) >= self.choose and self.own not in chosen else None

    def wire(self) -> Wire:
        return ["member", self.group, self.choose, list(self.members), self.own]


@dataclass(frozen=True, slots=True)
class ItemChosen(Question):
    """One of the items must be chosen; over the term at most `choose` different ones."""

    counts = True
    group: str
    choose: int
    items: tuple[Choice, ...]

    def say(self, asked: Asked) -> Said:
        chosen = chosen_of(asked, self.group, tuple(item.id for item in self.items))
        left = self.items if len(chosen) < self.choose else tuple(item for item in self.items if item.id in chosen)
        wanted = asked.facts.item_id
        if any(item.id == wanted for item in left):
            return None
        return "choice_spent" if any(item.id == wanted for item in self.items) else ConfirmItem(CHOOSE_ITEM, left)

    def moves(self, asked: Asked) -> Iterator[Counter]:
        valid_from, wanted = asked.facts.valid_from, asked.facts.item_id
        if valid_from is not None and any(item.id == wanted for item in self.items):
            yield Counter(f"group:{self.group}/{wanted}", period_of("term", asked.day, valid_from), None, "term")

    def wire(self) -> Wire:
        return ["item", self.group, self.choose, [[item.id, *pair(item.name)] for item in self.items]]


def chosen_of(asked: Asked, group: str, members: tuple[str, ...]) -> list[str]:
    """The members already used in the pass's term."""
    return [member for member in members if asked.count(f"group:{group}/{member}", "term")]


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

    def tallies(self, place: Place) -> Iterator[Tally]:
        for member in self.benefits or [item.id for item in self.items]:
            yield Tally(f"group:{self.id}/{member}", "term")

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        if self.benefits:
            return MemberLeft(self.id, self.choose, self.benefits, place.benefit_id)
        return ItemChosen(self.id, self.choose, tuple(Choice(item.id, item.name) for item in self.items))

    def references(self) -> Iterator[Reference]:
        yield from (Reference("benefit", id_) for id_ in self.benefits)

    def words(self) -> Text:
        total = len(self.benefits) or len(self.items)
        return Text(f"{total} 选 {self.choose}", f"choose {self.choose} of {total}")

    def words_among(self, names: Names, benefit_id: str) -> Text:
        members = [names.benefit(id_) for id_ in self.benefits] or [item.name for item in self.items]
        return joined(self.words().zh + "：{}", self.words().en + ": {}", listed(members, "or"))


@dataclass(frozen=True, slots=True)
class NotToday(Question):
    """None of these counts may have moved today."""

    counts = True
    names: tuple[str, ...]

    def say(self, asked: Asked) -> Said:
        return "excluded_today" if any(asked.count(name, "day") for name in self.names) else None

    def clears_at(self, asked: Asked) -> datetime | None:
        return asked.tomorrow()

    def wire(self) -> Wire:
        return ["not_today", list(self.names)]


@dataclass(frozen=True, slots=True)
class SameDayExclusive(Rule):
    """Not on a day one of these benefits was used."""

    name = "same_day_exclusive"
    refusal_code = "excluded_today"
    benefits: tuple[str, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(identities(node))

    def tallies(self, place: Place) -> Iterator[Tally]:
        yield from (Tally(f"benefit:{id_}", "day") for id_ in self.benefits)

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return NotToday(tuple(f"benefit:{id_}" for id_ in self.benefits))

    def references(self) -> Iterator[Reference]:
        yield from (Reference("benefit", id_) for id_ in self.benefits)

    def words(self) -> Text:
        return Text("不与同类项目同日使用", "not on the same day as a similar one")

    def words_among(self, names: Names, benefit_id: str) -> Text:
        others = listed((names.benefit(id_) for id_ in self.benefits), "or")
        return joined("不与{}同日使用", "not on the same day as {}", others)


@dataclass(frozen=True, slots=True)
class OnlyAfter(Question):
    """The count must have moved today: an admission, or a night of a stay."""

    counts = True
    name: str

    def say(self, asked: Asked) -> Said:
        return None if asked.count(self.name, "day") else "prerequisite_missing"

    def wire(self) -> Wire:
        return ["only_after", self.name]


@dataclass(frozen=True, slots=True)
class Prerequisite(Rule):
    """An admission on the same local day at this venue (spot None) or at a spot, or a stay under a room benefit.

    The admission is one of a benefit without a prerequisite of its own; the stay runs to the day of leaving.
    """

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

    def _tally(self, place: Place) -> str:
        return f"visit:{self.spot or place.venue_id}" if self.stay is None else f"stay:{self.stay}"

    def tallies(self, place: Place) -> Iterator[Tally]:
        yield Tally(self._tally(place), "day")

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return OnlyAfter(self._tally(place))

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
class Visited(Question):
    """So many of these counts must have moved in the term."""

    counts = True
    least: int
    names: tuple[str, ...]

    def say(self, asked: Asked) -> Said:
        return None if sum(asked.count(name, "term") > 0 for name in self.names) >= self.least else "not_yet_earned"

    def wire(self) -> Wire:
        return ["visited", self.least, list(self.names)]


@dataclass(frozen=True, slots=True)
class Achievement(Rule):
    """Different spots visited in the term."""

    name = "achievement"
    refusal_code = "not_yet_earned"
    distinct_spots: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(fields(node, "distinct_spots")["distinct_spots"], 1, 255))

    def tallies(self, place: Place) -> Iterator[Tally]:
        yield from (Tally(f"visit:{spot}", "term") for spot in place.spots)

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return Visited(self.distinct_spots, tuple(f"visit:{spot}" for spot in place.spots))

    def words(self) -> Text:
        n = self.distinct_spots
        return Text(f"到访 {n} 个不同景点后", f"after visits to {n} different spots")
