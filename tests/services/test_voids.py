"""An admission taken back at its lane leaves no trace in what counts, and every trace in what is kept."""

import threading
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from passes import db
from passes.access.rules import Gate
from passes.access.service import enrol_device, make_enrolment_code
from passes.errors import Conflict, NotFound
from passes.events.outbox import OutboxRow
from passes.gate.flows import upload_scans
from passes.gate.models import CodeUse, PassCounter, Scan, ScanVoid
from passes.gate.rules import Answer, ScanRequest
from passes.gate.service import record_scans
from passes.gate.voids import void_scan
from passes.lifecycle.models import Pass
from tests.factories import active_pass, city, code_of, gate_at

REASON = "选错了权益 wrong benefit"


@pytest.fixture
def gate(session: Session, now: datetime) -> Gate:
    """The staffed lane of Baita Mountain Park, whose entry is B01: once a day."""
    city(session, now=now)
    return gate_at(session, "S01", now=now, default_benefit_id="B01").gate


@pytest.fixture
def pass_(session: Session, gate: Gate, now: datetime) -> Pass:
    return active_pass(session, now=now)


def admitted(session: Session, gate: Gate, pass_: Pass, *, now: datetime) -> ScanRequest:
    scan = ScanRequest(scan_id=uuid4(), code=code_of(session, pass_, now=now))
    [answer] = record_scans(session, gate, [scan], now=now)
    assert answer["decision"] == "admitted"
    session.flush()
    return scan


def answer_to(session: Session, gate: Gate, scan: ScanRequest, *, now: datetime) -> Answer:
    [answer] = record_scans(session, gate, [scan], now=now)
    session.flush()
    return answer


def neighbour_of(session: Session, gate: Gate, *, now: datetime) -> Gate:
    code = make_enrolment_code(session, gate.lane_id, now=now)
    return enrol_device(session, code=code, device_name="second tablet", now=now).gate


def told(session: Session) -> list[tuple[str, dict[str, object]]]:
    session.flush()
    rows = select(OutboxRow).where(OutboxRow.topic == "youyou.redemptions").order_by(OutboxRow.id)
    return [(row.type, dict(row.event["data"])) for row in session.scalars(rows)]  # type: ignore[call-overload]


