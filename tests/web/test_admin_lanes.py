"""Lanes and devices as the back office shows and changes them."""

import re
from datetime import datetime

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.access import queries
from passes.access.models import AuditEntry, EnrolmentCode, Lane
from tests.factories import city, gate_at
from tests.web.browsers import browser_of, signed_in

NASTY = "<script>alert('x')</script>&\"'"


@pytest.fixture
def manager(app: Flask, session: Session, now: datetime) -> FlaskClient:
    city(session, now=now)
    return signed_in(app, session, "gate_manager", now)


def add_lane(browser: FlaskClient, venue_id: str = "S08", **changes: str) -> tuple[int, str]:
    form = {"name": "east gate", "default_benefit_id": "", "attended": "yes"} | changes
    answer = browser.post(f"/admin/lanes/new?venue={venue_id}", data=form)
    return answer.status_code, answer.text


def only_lane(session: Session) -> Lane:
    return session.scalars(select(Lane)).one()


def shown_code(page: str) -> str:
    found = re.search(r"data-code>([A-Z0-9]{4}-[A-Z0-9]{4})<", page)
    assert found
    return found[1]


def deeds(session: Session, subject: str) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject == subject).order_by(AuditEntry.id)))


def test_a_lane_is_added_and_its_code_enrols_a_tablet(manager: FlaskClient, app: Flask, session: Session) -> None:
    assert add_lane(manager)[0] == 303
    lane = only_lane(session)
    assert "通道已添加" in manager.get(f"/admin/lanes/{lane.id}").text
    assert (lane.venue_id, lane.attended, lane.default_benefit_id) == ("S08", True, None)
    page = manager.post(f"/admin/lanes/{lane.id}/codes")
    assert page.status_code == 200
    assert f'href="/admin/lanes/{lane.id}?lang=en"' in page.text
    code = shown_code(page.text)
    answer = browser_of(app).post("/api/v1/enrolments", json={"code": code, "device_name": "blue tablet"})
    assert answer.status_code == 201
    listed, own = manager.get("/admin/lanes").text, manager.get(f"/admin/lanes/{lane.id}").text
    assert "blue tablet" in listed and "blue tablet" in own and code not in listed + own
    assert deeds(session, f"lane:{lane.id}") == ["lane.created", "lane.code_made"]
    made = session.scalars(select(EnrolmentCode)).one()
    assert made.made_by_staff_id == queries.find_staff_id(session, "one.gate_manager")


def test_the_picture_beside_a_code_opens_the_gate_page_with_it(manager: FlaskClient, session: Session) -> None:
    add_lane(manager)
    page = manager.post(f"/admin/lanes/{only_lane(session).id}/codes").text
    found = re.search(r'class="enrol-code" viewBox="0 0 (\d+) \1".*?<path d="([^"]+)"', page, re.S)
    assert found
    picture = Image.new("L", (int(found[1]), int(found[1])), 255)
    pen = ImageDraw.Draw(picture)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)", found[2]):
        pen.rectangle((int(x), int(y), int(x) + int(width) - 1, int(y)), fill=0)
    read = zxingcpp.read_barcodes(picture.resize((picture.width * 6, picture.width * 6), Image.Resampling.NEAREST))
    assert [each.text for each in read] == [f"http://127.0.0.1:8000/gate#enrol={shown_code(page)}"]


def test_the_choice_of_benefits_is_what_the_venue_offers(manager: FlaskClient, session: Session) -> None:
    assert "<option" in manager.get("/admin/lanes/new").text
    page = manager.get("/admin/lanes/new?venue=S01").text
    assert 'value="B01"' in page and 'value="B08"' not in page
    assert add_lane(manager, "S01", default_benefit_id="B01")[0] == 303
    own = manager.get(f"/admin/lanes/{only_lane(session).id}").text
    assert 'value="B01" selected' in own and 'value="B08"' not in own
    status, page = add_lane(manager, "S08", default_benefit_id="B01")
    assert status == 422 and 'id="default_benefit_id-error-1"' in page


def test_a_lane_is_renamed_closed_and_opened_again(manager: FlaskClient, session: Session, now: datetime) -> None:
    made = gate_at(session, "S08", now=now)
    lane = only_lane(session)
    bearer = {"Authorization": f"Bearer {made.token}"}
    at = f"/admin/lanes/{lane.id}"
    assert manager.post(at, data={"name": "西门", "default_benefit_id": "B08"}).status_code == 303
    session.refresh(lane)
    assert (lane.name, lane.attended, lane.default_benefit_id) == ("西门", False, "B08")
    assert manager.get("/api/v1/gate/lane", headers=bearer).json["name"] == "西门"
    manager.post(at, data={"name": "西门", "default_benefit_id": "B08"})
    assert "没有变化" in manager.get(at).text
    assert manager.post(f"{at}/close").status_code == 303
    assert "停用的设备：1" in manager.get(at).text
    assert manager.get("/api/v1/gate/lane", headers=bearer).status_code == 401
    refused = manager.post(f"{at}/codes")
    assert refused.status_code == 409 and "已关闭" in refused.text
    assert "西门" not in manager.get("/admin/lanes?state=open").text
    assert manager.post(f"{at}/close").status_code == 303  # sent twice: nothing more happens
    assert manager.post(f"{at}/reopen").status_code == 303
    assert manager.post(f"{at}/codes").status_code == 200
    expected = ["lane.created", "lane.code_made", "lane.changed", "lane.closed", "lane.reopened", "lane.code_made"]
    assert deeds(session, f"lane:{lane.id}") == expected


