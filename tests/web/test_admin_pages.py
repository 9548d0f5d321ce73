"""Letters, orders and health as the back office shows them."""

import re
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from passes.mail.service import write_letter
from tests.factories import city
from tests.web.browsers import signed_in

NASTY = "<script>alert('x')</script>&\"'"


@pytest.fixture
def admin(app: Flask, session: Session, now: datetime) -> FlaskClient:
    return signed_in(app, session, "admin", now)


def test_letters_are_listed_by_state_and_opened_with_their_link(
    admin: FlaskClient, session: Session, now: datetime
) -> None:
    link = "http://127.0.0.1:8000/w/secret-token"
    body = f"您好 {NASTY}\n请打开 {link}\n"
    kept = write_letter(session, "pass_issued", None, "zh", f"您的年卡 {NASTY}", body, now=now)
    write_letter(session, "pass_issued", "wang@example.com", "zh", "另一封", "……", now=now)
    listed = admin.get("/admin/letters?state=kept").text
    assert f"/admin/letters/{kept.id}" in listed and "另一封" not in listed
    assert "另一封" in admin.get("/admin/letters?state=nonsense").text
    page = admin.get(f"/admin/letters/{kept.id}").text
    assert f'href="{link}"' in page
    assert "<script>alert" not in page + listed
    assert admin.get("/admin/letters/99999999").status_code == 404


def test_an_admin_sees_at_once_what_went_wrong(admin: FlaskClient, session: Session, now: datetime) -> None:
    assert "需要查看" not in admin.get("/admin").text
    letter = write_letter(session, "pass_issued", "wang@example.com", "zh", "年卡", "……", now=now)
    letter.state = "failed"
    session.flush()
    page = admin.get("/admin").text
    assert "需要查看" in page and "发送失败的信件" in page


def test_orders_of_every_state_are_asked_for(admin: FlaskClient) -> None:
    for state in ("", "pending", "paid", "expired", "canceled", "nonsense"):
        assert admin.get(f"/admin/orders?state={state}").status_code == 200


def test_pages_speak_english_when_asked(admin: FlaskClient) -> None:
    for path in ("/admin", "/admin/staff", "/admin/letters", "/admin/orders", "/admin/password"):
        page = admin.get(f"{path}?lang=en").text
        assert 'lang="en"' in page
        main = page[page.index("<main") : page.index("</main>")]
        assert not re.search(r"[\u4e00-\u9fff]", main), path


@pytest.mark.parametrize("number", [2**63, 10**30])
def test_a_number_no_row_can_have_is_not_found(
    admin: FlaskClient, session: Session, now: datetime, number: int
) -> None:
    city(session, now=now)
    assert admin.get(f"/admin/letters/{number}").status_code == 404
    for path in (f"lanes/{number}/codes", f"staff/{number}/link", f"staff/{number}/disable", f"staff/{number}/enable"):
        assert admin.post(f"/admin/{path}").status_code in (404, 409), path
