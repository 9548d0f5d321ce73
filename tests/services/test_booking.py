"""Reservations: what may be reserved, for whom, and what a gate reads of it."""

from datetime import date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes.booking.models import Reservation
from passes.booking.queries import BOOKED_JSON, ReservationSearch, booked_for, list_reservations, read_booked
from passes.booking.service import cancel_reservation, make_reservation
from passes.clock import day_start, local_day
from passes.db import transaction
from passes.entitlement.facts import Booked
from passes.errors import Conflict, Invalid, NotFound, Problem
from passes.events.outbox import OutboxRow
from passes.lifecycle.models import Pass
from passes.lifecycle.service import hold_pass
from tests.factories import active_pass, city, issued_pass

MUSEUM = {"benefit_id": "B08", "venue_id": "S08"}
ROOM = {"benefit_id": "B22", "venue_id": "H1"}
TOWER = {"benefit_id": "B06", "venue_id": "S06"}


@pytest.fixture
def pass_(session: Session, now: datetime) -> Pass:
    city(session, now=now)
    return active_pass(session, now=now)


def at(day: date, time: str) -> datetime:
    """A moment by the clocks at the spot."""
    hour, minute = map(int, time.split(":"))
    return day_start(day, plus_seconds=hour * 3600 + minute * 60)


def book(session: Session, pass_: Pass, now: datetime, **changes: Any) -> Reservation:
    facts = {"starts_at": at(local_day(now) + timedelta(days=1), "10:00"), "by": "li.wei"} | MUSEUM | changes
    return make_reservation(session, pass_id=pass_.id, now=now, **facts)


def refusal(session: Session, pass_: Pass, now: datetime, **changes: Any) -> Problem:
    with pytest.raises(Problem) as refused:
        book(session, pass_, now, **changes)
    return refused.value


def events(session: Session) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(OutboxRow.event).where(OutboxRow.topic == "youyou.reservations").order_by(OutboxRow.id)
    )
    return [{"type": event["type"], **event["data"]} for event in rows]  # type: ignore[dict-item]


def test_a_slot_is_kept_for_as_long_as_the_rule_says_and_told(session: Session, pass_: Pass, now: datetime) -> None:
    made = book(session, pass_, now, party_reference="A-1")
    assert (made.state, made.nights, made.made_by, made.party_reference) == ("booked", None, "li.wei", "A-1")
    assert made.ends_at - made.starts_at == timedelta(minutes=60)
    (told,) = events(session)
    assert told == {
        "type": "reservation.made.v1",
        "pass_id": pass_.id,
        "reservation_id": made.id,
        "benefit_id": "B08",
        "venue_id": "S08",
        "starts_at": "2026-11-26T02:00:00.000Z",
        "ends_at": "2026-11-26T03:00:00.000Z",
        "nights": None,
    }


def test_a_gate_reads_what_stands_and_touches_its_day(session: Session, pass_: Pass, now: datetime) -> None:
    day = local_day(now) + timedelta(days=1)
    later = book(session, pass_, now, starts_at=at(day, "16:00"))
    first = book(session, pass_, now)
    gone = book(session, pass_, now, starts_at=at(day, "12:00"))
    cancel_reservation(session, gone.id, now=now)
    book(session, pass_, now, starts_at=at(day + timedelta(days=1), "09:00"))
    other = active_pass(session, now=now)
    expected = {
        pass_.id: tuple(Booked(str(made.id), "B08", "S08", made.starts_at, made.ends_at) for made in (first, later))
    }
    since, until = day_start(day), day_start(day + timedelta(days=1))
    assert booked_for(session, [pass_.id, other.id], since=since, until=until) == expected
    assert booked_for(session, [], since=since, until=until) == {}
    # What begins at the end, or ended at the beginning, touches nothing.
    assert booked_for(session, [pass_.id], since=first.ends_at, until=later.starts_at) == {}
    wanted = {"pass_ids": [pass_.id, other.id], "booked_since": since, "booked_until": until}
    assert read_booked(session.connection().execute(BOOKED_JSON, wanted).scalar_one()) == expected
    assert read_booked(None) == {}


