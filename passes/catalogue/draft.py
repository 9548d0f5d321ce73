"""A catalogue just read, and what its checks share: the lines to name in a fault, and the days something is usable."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar

from passes.entitlement.calendars import Calendar
from passes.entitlement.daysheet import Opening, opening_on, settled_at
from passes.entitlement.nodes import Faults
from passes.entitlement.rule import Rule
from passes.entitlement.rule_choices import Prerequisite
from passes.entitlement.rule_dates import Blackout
from passes.entitlement.rule_slots import Reservation
from passes.entitlement.terms import Benefit, Product, Terms

R = TypeVar("R", bound=Rule)


@dataclass(frozen=True)
class Draft:
    """Terms just read, the line of each id and of each (benefit, rule name), and the counts the file claims."""

    terms: Terms
    lines: dict[str, int]
    counts: dict[str, int]
    counts_line: int
    rule_lines: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Checking:
    """A draft against the calendar. A check adds faults; none changes anything."""

    draft: Draft
    calendar: Calendar
    faults: Faults

    @property
    def terms(self) -> Terms:
        return self.draft.terms

    def fault(self, id_: str, zh: str, en: str) -> None:
        """Something wrong with the entry, told at its line."""
        self.faults.add(self.draft.lines[id_], id_, zh, en)

    def rule_fault(self, benefit: Benefit, rule: Rule, zh: str, en: str) -> None:
        """Something wrong with a rule, told at its line."""
        line = self.draft.rule_lines.get((benefit.id, rule.name), self.draft.lines[benefit.id])
        self.faults.add(line, benefit.id, f"{rule.name}：{zh}", f"{rule.name}: {en}")

    def products_with(self, benefit: Benefit) -> list[Product]:
        return [product for product in self.terms.products.values() if benefit.id in product.benefits]

    @cached_property
    def days(self) -> tuple[date, ...]:
        """Every day of the calendar's years."""
        return tuple(
            date(year, 1, 1) + timedelta(days=n)
            for year in self.calendar.years
            for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
        )

    def openings(self, benefit: Benefit, venue_id: str) -> Iterator[tuple[date, Opening]]:
        """What each of these days is for the benefit at the venue."""
        settled = settled_at(self.terms, benefit, venue_id)
        return ((day, opening_on(settled, day, self.calendar)) for day in self.days)

    def open_days(self, benefit: Benefit, venue_id: str) -> Iterator[date]:
        return (day for day, opening in self.openings(benefit, venue_id) if opening.closed is None)


def of_type(rules: Iterable[Rule], kind: type[R]) -> list[R]:
    return [rule for rule in rules if isinstance(rule, kind)]


def needs_another(benefit: Benefit) -> bool:
    return any(isinstance(rule, Prerequisite) for rule in benefit.rules)


def names_a_holiday(benefit: Benefit) -> bool:
    """Whether it can only be decided in a year whose holidays are known."""
    named = (rule.days for rule in benefit.rules if isinstance(rule, Blackout | Reservation))
    return any(days is not None and days.holidays for days in named)
