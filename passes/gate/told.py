"""What a gate is told of a decided scan, what is kept of it, and what leaves the house."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from passes import clock
from passes.access.rules import Gate
from passes.catalogue.closure_queries import closures_on
from passes.catalogue.queries import effective_terms
from passes.catalogue.rules import elsewhere
from passes.entitlement.daysheet import DaySheet
from passes.entitlement.decide import next_allowed
from passes.entitlement.facts import Closure, Facts
from passes.entitlement.terms import Terms, Venue
from passes.events.contract import Event, RedemptionAdmitted, RedemptionRefused
from passes.gate import rules
from passes.gate.attempts import Attempt
from passes.gate.rules import Answer
from passes.lifecycle.queries import Holder
from passes.lifecycle.rules import masked_name


def answer_to(session: Session, attempt: Attempt, holders: Mapping[int, Holder]) -> Answer:
    """The answer that is kept with the scan. A report asks nothing, so it is told no way on."""
    decision, sheet, pass_, facts = attempt.decision, attempt.sheet, attempt.pass_, attempt.facts
    holder = next_allowed_at = other = None
    is_asked = pass_ is not None and sheet is not None and facts is not None and not attempt.is_report
    if is_asked and decision.outcome == "refused" and pass_ and sheet and facts:
        next_allowed_at = next_allowed(sheet, facts, decision)
        if rules.another_place_helps(decision, sheet.day, facts):
            closures = closures_on(session, now=facts.now)
            other = _elsewhere(effective_terms(session, pass_.terms_version), sheet, facts, closures)
    if pass_ is not None and sheet is not None and pass_.member_id in holders:
        person, product = holders[pass_.member_id], sheet.products[pass_.product_id].name
        holder = {
            "name": masked_name(person.name),
            "document_last4": person.document_last4,
            "holder_class": pass_.holder_class,
            "product": {"zh": product.zh, "en": product.en},
        }
    return rules.answer_of(
        attempt.scan.scan_id,
        decision,
        next_allowed_at=next_allowed_at,
        benefit=_offered(sheet, decision.benefit_id),
        holder=holder,
        elsewhere=other,
    )


def _offered(sheet: DaySheet | None, benefit_id: str | None) -> dict[str, str] | None:
    offer = sheet.offers.get(benefit_id or "") if sheet else None
    return None if offer is None else {"id": offer.benefit_id, "zh": offer.name.zh, "en": offer.name.en}


def _elsewhere(
    terms: Terms, sheet: DaySheet, facts: Facts, closures: Mapping[str, tuple[Closure, ...]]
) -> dict[str, object] | None:
    near = elsewhere(terms, sheet, facts, closures)
    if near is None:
        return None
    venue, until = near.venue, near.opening.until
    return {
        "venue": {"id": venue.id, "zh": venue.name.zh, "en": venue.name.en},
        "benefit": _offered(sheet, near.benefit_id),
        "metres": near.metres,
        "until": until.isoformat() if until else None,
    }


def row_of(attempt: Attempt, gate: Gate, now: datetime) -> dict[str, object]:
    """The scan as it is kept. Of what a visitor who went in used, all that giving it back takes."""
    scan, token, used = attempt.scan, attempt.proof.token, attempt.used
    proved = token if attempt.proof.proved else None
    used_up = used and rules.used_up(
        used.moves,
        used.stock,
        code=attempt.use and attempt.use[1],
        item_id=scan.item_id,
        ruled=attempt.ruled,
    )
    return {
        "enrolment_id": gate.enrolment_id,
        "scan_id": scan.scan_id,
        "sequence": scan.sequence,
        "lane_id": gate.lane_id,
        "venue_id": gate.venue_id,
        "content_hash": scan.content_hash(),
        "code_type": proved.type if proved else None,
        "code_body": proved.text_body.hex() if proved else None,
        "pass_id": attempt.pass_.id if attempt.pass_ else None,
        "benefit_id": benefit_of(attempt),
        "confirmed": scan.confirmed,
        "scanned_at": attempt.moment,
        "recorded_at": now,
        "local_day": clock.local_day(attempt.moment),
        "shown": attempt.shown,
        "answer": rules.outcome_of(attempt.decision),
        "verdict": attempt.verdict,
        "response": attempt.answer,
        "shift_id": gate.shift_id,
        "used_up": used_up,
    }


def benefit_of(attempt: Attempt) -> str | None:
    """The benefit meant, where it is known: by the answer, or by what the visitor who went in used."""
    return attempt.decision.benefit_id or (attempt.used.benefit_id if attempt.used else None)


def event_of(attempt: Attempt, gate: Gate, venue: Venue) -> Event | None:
    """What the scan counts as. Amber is no event: nothing was used up and nobody was turned away."""
    pass_, local, benefit_id = attempt.pass_, clock.local_time(attempt.moment), benefit_of(attempt)
    scan_ref = f"{gate.enrolment_id}/{attempt.scan.scan_id}"
    outcome, _, code = attempt.verdict.partition("/")
    if outcome == "admitted" and pass_ is not None and benefit_id is not None:
        return RedemptionAdmitted(
            pass_id=pass_.id,
            scan_ref=scan_ref,
            venue_id=venue.id,
            venue_kind=venue.kind,
            benefit_id=benefit_id,
            product_id=pass_.product_id,
            terms_version=pass_.terms_version,
            holder_class=pass_.holder_class,
            lane_id=gate.lane_id,
            scanned_at=attempt.moment,
            local_day=local.date(),
            local_hour=local.hour,
        )
    if outcome == "refused":
        return RedemptionRefused(
            pass_id=pass_.id if pass_ else None,
            gate_key=str(gate.enrolment_id),
            scan_ref=scan_ref,
            venue_id=venue.id,
            benefit_id=benefit_id,
            product_id=pass_.product_id if pass_ else None,
            refusal_code=code,
            lane_id=gate.lane_id,
            scanned_at=attempt.moment,
            local_day=local.date(),
            local_hour=local.hour,
        )
    return None
