"""What an example of a rule is, and what the gate really answers in each of its situations. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from passes.catalogue.document import read_document
from passes.clock import SHANGHAI, local_day
from passes.entitlement import daysheet
from passes.entitlement.calendars import HOLIDAYS, Calendar, Holiday, Year
from passes.entitlement.decide import decide, next_allowed
from passes.entitlement.facts import Decision, Facts, HolderClass
from passes.entitlement.nodes import Text
from passes.entitlement.plain import plain_words
from passes.entitlement.rule import Rule
from passes.entitlement.rule_terms import Settle
from passes.entitlement.rules import in_order, parse_rule
from passes.entitlement.spans import TimeSpan, Window
from passes.entitlement.terms import Benefit, Product, Terms, Venue

USUAL = "2026-05-06 10:00"  # a Wednesday


PRODUCTS: tuple[tuple[str, Text, HolderClass], ...] = (
    ("PASS", Text("年卡", "Annual Pass"), "adult"),
    ("PASS-CHILD", Text("儿童副卡", "Child Add-on Pass"), "child"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A situation at the gate: told in words, at a local moment, with what is known of the pass besides."""

    told: Text
    facts: Mapping[str, Any] = field(default_factory=dict)
    at: str = USUAL


@dataclass(frozen=True, slots=True)
class Example:
    """One rule as it stands in a catalogue. beside: rules it needs; codes: all a gate may answer because of it."""

    rule: str
    about: Text
    written: str
    codes: tuple[str, ...] = ()
    waits: Text | None = None
    cases: tuple[Case, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What the gate answers in a situation; next_at: from when the same scan would be let in."""

    case: Case
    decision: Decision
    next_at: datetime | None


def moment_of(words: str) -> datetime:
    """A moment from its local words, 2026-05-06 10:00."""
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI).astimezone(UTC)


def rules_of(example: Example) -> tuple[Rule, ...]:
    """The rule and those beside it, as a catalogue's reader takes them."""
    return in_order([parse_rule(read_document(f"{{{text}}}")) for text in (example.written, *example.beside)])


def holder_reads(example: Example) -> tuple[Text, ...]:
    """What a holder reads of the rule alone."""
    terms = terms_of(example)
    alone = [rule for rule in terms.benefits["B01"].rules if rule.name == example.rule]
    benefit = Benefit("B01", False, ("S01",), Text("示例", "example"), 1000, tuple(alone), Settle(0))
    return plain_words(benefit, terms)


def answers_of(example: Example) -> tuple[Answered, ...]:
    """Each situation decided as a gate decides it."""
    terms = terms_of(example)
    found = []
    for case in example.cases:
        now = moment_of(case.at)
        sheet = daysheet.compile(terms, CALENDAR, local_day(now))
        facts = facts_at(now, case.facts)
        decision = decide(sheet, facts)
        found.append(Answered(case, decision, next_allowed(sheet, facts, decision)))
    return tuple(found)


def facts_at(now: datetime, changes: Mapping[str, Any]) -> Facts:
    """An adult's pass of 2026 at S01."""
    usual: dict[str, Any] = {
        "now": now,
        "venue_id": "S01",
        "product_id": "PASS",
        "holder_class": "adult",
        "state": "active",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 1, 1),
        "benefit_id": "B01",
    }
    return Facts(**usual | dict(changes))


def terms_of(example: Example) -> Terms:
    """A catalogue of two sights open from 9 to 17, where B01 at S01 has the rules; B02 is there for what names it."""
    open_ = (Window((), TimeSpan(9 * 60, 17 * 60)),)
    names = {"S01": Text("白塔山", "Baita Mountain"), "S02": Text("黄河楼", "Yellow River Tower")}
    venues = {id_: Venue(id_, n, "spot", name, open_) for n, (id_, name) in enumerate(names.items(), start=1)}
    benefits = {
        "B01": Benefit("B01", False, ("S01",), Text("示例权益", "the example"), 1000, rules_of(example), Settle(0)),
        "B02": Benefit("B02", False, ("S01",), Text("日间游船", "the day cruise"), 1000, (), Settle(0)),
    }
    products = {
        id_: Product(id_, name, 100, True, holder=holder, validity_days=365, benefits=tuple(benefits))
        for id_, name, holder in PRODUCTS
    }
    return Terms(1, "", venues, benefits, products)


def calendar_of(*years: int) -> Calendar:
    """National Day from 1 to 7 October; the other holidays fall on New Year's Day: the examples name none of them."""
    other = {year: Holiday(((date(year, 1, 1), date(year, 1, 1)),), ()) for year in years}
    national = {year: Holiday(((date(year, 10, 1), date(year, 10, 7)),), ()) for year in years}
    return Calendar(
        {
            year: Year(False, {key: national[year] if key == "national_day" else other[year] for key in HOLIDAYS})
            for year in years
        }
    )


CALENDAR = calendar_of(2026, 2027)
