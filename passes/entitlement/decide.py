"""decide(sheet, facts): the answer to one scan. next_allowed: when the same scan would be let in. Both pure.

The order is fixed: the credential (before this), the pass, the product, the place, then the rules in the order of
rules.py, last of all whether the place is full. decide.ts is the twin: what changes here changes there.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from passes import clock
from passes.entitlement.daysheet import DaySheet, Offer, Offered, Opening, counter_of
from passes.entitlement.facts import Choice, ConfirmItem, Counter, Decision, Facts, Per, period_of
from passes.entitlement.rule import Asked
from passes.entitlement.rule_dates import closures_end

CHOOSE = "choose_benefit"
NEEDS = "needs_confirmation"

VAIN = frozenset(
    {"pass_not_active", "pass_expired", "pass_void", "pass_frozen", "not_included", "not_at_this_venue"}
    | {"venue_full", "guardian_required", "replayed", NEEDS}
)
"""Refusals that no waiting lifts, whatever the rules say."""


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


def periods_of(sheet: DaySheet, valid_from: date | None) -> frozenset[str]:
    """The periods in which any use on the sheet's day counts: whoever holds their counters can ask for any benefit."""
    if valid_from is None:
        return frozenset()
    pers: tuple[Per, ...] = ("month", "term", "ever")
    days = (sheet.day - timedelta(days=n) for n in range(sheet.rests + 1))
    return frozenset(period_of(per, sheet.day, valid_from) for per in pers) | {day.isoformat() for day in days}


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


def is_on(facts: Facts, kind: str, moment: datetime) -> bool:
    return any(closure.kind == kind and closure.holds(moment) for closure in facts.closures)


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
        return to_confirm(facts, None, (ConfirmItem(CHOOSE, meant),))
    offer = sheet.offers[meant.benefit_id]
    offered = offer.at[facts.venue_id]
    asked = Asked(facts, offer.benefit_id, facts.now, sheet.day, second)
    said = what_is_said(offered.opening, asked)
    if isinstance(said, str):
        return Decision("refused", offer.benefit_id, said)
    return to_confirm(facts, offer.benefit_id, said) if said else admitted(offer, offered, asked)


def what_is_said(opening: Opening, asked: Asked) -> str | tuple[ConfirmItem, ...]:
    """The first refusal; else all that staff must confirm, in the order of asking."""
    facts, confirm = asked.facts, []
    if facts.closures and is_on(facts, "venue_closed", asked.now):
        return "venue_closed"
    for question in opening.questions:
        said = question.say(asked)
        if said is None:
            continue
        if isinstance(said, str):
            return said
        confirm.append(said)
    if facts.closures and is_on(facts, "venue_full", asked.now):
        return "venue_full"
    return tuple(confirm)


def to_confirm(facts: Facts, benefit_id: str | None, items: tuple[ConfirmItem, ...]) -> Decision:
    """Amber where there is staff; an unattended lane refuses."""
    if facts.attended:
        return Decision("needs_confirmation", benefit_id, confirm=items)
    code = "guardian_required" if items[0].item == "guardian" else NEEDS
    return Decision("refused", benefit_id, code)


def admitted(offer: Offer, offered: Offered, asked: Asked) -> Decision:
    """With the terms, what it counts in and what it takes. A use beyond a limit is let in at the discount after it."""
    facts = asked.facts
    moves, stock = use_of(offered, asked)
    terms = {**offered.terms, "uses": uses_of(moves, facts)}
    if offer.then_discount is not None and is_spent(moves, facts):
        terms |= {"free": False, "then_discount": offer.then_discount}
    return Decision("admitted", offer.benefit_id, terms=terms, moves=moves, stock=stock)


def use_of(offered: Offered, asked: Asked) -> tuple[tuple[Counter, ...], tuple[Counter, ...]]:
    """What a visitor who goes in moves: the counters of the pass, the stock of the venue. Nothing before activation."""
    valid_from = asked.facts.valid_from
    if valid_from is None:
        return (), ()
    fixed = (counter_of(tally, asked.day, valid_from) for tally in offered.moves)
    questions = offered.opening.questions
    chosen = (move for question in questions for move in question.moves(asked))
    return (*fixed, *chosen), tuple(taken for question in questions for taken in question.stock(asked))


def reported(sheet: DaySheet, facts: Facts) -> tuple[str | None, Decision]:
    """A visitor who went in at facts.now: why he should not have, whatever was used before, and what it counts in.

    The reason is None where only other uses could be one: of counters and stock nothing is asked, and the slot is the
    one that was on. The decision names the benefit where it is known.
    """
    facts = replace(facts, counters={}, stock={})
    meant = choose_benefit(sheet, facts.product_id, facts.venue_id, facts.benefit_id, facts.default_benefit_id)
    if not isinstance(meant, Chosen):
        return (meant if isinstance(meant, str) else NEEDS), Decision("admitted", facts.benefit_id)
    offered = sheet.offers[meant.benefit_id].at[facts.venue_id]
    asked = Asked(facts, meant.benefit_id, facts.now, sheet.day, sheet.second_of(facts.now))
    settled = Opening(tuple(question for question in offered.opening.questions if not question.counts))
    said = pass_refusal(sheet.day, facts) or what_is_said(settled, asked)
    moves, stock = use_of(offered, asked)
    ruled = said if isinstance(said, str) else NEEDS if said else None
    return ruled, Decision("admitted", meant.benefit_id, moves=moves, stock=stock)


def uses_of(moves: tuple[Counter, ...], facts: Facts) -> list[dict[str, object]]:
    """How often each limit is used with this scan; a reservation is used anyway."""
    return [
        {"per": move.per, "used": min(facts.counters.get(move.key, 0) + 1, move.limit), "limit": move.limit}
        for move in moves
        if move.limit is not None and move.per != "ever"
    ]


def is_spent(moves: tuple[Counter, ...], facts: Facts) -> bool:
    return any(move.limit is not None and facts.counters.get(move.key, 0) >= move.limit for move in moves)


def next_allowed(sheet: DaySheet, facts: Facts, decision: Decision) -> datetime | None:
    """The earliest moment the refused scan would be admitted as far as the rules can know, exact to the second.

    None where they cannot know: a freeze, a holder's class, a spent term, a missing reservation, a day beyond the
    calendar's data. What staff would have to confirm then is taken as confirmed.
    """
    benefit_id = decision.benefit_id
    if decision.outcome != "refused" or decision.refusal_code in VAIN or benefit_id is None:
        return None
    if facts.state != "active" or facts.held or facts.valid_from is None:
        return None
    offered = sheet.offers[benefit_id].at[facts.venue_id]
    moment: datetime | None = max(facts.now, clock.day_start(facts.valid_from))
    while moment is not None:
        found = sheet.open_from(offered, clock.local_day(moment))
        if found is None or (facts.valid_until is not None and found[0] >= facts.valid_until):
            return None
        day, opening = found
        moment = max(moment, clock.day_start(day))
        asked = Asked(facts, benefit_id, moment, day, (moment - clock.day_start(day)).total_seconds())
        said = what_is_said(opening, asked)
        if not isinstance(said, str):
            return moment if facts.attended or not said else None
        moment = clears_at(opening, asked)
    return None


def clears_at(opening: Opening, asked: Asked) -> datetime | None:
    """When the first that refuses would not; a later moment than asked.now, or None."""
    if is_on(asked.facts, "venue_closed", asked.now):
        return closures_end(asked, ("venue_closed",))
    for question in opening.questions:
        if isinstance(question.say(asked), str):
            return question.clears_at(asked)
    return None
