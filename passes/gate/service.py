"""record_scans: every attempt is decided and kept, in the order and under the locks that make counting exact."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session

from passes import clock, settings
from passes.access.rules import Gate
from passes.catalogue.queries import get_terms, get_venue
from passes.catalogue.rules import elsewhere
from passes.catalogue.sheets import day_sheet
from passes.credential.codec import Verdict, verify
from passes.credential.queries import get_trust
from passes.entitlement.daysheet import DaySheet
from passes.entitlement.decide import Chosen, choose_benefit, decide, next_allowed, periods_of
from passes.entitlement.facts import Decision, Facts, HolderClass, PassState
from passes.entitlement.terms import Terms, Venue
from passes.errors import N_, Conflict
from passes.events.contract import Event, RedemptionAdmitted, RedemptionRefused
from passes.events.outbox import emit_all
from passes.gate import rules
from passes.gate.ledger import Ledger
from passes.gate.queries import FirstAnswer, UseKey, read_known
from passes.gate.rules import Answer, ScanRequest
from passes.lifecycle.queries import Holder, LockedPass, list_holders, lock_for_scans
from passes.lifecycle.rules import masked_name


@dataclass(slots=True)
class Attempt:
    """One scan on its way to an answer. The fields below verdict stay empty for a code that opens no pass."""

    scan: ScanRequest
    verdict: Verdict
    pass_: LockedPass | None = None
    sheet: DaySheet | None = None
    periods: frozenset[str] = frozenset()
    use: UseKey | None = None
    facts: Facts | None = None
    decision: Decision = field(default_factory=lambda: rules.refused("malformed"))
    answer: Answer = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """The attempts decided now, what they use up, and the first answer to every scan id asked about."""

    fresh: Sequence[Attempt]
    ledger: Ledger
    known: Mapping[UUID, FirstAnswer]


def record_scans(session: Session, gate: Gate, scans: Sequence[ScanRequest], *, now: datetime) -> list[Answer]:
    """Decide and keep the scans of one device, all in the caller's transaction; answers in the order of the scans.

    A repeated scan id gets its first answer again; with other content it is Conflict("scan_id_reused") when
    sent singly and answered so in its place in a list. Lock order: passes by id, then their counters.
    """
    venue = get_venue(session, gate.venue_id)
    decided = _decide_all(session, gate, venue, scans, now)
    if decided.fresh:
        decided.ledger.write(session, [_row(attempt, gate, now) for attempt in decided.fresh])
        events = [event for attempt in decided.fresh if (event := _event(attempt, gate, venue, now))]
        emit_all(session, events, now=now)
    return [_told(scan, decided.known[scan.scan_id], single=len(scans) == 1) for scan in scans]


def rehearse_scan(session: Session, gate: Gate, scan: ScanRequest, *, now: datetime) -> Answer:
    """What record_scans would answer; nothing is kept, counted, used up or told."""
    decided = _decide_all(session, gate, get_venue(session, gate.venue_id), [scan], now)
    return _told(scan, decided.known[scan.scan_id], single=True)


def _decide_all(session: Session, gate: Gate, venue: Venue, scans: Sequence[ScanRequest], now: datetime) -> Decided:
    trust = get_trust(session, now=now)
    moment = int(now.timestamp())
    attempts = [Attempt(scan, verify(scan.code, now=moment, venue_number=venue.number, trust=trust)) for scan in scans]
    passes = lock_for_scans(session, [a.verdict.serial for a in attempts if a.verdict.proved and a.verdict.serial])
    for attempt in attempts:
        _place(session, attempt, gate, passes, now)
    # What the decisions depend on is read only now: under the locks, in a later statement.
    read = read_known(
        session,
        enrolment_id=gate.enrolment_id,
        scan_ids={scan.scan_id for scan in scans},
        pass_ids=passes,
        periods=frozenset[str]().union(*(attempt.periods for attempt in attempts)),
        codes={attempt.use for attempt in attempts if attempt.use},
        now=now,
    )
    ledger = Ledger(read.counters, read.used_codes)
    holders = list_holders(session, [p.member_id for p in passes.values()]) if gate.attended else {}
    fresh = _fresh(attempts, read.answers)
    known = dict(read.answers)
    for attempt in sorted(fresh, key=lambda a: a.scan.sequence or 0):
        _decide(attempt, gate, ledger, read.held, now)
        attempt.answer = _answer(session, attempt, holders)
        known[attempt.scan.scan_id] = FirstAnswer(attempt.scan.content_hash(), attempt.answer)
    return Decided(fresh, ledger, known)


def _fresh(attempts: Sequence[Attempt], answered: Container[UUID]) -> list[Attempt]:
    """The attempts to decide: one for each scan id that has no answer yet."""
    chosen: dict[UUID, Attempt] = {}
    for attempt in attempts:
        if attempt.scan.scan_id not in answered:
            chosen.setdefault(attempt.scan.scan_id, attempt)
    return list(chosen.values())


def _place(session: Session, attempt: Attempt, gate: Gate, passes: Mapping[int, LockedPass], now: datetime) -> None:
    """Give the attempt its pass, the day sheet of that pass's terms, what to read of its counters, and its code."""
    verdict, scan = attempt.verdict, attempt.scan
    pass_ = passes.get(verdict.serial) if verdict.proved and verdict.serial is not None else None
    if pass_ is None:
        return
    attempt.pass_ = pass_
    attempt.sheet = sheet = day_sheet(session, pass_.terms_version, clock.local_day(now))
    attempt.periods = periods_of(sheet, pass_.valid_from)
    meant = choose_benefit(sheet, pass_.product_id, gate.venue_id, scan.benefit_id, gate.default_benefit_id)
    if isinstance(meant, Chosen):
        attempt.use = verdict.token.replay_key(meant.benefit_id) if verdict.token else None


