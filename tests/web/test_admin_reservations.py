"""Reservations as the back office makes, finds and cancels them."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import clock
from passes.access.models import AuditEntry
from passes.booking.models import Reservation
from passes.booking.service import make_reservation
from passes.clock import day_start, local_day
from passes.lifecycle.models import Pass
from tests.factories import active_pass, city
from tests.web.browsers import signed_in

NEW = "/admin/reservations/new"
TEN = "2026-11-26T02:00:00+00:00"


@pytest.fixture
def now(now: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(clock, "now", lambda: now)
    return now


@pytest.fixture
def pass_(session: Session, now: datetime) -> Pass:
    city(session, now=now)
    return active_pass(session, now=now)


@pytest.fixture
def care(app: Flask, session: Session, pass_: Pass, now: datetime) -> FlaskClient:
    return signed_in(app, session, "care", now)


def address(pass_: Pass, place: str = "B08@S08", day: str = "2026-11-26") -> str:
    return f"{NEW}?pass={pass_.number}&place={place}&day={day}"


def only(session: Session) -> Reservation:
    return session.scalars(select(Reservation)).one()


def test_a_slot_is_reserved_step_by_step_and_cancelled(care: FlaskClient, session: Session, pass_: Pass) -> None:
    first = care.get(NEW).text
    assert 'name="pass"' in first and 'name="place"' not in first
    second = care.get(f"{NEW}?pass={pass_.number.lower()}").text
    assert 'value="B08@S08"' in second and 'value="B22@H1"' in second and "B01@" not in second
    third = care.get(address(pass_)).text
    assert f'value="{TEN}"' in third and "10:00–11:00" in third and "17:00–18:00" not in third
    made = care.post(address(pass_), data={"starts_at": TEN, "party_reference": " A-1 "})
    assert made.status_code == 303
    reservation = only(session)
    assert (reservation.made_by, reservation.party_reference, reservation.state) == ("one.care", "A-1", "booked")
    at = f"/admin/reservations/{reservation.id}"
    page = care.get(at).text
    assert "预约已建立" in page and pass_.number in page and f'action="{at}/cancel"' in page
    for _ in range(2):
        assert care.post(f"{at}/cancel").status_code == 303
    page = care.get(at).text
    assert "预约已取消" in page and f'action="{at}/cancel"' not in page
    deeds = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"reservation:{reservation.id}"))
    assert deeds.all() == ["reservation.made", "reservation.cancelled"]


def test_a_stay_is_reserved_by_its_nights(care: FlaskClient, session: Session, pass_: Pass) -> None:
    page = care.get(address(pass_, "B22@H1")).text
    assert 'name="nights"' in page and 'name="starts_at"' not in page
    for nights in ("", "0", "31", "two", "9" * 30):
        wrong = care.post(address(pass_, "B22@H1"), data={"nights": nights})
        assert wrong.status_code == 422 and 'id="nights-error-1"' in wrong.text, nights
    assert care.post(address(pass_, "B22@H1"), data={"nights": "2"}).status_code == 303
    made = only(session)
    assert (made.nights, made.starts_at) == (2, day_start(local_day(made.starts_at)))
    assert "2 晚" in care.get("/admin/reservations").text


def test_what_cannot_be_reserved_is_told_beside_its_field(
    care: FlaskClient, session: Session, pass_: Pass, now: datetime
) -> None:
    for wrong in ({}, {"starts_at": "rubbish"}, {"starts_at": "2026-11-26T02:15:00+00:00"}):
        answer = care.post(address(pass_), data=wrong)
        assert answer.status_code == 422 and 'id="starts_at-error-1"' in answer.text, wrong
    assert 'role="alert"' in care.get(f"{NEW}?pass=T-0000-0000").text
    # A Monday, and a day that needs none: the day is asked for again.
    for place, day in (("B08@S08", "2026-11-30"), ("B06@S06", "2026-11-26"), ("B08@S08", "x"), ("B01@S01", "")):
        page = care.get(address(pass_, place, day)).text
        assert 'role="alert"' in page and 'name="day"' in page, (place, day)
        assert care.post(address(pass_, place, day), data={"starts_at": TEN}).status_code == 422
    assert session.scalar(select(func.count()).select_from(Reservation)) == 0
    care.post(address(pass_), data={"starts_at": TEN})
    again = care.post(address(pass_), data={"starts_at": TEN})
    assert again.status_code == 422 and 'id="starts_at-error-1"' in again.text
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1


def test_a_reservation_whose_time_is_over_stays_as_it_was(
    care: FlaskClient, session: Session, pass_: Pass, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    care.post(address(pass_), data={"starts_at": TEN})
    made = only(session)
    later = made.ends_at
    at = f"/admin/reservations/{made.id}"
    made.made_at, made.starts_at, made.ends_at = now, now - timedelta(hours=2), now - timedelta(hours=1)
    session.flush()
    assert "预约时间已过" in care.get(at).text
    refused = care.post(f"{at}/cancel")
    assert refused.status_code == 409 and 'role="alert"' in refused.text
    assert later > now


def test_reservations_are_searched_and_paged(care: FlaskClient, session: Session, pass_: Pass, now: datetime) -> None:
    day = local_day(now)
    for n in range(27):
        make_reservation(
            session,
            pass_id=pass_.id,
            benefit_id="B08",
            venue_id="S08",
            starts_at=day_start(day + timedelta(days=6 + n // 8 + (n // 8 > 5)), plus_seconds=3600 * (9 + n % 8)),
            by="<b>feed</b>",
            now=now,
        )
    assert care.get("/admin/reservations").text.count("data-reservation=") == 25
    second = care.get("/admin/reservations?page=2").text
    assert second.count("data-reservation=") == 2 and "<b>feed" not in second
    assert care.get(f"/admin/reservations?pass={pass_.number}&venue=S08").text.count("data-reservation=") == 25
    a_day = care.get(f"/admin/reservations?day={day + timedelta(days=6)}").text
    assert a_day.count("data-reservation=") == 8
    for nothing in ("venue=S01", "state=cancelled", "pass=rubbish", "pass=T-0000-0000", "day=2026-11-25"):
        assert "没有符合条件" in care.get(f"/admin/reservations?{nothing}").text, nothing
    for nonsense in (
        "page=x",
        "venue=atlantis",
        "day=yesterday",
        "day=0001-01-01",
        "state=maybe",
        "pass=%00%F0%9F%8E%AB",
    ):
        assert care.get(f"/admin/reservations?{nonsense}").status_code == 200
    assert care.get("/admin/reservations/99999999").status_code == 404
    assert care.post("/admin/reservations/99999999/cancel").status_code == 404


def test_who_may_reserve(app: Flask, session: Session, pass_: Pass, now: datetime) -> None:
    make_reservation(session, pass_id=pass_.id, benefit_id="B08", venue_id="S08", starts_at=now, by="x", now=now)
    for role, status in (("marketing", 403), ("finance", 403), ("gate_manager", 200), ("admin", 200)):
        browser = signed_in(app, session, role, now)
        assert browser.get("/admin/reservations").status_code == status
        assert ("/admin/reservations" in browser.get("/admin").text) == (status == 200)
        page = browser.get(f"/admin/reservations/{only(session).id}").text
        assert ("/admin/passes/" in page) == (role == "admin")
