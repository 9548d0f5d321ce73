"""Who stands at a gate: a PIN begins a shift, and its scans are known as that clerk's."""

import threading
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import db
from passes.access import queries, rules
from passes.access.clerk_queries import find_shift, has_clerks, list_shifts
from passes.access.clerk_service import add_clerk, disable_clerk, enable_clerk, end_shift, renew_pin, start_shift
from passes.access.models import Clerk, Shift
from passes.access.rules import Gate
from passes.access.service import NewEnrolment, revoke_device
from passes.errors import Conflict, Invalid
from passes.gate.models import Scan
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from tests.factories import city, gate_at


@pytest.fixture
def enrolled(session: Session, now: datetime) -> NewEnrolment:
    city(session, now=now)
    return gate_at(session, "S01", now=now, default_benefit_id="B01")


@pytest.fixture
def gate(enrolled: NewEnrolment) -> Gate:
    return enrolled.gate


def refused(session: Session, gate: Gate, pin: str, *, now: datetime) -> bool:
    with pytest.raises(Invalid) as refusal:
        start_shift(session, gate, pin, now=now)
    return (refusal.value.code, list(refusal.value.fields)) == ("pin_wrong", ["pin"])


def test_a_pin_begins_the_shift_of_its_clerk_and_scans_are_kept_under_it(
    session: Session, enrolled: NewEnrolment, now: datetime
) -> None:
    clerk_id, pin = add_clerk(session, venue_id="S01", name="  李梅 ", now=now)
    shift = start_shift(session, enrolled.gate, f" {pin[:3]} {pin[3:]} ", now=now)
    assert (shift.clerk_id, shift.clerk_name, shift.started_at) == (clerk_id, "李梅", now)
    found = queries.find_gate(session, rules.secret_hash(enrolled.token), now=now)
    assert found is not None and found.gate.shift_id == shift.id
    record_scans(session, found.gate, [ScanRequest(scan_id=uuid4(), code="rubbish")], now=now)
    end_shift(session, enrolled.gate.enrolment_id, now=now + timedelta(hours=8))
    later = queries.find_gate(session, rules.secret_hash(enrolled.token), now=now + timedelta(hours=8))
    assert later is not None and later.gate.shift_id is None
    record_scans(session, later.gate, [ScanRequest(scan_id=uuid4(), code="rubbish")], now=now)
    assert session.scalars(select(Scan.shift_id).order_by(Scan.id)).all() == [shift.id, None]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34 5", "😀😀😀😀😀😀", "9" * 5000])
def test_what_is_no_pin_of_six_digits_begins_nothing(session: Session, gate: Gate, now: datetime, typed: str) -> None:
    assert refused(session, gate, typed, now=now)


def test_a_pin_opens_only_its_venue_and_only_while_its_clerk_is_enabled(
    session: Session, gate: Gate, now: datetime
) -> None:
    clerk_id, pin = add_clerk(session, venue_id="S01", name="李梅", now=now)
    other = gate_at(session, "S03", now=now).gate
    assert refused(session, other, pin, now=now)
    start_shift(session, gate, pin, now=now)
    disable_clerk(session, clerk_id, now=now + timedelta(hours=1))
    assert find_shift(session, gate.enrolment_id, now=now + timedelta(hours=1)) is None
    assert refused(session, gate, pin, now=now + timedelta(hours=1))
    assert not has_clerks(session, "S01")
    enabled = enable_clerk(session, clerk_id, now=now)
    assert enabled == pin or refused(session, gate, pin, now=now + timedelta(hours=2))
    assert start_shift(session, gate, enabled, now=now + timedelta(hours=2)).clerk_id == clerk_id


def test_a_new_pin_puts_the_old_one_out_of_use_and_lets_the_shift_go_on(
    session: Session, gate: Gate, now: datetime
) -> None:
    clerk_id, old = add_clerk(session, venue_id="S01", name="李梅", now=now)
    shift = start_shift(session, gate, old, now=now)
    new = renew_pin(session, clerk_id, now=now)
    assert new != old
    assert refused(session, gate, old, now=now)
    assert start_shift(session, gate, new, now=now + timedelta(minutes=5)) == shift


def test_another_clerk_takes_a_device_over(session: Session, gate: Gate, now: datetime) -> None:
    _, first = add_clerk(session, venue_id="S01", name="李梅", now=now)
    _, second = add_clerk(session, venue_id="S01", name="Ana María", now=now)
    start_shift(session, gate, first, now=now)
    noon = now + timedelta(hours=2)
    assert start_shift(session, gate, second, now=noon).clerk_name == "Ana María"
    assert session.scalars(select(Shift.ended_at).order_by(Shift.id)).all() == [noon, None]


def test_a_forgotten_shift_ends_by_itself_after_fourteen_hours(session: Session, gate: Gate, now: datetime) -> None:
    _, pin = add_clerk(session, venue_id="S01", name="李梅", now=now)
    start_shift(session, gate, pin, now=now)
    over = now + timedelta(hours=14)
    assert find_shift(session, gate.enrolment_id, now=over - timedelta(seconds=1)) is not None
    assert find_shift(session, gate.enrolment_id, now=over) is None
    tomorrow = now + timedelta(hours=24)
    assert start_shift(session, gate, pin, now=tomorrow).started_at == tomorrow
    assert session.scalars(select(Shift.ended_at).order_by(Shift.id)).all() == [over, None]


