"""record_scans: every attempt is decided and kept, in the order and under the locks that make counting exact."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from passes import settings
from passes.access.rules import Gate
from passes.catalogue.queries import get_venue
from passes.entitlement.decide import decide, reported
from passes.entitlement.facts import Facts
from passes.errors import N_, Conflict
from passes.events.outbox import emit_all
from passes.gate import rules
from passes.gate.adjudication import Past, change_verdicts, judge, list_past, use_of
from passes.gate.attempts import Attempt, facts_of, place, prove
from passes.gate.ledger import Ledger
from passes.gate.queries import FirstAnswer, read_known
from passes.gate.rules import Answer, ScanRequest
from passes.gate.stock import lock_stock
from passes.gate.told import answer_to, event_of, row_of
from passes.gate.uses import ScanKey, codes_before, counts_before, order_of
from passes.lifecycle.queries import LockedPass, list_holders, lock_for_scans


@dataclass(frozen=True, slots=True)
class Decided:
    """The attempts decided now, what they use up, and the first answer to every scan id asked about.

    past: of the passes a report is about, all uses there are, those of this request included.
    """

    fresh: Sequence[Attempt]
    ledger: Ledger
    known: Mapping[UUID, FirstAnswer]
    past: Mapping[int, Past]


def record_scans(session: Session, gate: Gate, scans: Sequence[ScanRequest], *, now: datetime) -> list[Answer]:
    """Decide and keep the scans of one device, all in the caller's transaction; answers in the order of the scans.

    A repeated scan id gets its first answer again; with other content it is Conflict("scan_id_reused") when
    sent singly and answered so in its place in a list. Lock order: passes by id, stock by name, then counters.
    """
    venue = get_venue(session, gate.venue_id)
    decided = _decide_all(session, gate, scans, now)
    if decided.fresh:
        found = _judge_reported(session, gate, decided)
        for attempt in decided.fresh:
            if attempt.is_report:
                attempt.answer["verdict"] = attempt.verdict
        decided.ledger.write(session, [row_of(attempt, gate, now) for attempt in decided.fresh])
        events = [event for attempt in decided.fresh if (event := event_of(attempt, gate, venue))]
        emit_all(session, events, now=now)
        for pass_, verdicts in found:
            change_verdicts(session, pass_, decided.past[pass_.id].uses, verdicts, now=now)
    return [_told(scan, decided.known[scan.scan_id], single=len(scans) == 1) for scan in scans]


def rehearse_scan(session: Session, gate: Gate, scan: ScanRequest, *, now: datetime) -> Answer:
    """What record_scans would answer; nothing is kept, counted, used up or told."""
    decided = _decide_all(session, gate, [scan], now)
    return _told(scan, decided.known[scan.scan_id], single=True)


def _decide_all(session: Session, gate: Gate, scans: Sequence[ScanRequest], now: datetime) -> Decided:
    attempts = prove(session, get_venue(session, gate.venue_id), scans, now)
    passes = lock_for_scans(session, [a.proof.serial for a in attempts if a.proof.proved and a.proof.serial])
    for attempt in attempts:
        place(session, attempt, gate, passes)
    stock = lock_stock(session, [counter for attempt in attempts for counter in attempt.stock_asked])
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
    ledger = Ledger(read.counters, stock, read.used_codes)
    fresh = _fresh(attempts, read.answers)
    past = list_past(session, {a.pass_.id for a in fresh if a.is_report and a.pass_ is not None})
    holders = list_holders(session, [p.member_id for p in passes.values()]) if gate.attended else {}
    known = dict(read.answers)
    for attempt in fresh:
        if attempt.is_report:
            _take_report(session, attempt, gate, ledger, past)
        else:
            _decide(attempt, gate, ledger, read.held, past)
        attempt.answer = answer_to(session, attempt, holders)
        known[attempt.scan.scan_id] = FirstAnswer(attempt.scan.content_hash(), attempt.answer)
    return Decided(fresh, ledger, known, past)


def _fresh(attempts: Sequence[Attempt], answered: Container[UUID]) -> list[Attempt]:
    """The attempts to decide: one for each scan id that has no answer yet."""
    chosen: dict[UUID, Attempt] = {}
    for attempt in attempts:
        if attempt.scan.scan_id not in answered:
            chosen.setdefault(attempt.scan.scan_id, attempt)
    return list(chosen.values())


def _decide(attempt: Attempt, gate: Gate, ledger: Ledger, held: Container[int], past: Mapping[int, Past]) -> None:
    """A question: code, pass, entitlement, then whether the code was used up. Books what an admission uses."""
    pass_, sheet = attempt.pass_, attempt.sheet
    code = _code_refusal(attempt)
    if code is not None or pass_ is None or sheet is None:
        attempt.decision = rules.refused(code or attempt.proof.code, attempt.scan.benefit_id)
    else:
        counters = ledger.counters_of(pass_.id)
        attempt.facts = facts_of(attempt, pass_, gate, counters, ledger.stock, held=pass_.id in held)
        _answer(attempt, attempt.facts, is_used=attempt.use in ledger.uses)
    attempt.verdict = rules.outcome_of(attempt.decision)
    if attempt.went_in and pass_ is not None:
        attempt.used = attempt.decision
        goes_on = "then_discount" in attempt.decision.terms
        ledger.book(pass_.id, attempt.decision.moves, attempt.decision.stock, attempt.use, fact=goes_on)
        if pass_.id in past:
            past[pass_.id].uses.append(use_of(attempt, gate))


def _answer(attempt: Attempt, facts: Facts, *, is_used: bool) -> None:
    """What the terms, the document and the code's earlier use say."""
    assert attempt.sheet is not None
    decision = decide(attempt.sheet, facts)
    if rules.must_check_document(attempt.proof):
        decision = rules.with_document(decision, attended=facts.attended, confirmed=facts.confirmed)
    if decision.outcome == "admitted" and is_used:
        decision = rules.refused("replayed", decision.benefit_id)
    attempt.decision = decision