def test_a_code_made_before_a_lane_was_closed_enrols_nothing(
    manager: FlaskClient, app: Flask, session: Session
) -> None:
    add_lane(manager)
    at = f"/admin/lanes/{only_lane(session).id}"
    code = shown_code(manager.post(f"{at}/codes").text)
    manager.post(f"{at}/close")
    manager.post(f"{at}/reopen")
    answer = browser_of(app).post("/api/v1/enrolments", json={"code": code, "device_name": "late"})
    assert (answer.status_code, answer.json["code"]) == (404, "enrolment_code_unknown")


def test_a_signed_off_tablet_is_answered_401(manager: FlaskClient, session: Session, now: datetime) -> None:
    made = gate_at(session, "S08", now=now)
    bearer = {"Authorization": f"Bearer {made.token}"}
    assert manager.get("/api/v1/gate/lane", headers=bearer).status_code == 200
    for _ in range(2):
        assert manager.post(f"/admin/devices/{made.enrolment_id}/revoke").status_code == 303
    answer = manager.get("/api/v1/gate/lane", headers=bearer)
    assert (answer.status_code, answer.json["code"]) == (401, "device_revoked")
    assert "已停用：1" in manager.get(f"/admin/lanes/{made.gate.lane_id}").text
    assert session.scalar(select(func.count()).where(AuditEntry.action == "device.revoked")) == 1
    assert manager.post("/admin/devices/5a1e9c1c-9a0b-4d1e-8f5e-0d6f3f0c7a11/revoke").status_code == 404
    for path in ("", "/codes", "/close", "/reopen"):
        assert manager.post(f"/admin/lanes/99999999{path}", data={"name": "x"}).status_code == 404


def test_a_wrong_field_of_a_lane_is_named(manager: FlaskClient, session: Session) -> None:
    wrong: list[tuple[str, dict[str, str], str | None]] = [
        ("S08", {"name": ""}, "name"),
        ("S08", {"name": "x" * 61}, "name"),
        ("S08", {"name": "a\x00b"}, "name"),
        ("", {}, None),
        ("atlantis", {}, None),
        ("S08", {"default_benefit_id": "no_such"}, "default_benefit_id"),
        ("S08", {"attended": "maybe"}, None),
    ]
    for venue_id, changes, field in wrong:
        status, page = add_lane(manager, venue_id, **changes)
        assert status == 422 and 'role="alert"' in page, changes
        assert field is None or f'id="{field}-error-1"' in page, changes
    assert session.scalar(select(func.count()).select_from(Lane)) == 0


def test_the_same_lane_twice_is_refused_by_its_name(manager: FlaskClient, session: Session) -> None:
    assert add_lane(manager)[0] == 303
    status, page = add_lane(manager)
    assert status == 422 and 'id="name-error-1"' in page and 'value="east gate"' in page
    assert add_lane(manager, name="west gate")[0] == 303
    west = session.scalars(select(Lane.id).where(Lane.name == "west gate")).one()
    answer = manager.post(f"/admin/lanes/{west}", data={"name": "east gate"})
    assert answer.status_code == 422 and 'id="name-error-1"' in answer.text


def test_names_are_text_wherever_they_are_shown(manager: FlaskClient, app: Flask, session: Session) -> None:
    assert add_lane(manager, name=NASTY)[0] == 303
    at = f"/admin/lanes/{only_lane(session).id}"
    code = manager.post(f"{at}/codes").text
    answer = browser_of(app).post("/api/v1/enrolments", json={"code": shown_code(code), "device_name": NASTY})
    assert answer.status_code == 201
    pages = code + manager.get("/admin/lanes").text + manager.get(at).text
    assert "<script>alert" not in pages and pages.count("&lt;script&gt;alert") >= 5


def test_lanes_are_searched_and_paged_by_the_server(manager: FlaskClient, session: Session, now: datetime) -> None:
    for _ in range(27):
        gate_at(session, "S08", now=now)
    gate_at(session, "S01", now=now)
    first, second = manager.get("/admin/lanes?venue=S08"), manager.get("/admin/lanes?venue=S08&page=2")
    assert first.text.count("data-lane=") == 25 and second.text.count("data-lane=") == 2
    assert 'href="/admin/lanes?page=2&amp;venue=S08" rel="next"' in first.text
    assert manager.get("/admin/lanes?venue=S01").text.count("data-lane=") == 1
    assert "没有符合条件" in manager.get("/admin/lanes?q=%25").text
    assert "没有符合条件" in manager.get("/admin/lanes?state=closed").text
    for nonsense in ("page=0", "page=x", "page=99999999", "venue=atlantis", "state=maybe", "q=%00%F0%9F%8E%AB"):
        assert manager.get(f"/admin/lanes?{nonsense}").status_code == 200