def _decide(attempt: Attempt, gate: Gate, ledger: Ledger, held: Container[int], now: datetime) -> None:
    """Code, pass, entitlement, then whether the code was used up. Books what an admission uses."""
    pass_, sheet, verdict, scan = attempt.pass_, attempt.sheet, attempt.verdict, attempt.scan
    state, generation = (pass_.state, pass_.generation) if pass_ else (None, None)
    code = rules.code_refusal(verdict, state=state, generation=generation)
    if code is None and pass_ is not None and settings.current().livemode and not pass_.livemode:
        code = "test_pass"
    if code is not None or pass_ is None or sheet is None:
        attempt.decision = rules.refused(code or verdict.code, scan.benefit_id)
        return
    attempt.facts = facts = _facts(attempt, pass_, gate, ledger, now, held=pass_.id in held)
    decision = decide(sheet, facts)
    if rules.must_check_document(verdict):
        decision = rules.with_document(decision, attended=gate.attended, confirmed=facts.confirmed)
    if decision.outcome == "admitted" and attempt.use in ledger.uses:
        decision = rules.refused("replayed", decision.benefit_id)
    if decision.outcome == "admitted":
        ledger.book(pass_.id, decision.moves, attempt.use)
    attempt.decision = decision


def _facts(attempt: Attempt, pass_: LockedPass, gate: Gate, ledger: Ledger, now: datetime, *, held: bool) -> Facts:
    return Facts(
        now=now,
        venue_id=gate.venue_id,
        product_id=pass_.product_id,
        holder_class=cast(HolderClass, pass_.holder_class),
        state=cast(PassState, pass_.state),
        valid_from=pass_.valid_from,
        valid_until=pass_.valid_until,
        held=held,
        counters=ledger.counters_of(pass_.id),
        confirmed=frozenset(attempt.scan.confirmed),
        attended=gate.attended,
        benefit_id=attempt.scan.benefit_id,
        default_benefit_id=gate.default_benefit_id,
    )


def _answer(session: Session, attempt: Attempt, holders: Mapping[int, Holder]) -> Answer:
    decision, sheet, pass_, facts = attempt.decision, attempt.sheet, attempt.pass_, attempt.facts
    holder = next_allowed_at = other = None
    if pass_ is not None and sheet is not None and facts is not None and decision.outcome == "refused":
        next_allowed_at = next_allowed(sheet, facts, decision)
        if rules.another_place_helps(decision, sheet.day, facts):
            other = _elsewhere(get_terms(session, pass_.terms_version), sheet, facts)
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


def _elsewhere(terms: Terms, sheet: DaySheet, facts: Facts) -> dict[str, object] | None:
    near = elsewhere(terms, sheet, facts)
    if near is None:
        return None
    venue, until = near.venue, near.opening.until
    return {
        "venue": {"id": venue.id, "zh": venue.name.zh, "en": venue.name.en},
        "benefit": _offered(sheet, near.benefit_id),
        "metres": near.metres,
        "until": until.isoformat() if until else None,
    }


def _row(attempt: Attempt, gate: Gate, now: datetime) -> dict[str, object]:
    scan, token = attempt.scan, attempt.verdict.token
    proved = token if attempt.verdict.proved else None
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
        "benefit_id": attempt.decision.benefit_id,
        "confirmed": scan.confirmed,
        "scanned_at": now,
        "recorded_at": now,
        "local_day": clock.local_day(now),
        "outcome": rules.outcome_of(attempt.decision),
        "response": attempt.answer,
        "shift_id": gate.shift_id,
        "used_up": rules.used_up(attempt.decision, attempt.use and attempt.use[1]),
    }


def _event(attempt: Attempt, gate: Gate, venue: Venue, now: datetime) -> Event | None:
    """An amber answer is no event: nothing was used up and nobody was turned away."""
    decision, pass_, local = attempt.decision, attempt.pass_, clock.local_time(now)
    scan_ref = f"{gate.enrolment_id}/{attempt.scan.scan_id}"
    if decision.outcome == "admitted" and pass_ is not None and decision.benefit_id is not None:
        return RedemptionAdmitted(
            pass_id=pass_.id,
            scan_ref=scan_ref,
            venue_id=venue.id,
            venue_kind=venue.kind,
            benefit_id=decision.benefit_id,
            product_id=pass_.product_id,
            terms_version=pass_.terms_version,
            holder_class=pass_.holder_class,
            lane_id=gate.lane_id,
            scanned_at=now,
            local_day=local.date(),
            local_hour=local.hour,
        )
    if decision.outcome == "refused" and decision.refusal_code is not None:
        return RedemptionRefused(
            pass_id=pass_.id if pass_ else None,
            gate_key=str(gate.enrolment_id),
            scan_ref=scan_ref,
            venue_id=venue.id,
            benefit_id=decision.benefit_id,
            product_id=pass_.product_id if pass_ else None,
            refusal_code=decision.refusal_code,
            lane_id=gate.lane_id,
            scanned_at=now,
            local_day=local.date(),
            local_hour=local.hour,
        )
    return None


def _told(scan: ScanRequest, first: FirstAnswer, *, single: bool) -> Answer:
    """The first answer to this scan id, if it was given to the same content."""
    if first.content_hash == scan.content_hash():
        return first.response
    if single:
        raise Conflict("scan_id_reused", N_("This scan id was used for another scan."))
    return rules.fault_answer(str(scan.scan_id), "scan_id_reused", {})