def _code_refusal(attempt: Attempt) -> str | None:
    """What is wrong with the code itself, by the pass as it was at the moment of the scan."""
    pass_, proof = attempt.pass_, attempt.proof
    # A report is held to the revocations of its moment; the generation the pass has today is not asked.
    state = generation = None
    if pass_ is not None:
        state, generation = pass_.state, pass_.generation
        if attempt.is_report and proof.token is not None:
            generation = proof.token.generation
    code = rules.code_refusal(proof, state=state, generation=generation)
    if code is None and pass_ is not None and settings.current().livemode and not pass_.livemode:
        return "test_pass"
    return code


def _take_report(session: Session, attempt: Attempt, gate: Gate, ledger: Ledger, past: Mapping[int, Past]) -> None:
    """What we would have said then, by what is known of the uses before; and if the visitor went in, that he did."""
    pass_, sheet = attempt.pass_, attempt.sheet
    code = _code_refusal(attempt)
    if pass_ is None or sheet is None:
        attempt.decision = rules.refused(code or attempt.proof.code, attempt.scan.benefit_id)
        attempt.verdict = rules.outcome_of(attempt.decision) if attempt.shown == "admitted" else attempt.shown
        return
    order = order_of(attempt.moment, (gate.enrolment_id, attempt.scan.scan_id), attempt.scan.sequence)
    before = dict(counts_before(past[pass_.id].uses, order))
    held = past[pass_.id].was_held(attempt.moment)
    attempt.facts = facts = facts_of(attempt, pass_, gate, before, ledger.stock, held=held)
    if code is not None:
        attempt.decision = rules.refused(code, attempt.scan.benefit_id)
    else:
        used = attempt.use is not None and attempt.use[1:] in codes_before(past[pass_.id].uses, order)
        _answer(attempt, facts, is_used=used)
    attempt.verdict = attempt.shown
    if attempt.went_in:
        ruled, attempt.used = reported(sheet, facts)
        attempt.ruled = code or ruled
        ledger.book(pass_.id, attempt.used.moves, attempt.used.stock, attempt.use, fact=True)
        past[pass_.id].uses.append(use_of(attempt, gate))


def _judge_reported(session: Session, gate: Gate, decided: Decided) -> list[tuple[LockedPass, Mapping[ScanKey, str]]]:
    """Compute anew what the uses of each reported pass count as; those of this request know it before they are kept."""
    found: list[tuple[LockedPass, Mapping[ScanKey, str]]] = []
    for pass_id, known in decided.past.items():
        mine = [one for one in decided.fresh if one.pass_ is not None and one.pass_.id == pass_id and one.went_in]
        if not mine or mine[0].pass_ is None:
            continue
        since = min(use_of(attempt, gate).order for attempt in mine)
        verdicts = judge(session, mine[0].pass_, known.uses, since)
        for attempt in mine:
            attempt.verdict = verdicts[gate.enrolment_id, attempt.scan.scan_id]
        fresh = {(gate.enrolment_id, attempt.scan.scan_id) for attempt in mine}
        found.append((mine[0].pass_, {key: verdict for key, verdict in verdicts.items() if key not in fresh}))
    return found


def _told(scan: ScanRequest, first: FirstAnswer, *, single: bool) -> Answer:
    """The first answer to this scan id, if it was given to the same content."""
    if first.content_hash == scan.content_hash():
        return first.response
    if single:
        raise Conflict("scan_id_reused", N_("This scan id was used for another scan."))
    return rules.fault_answer(str(scan.scan_id), "scan_id_reused", {})
