"""Accounts, lanes, codes and devices on a real database."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.access import accounts, lane_queries, passwords, queries, rates, rules, service, sessions
from passes.access.models import AuditEntry, Device, Enrolment, EnrolmentCode, StaffAccount
from passes.db import transaction
from passes.errors import Conflict, Invalid, NotFound


def make_lane(session: Session, now: datetime, *, name: str = "east gate") -> int:
    return service.create_lane(session, venue_id="museum", name=name, attended=True, default_benefit_id=None, now=now)


def enrol(session: Session, now: datetime, *, replaces: str | None = None) -> service.NewEnrolment:
    lane_id = make_lane(session, now, name=f"lane {session.scalar(select(func.count()).select_from(Enrolment))}")
    code = service.make_enrolment_code(session, lane_id, now=now)
    return service.enrol_device(session, code=code, device_name="tablet", replaces=replaces, now=now)


def test_the_first_account_is_made_once(session: Session, now: datetime) -> None:
    password = accounts.ensure_first_staff(session, now)
    assert password is not None and len(password) == 23
    assert accounts.ensure_first_staff(session, now) is None
    found = queries.find_credentials(session, "admin")
    assert found is not None and found.staff.role == "admin" and found.staff.must_change_password
    assert passwords.matches(found.password_hash, password)


def test_a_taken_login_is_a_conflict_that_names_the_field(session: Session, now: datetime) -> None:
    accounts.create_staff(session, login="li.wei", name="李伟", role="marketing", now=now)
    with pytest.raises(Conflict) as refused:
        accounts.create_staff(session, login=" LI.WEI ", name="another", role="admin", now=now)
    assert refused.value.code == "login_taken" and "login" in refused.value.fields


def test_every_wrong_field_of_an_account_is_named_at_once(session: Session, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.create_staff(session, login="x", name=" ", role="king", now=now)
    assert set(refused.value.fields) == {"login", "name", "role"}


def test_a_changed_password_and_a_disabled_account_end_every_session(session: Session, now: datetime) -> None:
    accounts.ensure_first_staff(session, now)
    accounts.create_staff(session, login="li.wei", name="李伟", role="marketing", now=now)
    before = queries.find_credentials(session, "li.wei")
    assert before is not None

    def signed_in(epoch: int) -> UUID:
        return sessions.start_session(session, before.staff.id, epoch, browser="", address="", now=now)

    first = signed_in(before.session_epoch)
    assert sessions.find_session(session, first, now=now) is not None
    epoch = accounts.change_password(session, before.staff.id, password="a quite new password", now=now)
    late = signed_in(before.session_epoch)  # a sign-in that was under way with the old password
    assert sessions.find_session(session, first, now=now) is None
    assert sessions.find_session(session, late, now=now) is None
    second = signed_in(epoch)
    changed = sessions.find_session(session, second, now=now)
    assert changed is not None and not changed.staff.must_change_password
    accounts.disable_staff(session, before.staff.id, now=now)
    assert sessions.find_session(session, second, now=now) is None
    assert sessions.find_session(session, signed_in(epoch + 1), now=now) is None
    assert queries.find_credentials(session, "li.wei") is None


def test_the_last_admin_cannot_be_disabled(session: Session, now: datetime) -> None:
    accounts.ensure_first_staff(session, now)
    first = queries.find_staff_id(session, "admin")
    assert first is not None
    with pytest.raises(Conflict, match="last_admin"):
        accounts.disable_staff(session, first, now=now)
    accounts.create_staff(session, login="second", name="Second", role="admin", now=now)
    accounts.disable_staff(session, first, now=now)
    assert queries.get_staff(session, first).disabled_at == now


def test_two_admins_disabling_each_other_leave_one(database: str, now: datetime) -> None:
    for _ in range(5):
        with transaction() as session:
            session.execute(AuditEntry.__table__.delete())
            session.execute(StaffAccount.__table__.delete())
            for login in ("one", "two"):
                accounts.create_staff(session, login=login, name=login, role="admin", now=now)
            ids = [queries.find_staff_id(session, login) for login in ("one", "two")]
        barrier = threading.Barrier(2)

        def disable(staff_id: int | None, barrier: threading.Barrier = barrier) -> bool:
            assert staff_id is not None
            barrier.wait()
            try:
                with transaction() as session:
                    accounts.disable_staff(session, staff_id, now=now)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(disable, ids)) == [False, True]


def test_tokens_codes_and_passwords_are_stored_as_hashes_only(session: Session, now: datetime) -> None:
    lane_id = make_lane(session, now)
    code = service.make_enrolment_code(session, lane_id, now=now)
    made = service.enrol_device(session, code=code, device_name="tablet", now=now)
    assert rules.is_token(made.token)
    stored = session.scalars(select(Enrolment.token_hash)).one()
    assert stored == rules.secret_hash(made.token) and made.token.encode() not in stored
    assert session.scalars(select(EnrolmentCode.code_hash)).one() == rules.secret_hash(code)


def test_a_code_enrols_once_and_says_why_not_again(session: Session, now: datetime) -> None:
    lane_id = make_lane(session, now)
    code = service.make_enrolment_code(session, lane_id, now=now)
    made = service.enrol_device(session, code=f" {rules.shown_code(code).lower()} ", device_name="tablet", now=now)
    assert made.gate.lane_id == lane_id and made.gate.venue_id == "museum" and made.gate.attended
    with pytest.raises(Conflict, match="enrolment_code_used"):
        service.enrol_device(session, code=code, device_name="tablet", now=now)
    late = service.make_enrolment_code(session, lane_id, now=now)
    with pytest.raises(Conflict, match="enrolment_code_expired"):
        service.enrol_device(session, code=late, device_name="tablet", now=now + timedelta(minutes=15))
    for wrong in ("ZZZZ-ZZZZ", "", "<script>", "x" * 40):
        with pytest.raises(NotFound, match="enrolment_code_unknown"):
            service.enrol_device(session, code=wrong, device_name="tablet", now=now)


def test_of_sixteen_devices_with_one_code_one_is_enrolled(database: str, now: datetime) -> None:
    with transaction() as session:
        lane_id = make_lane(session, now)
    for attempt in range(10):
        with transaction() as session:
            code = service.make_enrolment_code(session, lane_id, now=now)
        barrier = threading.Barrier(16)
        enrolled = _in_threads(16, lambda i, code=code, barrier=barrier: _try_code(code, f"t{i}", barrier, now))
        assert sum(enrolled) == 1
        with transaction() as session:
            assert session.scalar(select(func.count()).select_from(Device)) == attempt + 1


def _try_code(code: str, name: str, barrier: threading.Barrier, now: datetime) -> bool:
    barrier.wait()
    try:
        with transaction() as session:
            service.enrol_device(session, code=code, device_name=name, now=now)
    except Conflict as refused:
        assert refused.code == "enrolment_code_used"
        return False
    return True


def _in_threads(count: int, work: Callable[[int], bool]) -> list[bool]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_a_device_that_moves_keeps_its_name_and_loses_its_old_token(session: Session, now: datetime) -> None:
    first = enrol(session, now)
    second = enrol(session, now, replaces=first.token)
    old = queries.find_gate(session, rules.secret_hash(first.token), now=now)
    new = queries.find_gate(session, rules.secret_hash(second.token), now=now)
    assert old is not None and old.revoked
    assert new is not None and not new.revoked and new.gate == second.gate
    assert session.scalar(select(func.count()).select_from(Device)) == 1


def test_a_strange_old_token_moves_nobody(session: Session, now: datetime) -> None:
    first = enrol(session, now)
    enrol(session, now, replaces="x" * 43)
    enrol(session, now, replaces="'; DROP TABLE enrolment")
    found = queries.find_gate(session, rules.secret_hash(first.token), now=now)
    assert found is not None and not found.revoked
    assert session.scalar(select(func.count()).select_from(Device)) == 3


def test_a_revocation_is_seen_at_once_here_and_within_two_seconds_elsewhere(session: Session, now: datetime) -> None:
    made = enrol(session, now)
    token_hash = rules.secret_hash(made.token)
    found = queries.find_gate(session, token_hash, now=now)
    assert found is not None and not found.revoked
    elsewhere = dict(queries._gates)
    service.revoke_device(session, made.enrolment_id, now=now)
    seen = queries.find_gate(session, token_hash, now=now)
    assert seen is not None and seen.revoked
    queries._gates.clear()
    queries._gates.update(elsewhere)
    for seconds, revoked in ((1.9, False), (2.0, True)):
        seen = queries.find_gate(session, token_hash, now=now + timedelta(seconds=seconds))
        assert seen is not None and seen.revoked is revoked
    service.revoke_device(session, made.enrolment_id, now=now)


def test_a_device_is_written_at_its_first_call_and_then_once_a_minute(session: Session, now: datetime) -> None:
    made = enrol(session, now)

    def seen() -> datetime:
        return session.scalars(select(Enrolment.last_seen_at).where(Enrolment.id == made.enrolment_id)).one()

    for seconds, written in ((1, 1), (31, 1), (61, 1), (62, 62)):
        service.note_seen(session, made.enrolment_id, now=now + timedelta(seconds=seconds))
        assert seen() == now + timedelta(seconds=written)


def test_lanes_are_listed_with_the_devices_in_use_first(session: Session, now: datetime) -> None:
    lane_id = make_lane(session, now)
    made = []
    for _ in range(3):
        code = service.make_enrolment_code(session, lane_id, now=now)
        made.append(service.enrol_device(session, code=code, device_name="tablet", now=now))
    service.revoke_device(session, made[1].enrolment_id, now=now)
    rows, total = lane_queries.list_lanes(session, limit=10, offset=0)
    assert total == 1 and len(rows[0].devices) == 3
    assert rows[0].devices[-1].enrolment_id == made[1].enrolment_id
    with pytest.raises(Conflict, match="lane_name_taken"):
        make_lane(session, now)
    with pytest.raises(NotFound, match="lane_not_found"):
        service.make_enrolment_code(session, lane_id + 1000, now=now)


def test_a_rate_lets_a_burst_through_and_then_one_a_step(session: Session, now: datetime) -> None:
    def tries(count: int, at: datetime) -> int:
        return sum(rates.allow(session, "key", limit=5, seconds=300, now=at) for _ in range(count))

    assert tries(9, now) == 5
    assert tries(9, now + timedelta(seconds=59)) == 0
    assert tries(9, now + timedelta(seconds=60)) == 1
    assert tries(9, now + timedelta(seconds=1000)) == 5
    rates.forget(session, "key")
    assert tries(9, now + timedelta(seconds=1001)) == 5
    rates.prune(session, now=now + timedelta(hours=1))
    assert tries(9, now + timedelta(hours=1)) == 5
