"""A pass is issued once, activated by its holder or by the calendar, and ends."""

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.errors import Conflict, NotFound
from passes.events.outbox import OutboxRow
from passes.lifecycle.models import Member, Pass, WalletLink
from passes.lifecycle.queries import get_pass, lock_passes, open_holds
from passes.lifecycle.service import (
    activate_pass,
    auto_start_passes,
    expire_passes,
    hold_pass,
    issue_pass,
    release_hold,
)
from tests.factories import active_pass, issued_pass, pass_request

DAY = timedelta(days=1)


def events_of(session: Session, pass_: Pass) -> list[str]:
    session.flush()
    return list(session.scalars(select(OutboxRow.type).where(OutboxRow.key == str(pass_.id)).order_by(OutboxRow.id)))


def test_an_order_line_gives_one_pass_however_often_it_is_asked_for(session: Session, now: datetime) -> None:
    request = pass_request(session)
    first = issue_pass(session, request, now=now)
    assert issue_pass(session, request, now=now + DAY) is first
    assert (first.id, first.state, first.issued_at) == (request.serial, "issued", now)
    assert events_of(session, first) == ["pass.issued.v1"]
    for table in (Member, Pass, WalletLink):
        assert session.scalar(select(func.count()).select_from(table)) == 1


def test_a_serial_of_another_order_is_refused_and_leaves_nothing(session: Session, now: datetime) -> None:
    taken = issued_pass(session, now=now)
    with pytest.raises(Conflict, match="pass_serial_taken"):
        issued_pass(session, now=now, serial=taken.id)
    assert session.scalar(select(func.count()).select_from(Member)) == 1


@pytest.mark.parametrize(("livemode", "shape"), [(False, r"T-\w{4}-\w{4}"), (True, r"\w{4}-\w{4}")])
def test_a_number_says_whether_it_is_a_test(session: Session, now: datetime, livemode: bool, shape: str) -> None:
    numbers = {issued_pass(session, now=now, livemode=livemode).number for _ in range(20)}
    assert len(numbers) == 20
    for number in numbers:
        assert re.fullmatch(shape, number)


def test_365_days_include_the_day_of_activation(session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    assert (pass_.state, pass_.valid_from, pass_.valid_until) == ("active", date(2026, 11, 25), date(2027, 11, 25))
    assert events_of(session, pass_) == ["pass.issued.v1", "pass.activated.v1"]


def test_the_day_of_activation_is_the_day_at_the_spot(session: Session) -> None:
    late_evening_in_utc = datetime.fromisoformat("2026-11-25T17:30:00+00:00")
    assert active_pass(session, now=late_evening_in_utc).valid_from == date(2026, 11, 26)


def test_activating_twice_changes_nothing(session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    again = activate_pass(session, pass_.id, now=now + 5 * DAY)
    assert (again.valid_from, again.activated_at) == (date(2026, 11, 25), now)
    assert events_of(session, pass_).count("pass.activated.v1") == 1


def test_an_unknown_pass_cannot_be_activated(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound, match="pass_not_found"):
        activate_pass(session, 4_000_000_000, now=now)


def test_a_frozen_pass_cannot_be_activated(session: Session, now: datetime) -> None:
    pass_ = issued_pass(session, now=now)
    hold = hold_pass(session, pass_.id, "dispute", by="sale", now=now)
    with pytest.raises(Conflict, match="pass_frozen"):
        activate_pass(session, pass_.id, now=now + DAY)
    release_hold(session, hold.id, now=now + DAY)
    assert activate_pass(session, pass_.id, now=now + DAY).state == "active"


@pytest.mark.parametrize(("state", "code"), [("void", "pass_void"), ("expired", "pass_expired")])
def test_an_ended_pass_cannot_be_activated(session: Session, now: datetime, state: str, code: str) -> None:
    pass_ = active_pass(session, now=now)
    pass_.state = state
    session.flush()
    with pytest.raises(Conflict, match=code):
        activate_pass(session, pass_.id, now=now)


def test_the_last_day_to_activate_is_the_90th(session: Session, now: datetime) -> None:
    assert activate_pass(session, issued_pass(session, now=now).id, now=now + 89 * DAY).state == "active"
    with pytest.raises(Conflict, match="activation_window_over"):
        activate_pass(session, issued_pass(session, now=now).id, now=now + 90 * DAY)


def test_on_day_91_a_pass_starts_by_itself(session: Session, now: datetime) -> None:
    pass_ = issued_pass(session, now=now)
    assert auto_start_passes(session, now=now + 89 * DAY) == 0
    assert auto_start_passes(session, now=now + 95 * DAY) == 1
    session.refresh(pass_)
    assert (pass_.state, pass_.valid_from) == ("active", date(2026, 11, 25) + 90 * DAY)
    assert auto_start_passes(session, now=now + 95 * DAY) == 0
    assert events_of(session, pass_) == ["pass.issued.v1", "pass.activated.v1"]


def test_a_frozen_pass_starts_by_itself_only_when_it_is_free_again(session: Session, now: datetime) -> None:
    pass_ = issued_pass(session, now=now)
    hold = hold_pass(session, pass_.id, "refund", by="sale", now=now + DAY)
    assert auto_start_passes(session, now=now + 95 * DAY) == 0
    release_hold(session, hold.id, now=now + 100 * DAY)
    assert auto_start_passes(session, now=now + 101 * DAY) == 1
    session.refresh(pass_)
    assert pass_.valid_from == date(2026, 11, 25) + 100 * DAY


def test_chores_take_no_more_than_their_limit(session: Session, now: datetime) -> None:
    for _ in range(3):
        issued_pass(session, now=now)
    assert [auto_start_passes(session, now=now + 95 * DAY, limit=2) for _ in range(3)] == [2, 1, 0]


def test_a_pass_ends_when_its_last_day_is_over(session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    last_minute = datetime.fromisoformat("2027-11-24T23:59:00+08:00")
    assert expire_passes(session, now=last_minute) == 0
    assert expire_passes(session, now=last_minute + timedelta(minutes=1)) == 1
    assert pass_.state == "expired"
    assert events_of(session, pass_)[-1] == "pass.expired.v1"


def test_closing_a_hold_closes_only_itself(session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    misuse = hold_pass(session, pass_.id, "misuse", by="admin", now=now, until=now + 3 * DAY)
    dispute = hold_pass(session, pass_.id, "dispute", by="sale", now=now)
    release_hold(session, misuse.id, now=now + DAY)
    release_hold(session, misuse.id, now=now + 2 * DAY)
    assert misuse.closed_at == now + DAY
    assert open_holds(session, [pass_.id], now + DAY) == {pass_.id}
    release_hold(session, dispute.id, now=now + DAY)
    assert open_holds(session, [pass_.id], now + DAY) == set()


def test_a_hold_with_an_end_frees_the_pass_by_itself(session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    hold_pass(session, pass_.id, "misuse", by="admin", now=now, until=now + 3 * DAY)
    assert open_holds(session, [pass_.id], now + 3 * DAY - timedelta(seconds=1)) == {pass_.id}
    assert open_holds(session, [pass_.id], now + 3 * DAY) == set()


def test_locking_reads_the_passes_anew_and_leaves_unknown_ones_out(session: Session, now: datetime) -> None:
    pass_ = issued_pass(session, now=now)
    session.execute(Pass.__table__.update().values(state="void"))
    assert get_pass(session, pass_.id).state == "issued"
    assert {id_: found.state for id_, found in lock_passes(session, [pass_.id, 99]).items()} == {pass_.id: "void"}