def test_a_stay_lasts_from_the_day_of_arrival_to_noon_of_the_last(session: Session, pass_: Pass, now: datetime) -> None:
    day = local_day(now) + timedelta(days=2)
    made = book(session, pass_, now, starts_at=at(day, "15:30"), nights=2, **ROOM)
    assert (made.starts_at, made.ends_at) == (day_start(day), at(day + timedelta(days=2), "12:00"))
    again = refusal(session, pass_, now, starts_at=at(day, "18:00"), nights=1, **ROOM)
    assert again.code == "reservation_exists"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("benefit_id", {"benefit_id": "B99"}),
        ("benefit_id", {"benefit_id": "E10"}),  # a child's
        ("benefit_id", {"benefit_id": "B01", "venue_id": "S01"}),  # used without a reservation
        ("venue_id", {"venue_id": "S01"}),
        ("venue_id", {"venue_id": "atlantis"}),
        ("starts_at", {"starts_at": at(date(2026, 11, 26), "10:15")}),
        ("starts_at", {"starts_at": at(date(2026, 11, 26), "17:00")}),  # the last one has begun at 16:00
        ("starts_at", {"starts_at": at(date(2026, 11, 25), "09:00")}),  # over
        ("starts_at", {"starts_at": at(date(2026, 11, 30), "10:00")}),  # a Monday: the museum is closed
        ("starts_at", {"starts_at": at(date(2027, 11, 25), "10:00")}),  # the first day after the pass
        ("starts_at", {"starts_at": at(date(2026, 11, 26), "10:00"), **TOWER}),  # only on holidays
        ("starts_at", {"starts_at": at(date(2028, 5, 1), "10:00"), **TOWER}),  # a year nobody knows
        ("starts_at", {"starts_at": at(date(2027, 5, 1), "10:00"), "nights": 1, **ROOM}),  # blacked out
        ("nights", {"nights": 1}),
        ("nights", ROOM),
        ("nights", ROOM | {"nights": 31}),
        ("nights", ROOM | {"nights": 0}),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(
    session: Session, pass_: Pass, now: datetime, field: str, changes: dict[str, Any]
) -> None:
    refused = refusal(session, pass_, now, **changes)
    assert isinstance(refused, Invalid)
    assert (refused.code, list(refused.fields)) == ("reservation_not_valid", [field])
    assert session.scalars(select(Reservation.id)).all() == []
    assert events(session) == []


def test_a_slot_of_a_holiday_is_reserved_on_that_holiday(session: Session, pass_: Pass, now: datetime) -> None:
    made = book(session, pass_, now, starts_at=at(date(2027, 5, 1), "20:00"), **TOWER)
    assert made.ends_at == at(date(2027, 5, 1), "21:00")


def test_the_slot_that_is_on_now_may_be_reserved_until_its_end(session: Session, pass_: Pass, now: datetime) -> None:
    assert book(session, pass_, now + timedelta(minutes=59), starts_at=now).starts_at == now
    assert refusal(session, pass_, now + timedelta(hours=1), starts_at=now).code == "reservation_not_valid"


def test_a_pass_has_a_slot_once_and_again_after_it_was_cancelled(session: Session, pass_: Pass, now: datetime) -> None:
    first = book(session, pass_, now)
    again = refusal(session, pass_, now)
    assert isinstance(again, Conflict)
    assert (again.code, list(again.fields), again.facts) == (
        "reservation_exists",
        ["starts_at"],
        {"reservation_id": first.id},
    )
    cancel_reservation(session, first.id, now=now)
    assert book(session, pass_, now).id != first.id
    assert [event["type"] for event in events(session)] == [
        "reservation.made.v1",
        "reservation.cancelled.v1",
        "reservation.made.v1",
    ]


