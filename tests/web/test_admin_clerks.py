"""The back office's clerks: a PIN is shown once, and every change is asked for and kept."""

import re
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from passes.access.clerk_service import add_clerk, start_shift
from passes.access.models import AuditEntry, Clerk
from tests.factories import city, gate_at
from tests.web.browsers import signed_in

PIN = re.compile(r">(\d{3}) (\d{3})<")


@pytest.fixture
def manager(app: Flask, session: Session, now: datetime) -> FlaskClient:
    city(session, now=now)
    return signed_in(app, session, "gate_manager", now)


def add(manager: FlaskClient, **fields: str) -> TestResponse:
    return manager.post("/admin/clerks/new?lang=en", data={"name": "李梅", "venue_id": "S01"} | fields)


def pin_in(page: TestResponse) -> str:
    found = PIN.search(page.text)
    assert found is not None
    return found[1] + found[2]


def test_a_new_clerk_gets_a_pin_that_is_shown_once_and_begins_a_shift(
    manager: FlaskClient, session: Session, now: datetime
) -> None:
    made = add(manager)
    assert "PIN of 李梅" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    pin = pin_in(made)
    clerk = session.scalars(select(Clerk)).one()
    shift = start_shift(session, gate_at(session, "S01", now=now).gate, pin, now=now)
    assert shift.clerk_id == clerk.id
    for page in ("/admin/clerks", f"/admin/clerks/{clerk.id}", "/admin/clerks?q=李&venue=S01&state=active"):
        shown = manager.get(page).text
        assert "李梅" in shown
        assert pin not in shown
    assert "lane" in manager.get(f"/admin/clerks/{clerk.id}").text
    assert "没有符合条件的检票员" in manager.get("/admin/clerks?state=disabled&lang=zh").text
    assert pin not in str([entry.facts for entry in session.scalars(select(AuditEntry))])


def test_a_clerk_is_disabled_and_enabled_with_another_pin_and_all_of_it_is_kept(
    manager: FlaskClient, session: Session
) -> None:
    old = pin_in(add(manager))
    clerk = session.scalars(select(Clerk)).one()
    page = f"/admin/clerks/{clerk.id}"
    renewed = pin_in(manager.post(f"{page}/pin"))
    assert manager.post(f"{page}/disable").status_code == 303
    assert manager.post(f"{page}/disable").status_code == 303
    refused = manager.post(f"{page}/pin?lang=en")
    assert (refused.status_code, "Enable the clerk first" in refused.text) == (409, True)
    enabled = pin_in(manager.post(f"{page}/enable"))
    assert len({old, renewed, enabled}) == 3
    again = manager.post(f"{page}/enable?lang=en")
    assert (again.status_code, "This clerk is not disabled." in again.text) == (409, True)
    actions = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject == f"clerk:{clerk.id}").order_by(AuditEntry.id)
    ).all()
    assert actions == ["clerk.added", "clerk.pin_renewed", "clerk.disabled", "clerk.enabled"]


def test_what_is_wrong_with_a_new_clerk_stands_beside_its_field_and_the_rest_is_kept(
    manager: FlaskClient, session: Session
) -> None:
    for fields, name in (
        ({"name": ""}, "name"),
        ({"name": "兰" * 61}, "name"),
        ({"name": "兰州" * 5_000}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"venue_id": ""}, "venue_id"),
        ({"venue_id": "nowhere"}, "venue_id"),
        ({"venue_id": "🎫"}, "venue_id"),
    ):
        answer = add(manager, **fields)
        assert answer.status_code == 422
        assert f'id="{name}-error-1"' in answer.text
    assert 'value="李梅"' in add(manager, venue_id="").text
    assert session.scalar(select(func.count()).select_from(Clerk)) == 0
    assert add(manager, name="👩‍🌾 مرحبا").status_code == 200
    assert add(manager).status_code == 200
    # A double submit, or the back button and once more.
    twice = add(manager)
    assert (twice.status_code, "already has a clerk with this name" in twice.text) == (422, True)
    assert session.scalar(select(func.count()).select_from(Clerk)) == 2


def test_clerks_are_the_business_of_gate_managers_and_admins(app: Flask, session: Session, now: datetime) -> None:
    city(session, now=now)
    clerk_id, _ = add_clerk(session, venue_id="S01", name="李梅", now=now)
    marketing = signed_in(app, session, "marketing", now)
    addresses = ["/admin/clerks", "/admin/clerks/new", f"/admin/clerks/{clerk_id}"]
    assert [marketing.get(address).status_code for address in addresses] == [403] * 3
    assert marketing.post(f"/admin/clerks/{clerk_id}/pin").status_code == 403
    admin = signed_in(app, session, "admin", now)
    assert [admin.get(address).status_code for address in addresses] == [200] * 3
    assert admin.get("/admin/clerks/999999").status_code == 404
    assert admin.post("/admin/clerks/999999/disable").status_code == 404
