"""Rules about people: who holds the pass, who comes along, who of the staff confirms."""

from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Self

from passes import clock
from passes.entitlement.calendars import Calendar
from passes.entitlement.facts import HOLDER_CLASSES, ConfirmItem, HolderClass
from passes.entitlement.nodes import Fault, Node, Text, fields, identity, label, one_of, some_of, truth, whole
from passes.entitlement.phrases import HOLDER_NAMES, discount_words, joined, listed, people_words
from passes.entitlement.rule import Asked, Names, Place, Question, Reference, Rule, Said, Wire, pair

OLDEST = 150
TALLEST_CM = 250


@dataclass(frozen=True, slots=True)
class OfClass(Question):
    """The pass is of one of these classes."""

    classes: tuple[HolderClass, ...]

    def say(self, asked: Asked) -> Said:
        return None if asked.facts.holder_class in self.classes else "not_for_this_holder"

    def wire(self) -> Wire:
        return ["class", list(self.classes)]


@dataclass(frozen=True, slots=True)
class HolderClasses(Rule):
    name = "holder_class"
    refusal_code = "not_for_this_holder"
    classes: tuple[HolderClass, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(some_of(node, HOLDER_CLASSES))

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return OfClass(self.classes)

    def words(self) -> Text:
        return joined("限{}", "for {} only", listed(HOLDER_NAMES[name] for name in self.classes))


def full_years(birth_on: date, day: date) -> int:
    """Age on a local day; who is born on 29 February grows older on 1 March in common years."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


@dataclass(frozen=True, slots=True)
class WithinLimits(Question):
    """The holder's age lies within the limits; staff confirm a height, and an age where no birth date is known."""

    min_age: int | None
    max_age: int | None
    min_height_cm: int | None
    about: Text

    def say(self, asked: Asked) -> Said:
        facts = asked.facts
        if self.min_age is not None or self.max_age is not None:
            if facts.birth_on is not None:
                age = full_years(facts.birth_on, asked.day)
                if age < (self.min_age or 0) or age > (OLDEST if self.max_age is None else self.max_age):
                    return "holder_limit"
            elif "age" not in facts.confirmed:
                return ConfirmItem("age", about=self.about)
        if self.min_height_cm is not None and "height" not in facts.confirmed:
            return ConfirmItem("height", about=self.about)
        return None

    def wire(self) -> Wire:
        return ["limits", self.min_age, self.max_age, self.min_height_cm, pair(self.about)]


@dataclass(frozen=True, slots=True)
class HolderLimits(Rule):
    """Age in full years from the member's birth date; a height is confirmed by the gate's staff."""

    name = "holder_limits"
    refusal_code = "holder_limit"
    min_age: int | None
    max_age: int | None
    min_height_cm: int | None

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, optional="min_age max_age min_height_cm")
        if not parts:
            raise Fault(node.line, "至少需要一项限制", "at least one limit is expected")
        rule = cls(
            whole(parts["min_age"], 0, OLDEST) if "min_age" in parts else None,
            whole(parts["max_age"], 0, OLDEST) if "max_age" in parts else None,
            whole(parts["min_height_cm"], 1, TALLEST_CM) if "min_height_cm" in parts else None,
        )
        if rule.min_age is not None and rule.max_age is not None and rule.min_age > rule.max_age:
            raise Fault(node.line, "最小年龄大于最大年龄", "min_age is above max_age")
        return rule

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return WithinLimits(self.min_age, self.max_age, self.min_height_cm, self.words())

    def words(self) -> Text:
        parts = []
        if self.min_age is not None:
            parts.append(Text(f"满 {self.min_age} 周岁", f"from age {self.min_age}"))
        if self.max_age is not None:
            parts.append(Text(f"不超过 {self.max_age} 周岁", f"up to age {self.max_age}"))
        if self.min_height_cm is not None:
            parts.append(Text(f"身高至少 {self.min_height_cm} 厘米", f"at least {self.min_height_cm} cm tall"))
        return listed(parts)


