"""Accounts: invited, changed, shut and opened again by an admin; and the log of it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import clock, settings
from passes.access import accounts, queries
from passes.access.models import AuditEntry
from passes.access.service import write_audit
from passes.lifecycle.reissue import replace_codes
from passes.mail.models import Letter
from tests.factories import active_pass, city
from tests.web.browsers import OWN_PASSWORD, browser_of, make_staff, sign_in, signed_in

NASTY = "<script>alert('x')</script>&\"'"
NEWCOMER = {"login": "Li.Wei", "name": "李伟", "role": "gate_manager", "email": ""}


@pytest.fixture
def admin(app: Flask, session: Session, now: datetime) -> FlaskClient:
    return signed_in(app, session, "admin", now)


def link_in(page: str) -> str:
    found = re.search(r"data-link>http://127\.0\.0\.1:8000(/admin/welcome/[\w-]+)<", page)
    assert found
    return found[1]


def choose(browser: FlaskClient, link: str, new: str = OWN_PASSWORD, again: str | None = None) -> int:
    return browser.post(link, data={"new": new, "again": again or new}).status_code


def id_of(session: Session, login: str) -> int:
    found = queries.find_staff_id(session, login)
    assert found is not None
    return found


def test_whoever_is_invited_chooses_a_password_by_the_link_shown_once(
    admin: FlaskClient, app: Flask, session: Session, now: datetime
) -> None:
    city(session, now=now)
    page = admin.post("/admin/staff/new", data=NEWCOMER | {"name": NASTY})
    link = link_in(page.text)
    at = f"/admin/staff/{id_of(session, 'li.wei')}"
    assert "<script>alert" not in page.text + admin.get(at).text
    assert link not in admin.get(at).text and "已邀请" in admin.get(at).text
    newcomer = browser_of(app)
    opened = newcomer.get(link)
    assert opened.status_code == 200 and 'value="li.wei"' in opened.text
    assert opened.headers["Cache-Control"] == "no-store" and "<script>alert" not in opened.text
    assert choose(newcomer, link, "short") == 422
    assert choose(newcomer, link, OWN_PASSWORD, "something else") == 422
    assert choose(newcomer, link) == 303
    assert "li.wei" in newcomer.get("/admin/sign-in").text
    assert choose(newcomer, link) == 404 and newcomer.get(link).status_code == 404
    assert sign_in(newcomer, "li.wei") == 303
    assert newcomer.get("/admin/lanes").status_code == 200 and newcomer.get("/admin/staff").status_code == 403


def test_a_link_ends_after_three_days_by_a_newer_one_and_with_the_account(
    admin: FlaskClient, app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = link_in(admin.post("/admin/staff/new", data=NEWCOMER).text)
    staff_id = id_of(session, "li.wei")
    second = link_in(admin.post(f"/admin/staff/{staff_id}/link").text)
    newcomer = browser_of(app)
    assert newcomer.get(first).status_code == 404 and newcomer.get(second).status_code == 200
    admin.post(f"/admin/staff/{staff_id}/disable")
    assert newcomer.get(second).status_code == 404
    assert admin.post(f"/admin/staff/{staff_id}/link").status_code == 409
    admin.post(f"/admin/staff/{staff_id}/enable")
    assert newcomer.get(second).status_code == 200
    later = clock.now() + timedelta(hours=72)
    monkeypatch.setattr(clock, "now", lambda: later)
    late = newcomer.get(second)
    assert late.status_code == 404 and "已失效" in late.text
    assert newcomer.get("/admin/welcome/" + "x" * 500).status_code == 404


def test_a_password_given_on_the_command_line_ends_the_link_that_was_sent_out(
    admin: FlaskClient, app: Flask, session: Session, now: datetime
) -> None:
    link = link_in(admin.post("/admin/staff/new", data=NEWCOMER).text)
    accounts.reset_password(session, id_of(session, "li.wei"), now=now)
    assert choose(browser_of(app), link) == 404


def test_where_mail_can_be_sent_the_link_goes_by_letter_and_is_not_shown(admin: FlaskClient, session: Session) -> None:
    settings.use(replace(settings.current(), smtp_url="smtp://127.0.0.1:1"))
    answer = admin.post("/admin/staff/new", data=NEWCOMER | {"email": "li.wei@example.com"})
    assert answer.status_code == 303
    letter = session.scalars(select(Letter)).one()
    assert (letter.kind, letter.recipient, letter.state) == ("staff_link", "li.wei@example.com", "waiting")
    assert "http://127.0.0.1:8000/admin/welcome/" in letter.body and "72 小时" in letter.body
    assert letter.about == f"staff:{id_of(session, 'li.wei')}"
    page = admin.get(answer.location).text
    assert "welcome" not in page and "待发送" in page
    # The link would open an admin's account to whoever reads letters.
    assert f"/admin/letters/{letter.id}" not in admin.get("/admin/letters").text
    assert admin.get(f"/admin/letters/{letter.id}").status_code == 404
    assert admin.post(f"/admin/letters/{letter.id}/send", data={"recipient": "eve@example.com"}).status_code == 404


def test_a_new_link_ends_the_old_password_and_every_session(
    admin: FlaskClient, app: Flask, session: Session, now: datetime
) -> None:
    staff_id = make_staff(session, "li.wei", "marketing", now)
    theirs = browser_of(app)
    assert sign_in(theirs, "li.wei") == 303
    link = link_in(admin.post(f"/admin/staff/{staff_id}/link").text)
    assert theirs.get("/admin").location == "/admin/sign-in?next=/admin"
    assert sign_in(theirs, "li.wei") == 422
    new = "a ferry on the yellow water"
    assert choose(theirs, link, new) == 303 and sign_in(theirs, "li.wei", new) == 303


def test_a_disabled_account_is_out_at_once_and_comes_back(
    admin: FlaskClient, app: Flask, session: Session, now: datetime
) -> None:
    staff_id = make_staff(session, "li.wei", "marketing", now)
    theirs = browser_of(app)
    sign_in(theirs, "li.wei")
    for _ in range(2):
        assert admin.post(f"/admin/staff/{staff_id}/disable").status_code == 303
    assert theirs.get("/admin").location == "/admin/sign-in?next=/admin"
    assert sign_in(theirs, "li.wei") == 422
    assert admin.post(f"/admin/staff/{staff_id}/enable").status_code == 303
    assert sign_in(theirs, "li.wei") == 303
    assert admin.post(f"/admin/staff/{staff_id}/sign-out").status_code == 303
    assert theirs.get("/admin").status_code == 303 and sign_in(theirs, "li.wei") == 303
    theirs_now = AuditEntry.subject == f"staff:{staff_id}", AuditEntry.staff_login == "one.admin"
    done = session.scalars(select(AuditEntry.action).where(*theirs_now))
    assert sorted(done) == ["staff.disabled", "staff.enabled", "staff.signed_out"]


def test_name_role_and_address_change_and_the_role_counts_at_once(
    admin: FlaskClient, app: Flask, session: Session, now: datetime
) -> None:
    city(session, now=now)
    staff_id = make_staff(session, "li.wei", "gate_manager", now)
    theirs = browser_of(app)
    sign_in(theirs, "li.wei")
    form = {"name": "李伟", "role": "finance", "email": "li@example.com"}
    assert admin.post(f"/admin/staff/{staff_id}", data=form).status_code == 303
    assert theirs.get("/admin/lanes").status_code == 403
    assert theirs.get("/admin/account").status_code == 200
    page = admin.get(f"/admin/staff/{staff_id}").text
    assert "→ 财务" in page
    assert admin.post(f"/admin/staff/{staff_id}", data=form).status_code == 303
    entries = session.scalars(select(AuditEntry.facts).where(AuditEntry.action == "staff.changed")).all()
    assert entries == [
        {
            "login": "li.wei",
            "name": ["li.wei", "李伟"],
            "role": ["gate_manager", "finance"],
            "email": [None, "li@example.com"],
        }
    ]
    wrong = admin.post(f"/admin/staff/{staff_id}", data={"name": "", "role": "king", "email": "nobody"})
    assert wrong.status_code == 422
    assert set(re.findall(r'id="(\w+)-error-1"', wrong.text)) == {"name"}
    wrong = admin.post(f"/admin/staff/{staff_id}", data={"name": "x", "role": "king", "email": "nobody"})
    assert set(re.findall(r'id="(\w+)-error-1"', wrong.text)) == {"role", "email"}
    assert 'value="nobody"' in wrong.text


def test_the_last_admin_stays(admin: FlaskClient, session: Session, now: datetime) -> None:
    me = id_of(session, "one.admin")
    # An invited admin who has not chosen a password could not let anybody in.
    admin.post("/admin/staff/new", data=NEWCOMER | {"role": "admin"})
    answer = admin.post(f"/admin/staff/{me}/disable")
    assert answer.status_code == 409 and "最后一个" in answer.text
    answer = admin.post(f"/admin/staff/{me}", data={"name": "me", "role": "care", "email": ""})
    assert answer.status_code == 422 and 'id="role-error-1"' in answer.text
    assert admin.post(f"/admin/staff/{me}/link").status_code == 409
    assert admin.get("/admin/staff").status_code == 200
    make_staff(session, "second", "admin", now)
    assert admin.post(f"/admin/staff/{me}/disable").status_code == 303
    assert admin.get("/admin/staff").status_code == 303


def test_a_wrong_field_of_an_account_is_named(admin: FlaskClient, session: Session) -> None:
    wrong: list[tuple[dict[str, str], set[str]]] = [
        ({}, {"login", "name", "role"}),
        (NEWCOMER | {"login": "x"}, {"login"}),
        (NEWCOMER | {"role": "king"}, {"role"}),
        (NEWCOMER | {"email": "li.wei"}, {"email"}),
        (NEWCOMER | {"login": "one.admin"}, {"login"}),
        (NEWCOMER | {"login": "🎫", "name": "\x07"}, {"name"}),
    ]
    for form, fields in wrong:
        answer = admin.post("/admin/staff/new", data=form)
        assert answer.status_code == 422, form
        assert set(re.findall(r'id="(\w+)-error-1"', answer.text)) == fields, form
    assert queries.find_staff_id(session, "li.wei") is None


def test_an_invitation_sent_twice_leads_to_the_account_that_is_there(admin: FlaskClient, session: Session) -> None:
    admin.post("/admin/staff/new", data=NEWCOMER)
    again = admin.post("/admin/staff/new", data=NEWCOMER)
    assert again.status_code == 422
    assert f'href="/admin/staff/{id_of(session, "li.wei")}"' in again.text and 'value="李伟"' in again.text


def test_accounts_are_searched_by_name_role_and_state(admin: FlaskClient, session: Session, now: datetime) -> None:
    admin.post("/admin/staff/new", data=NEWCOMER)
    off = make_staff(session, "gone", "finance", now)
    admin.post(f"/admin/staff/{off}/disable")

    def found(question: str) -> list[str]:
        return re.findall(r'data-login="([^"]+)"', admin.get(f"/admin/staff?{question}").text)

    assert found("") == ["gone", "li.wei", "one.admin"]
    assert found("q=李") == found("role=gate_manager") == found("state=invited") == ["li.wei"]
    assert found("state=disabled") == found("role=finance&state=disabled") == ["gone"]
    assert found("state=active") == ["one.admin"]
    assert found("q=%25") == [] and found("role=king") == ["gone", "li.wei", "one.admin"]


def test_the_log_is_read_by_who_what_and_when(admin: FlaskClient, session: Session, now: datetime) -> None:
    staff_id = make_staff(session, "li.wei", "care", now)
    signed = queries.find_credentials(session, "li.wei")
    assert signed is not None
    write_audit(session, signed.staff, "pass.held", "pass:7", now=now, reason="lost", note=NASTY)
    write_audit(session, None, "something.new", "thing:x", now=now - timedelta(days=3), done=True)

    def entries(question: str) -> int:
        page = admin.get(f"/admin/audit?{question}")
        assert page.status_code == 200 and "<script>alert" not in page.text
        return page.text.count("<time ")

    assert entries("who=li.wei&kind=pass") == entries("subject=pass:7") == entries("action=pass.held") == 1
    assert entries("who=-&kind=thing") >= 1 and entries("who=nobody") == 0
    day = "2026-11-22"
    assert entries(f"to={day}") == 1 and entries(f"from={day}&to={day}") == 1
    assert entries("from=0001-01-01&to=9999-12-31&kind=king&action=x&page=x") == entries("")
    page = admin.get("/admin/audit").text
    assert "something.new" in page and "thing x" in page
    assert f'href="/admin/staff/{staff_id}"' in page and 'href="/admin/passes/7"' in page
    own = admin.get(f"/admin/staff/{staff_id}").text
    assert "/admin/passes/7" in own


def test_what_a_holder_did_is_not_laid_at_the_command_lines_door(
    admin: FlaskClient, session: Session, now: datetime
) -> None:
    city(session, now=now)
    pass_id = active_pass(session, now=now).id
    replace_codes(session, pass_id, now=now)
    log = admin.get(f"/admin/audit?subject=pass:{pass_id}").text
    assert "· 持卡人</p>" in log and "· 命令行<" not in log
    assert f"/admin/passes/{pass_id}" not in admin.get("/admin/audit?who=-").text
    assert "持卡人使此前所有码作废" in admin.get(f"/admin/passes/{pass_id}").text