def test_the_database_has_the_last_word_on_the_second_one(session: Session, pass_: Pass, now: datetime) -> None:
    made = book(session, pass_, now)
    copy = {name: getattr(made, name) for name in ("pass_id", "starts_at", "ends_at", "state", "made_at", "made_by")}
    with pytest.raises(IntegrityError, match="uq_reservation_slot"), session.begin_nested():
        session.add(Reservation(**copy, **MUSEUM))
        session.flush()


def test_only_an_active_pass_that_nothing_holds_reserves(session: Session, pass_: Pass, now: datetime) -> None:
    asleep = issued_pass(session, now=now)
    assert refusal(session, asleep, now).code == "pass_not_active"
    hold_pass(session, pass_.id, "lost", by="li.wei", now=now)
    assert refusal(session, pass_, now).code == "pass_frozen"
    for state, code in (("expired", "pass_expired"), ("void", "pass_void")):
        pass_.state = state
        session.flush()
        assert refusal(session, pass_, now).code == code
    with pytest.raises(NotFound):
        make_reservation(session, pass_id=4_000_000_000, starts_at=now, by="li.wei", now=now, **MUSEUM)


def test_cancelling_twice_changes_nothing_and_too_late_is_refused(session: Session, pass_: Pass, now: datetime) -> None:
    made = book(session, pass_, now, by="feed:hotel")
    with pytest.raises(NotFound):
        cancel_reservation(session, made.id, made_by="feed:other", now=now)
    cancelled = cancel_reservation(session, made.id, made_by="feed:hotel", now=now)
    assert (cancelled.state, cancelled.cancelled_at) == ("cancelled", now)
    assert cancel_reservation(session, made.id, now=now + timedelta(days=9)).cancelled_at == now
    assert len(events(session)) == 2
    second = book(session, pass_, now)
    with pytest.raises(Conflict) as late:
        cancel_reservation(session, second.id, now=second.ends_at)
    assert late.value.code == "reservation_over"
    with pytest.raises(NotFound):
        cancel_reservation(session, 10**9, now=now)


def test_reservations_are_found_by_pass_place_day_and_state(session: Session, pass_: Pass, now: datetime) -> None:
    day = local_day(now) + timedelta(days=1)
    late = book(session, pass_, now, starts_at=at(day, "16:00"))
    early = book(session, pass_, now)
    room = book(session, pass_, now, starts_at=at(day, "15:00"), nights=3, by="feed:hotel", **ROOM)
    cancel_reservation(session, late.id, now=now)

    def found(by_start: bool = False, **search: Any) -> list[int]:
        rows, total = list_reservations(session, ReservationSearch(**search), limit=10, by_start=by_start)
        assert total == len(rows)
        return [row.id for row in rows]

    assert found() == [room.id, early.id, late.id]
    assert found(on=day, venue_id="S08", by_start=True) == [early.id, late.id]
    assert found(on=day + timedelta(days=3)) == [room.id]
    assert found(on=day + timedelta(days=4)) == []
    assert found(state="cancelled") == [late.id]
    assert found(made_by="feed:hotel") == [room.id]
    assert found(pass_numbers=(pass_.number,), benefit_id="B08", before=early.id) == [late.id]
    assert found(pass_numbers=("T-0000-0000",)) == []


def test_of_many_who_ask_at_once_for_one_slot_one_has_it(database: str, now: datetime) -> None:
    with transaction() as session:
        city(session, now=now)
        pass_ = active_pass(session, now=now)
    for hour in range(11, 15):
        starts_at, barrier, told = at(local_day(now), f"{hour}:00"), Barrier(6), list[str]()

        def ask(starts_at: datetime = starts_at, barrier: Barrier = barrier, told: list[str] = told) -> None:
            barrier.wait()
            try:
                with transaction() as session:
                    book(session, pass_, now, starts_at=starts_at)
                told.append("made")
            except Conflict as refused:
                told.append(refused.code)

        threads = [Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == ["made"] + ["reservation_exists"] * 5