def birthday_in(birth_on: date, year: int) -> date:
    """29 February counts as 28 February in common years."""
    if (birth_on.month, birth_on.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return birth_on.replace(year=year)


@dataclass(frozen=True, slots=True)
class OnBirthday(Question):
    """Today is the holder's birthday, or lies in its month; staff confirm it where no birth date is known."""

    within: Literal["day", "month"]

    def _begins(self, birth_on: date, year: int) -> date:
        birthday = birthday_in(birth_on, year)
        return birthday if self.within == "day" else birthday.replace(day=1)

    def say(self, asked: Asked) -> Said:
        birth_on = asked.facts.birth_on
        if birth_on is None:
            return None if "birthday" in asked.facts.confirmed else ConfirmItem("birthday")
        if self.within == "month":
            return None if asked.day.month == birth_on.month else "not_birthday"
        return None if asked.day == birthday_in(birth_on, asked.day.year) else "not_birthday"

    def clears_at(self, asked: Asked) -> datetime | None:
        birth_on = asked.facts.birth_on
        if birth_on is None:
            return None
        begins = self._begins(birth_on, asked.day.year)
        return clock.day_start(begins if begins > asked.day else self._begins(birth_on, asked.day.year + 1))

    def wire(self) -> Wire:
        return ["birthday", self.within]


@dataclass(frozen=True, slots=True)
class Birthday(Rule):
    """29 February counts as 28 February in common years."""

    name = "birthday"
    refusal_code = "not_birthday"
    within: Literal["day", "month"]

    @classmethod
    def parse(cls, node: Node) -> Self:
        choices: tuple[Literal["day", "month"], ...] = ("day", "month")
        return cls(one_of(node, choices))

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return OnBirthday(self.within)

    def words(self) -> Text:
        if self.within == "day":
            return Text("限生日当天", "on your birthday")
        return Text("限生日当月", "in the month of your birthday")


@dataclass(frozen=True, slots=True)
class Confirmed(Question):
    """Staff must confirm the item."""

    item: str
    about: Text

    def say(self, asked: Asked) -> Said:
        return None if self.item in asked.facts.confirmed else ConfirmItem(self.item, about=self.about)

    def wire(self) -> Wire:
        return ["confirmed", self.item, pair(self.about)]


@dataclass(frozen=True, slots=True)
class Companion(Rule):
    """Who may come along: children up to a height, adults free or at a discount, or a guardian who must come."""

    name = "companion"
    refusal_code = "guardian_required"
    repeatable = True
    child_max_height_cm: int | None = None
    adult: int | None = None
    free: int | None = None
    discount_percent: int | None = None
    guardian_required: bool = False

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, optional="child_max_height_cm adult free discount_percent guardian_required")
        shape = frozenset(parts)
        if shape == {"guardian_required"} and truth(parts["guardian_required"]):
            return cls(guardian_required=True)
        if shape == {"child_max_height_cm", "free"}:
            height = whole(parts["child_max_height_cm"], 1, TALLEST_CM)
            return cls(child_max_height_cm=height, free=whole(parts["free"], 1, 20))
        if shape == {"adult", "free"}:
            return cls(adult=whole(parts["adult"], 1, 20), free=whole(parts["free"], 1, 20))
        if shape == {"adult", "discount_percent"}:
            return cls(adult=whole(parts["adult"], 1, 20), discount_percent=whole(parts["discount_percent"], 1, 100))
        raise Fault(
            node.line,
            "应为 {child_max_height_cm, free}、{adult, free | discount_percent} 或 {guardian_required: true}",
            "{child_max_height_cm, free}, {adult, free | discount_percent} or {guardian_required: true} is expected",
        )

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return Confirmed("guardian", self.words()) if self.guardian_required else None

    def terms_on(self, day: date) -> dict[str, object]:
        if self.guardian_required:
            return {}
        people = "child" if self.child_max_height_cm is not None else "adult"
        let_in = {
            "who": people,
            "people": self.free if people == "child" else self.adult,
            "max_height_cm": self.child_max_height_cm,
            "discount_percent": self.discount_percent or 100,
        }
        return {"companions": [let_in]}

    def words(self) -> Text:
        if self.guardian_required:
            return Text("须由监护人陪同", "with a guardian")
        if self.child_max_height_cm is not None:
            height, children = self.child_max_height_cm, people_words(self.free or 1, "child", "children")
            return Text(
                f"可免费带 {self.free} 名身高 {height} 厘米及以下的儿童",
                f"{children} up to {height} cm free with you",
            )
        companions = people_words(self.adult or 1, "companion", "companions")
        if self.free is not None:
            return Text(f"可免费带 {self.adult} 名同伴", f"{companions} free")
        off = discount_words(self.discount_percent or 0)
        return Text(f"{self.adult} 名同伴{off.zh}", f"{off.en} for {companions}")


@dataclass(frozen=True, slots=True)
class ChildPolicy(Rule):
    """A child within the limits comes free; one above them needs the product."""

    name = "child_policy"
    max_age: int | None
    max_height_cm: int | None
    product: str

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "free_if else")
        limits = fields(parts["free_if"], optional="max_age max_height_cm")
        if not limits:
            raise Fault(node.line, "至少需要一项限制", "at least one limit is expected")
        return cls(
            whole(limits["max_age"], 0, 17) if "max_age" in limits else None,
            whole(limits["max_height_cm"], 1, TALLEST_CM) if "max_height_cm" in limits else None,
            identity(parts["else"]),
        )

    def terms_on(self, day: date) -> dict[str, object]:
        return {"child_policy": {"max_age": self.max_age, "max_height_cm": self.max_height_cm, "else": self.product}}

    def references(self) -> Iterator[Reference]:
        yield Reference("product", self.product)

    def words(self) -> Text:
        parts = []
        if self.max_age is not None:
            parts.append(Text(f"{self.max_age} 周岁及以下", f"up to age {self.max_age}"))
        if self.max_height_cm is not None:
            parts.append(Text(f"身高 {self.max_height_cm} 厘米及以下", f"up to {self.max_height_cm} cm tall"))
        return joined("{}的儿童免票", "children {} come free", listed(parts))

    def words_among(self, names: Names, benefit_id: str) -> Text:
        free, product = self.words(), names.product(self.product)
        return Text(f"{free.zh}，超出须另购{product.zh}", f"{free.en}, others need the {product.en}")


@dataclass(frozen=True, slots=True)
class ManualConfirm(Rule):
    """Staff of the venue, in this role, confirm on their screen."""

    name = "manual_confirm"
    refusal_code = "needs_confirmation"
    role: str

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(label(node))

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        return Confirmed("manual_confirm", Text(self.role, self.role))

    def words(self) -> Text:
        return Text("须由现场工作人员确认", "confirmed by staff on site")
