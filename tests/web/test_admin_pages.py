"""Lanes, devices, staff, letters and orders as the back office shows them."""

import re
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.access import queries
from passes.access.models import EnrolmentCode, Lane
from passes.mail.service import write_letter
from tests.factories import city, gate_at
from tests.web.browsers import browser_of, sign_in, signed_in

NASTY = "<script>alert('x')</script>&\"'"


@pytest.fixture
def manager(app: Flask, session: Session, now: datetime) -> FlaskClient:
    city(session, now=now)
    return signed_in(app, session, "gate_manager", now)


@pytest.fixture
def admin(app: Flask, session: Session, now: datetime) -> FlaskClient:
    return signed_in(app, session, "admin", now)


def add_lane(browser: FlaskClient, **changes: str) -> tuple[int, str]:
    form = {"name": "east gate", "venue_id": "S08", "default_benefit_id": "", "attended": "yes"} | changes
    answer = browser.post("/admin/lanes", data=form)
    return answer.status_code, answer.text


def test_a_lane_is_added_and_its_code_enrols_a_tablet(manager: FlaskClient, app: Flask, session: Session) -> None:
    assert add_lane(manager)[0] == 303
    assert "通道已添加" in manager.get("/admin/lanes").text
    lane = session.scalars(select(Lane)).one()
    assert (lane.venue_id, lane.attended, lane.default_benefit_id) == ("S08", True, None)
    page = manager.post(f"/admin/lanes/{lane.id}/codes")
    shown = re.search(r"data-code>([A-Z0-9]{4}-[A-Z0-9]{4})<", page.text)
    assert page.status_code == 200 and shown
    assert 'href="/admin/lanes?lang=en"' in page.text
    answer = browser_of(app).post("/api/v1/enrolments", json={"code": shown[1], "device_name": "blue tablet"})
    assert answer.status_code == 201
    listed = manager.get("/admin/lanes").text
    assert "blue tablet" in listed and shown[1] not in listed


def test_a_signed_off_tablet_is_answered_401(manager: FlaskClient, session: Session, now: datetime) -> None:
    made = gate_at(session, "S08", now=now)
    bearer = {"Authorization": f"Bearer {made.token}"}
    assert manager.get("/api/v1/gate/lane", headers=bearer).status_code == 200
    assert manager.post(f"/admin/devices/{made.enrolment_id}/revoke").status_code == 303
    answer = manager.get("/api/v1/gate/lane", headers=bearer)
    assert (answer.status_code, answer.json["code"]) == (401, "device_revoked")
    assert "停用" in manager.get("/admin/lanes").text
    assert manager.post("/admin/devices/5a1e9c1c-9a0b-4d1e-8f5e-0d6f3f0c7a11/revoke").status_code == 404
    assert manager.post("/admin/lanes/99999999/codes").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"venue_id": ""}, "venue_id"),
        ({"venue_id": "atlantis"}, "venue_id"),
        ({"default_benefit_id": "no_such"}, "default_benefit_id"),
        ({"attended": "maybe"}, "attended"),
    ],
)
def test_a_wrong_field_of_a_lane_is_named(
    manager: FlaskClient, session: Session, changes: dict[str, str], field: str
) -> None:
    status, page = add_lane(manager, **changes)
    assert status == 422 and "没有保存" in page
    if field != "attended":
        assert f'id="{field}-error-1"' in page
    assert session.scalar(select(func.count()).select_from(Lane)) == 0


def test_a_benefit_of_another_venue_is_no_default(manager: FlaskClient, session: Session) -> None:
    status, page = add_lane(manager, default_benefit_id="B01")
    assert status == 422 and 'id="default_benefit_id-error-1"' in page


def test_the_same_lane_twice_is_refused_by_its_name(manager: FlaskClient, session: Session) -> None:
    assert add_lane(manager)[0] == 303
    status, page = add_lane(manager)
    assert status == 422 and 'id="name-error-1"' in page


def test_names_are_text_wherever_they_are_shown(manager: FlaskClient, app: Flask, session: Session) -> None:
    assert add_lane(manager, name=NASTY)[0] == 303
    lane = session.scalars(select(Lane)).one()
    shown = re.search(r"data-code>([A-Z0-9-]+)<", manager.post(f"/admin/lanes/{lane.id}/codes").text)
    assert shown
    answer = browser_of(app).post("/api/v1/enrolments", json={"code": shown[1], "device_name": NASTY})
    assert answer.status_code == 201
    page = manager.get("/admin/lanes").text
    assert "<script>alert" not in page and page.count("&lt;script&gt;alert") >= 2


def test_lanes_are_paged_by_the_server(manager: FlaskClient, session: Session, now: datetime) -> None:
    for _ in range(23):
        gate_at(session, "S08", now=now)
    first, second = manager.get("/admin/lanes"), manager.get("/admin/lanes?page=2")
    assert first.text.count("data-lane=") == 20 and second.text.count("data-lane=") == 3
    assert 'href="/admin/lanes?page=2" rel="next"' in first.text
    for nonsense in ("0", "-1", "x", "99999999", "1e9"):
        assert manager.get(f"/admin/lanes?page={nonsense}").status_code == 200


def test_a_new_account_signs_in_with_the_password_shown_once(admin: FlaskClient, app: Flask) -> None:
    page = admin.post("/admin/staff", data={"login": "Li.Wei", "name": NASTY, "role": "marketing"})
    password = re.search(r"data-password>([a-z0-9-]{23})<", page.text)
    assert page.status_code == 200 and password
    assert "<script>alert" not in page.text
    assert password[1] not in admin.get("/admin/staff").text
    newcomer = browser_of(app)
    assert sign_in(newcomer, "li.wei", password[1]) == 303
    assert newcomer.get("/dashboard").status_code in (303, 404)
    assert newcomer.get("/admin").location == "/admin/password"


