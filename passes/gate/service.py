"""record_scans: every attempt is decided and kept, in the order and under the locks that make counting exact."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from passes.access.rules import Gate
from passes.catalogue.closure_queries import closures_of, closures_since
from passes.catalogue.queries import get_venue
from passes.errors import N_, Conflict
from passes.events.outbox import emit_all
from passes.gate import rules
from passes.gate.adjudication import change_verdicts, judge, list_past, use_of
from passes.gate.attempts import Attempt, place, prove
from passes.gate.desk import Desk
from passes.gate.ledger import Ledger
from passes.gate.queries import FirstAnswer, read_known
from passes.gate.rules import Answer, ScanRequest
from passes.gate.stock import lock_stock
from passes.gate.told import answer_to, event_of, row_of
from passes.gate.uses import ScanKey
from passes.lifecycle.queries import LockedPass, list_holders, lock_for_scans


@dataclass(frozen=True, slots=True)
class Decided:
    """The attempts decided now, what they were decided with, and the first answer to every scan id asked about."""

    fresh: Sequence[Attempt]
    desk: Desk
    known: Mapping[UUID, FirstAnswer]


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
        decided.desk.ledger.write(session, [row_of(attempt, gate, now) for attempt in decided.fresh])
        events = [event for attempt in decided.fresh if (event := event_of(attempt, gate, venue))]
        emit_all(session, events, now=now)
        for pass_, verdicts in found:
            change_verdicts(session, pass_, decided.desk.past[pass_.id].uses, verdicts, now=now)
    return [_told(scan, decided.known[scan.scan_id], single=len(scans) == 1) for scan in scans]


def rehearse_scan(session: Session, gate: Gate, scan: ScanRequest, *, now: datetime) -> Answer:
    """What record_scans would answer; nothing is counted, used up or told, no scan is kept."""
    decided = _decide_all(session, gate, [scan], now)
    return _told(scan, decided.known[scan.scan_id], single=True)


def _decide_all(session: Session, gate: Gate, scans: Sequence[ScanRequest], now: datetime) -> Decided:
    attempts = prove(session, get_venue(session, gate.venue_id), scans, now)
    passes = lock_for_scans(session, [a.proof.serial for a in attempts if a.proof.proved and a.proof.serial])
    for attempt in attempts:
        place(session, attempt, gate, passes)
    stock = lock_stock(session, [counter for attempt in attempts for counter in attempt.stock_asked])
    first = min((attempt.moment for attempt in attempts), default=now)
    # What the decisions depend on is read only now: under the locks, in a later statement.
    read = read_known(
        session,
        enrolment_id=gate.enrolment_id,
        scan_ids={scan.scan_id for scan in scans},
        pass_ids=passes,
        periods=frozenset[str]().union(*(attempt.periods for attempt in attempts)),
        codes={attempt.use for attempt in attempts if attempt.use},
        since=first,
        now=now,
    )
    fresh = _fresh(attempts, read.answers)
    reported = [attempt for attempt in fresh if attempt.is_report]
    desk = Desk(
        gate=gate,
        ledger=Ledger(read.counters, stock, read.used_codes),
        held=read.held,
        reservations=read.reservations,
        closures=closures_of(session, gate.venue_id, now=now),
        past_closures=closures_since(session, gate.venue_id, first) if reported else (),
        past=list_past(session, {attempt.pass_.id for attempt in reported if attempt.pass_ is not None}, first),
    )
    holders = list_holders(session, [p.member_id for p in passes.values()]) if gate.attended else {}
    known = dict(read.answers)
    for attempt in fresh:
        desk.take(attempt)
        attempt.answer = answer_to(session, attempt, holders)
        known[attempt.scan.scan_id] = FirstAnswer(attempt.scan.content_hash(), attempt.answer)
    return Decided(fresh, desk, known)


def _fresh(attempts: Sequence[Attempt], answered: Container[UUID]) -> list[Attempt]:
    """The attempts to decide: one for each scan id that has no answer yet."""
    chosen: dict[UUID, Attempt] = {}
    for attempt in attempts:
        if attempt.scan.scan_id not in answered:
            chosen.setdefault(attempt.scan.scan_id, attempt)
    return list(chosen.values())


def _judge_reported(session: Session, gate: Gate, decided: Decided) -> list[tuple[LockedPass, Mapping[ScanKey, str]]]:
    """Compute anew what the uses of each reported pass count as; those of this request know it before they are kept."""
    found: list[tuple[LockedPass, Mapping[ScanKey, str]]] = []
    for pass_id, known in decided.desk.past.items():
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
