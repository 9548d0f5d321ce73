"""The second factor from its picture to the lost phone; and the browsers that are signed in."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import clock, settings
from passes.access import queries, totp
from passes.access.models import StaffAccount, StaffRecoveryCode, StaffSession
from tests.factories import city
from tests.web.browsers import OWN_PASSWORD, browser_of, make_staff, sign_in, signed_in


class Clock:
    """The time as the service sees it; codes of the app follow it."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def now(self) -> datetime:
        return self.moment

    def pass_(self, **span: float) -> None:
        self.moment += timedelta(**span)


@pytest.fixture
def time(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(now)
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def boss(app: Flask, session: Session, now: datetime, time: Clock) -> Iterator[FlaskClient]:
    yield signed_in(app, session, "admin", now)


class Phone:
    """What the app on the phone knows."""

    def __init__(self, page: str, time: Clock) -> None:
        found = re.search(r"data-secret>([A-Z2-7 ]+)<", page)
        assert found
        self.secret = base64.b32decode(found[1].replace(" ", ""))
        self.time = time

    def code(self) -> str:
        self.time.pass_(seconds=30)
        return totp.code_at(self.secret, totp.step_at(self.time.now()))


def set_up(browser: FlaskClient, time: Clock) -> tuple[Phone, list[str]]:
    phone = Phone(browser.get("/admin/account/second-factor").text, time)
    page = browser.post("/admin/account/second-factor", data={"code": phone.code()})
    codes = re.findall(r"data-recovery>([A-Z0-9-]+)<", page.text)
    assert page.status_code == 200 and len(codes) == 10
    return phone, codes


def type_code(browser: FlaskClient, code: str) -> tuple[int, str | None]:
    answer = browser.post("/admin/sign-in/code", data={"code": code})
    return answer.status_code, answer.location


def test_a_right_password_alone_no_longer_opens_anything(
    boss: FlaskClient, app: Flask, session: Session, time: Clock
) -> None:
    signed_in_at = time.now()
    phone, _ = set_up(boss, time)
    other = browser_of(app)
    answer = other.post("/admin/sign-in", data={"login": "one.admin", "password": OWN_PASSWORD, "next": "/admin/audit"})
    assert answer.location == "/admin/sign-in/code"
    assert other.get("/admin").location == "/admin/sign-in?next=/admin"
    assert other.get("/admin/account").status_code == 303
    assert type_code(other, "000000")[0] == 422
    account = session.scalars(select(StaffAccount)).one()
    session.refresh(account)
    before = account.last_sign_in_at
    code = phone.code()
    assert type_code(other, f" {code[:3]} {code[3:]} ") == (303, "/admin/audit")
    session.refresh(account)
    assert (before, account.last_sign_in_at) == (signed_in_at, time.now()), "a password alone is no sign-in"
    assert other.get("/admin/audit").status_code == 200
    again = browser_of(app)
    sign_in(again, "one.admin")
    assert type_code(again, code)[0] == 422, "a code counts once"


def test_the_picture_stays_the_same_until_a_code_confirms_it(boss: FlaskClient, session: Session, time: Clock) -> None:
    first = Phone(boss.get("/admin/account/second-factor").text, time)
    for wrong in ("", "000000", "12345", "🎫" * 9, "x" * 41):
        assert boss.post("/admin/account/second-factor", data={"code": wrong}).status_code == 422
    assert Phone(boss.get("/admin/account/second-factor").text, time).secret == first.secret
    account = session.scalars(select(StaffAccount)).one()
    assert account.totp_confirmed_at is None and account.totp_sealed is not None
    assert first.secret not in account.totp_sealed
    _, codes = set_up(boss, time)
    assert boss.get("/admin/account/second-factor").status_code == 303
    stored = session.scalars(select(StaffRecoveryCode.code_hash)).all()
    assert len(stored) == 10 and not any(codes[0].replace("-", "").encode() in each for each in stored)


def test_a_lost_phone_is_replaced_by_a_written_code_once(boss: FlaskClient, app: Flask, time: Clock) -> None:
    _, codes = set_up(boss, time)
    other = browser_of(app)
    sign_in(other, "one.admin")
    assert type_code(other, codes[0].lower().replace("-", " "))[0] == 303
    page = other.get("/admin/account").text
    assert "剩余恢复码：9" in page
    again = browser_of(app)
    sign_in(again, "one.admin")
    assert type_code(again, codes[0])[0] == 422
    assert type_code(again, codes[1])[0] == 303


def test_five_wrong_codes_close_the_second_step_for_a_while(boss: FlaskClient, app: Flask, time: Clock) -> None:
    phone, _ = set_up(boss, time)
    other = browser_of(app)
    sign_in(other, "one.admin")
    assert [type_code(other, "000000")[0] for _ in range(6)] == [422] * 5 + [429]
    assert type_code(other, phone.code())[0] == 429
    time.pass_(minutes=4)
    assert type_code(other, phone.code())[0] == 303


def test_the_second_step_waits_five_minutes_and_needs_the_first(boss: FlaskClient, app: Flask, time: Clock) -> None:
    phone, _ = set_up(boss, time)
    other = browser_of(app)
    assert other.get("/admin/sign-in/code").location == "/admin/sign-in"
    assert type_code(other, phone.code()) == (303, "/admin/sign-in")
    sign_in(other, "one.admin")
    assert other.get("/admin/sign-in/code").status_code == 200
    time.pass_(minutes=6)
    assert type_code(other, phone.code()) == (303, "/admin/sign-in")
    assert "五分钟" in other.get("/admin/sign-in").text


def test_a_password_changed_between_the_steps_lets_nobody_in(boss: FlaskClient, app: Flask, time: Clock) -> None:
    phone, _ = set_up(boss, time)
    thief = browser_of(app)
    sign_in(thief, "one.admin")
    new = "a ferry on the yellow water"
    boss.post("/admin/password", data={"current": OWN_PASSWORD, "new": new, "again": new})
    type_code(thief, phone.code())
    assert thief.get("/admin").location == "/admin/sign-in?next=/admin"


def test_whoever_removes_it_shows_password_and_code(boss: FlaskClient, app: Flask, time: Clock) -> None:
    for path in ("/admin/account/second-factor/remove", "/admin/account/recovery-codes"):
        assert boss.get(path).location == boss.post(path, data={}).location == "/admin/account"
    phone, codes = set_up(boss, time)
    at = "/admin/account/second-factor/remove"
    for data, field in (
        ({}, "password"),
        ({"password": "wrong", "code": phone.code()}, "password"),
        ({"password": OWN_PASSWORD, "code": "000000"}, "code"),
    ):
        answer = boss.post(at, data=data)
        assert answer.status_code == 422 and f'id="{field}-error-1"' in answer.text
    time.pass_(minutes=5)
    page = boss.post("/admin/account/recovery-codes", data={"password": OWN_PASSWORD, "code": phone.code()})
    fresh = re.findall(r"data-recovery>([A-Z0-9-]+)<", page.text)
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    assert boss.post(at, data={"password": OWN_PASSWORD, "code": codes[0]}).status_code == 422
    assert boss.post(at, data={"password": OWN_PASSWORD, "code": fresh[0]}).status_code == 303
    other = browser_of(app)
    sign_in(other, "one.admin")
    assert other.get("/admin").status_code == 200


def test_not_even_an_admin_removes_the_own_one_without_password_and_code(
    boss: FlaskClient, session: Session, time: Clock
) -> None:
    set_up(boss, time)
    account = session.scalars(select(StaffAccount)).one()
    assert "remove-second-factor" not in boss.get(f"/admin/staff/{account.id}").text
    answer = boss.post(f"/admin/staff/{account.id}/remove-second-factor")
    assert (answer.status_code, answer.location) == (303, "/admin/account/second-factor/remove")
    session.refresh(account)
    assert account.totp_confirmed_at is not None


def test_an_admin_removes_the_second_factor_of_a_colleague(
    boss: FlaskClient, app: Flask, session: Session, now: datetime, time: Clock
) -> None:
    staff_id = make_staff(session, "li.wei", "care", now)
    theirs = browser_of(app)
    sign_in(theirs, "li.wei")
    set_up(theirs, time)
    assert "移除二次验证" in boss.get(f"/admin/staff/{staff_id}").text
    assert boss.post(f"/admin/staff/{staff_id}/remove-second-factor").status_code == 303
    assert sign_in(browser_of(app), "li.wei") == 303
    assert "移除二次验证" not in boss.get(f"/admin/staff/{staff_id}").text.split("<ol", 1)[0]
    assert theirs.get("/admin/account").status_code == 200
    assert session.scalars(select(StaffRecoveryCode)).all() == []


def test_where_admins_need_one_they_set_it_up_before_anything_else(
    boss: FlaskClient, app: Flask, session: Session, now: datetime, time: Clock
) -> None:
    city(session, now=now)
    settings.use(replace(settings.current(), second_factor="admins"))
    assert boss.get("/admin/lanes").location == "/admin/account/second-factor"
    assert boss.get("/admin/account").status_code == 200
    assert "需要二次验证" in boss.get("/admin/account/second-factor").text
    set_up(boss, time)
    assert boss.get("/admin/lanes").status_code == 200
    manager = signed_in(app, session, "gate_manager", now)
    assert manager.get("/admin/lanes").status_code == 200


def test_a_person_sees_their_browsers_and_signs_them_out(
    app: Flask, session: Session, now: datetime, time: Clock
) -> None:
    make_staff(session, "boss", "marketing", now)
    here, there, phone = (browser_of(app) for _ in range(3))
    there.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
    phone.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone) <script>alert(1)</script> Safari/604.1" + "x" * 9_000
    for browser in (here, there, phone):
        assert sign_in(browser, "boss") == 303
    page = here.get("/admin/account").text
    assert "Firefox, Windows" in page and "Safari, iPhone" in page and page.count("本浏览器</span>") == 1
    assert "<script>alert" not in page
    windows = session.scalars(select(StaffSession.id).where(StaffSession.browser.contains("Windows"))).one()
    stranger = browser_of(app)
    make_staff(session, "eve", "marketing", now)
    sign_in(stranger, "eve")
    stranger.post(f"/admin/account/sessions/{windows}/end")
    assert there.get("/admin").status_code == 200, "a session is ended by its owner only"
    assert here.post(f"/admin/account/sessions/{windows}/end").status_code == 303
    assert there.get("/admin").status_code == 303 and phone.get("/admin").status_code == 200
    assert here.post("/admin/account/sessions/end-others").status_code == 303
    assert phone.get("/admin").status_code == 303 and here.get("/admin").status_code == 200
    assert "Firefox" not in here.get("/admin/account").text


def test_signing_out_is_remembered_even_if_the_cookie_is_kept(app: Flask, session: Session, now: datetime) -> None:
    make_staff(session, "boss", "marketing", now)
    browser = browser_of(app)
    sign_in(browser, "boss")
    stolen = browser.get_cookie("youyou")
    assert stolen is not None
    browser.post("/admin/sign-out")
    thief = browser_of(app)
    thief.set_cookie("youyou", stolen.value)
    assert thief.get("/admin").location == "/admin/sign-in?next=/admin"
    assert queries.find_staff_id(session, "boss") is not None
