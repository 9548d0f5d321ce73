"""Closures, crowds and keys as the back office switches, counts and makes them, and what visitors are told."""

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import clock
from passes.access.models import ApiKey, AuditEntry
from passes.catalogue.closure_models import ClosureRow, Occupancy
from passes.catalogue.closure_queries import closures_of
from passes.catalogue.closure_service import ClosureRequest, close_venues, report_people
from passes.lifecycle.queries import wallet_path
from tests.factories import active_pass, city
from tests.web.browsers import signed_in

NASTY = "<script>alert('x')</script>&\"'"
NEW = "/admin/closures/new"


@pytest.fixture
def now(now: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(clock, "now", lambda: now)
    return now


@pytest.fixture
def manager(app: Flask, session: Session, now: datetime) -> FlaskClient:
    city(session, now=now)
    return signed_in(app, session, "gate_manager", now)


def deeds(session: Session) -> list[str]:
    return list(
        session.scalars(
            select(AuditEntry.action).where(~AuditEntry.action.startswith("staff.")).order_by(AuditEntry.id)
        )
    )


def test_a_condition_is_switched_on_at_several_places_and_off_at_one(
    manager: FlaskClient, session: Session, now: datetime
) -> None:
    assert 'name="venue_ids" value="S01"' in manager.get(NEW).text
    sent = manager.post(NEW, data={"kind": "wind", "venue_ids": ["S01", "S02"], "note": NASTY})
    assert sent.status_code == 303
    page = manager.get("/admin/closures").text
    assert page.count("data-closure=") == 2 and "大风" in page and "<script>alert" not in page
    assert [one.kind for one in closures_of(session, "S02", now=now)] == ["wind"]
    first = session.scalars(select(ClosureRow.id).where(ClosureRow.venue_id == "S01")).one()
    for said in ("已结束。", "已经结束"):
        assert manager.post(f"/admin/closures/{first}/end").status_code == 303
        assert said in manager.get("/admin/closures").text
    assert manager.get("/admin/closures").text.count("data-closure=") == 1
    assert manager.get("/admin/closures?state=over").text.count("data-closure=") == 1
    assert closures_of(session, "S01", now=now) == ()
    assert deeds(session) == ["closure.switched_on", "closure.switched_on", "closure.ended"]
    assert manager.post("/admin/closures/99999999/end").status_code == 404


def test_a_closure_may_begin_and_end_later(manager: FlaskClient, session: Session, now: datetime) -> None:
    times = {"starts_at": "2026-11-26T09:00", "ends_at": "2026-11-26T12:30"}
    assert manager.post(NEW, data={"kind": "venue_closed", "venue_ids": "S01"} | times).status_code == 303
    row = session.scalars(select(ClosureRow)).one()
    assert (row.starts_at, row.ends_at) == (now + timedelta(hours=23), now + timedelta(hours=26, minutes=30))
    page = manager.get("/admin/closures").text
    assert page.index("没有生效的关闭") < page.index("data-closure=")
    assert "没有预定的关闭" in manager.get("/admin/closures?venue=S02").text


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("kind", {"kind": ""}),
        ("kind", {"kind": "earthquake"}),
        ("venue_ids", {"venue_ids": []}),
        ("venue_ids", {"venue_ids": ["S01", "atlantis"]}),
        ("starts_at", {"starts_at": "tomorrow"}),
        ("starts_at", {"starts_at": "9999-12-31T23:59"}),
        ("starts_at", {"starts_at": "2027-12-31T23:59"}),
        ("ends_at", {"ends_at": "2026-11-25T09:59"}),
        ("ends_at", {"ends_at": "2026-02-30T10:00"}),
        ("note", {"note": "风" * 201}),
        ("note", {"note": "a\x00b"}),
    ],
)
def test_a_wrong_field_of_a_closure_is_named(
    manager: FlaskClient, session: Session, field: str, changes: dict[str, object]
) -> None:
    answer = manager.post(NEW, data={"kind": "wind", "venue_ids": ["S01"], "note": "阵风"} | changes)
    assert answer.status_code == 422 and f'id="{field}-error-1"' in answer.text
    if field != "venue_ids":
        assert 'value="S01" checked' in answer.text
    assert session.scalar(select(func.count()).select_from(ClosureRow)) == 0