def test_a_shift_ends_with_its_device(session: Session, gate: Gate, now: datetime) -> None:
    clerk_id, pin = add_clerk(session, venue_id="S01", name="李梅", now=now)
    start_shift(session, gate, pin, now=now)
    noon, evening = now + timedelta(hours=2), now + timedelta(hours=9)
    assert [shift.ended_at for shift in list_shifts(session, clerk_id, now=noon)] == [None]
    revoke_device(session, gate.enrolment_id, now=noon)
    assert [shift.ended_at for shift in list_shifts(session, clerk_id, now=evening)] == [noon]


def test_a_shift_ends_no_earlier_than_it_began_whatever_the_clocks_say(
    session: Session, gate: Gate, now: datetime
) -> None:
    _, first = add_clerk(session, venue_id="S01", name="李梅", now=now)
    _, second = add_clerk(session, venue_id="S01", name="王芳", now=now)
    start_shift(session, gate, first, now=now)
    assert start_shift(session, gate, second, now=now - timedelta(milliseconds=30)).clerk_name == "王芳"
    assert session.scalars(select(Shift.ended_at).order_by(Shift.id)).all() == [now, None]


def test_two_enabled_clerks_of_a_venue_never_share_a_name_or_a_pin(
    session: Session, gate: Gate, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([123456, 123456, 654321, 123456, 777777])
    monkeypatch.setattr("passes.access.clerk_service.secrets.randbelow", lambda _: next(drawn))
    first, pin = add_clerk(session, venue_id="S01", name="李梅", now=now)
    with pytest.raises(Conflict) as refusal:
        add_clerk(session, venue_id="S01", name="李梅", now=now)
    assert (refusal.value.code, list(refusal.value.fields)) == ("clerk_name_taken", ["name"])
    _, other = add_clerk(session, venue_id="S01", name="王芳", now=now)
    assert (pin, other) == ("123456", "654321")
    assert renew_pin(session, first, now=now) == "777777"


def test_a_clerk_comes_back_though_somebody_else_has_the_old_pin_by_now(
    session: Session, gate: Gate, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([123456, 123456, 654321])
    monkeypatch.setattr("passes.access.clerk_service.secrets.randbelow", lambda _: next(drawn))
    first, _ = add_clerk(session, venue_id="S01", name="李梅", now=now)
    disable_clerk(session, first, now=now)
    second, _ = add_clerk(session, venue_id="S01", name="王芳", now=now)
    assert enable_clerk(session, first, now=now) == "654321"
    assert start_shift(session, gate, "123456", now=now).clerk_id == second


def test_nobody_can_read_a_pin_out_of_the_database(session: Session, gate: Gate, now: datetime) -> None:
    _, pin = add_clerk(session, venue_id="S01", name="李梅", now=now)
    clerk = session.scalars(select(Clerk)).one()
    assert len(clerk.pin_hash) == 32
    assert rules.secret_hash(pin) != clerk.pin_hash
    assert pin.encode() not in clerk.pin_hash


def test_a_clerk_disabled_while_a_shift_begins_has_no_shift(database: str, now: datetime) -> None:
    with db.transaction() as session:
        city(session, now=now)
        gate = gate_at(session, "S01", now=now).gate
        clerk_id, pin = add_clerk(session, venue_id="S01", name="李梅", now=now)
    found, shut = threading.Event(), threading.Event()

    def disable() -> None:
        found.wait(timeout=60)
        with db.transaction() as session:
            disable_clerk(session, clerk_id, now=now)
        shut.set()

    thread = threading.Thread(target=disable)
    thread.start()
    with db.transaction() as session:
        start_shift(session, gate, pin, now=now)
        found.set()
        assert not shut.wait(timeout=0.3), "disabled between the look at the PIN and the shift"
    thread.join(timeout=60)
    with db.transaction() as session:
        assert find_shift(session, gate.enrolment_id, now=now) is None


def test_a_double_tap_on_the_pin_pad_begins_one_shift(database: str, now: datetime) -> None:
    with db.transaction() as session:
        city(session, now=now)
        gate = gate_at(session, "S01", now=now).gate
        pins = [add_clerk(session, venue_id="S01", name=name, now=now)[1] for name in ("李梅", "王芳")]
    barrier = threading.Barrier(8, timeout=60)
    begun: list[str] = []

    def tap(pin: str) -> None:
        barrier.wait()
        with db.transaction() as session:
            begun.append(start_shift(session, gate, pin, now=now).clerk_name)

    threads = [threading.Thread(target=tap, args=(pins[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(begun) == ["李梅"] * 4 + ["王芳"] * 4
    with db.transaction() as session:
        assert session.scalar(select(func.count()).where(Shift.ended_at.is_(None))) == 1