def test_a_voided_admission_gives_back_what_it_used_and_is_told_with_all_its_dimensions(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    scan = admitted(session, gate, pass_, now=now)
    later = now + timedelta(minutes=2)
    listed = void_scan(session, gate, scan.scan_id, REASON, now=later)
    assert (listed.outcome, listed.voided_at, listed.void_reason) == ("admitted", later, REASON)
    assert listed.voidable_until is None
    assert session.execute(select(PassCounter.used, PassCounter.overdrawn)).all() == [(0, 0)] * 3
    assert session.scalars(select(CodeUse)).all() == []
    kept = session.scalars(select(Scan)).one()
    assert (kept.shown, kept.answer, kept.verdict) == ("admitted", "admitted", "voided")
    (_, admission), (event_type, event) = told(session)
    assert event_type == "redemption.voided.v1"
    assert event.pop("voided_at") == later.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert event == admission
    assert REASON not in str(told(session))


def test_a_code_is_good_again_after_a_void_and_only_then(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    scan = admitted(session, gate, pass_, now=now)
    again = ScanRequest(scan_id=uuid4(), code=scan.code)
    assert answer_to(session, gate, again, now=now)["decision"] == "refused"
    void_scan(session, gate, scan.scan_id, REASON, now=now)
    third = ScanRequest(scan_id=uuid4(), code=scan.code)
    assert answer_to(session, gate, third, now=now)["decision"] == "admitted"
    fourth = ScanRequest(scan_id=uuid4(), code=scan.code)
    assert answer_to(session, gate, fourth, now=now)["decision"] == "refused"
    # The device that sent the first scan again gets its first answer, for ever.
    assert answer_to(session, gate, scan, now=now)["decision"] == "admitted"
    assert set(session.scalars(select(PassCounter.used))) == {1}


def test_the_same_void_again_is_answered_alike_and_told_once(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    scan = admitted(session, gate, pass_, now=now)
    first = void_scan(session, gate, scan.scan_id, REASON, now=now)
    assert void_scan(session, gate, scan.scan_id, REASON, now=now + timedelta(hours=1)) == first
    for device, reason in ((gate, "another reason"), (neighbour_of(session, gate, now=now), REASON)):
        with pytest.raises(Conflict) as refusal:
            void_scan(session, device, scan.scan_id, reason, now=now)
        assert refusal.value.code == "void_done"
    assert [event_type for event_type, _ in told(session)] == ["redemption.admitted.v1", "redemption.voided.v1"]


def test_ten_minutes_are_the_end_of_it(session: Session, gate: Gate, pass_: Pass, now: datetime) -> None:
    scan = admitted(session, gate, pass_, now=now)
    with pytest.raises(Conflict) as refusal:
        void_scan(session, gate, scan.scan_id, REASON, now=now + timedelta(minutes=10, seconds=1))
    assert refusal.value.code == "void_too_late"
    assert void_scan(session, gate, scan.scan_id, REASON, now=now + timedelta(minutes=10)).voided_at


def test_only_an_admission_of_this_lane_can_be_voided(session: Session, gate: Gate, pass_: Pass, now: datetime) -> None:
    scan = admitted(session, gate, pass_, now=now)
    rubbish = ScanRequest(scan_id=uuid4(), code="rubbish")
    answer_to(session, gate, rubbish, now=now)
    elsewhere = gate_at(session, "S01", now=now).gate
    refusals: list[tuple[Gate, UUID, str]] = [
        (gate, rubbish.scan_id, "void_not_admitted"),
        (gate, uuid4(), "scan_not_found"),
        (elsewhere, scan.scan_id, "scan_not_found"),
    ]
    for device, scan_id, code in refusals:
        with pytest.raises((Conflict, NotFound)) as refusal:
            void_scan(session, device, scan_id, REASON, now=now)
        assert refusal.value.code == code
    assert void_scan(session, neighbour_of(session, gate, now=now), scan.scan_id, REASON, now=now).voided_at == now


def test_what_was_admitted_beyond_a_limit_is_given_back_first(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    scan = admitted(session, gate, pass_, now=now)
    session.execute(update(PassCounter).values(overdrawn=1))
    void_scan(session, gate, scan.scan_id, REASON, now=now)
    assert session.execute(select(PassCounter.used, PassCounter.overdrawn)).all() == [(1, 0)] * 3


def test_voids_and_scans_at_the_same_moment_count_exactly(database: str, now: datetime) -> None:
    with db.transaction() as session:
        city(session, now=now)
        gates = [gate_at(session, "S01", now=now, default_benefit_id="B01").gate for _ in range(4)]
        pass_ = active_pass(session, now=now)
        codes = [code_of(session, pass_, now=now + timedelta(seconds=second)) for second in range(8)]
    barrier = threading.Barrier(len(gates), timeout=60)
    faults: list[str] = []

    def visit(gate: Gate) -> None:
        for code in codes:
            barrier.wait()
            scan = ScanRequest(scan_id=uuid4(), code=code)
            [answer] = upload_scans(gate, [scan], now=now)
            if answer["decision"] == "admitted":
                _void_twice(gate, scan.scan_id, now, faults)

    threads = [threading.Thread(target=visit, args=(gate,)) for gate in gates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert faults == []
    with db.transaction() as session:
        voids = session.scalar(select(func.count()).select_from(ScanVoid)) or 0
        assert voids >= len(codes)
        assert set(session.scalars(select(PassCounter.used))) == {0}
        events = session.execute(select(OutboxRow.type, func.count()).group_by(OutboxRow.type))
        counts = {event_type: number for event_type, number in events if event_type.startswith("redemption")}
        assert counts["redemption.voided.v1"] == counts["redemption.admitted.v1"] == voids


def _void_twice(gate: Gate, scan_id: UUID, now: datetime, faults: list[str]) -> None:
    """From two threads at once, as after a double tap: one takes it back, the other is answered alike."""

    def void() -> None:
        try:
            with db.transaction() as session:
                void_scan(session, gate, scan_id, REASON, now=now)
        except Exception as fault:  # collected, because a thread's exception is lost
            faults.append(repr(fault))

    twins = [threading.Thread(target=void) for _ in range(2)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join(timeout=60)