def test_visitors_are_told_at_the_place_and_in_their_wallet(
    manager: FlaskClient, session: Session, now: datetime
) -> None:
    token = wallet_path(session, active_pass(session, now=now).id)
    assert "相关项目暂停" not in manager.get("/places/S01").text + manager.get(token).text
    close_venues(session, ClosureRequest("wind", ["S01"], ends_at=now + timedelta(hours=2)), by="x", now=now)
    close_venues(session, ClosureRequest("lightning", ["S01"], now + timedelta(hours=1)), by="x", now=now)
    place = manager.get("/places/S01").text
    assert "大风：相关项目暂停。 至 2026年11月25日 12:00。" in place and "雷电" not in place
    assert "大风：相关项目暂停。" in manager.get(token).text
    assert "Strong wind" in manager.get("/places/S01?lang=en").text


def test_the_number_of_people_is_kept_and_shown_with_its_level(
    manager: FlaskClient, session: Session, now: datetime
) -> None:
    page = manager.get("/admin/occupancy").text
    assert 'data-venue="S01"' in page and 'data-venue="H1"' not in page and "未清点" in page
    assert manager.post("/admin/occupancy", data={"venue_id": "S03", "people": "3000"}).status_code == 303
    row = re.search(r'<tr data-venue="S03">.*?</tr>', manager.get("/admin/occupancy").text, re.S)
    assert row and "3,000" in row[0] and "100%" in row[0] and "已满" in row[0] and "one.gate_manager" in row[0]
    assert "此处现已满员" in manager.get("/places/S03").text
    report_people(session, "S01", people=9, source="x", now=now, measured_at=now - timedelta(minutes=31))
    row = re.search(r'<tr data-venue="S01">.*?</tr>', manager.get("/admin/occupancy").text, re.S)
    assert row and "人数已过时" in row[0]
    assert deeds(session) == ["occupancy.counted"]
    for field, changes in (
        ("people", {"people": ""}),
        ("people", {"people": "-1"}),
        ("people", {"people": "many"}),
        ("people", {"people": "9" * 30}),
        ("venue_id", {"venue_id": "atlantis"}),
        ("venue_id", {"venue_id": ""}),
    ):
        wrong = manager.post("/admin/occupancy", data={"venue_id": "S02", "people": "5"} | changes)
        assert wrong.status_code == 422 and f'id="{field}-error-1"' in wrong.text, changes
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 2


def test_a_key_is_made_shown_once_used_and_revoked(
    manager: FlaskClient, app: Flask, session: Session, now: datetime
) -> None:
    admin = signed_in(app, session, "admin", now)
    made = admin.post("/admin/keys/new", data={"name": "river-gauge", "scopes": ["closures", "occupancy"]})
    token = re.search(r'data-key translate="no">([\w-]{43})<', made.text)
    assert made.status_code == 200 and token
    bearer = {"Authorization": f"Bearer {token[1]}"}
    assert app.test_client().get("/api/v1/closures", headers=bearer).status_code == 200
    listed = admin.get("/admin/keys").text
    assert "river-gauge" in listed and token[1] not in listed
    key_id = session.scalars(select(ApiKey.id)).one()
    assert admin.post(f"/admin/keys/{key_id}/revoke").status_code == 303
    assert "已撤销" in admin.get("/admin/keys").text
    assert app.test_client().get("/api/v1/closures", headers=bearer).status_code == 401
    assert deeds(session) == ["key.made", "key.revoked"]
    log = admin.get("/admin/audit").text
    assert "建立密钥" in log and "开启和结束关闭, 报告场所内人数" in log.replace("，", ", ").replace("、", ", ")
    for field, data in (
        ("name", {"scopes": "closures"}),
        ("name", {"name": NASTY, "scopes": "closures"}),
        ("name", {"name": "river-gauge", "scopes": "closures"}),
        ("scopes", {"name": "other"}),
        ("scopes", {"name": "other", "scopes": ["closures", "everything"]}),
    ):
        wrong = admin.post("/admin/keys/new", data=data)
        assert wrong.status_code == 422 and "<script>alert" not in wrong.text, data
        assert f'id="{field}-error-1"' in wrong.text, data
    assert admin.post("/admin/keys/99999999/revoke").status_code == 404


def test_who_may_close_count_and_make_keys(manager: FlaskClient, app: Flask, session: Session, now: datetime) -> None:
    care = signed_in(app, session, "care", now)
    menu = manager.get("/admin").text
    for path in ("/admin/closures", "/admin/closures/new", "/admin/occupancy"):
        assert (manager.get(path).status_code, care.get(path).status_code) == (200, 403)
    assert "/admin/closures" in menu and "/admin/occupancy" in menu and "/admin/keys" not in menu
    for path in ("/admin/keys", "/admin/keys/new"):
        assert (manager.get(path).status_code, care.get(path).status_code) == (403, 403)
