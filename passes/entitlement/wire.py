"""Day sheets, facts and decisions as plain JSON, as decide.ts reads and writes them.

A sheet's bytes are canonical: the same terms, calendar and day give the same bytes and the same hash on every machine.
Days are numbers, days since 1970-01-01, all local; moments are unix seconds; a term's or day's counter is named by its
period as in facts.py.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime

from passes.entitlement.daysheet import DaySheet, Offer, Offered, Opening
from passes.entitlement.facts import ConfirmItem, Counter, Counts, Decision, Facts
from passes.entitlement.rule import pair

FORMAT = 1
_FIRST_DAY = date(1970, 1, 1).toordinal()
Plain = dict[str, object]


def day_number(day: date) -> int:
    return day.toordinal() - _FIRST_DAY


class _Table:
    """Values that stand in many places, kept once; what stands there is their number."""

    def __init__(self) -> None:
        self.rows: list[object] = []
        self._numbers: dict[str, int] = {}

    def number(self, row: object) -> int:
        key = _canonical(row)
        if key not in self._numbers:
            self._numbers[key] = len(self.rows)
            self.rows.append(row)
        return self._numbers[key]


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sheet_wire(sheet: DaySheet) -> Plain:
    """The whole sheet. openings, moves and terms are tables; offers name their rows.

    An offer at a venue is [opening, moves, terms, runs]; a run [first day, last day, opening].
    """
    openings, moves, terms = _Table(), _Table(), _Table()
    known: dict[Opening, int] = {}

    def opening(one: Opening) -> int:
        # Thousands of runs share a few openings: their text is made once.
        if one not in known:
            known[one] = openings.number([question.wire() for question in one.questions])
        return known[one]

    def at(one: Offered) -> list[object]:
        return [
            opening(one.opening),
            moves.number([[tally.name, tally.per, tally.limit] for tally in one.moves]),
            terms.number(one.terms),
            [[day_number(run.first), day_number(run.last), opening(run.opening)] for run in one.runs],
        ]

    def offer(one: Offer) -> Plain:
        places = {venue_id: at(offered) for venue_id, offered in one.at.items()}
        return {"name": pair(one.name), "then_discount": one.then_discount, "at": places}

    return {
        "format": FORMAT,
        "terms_version": sheet.version,
        "day": day_number(sheet.day),
        "rests": sheet.rests,
        "products": {id_: sorted(product.benefits) for id_, product in sheet.products.items()},
        "choices": {venue_id: [choice.id for choice in choices] for venue_id, choices in sheet.choices.items()},
        "offers": {id_: offer(one) for id_, one in sheet.offers.items()},
        "openings": openings.rows,
        "moves": moves.rows,
        "terms": terms.rows,
    }


def sheet_json(sheet: DaySheet) -> str:
    """The canonical text of a sheet."""
    return _canonical(sheet_wire(sheet))


def sheet_hash(text: str) -> str:
    """SHA-256 in hex of a sheet's canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()


def facts_wire(facts: Facts) -> Plain:
    """now in whole seconds: a gate's clock is rounded down."""
    return {
        "now": _second(facts.now),
        "venue_id": facts.venue_id,
        "product_id": facts.product_id,
        "holder_class": facts.holder_class,
        "state": facts.state,
        "valid_from": _day(facts.valid_from),
        "valid_until": _day(facts.valid_until),
        "held": facts.held,
        "birth_on": facts.birth_on.isoformat() if facts.birth_on else None,
        "counters": _counts(facts.counters),
        "stock": _counts(facts.stock),
        "closures": [[one.kind, _second(one.starts_at), _second(one.until)] for one in facts.closures],
        "reservations": [
            [one.id, one.benefit_id, one.venue_id, _second(one.starts_at), _second(one.ends_at)]
            for one in facts.reservations
        ],
        "confirmed": sorted(facts.confirmed),
        "attended": facts.attended,
        "benefit_id": facts.benefit_id,
        "default_benefit_id": facts.default_benefit_id,
        "item_id": facts.item_id,
        "nights": facts.nights,
    }


def decision_wire(decision: Decision, next_allowed_at: datetime | None) -> Plain:
    """What both twins must answer alike."""
    return {
        "outcome": decision.outcome,
        "benefit_id": decision.benefit_id,
        "refusal_code": decision.refusal_code,
        "confirm": [_item(item) for item in decision.confirm],
        "terms": dict(decision.terms),
        "moves": _counters(decision.moves),
        "stock": _counters(decision.stock),
        "next_allowed_at": _second(next_allowed_at),
    }


def _item(item: ConfirmItem) -> Plain:
    return {
        "item": item.item,
        "choices": [[choice.id, *pair(choice.name)] for choice in item.choices],
        "about": pair(item.about) if item.about else None,
    }


def _counters(counters: Iterable[Counter]) -> list[list[object]]:
    return [[one.name, one.period, one.limit] for one in counters]


def _counts(counts: Counts) -> dict[str, int]:
    """No name holds a blank."""
    return {f"{name} {period}": n for (name, period), n in counts.items()}


def _second(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() // 1)


def _day(day: date | None) -> int | None:
    return None if day is None else day_number(day)