def test_a_reset_and_a_disabled_account_are_out_at_once(admin: FlaskClient, app: Flask, session: Session) -> None:
    page = admin.post("/admin/staff", data={"login": "li.wei", "name": "李伟", "role": "marketing"})
    first = re.search(r"data-password>([a-z0-9-]{23})<", page.text)
    staff_id = queries.find_staff_id(session, "li.wei")
    assert first
    theirs = browser_of(app)
    assert sign_in(theirs, "li.wei", first[1]) == 303
    again = re.search(r"data-password>([a-z0-9-]{23})<", admin.post(f"/admin/staff/{staff_id}/reset").text)
    assert again and again[1] != first[1]
    assert theirs.get("/admin").location == "/admin/sign-in?next=/admin"
    assert sign_in(theirs, "li.wei", first[1]) == 422
    assert sign_in(theirs, "li.wei", again[1]) == 303
    assert admin.post(f"/admin/staff/{staff_id}/disable").status_code == 303
    assert theirs.get("/admin").location == "/admin/sign-in?next=/admin"
    assert sign_in(theirs, "li.wei", again[1]) == 422
    assert admin.post(f"/admin/staff/{staff_id}/enable").status_code == 303
    assert sign_in(theirs, "li.wei", again[1]) == 303


def test_the_last_admin_stays(admin: FlaskClient, session: Session) -> None:
    me = queries.find_staff_id(session, "one.admin")
    answer = admin.post(f"/admin/staff/{me}/disable")
    assert answer.status_code == 409 and "最后一个" in answer.text
    assert admin.get("/admin").status_code == 200


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({}, {"login", "name", "role"}),
        ({"login": "x", "name": "李伟", "role": "marketing"}, {"login"}),
        ({"login": "li.wei", "name": "李伟", "role": "king"}, {"role"}),
        ({"login": "one.admin", "name": "李伟", "role": "admin"}, {"login"}),
        ({"login": "li wei", "name": "\x07", "role": "admin"}, {"name"}),
    ],
)
def test_a_wrong_field_of_an_account_is_named(admin: FlaskClient, form: dict[str, str], fields: set[str]) -> None:
    answer = admin.post("/admin/staff", data=form)
    assert answer.status_code == 422
    assert set(re.findall(r'id="(\w+)-error-1"', answer.text)) == fields


def test_letters_are_listed_by_state_and_opened_with_their_link(
    admin: FlaskClient, session: Session, now: datetime
) -> None:
    link = "http://127.0.0.1:8000/w/secret-token"
    body = f"您好 {NASTY}\n请打开 {link}\n"
    kept = write_letter(session, "pass_issued", None, "zh", f"您的年卡 {NASTY}", body, now=now)
    write_letter(session, "pass_issued", "wang@example.com", "zh", "另一封", "……", now=now)
    listed = admin.get("/admin/letters?state=kept").text
    assert listed.count("data-letter=") == 1 and "另一封" not in listed
    assert admin.get("/admin/letters?state=nonsense").text.count("data-letter=") == 2
    page = admin.get(f"/admin/letters/{kept.id}").text
    assert f'href="{link}"' in page
    assert "<script>alert" not in page + listed
    assert admin.get("/admin/letters/99999999").status_code == 404


def test_an_admin_sees_at_once_what_went_wrong(admin: FlaskClient, session: Session, now: datetime) -> None:
    assert admin.get("/admin").text.count("请查看") == 0
    letter = write_letter(session, "pass_issued", "wang@example.com", "zh", "年卡", "……", now=now)
    letter.state = "failed"
    session.flush()
    assert admin.get("/admin").text.count("请查看") == 1


def test_orders_of_every_state_are_asked_for(admin: FlaskClient) -> None:
    for state in ("", "pending", "paid", "expired", "canceled", "nonsense"):
        assert admin.get(f"/admin/orders?state={state}").status_code == 200


def test_pages_speak_english_when_asked(admin: FlaskClient) -> None:
    for path in ("/admin", "/admin/staff", "/admin/letters", "/admin/orders", "/admin/password"):
        page = admin.get(f"{path}?lang=en").text
        assert 'lang="en"' in page
        main = page[page.index("<main") : page.index("</main>")]
        assert not re.search(r"[\u4e00-\u9fff]", main), path


def test_a_code_remembers_who_made_it(manager: FlaskClient, session: Session) -> None:
    add_lane(manager, default_benefit_id="B08")
    lane = session.scalars(select(Lane)).one()
    manager.post(f"/admin/lanes/{lane.id}/codes")
    stored = session.scalars(select(EnrolmentCode)).one()
    assert stored.made_by_staff_id == queries.find_staff_id(session, "one.gate_manager")


@pytest.mark.parametrize("number", [2**63, 10**30])
def test_a_number_no_row_can_have_is_not_found(
    admin: FlaskClient, session: Session, now: datetime, number: int
) -> None:
    city(session, now=now)
    assert admin.get(f"/admin/letters/{number}").status_code == 404
    for path in (f"lanes/{number}/codes", f"staff/{number}/reset", f"staff/{number}/disable", f"staff/{number}/enable"):
        assert admin.post(f"/admin/{path}").status_code in (404, 409), path
