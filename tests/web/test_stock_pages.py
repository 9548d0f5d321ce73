"""Stock as people meet it: told at once in the shop, set in the back office."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import clock
from passes.access.models import AuditEntry
from passes.sale.models import Order
from passes.sale.stock_models import SaleWindow
from passes.sale.stock_windows import NewWindow, add_window
from tests.factories import city
from tests.web.browsers import signed_in
from tests.web.test_shop import errors_of, filled


@pytest.fixture
def shop(client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(clock, "now", lambda: now)
    city(session, now=now)
    client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "en-GB", "HTTP_SEC_FETCH_SITE": "same-origin"}
    return client


def window(session: Session, now: datetime, quota: int, *, opens: timedelta = timedelta(days=-1)) -> int:
    return add_window(session, None, NewWindow("PASS-SENIOR", now + opens, None, quota), now=now)


def test_the_last_piece_is_said_and_who_comes_after_is_told_at_once(
    shop: FlaskClient, session: Session, now: datetime
) -> None:
    window(session, now, 1)
    assert "Only 1 left." in shop.get("/buy").text
    assert shop.post("/buy", data=filled()).status_code == 303
    late = shop.post("/buy", data=filled())
    assert late.status_code == 409
    assert errors_of(late)[0].startswith("This pass is sold out; nothing was ordered.")
    assert len(session.scalars(select(Order.id)).all()) == 1
    page = shop.get("/buy?product=PASS-SENIOR")
    assert 'data-standing="sold_out"' in page.text and 'name="form_id"' not in page.text
    shop.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    assert "已售罄" in shop.get("/buy").text
    assert errors_of(shop.post("/buy", data=filled()))[0].startswith("此年卡已售罄，未生成订单。")


def test_before_the_sale_its_beginning_is_said(shop: FlaskClient, session: Session, now: datetime) -> None:
    window(session, now, 5, opens=timedelta(days=2))
    assert "On sale from 27 Nov 2026, 10:00, Lanzhou time." in shop.get("/buy").text
    early = shop.post("/buy", data=filled())
    assert early.status_code == 409
    assert errors_of(early) == ["The sale of this pass begins on 2026-11-27 10:00, Lanzhou time."]
    assert 'name="form_id"' in shop.get("/buy?product=PASS-ADULT").text


def test_finance_sets_window_and_quota_and_the_log_keeps_it(
    app: Flask, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
    city(session, now=now)
    staff = signed_in(app, session, "finance", now)
    given = {"product_id": "PASS-ADULT", "opens_at": "2026-11-25T09:00", "closes_at": "", "quota": "500"}
    assert staff.post("/admin/stock", data=given).status_code == 303
    made = session.scalars(select(SaleWindow)).one()
    assert (made.quota, made.opens_at, made.closes_at) == (500, now - timedelta(hours=1), None)
    changed = {"opens_at": "2026-11-25T09:00", "closes_at": "2026-12-01T00:00", "quota": "600"}
    assert staff.post(f"/admin/stock/{made.id}", data=changed).status_code == 303
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("sale_window"))).all()
    assert [(entry.staff_login, entry.action) for entry in entries] == [
        ("one.finance", "sale_window.added"),
        ("one.finance", "sale_window.changed"),
    ]
    assert entries[1].facts["quota"] == [500, 600]
    assert "600" in staff.get("/admin/stock").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("opens_at", "tomorrow"),
        ("opens_at", "2026-11-25T09:00+08:00"),
        ("closes_at", "2026-11-25T08:00"),
        ("quota", "-1"),
        ("quota", "many"),
        ("quota", "99999999999"),
        ("product_id", "PASS-NONE"),
        ("product_id", "PASS-FAMILY"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_saved(
    app: Flask, session: Session, now: datetime, field: str, value: str
) -> None:
    city(session, now=now)
    staff = signed_in(app, session, "finance", now)
    given = {"product_id": "PASS-ADULT", "opens_at": "2026-11-25T09:00", "closes_at": "", "quota": "500"}
    answer = staff.post("/admin/stock", data=given | {field: value})
    assert answer.status_code == 422 and f'id="{field}-error-1"' in answer.text
    assert session.scalars(select(SaleWindow)).all() == []


@pytest.mark.parametrize("role", ["care", "marketing", "gate_manager"])
def test_other_roles_do_not_see_stock(app: Flask, session: Session, now: datetime, role: str) -> None:
    assert signed_in(app, session, role, now).get("/admin/stock").status_code == 403
