"""decide(sheet, facts): the answer to one scan. next_allowed: when the same scan would be let in. Both pure.

The order is fixed: the credential (before this), the pass, the product, then the rules in the order of rules.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain

from passes import clock
from passes.entitlement.daysheet import DaySheet, Offer, Opening
from passes.entitlement.facts import Choice, ConfirmItem, Counter, Decision, Facts
from passes.entitlement.rule import Asked, Question
from passes.entitlement.rules import RULE_TYPES

__all__ = ["Choice", "Chosen", "ConfirmItem", "Counter", "Decision", "Facts"]
__all__ += ["choose_benefit", "counters_of", "decide", "next_allowed", "periods_of"]

CHOOSE = "choose_benefit"

WAITING = frozenset(
    {"pass_not_yet_valid", "calendar_missing", "closed_weekday", "outside_hours"}
    | {rule.refusal_code for rule in RULE_TYPES if rule.evaluated and getattr(rule, "waits", True)}
)
"""Refusals after which waiting can help."""


@dataclass(frozen=True, slots=True)
class Chosen:
    benefit_id: str


def choose_benefit(
    sheet: DaySheet, product_id: str, venue_id: str, named: str | None, default: str | None
) -> Chosen | str | tuple[Choice, ...]:
    """Which benefit a scan means: the named one, else the lane's default, else the only one the venue offers.

    A refusal code where there is none; the choices where there are several.
    """
    product = sheet.products.get(product_id)
    if product is None:
        return "not_included"
    benefit_id = named or default
    if benefit_id is not None:
        if benefit_id not in product.benefits:
            return "not_included"
        return Chosen(benefit_id) if venue_id in sheet.offers[benefit_id].at else "not_at_this_venue"
    offered = sheet.choices.get(venue_id, ())
    if not offered:
        return "not_at_this_venue"
    included = tuple(choice for choice in offered if choice.id in product.benefits)
    if not included:
        return "not_included"
    return Chosen(included[0].id) if len(included) == 1 else included


def counters_of(sheet: DaySheet, benefit_id: str, valid_from: date | None) -> tuple[Counter, ...]:
    """The counters a use of the benefit on the sheet's day moves; none before the pass has a term."""
    if valid_from is None:
        return ()
    return sheet.offers[benefit_id].counters(sheet.day, valid_from)


def periods_of(sheet: DaySheet, valid_from: date | None) -> frozenset[str]:
    """The periods in which any use on the sheet's day counts: whoever holds their counters can ask for any benefit."""
    if valid_from is None:
        return frozenset()
    kinds = {type(rule): rule for offer in sheet.offers.values() for rule in offer.counter_rules}
    return frozenset(rule.period(sheet.day, valid_from) for rule in kinds.values())


def pass_refusal(day: date, facts: Facts) -> str | None:
    """Why the pass itself is refused. A void pass says so, whatever hold is still open on it."""
    if facts.state == "issued":
        return "pass_not_active"
    if facts.valid_from is not None and day < facts.valid_from:
        return "pass_not_yet_valid"
    if facts.state == "expired" or (facts.valid_until is not None and day >= facts.valid_until):
        return "pass_expired"
    if facts.state == "void":
        return "pass_void"
    if facts.held:
        return "pass_frozen"
    return None


def standing_in_the_way(opening: Opening, asked: Asked) -> tuple[Question, str] | None:
    """The first question that refuses, with its code."""
    for question in opening.questions:
        code = question.refusal(asked)
        if code is not None:
            return question, code
    return None


def decide(sheet: DaySheet, facts: Facts) -> Decision:
    """Admitted, refused or needs_confirmation. facts.now must lie in the sheet's day."""
    second = sheet.second_of(facts.now)
    if not 0 <= second < 86_400:
        raise ValueError(f"{facts.now} is not on the sheet's day {sheet.day}")
    meant = choose_benefit(sheet, facts.product_id, facts.venue_id, facts.benefit_id, facts.default_benefit_id)
    benefit_id = meant.benefit_id if isinstance(meant, Chosen) else None
    code = pass_refusal(sheet.day, facts)
    if code is not None:
        return Decision("refused", benefit_id, code)
    if isinstance(meant, str):
        return Decision("refused", facts.benefit_id, meant)
    if isinstance(meant, tuple):
        return to_confirm(facts, ConfirmItem(CHOOSE, meant))
    offer = sheet.offers[meant.benefit_id]
    if offer.unsupported:
        return Decision("refused", offer.benefit_id, "not_yet_supported")
    refusal = standing_in_the_way(offer.at[facts.venue_id], Asked(facts, offer.benefit_id, sheet.day, second))
    if refusal is not None:
        return Decision("refused", offer.benefit_id, refusal[1])
    return admitted(sheet, offer, facts)


def to_confirm(facts: Facts, item: ConfirmItem) -> Decision:
    """Amber where there is staff; an unattended lane refuses."""
    if facts.attended:
        return Decision("needs_confirmation", confirm=(item,))
    return Decision("refused", refusal_code="needs_confirmation")


def admitted(sheet: DaySheet, offer: Offer, facts: Facts) -> Decision:
    moves = counters_of(sheet, offer.benefit_id, facts.valid_from)
    uses = [
        {"per": move.per, "used": facts.counters.get((move.name, move.period), 0) + 1, "limit": move.limit}
        for move in moves
    ]
    return Decision("admitted", offer.benefit_id, terms={**offer.terms, "uses": uses}, moves=moves)


def next_allowed(sheet: DaySheet, facts: Facts, decision: Decision) -> datetime | None:
    """The earliest moment the refused scan would be admitted as far as the rules can know, exact to the second.

    None where they cannot know: a freeze, a holder's class, a spent term, a day beyond the calendar's data.
    """
    if decision.outcome != "refused" or decision.refusal_code not in WAITING or decision.benefit_id is None:
        return None
    offer = sheet.offers[decision.benefit_id]
    if offer.unsupported or facts.state != "active" or facts.held or facts.valid_from is None:
        return None
    earliest = max(facts.now, clock.day_start(facts.valid_from))
    for day, opening, moment, second in moments(sheet, offer, facts, earliest):
        if facts.valid_until is not None and day >= facts.valid_until:
            return None
        refusal = standing_in_the_way(opening, Asked(replace(facts, now=moment), offer.benefit_id, day, second))
        if refusal is None:
            return moment
        if not refusal[0].waits:
            return None
    return None


def moments(
    sheet: DaySheet, offer: Offer, facts: Facts, earliest: datetime
) -> Iterator[tuple[date, Opening, datetime, float]]:
    """From `earliest` on, each moment at which entry begins: (local day, what is asked, moment, second of the day)."""
    today = (sheet.day, offer.at[facts.venue_id])
    for day, opening in chain([today], sheet.openings_after((offer.benefit_id, facts.venue_id))):
        starts_at = clock.day_start(day)
        for opens, closes in opening.windows:
            moment = max(earliest, starts_at + timedelta(seconds=opens))
            second = (moment - starts_at).total_seconds()
            if second < closes:
                yield day, opening, moment, second
