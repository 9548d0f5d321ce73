"""Signing in, the forced change of the first password, and what a session is good for."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from passes import clock
from passes.access import accounts, queries
from tests.factories import city
from tests.web.browsers import OWN_PASSWORD, browser_of, make_staff, sign_in, signed_in


@pytest.fixture
def client(app: Flask, session: Session) -> FlaskClient:
    return browser_of(app)


@pytest.fixture
def admin_password(session: Session, now: datetime) -> str:
    password = accounts.ensure_first_staff(session, now)
    assert password is not None
    return password


def test_the_first_password_opens_nothing_but_its_own_change(
    client: FlaskClient, session: Session, admin_password: str
) -> None:
    assert sign_in(client, " ADMIN ", admin_password) == 303
    for path in ("/admin", "/admin/lanes", "/admin/staff", "/admin/letters", "/admin/orders", "/admin/account"):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (303, "/admin/password")
    assert client.post("/admin/staff/new", data={}).location == "/admin/password"
    answer = client.post(
        "/admin/password", data={"current": admin_password, "new": OWN_PASSWORD, "again": OWN_PASSWORD}
    )
    assert (answer.status_code, answer.location) == (303, "/admin")
    page = client.get("/admin")
    assert page.status_code == 200 and "密码已更改" in page.text
    assert "no-store" in page.headers["Cache-Control"]


def test_a_password_is_not_changed_without_the_present_one_or_with_two_different_ones(
    client: FlaskClient, admin_password: str
) -> None:
    sign_in(client, "admin", admin_password)
    for data, field in (
        ({"current": "wrong", "new": OWN_PASSWORD, "again": OWN_PASSWORD}, "current"),
        ({"current": admin_password, "new": OWN_PASSWORD, "again": OWN_PASSWORD + "!"}, "again"),
        ({"current": admin_password, "new": "short", "again": "short"}, "new"),
        ({"current": admin_password, "new": admin_password, "again": admin_password}, "new"),
        ({"new": OWN_PASSWORD}, "current"),
    ):
        answer = client.post("/admin/password", data=data)
        assert answer.status_code == 422
        assert f'id="{field}-error-1"' in answer.text
        assert OWN_PASSWORD not in answer.text
    assert client.get("/admin").location == "/admin/password"


def test_an_unknown_name_a_wrong_password_and_a_disabled_account_get_one_answer(
    client: FlaskClient, session: Session, now: datetime, admin_password: str
) -> None:
    make_staff(session, "gone", "marketing", now)
    gone = queries.find_staff_id(session, "gone")
    assert gone is not None
    accounts.disable_staff(session, gone, now=now)
    pages = []
    for login, password in (("nobody", OWN_PASSWORD), ("admin", OWN_PASSWORD), ("gone", OWN_PASSWORD)):
        answer = client.post("/admin/sign-in", data={"login": login, "password": password})
        assert answer.status_code == 422
        pages.append(re.sub(r'value="[a-z]*"', "", answer.text))
    assert pages[0] == pages[1] == pages[2]
    assert OWN_PASSWORD not in pages[0]


def test_the_sixth_try_at_a_name_is_turned_away_even_with_the_right_password(
    client: FlaskClient, admin_password: str
) -> None:
    assert [sign_in(client, "admin", "wrong") for _ in range(5)] == [422] * 5
    answer = client.post("/admin/sign-in", data={"login": "admin", "password": admin_password})
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert sign_in(client, "nobody", "wrong") == 422


def test_a_good_password_pays_for_the_bad_ones_before_it(client: FlaskClient, admin_password: str) -> None:
    for _ in range(2):
        assert [sign_in(client, "admin", "wrong") for _ in range(4)] == [422] * 4
        assert sign_in(client, "admin", admin_password) == 303


def test_one_address_gets_twenty_tries_over_all_names(client: FlaskClient, admin_password: str) -> None:
    statuses = [sign_in(client, f"name{number}", "wrong") for number in range(22)]
    assert statuses == [422] * 20 + [429] * 2


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/x", "/\\evil.example"])
def test_a_sign_in_link_does_not_lead_to_another_site(client: FlaskClient, admin_password: str, target: str) -> None:
    page = client.get("/admin/sign-in", query_string={"next": target})
    assert page.status_code == 200
    answer = client.post("/admin/sign-in", data={"login": "admin", "password": admin_password, "next": target})
    assert (answer.status_code, answer.location) == (303, "/admin")
    assert client.get("/admin/sign-in", query_string={"next": target}).location == "/admin"


def test_whoever_was_sent_to_sign_in_comes_back_to_the_page_asked_for(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    make_staff(session, "boss", "admin", now)
    sent = client.get("/admin/lanes?page=2")
    assert sent.status_code == 303
    assert sent.location == "/admin/sign-in?next=/admin/lanes?page%3D2"
    assert 'value="/admin/lanes?page=2"' in client.get(sent.location).text
    answer = client.post(
        "/admin/sign-in", data={"login": "boss", "password": OWN_PASSWORD, "next": "/admin/lanes?page=2"}
    )
    assert answer.location == "/admin/lanes?page=2"


def test_whoever_was_signed_out_over_a_form_is_told_and_comes_back_to_it(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    make_staff(session, "boss", "admin", now)
    before = {"Referer": "http://localhost/admin/staff/new?lang=zh"}
    sent = client.post("/admin/staff/new", data={"login": "eve"}, headers=before)
    assert sent.location == "/admin/sign-in?next=/admin/staff/new?lang%3Dzh"
    page = client.get(sent.location).text
    assert "没有保存" in page or "未保存" in page
    for elsewhere in ("https://evil.example/admin", "nonsense", "http://localhost"):
        assert client.post("/admin/staff/new", headers={"Referer": elsewhere}).location == "/admin/sign-in"


def test_signing_out_ends_the_session(client: FlaskClient, session: Session, now: datetime) -> None:
    make_staff(session, "boss", "admin", now)
    sign_in(client, "boss")
    assert client.get("/admin").status_code == 200
    assert client.post("/admin/sign-out").location == "/admin/sign-in"
    assert client.get("/admin").status_code == 303


def test_a_new_password_signs_the_other_browser_out(app: Flask, session: Session, now: datetime) -> None:
    make_staff(session, "boss", "admin", now)
    here, there = browser_of(app), browser_of(app)
    for browser in (here, there):
        assert sign_in(browser, "boss") == 303
    new = "a ferry on the yellow water"
    here.post("/admin/password", data={"current": OWN_PASSWORD, "new": new, "again": new})
    assert here.get("/admin").status_code == 200
    assert there.get("/admin").location == "/admin/sign-in?next=/admin"


@pytest.mark.parametrize(("wait", "alive"), [(timedelta(minutes=50), True), (timedelta(minutes=61), False)])
def test_an_idle_hour_ends_a_session(
    client: FlaskClient,
    session: Session,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    wait: timedelta,
    alive: bool,
) -> None:
    make_staff(session, "boss", "admin", now)
    sign_in(client, "boss")
    later = clock.now() + wait
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (client.get("/admin").status_code == 200) is alive


def test_work_keeps_a_session_alive_for_twelve_hours_and_no_longer(
    client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_staff(session, "boss", "admin", now)
    sign_in(client, "boss")
    start = clock.now()
    alive = []
    for half_hours in range(1, 26):
        later = start + timedelta(minutes=30 * half_hours)
        monkeypatch.setattr(clock, "now", lambda later=later: later)
        alive.append(client.get("/admin").status_code == 200)
    assert alive == [True] * 23 + [False] * 2


def test_a_session_cookie_cannot_be_made_or_read_by_scripts(
    app: Flask, client: FlaskClient, session: Session, now: datetime
) -> None:
    make_staff(session, "boss", "admin", now)
    answer = client.post("/admin/sign-in", data={"login": "boss", "password": OWN_PASSWORD})
    assert answer.status_code == 303, answer.text
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    client.set_cookie("youyou", cookie.split("=", 1)[1].split(";")[0][:-3] + "abc")
    assert client.get("/admin").status_code == 303


def test_another_sites_form_is_turned_away(client: FlaskClient, session: Session, now: datetime) -> None:
    make_staff(session, "boss", "admin", now)
    sign_in(client, "boss")
    del client.environ_base["HTTP_SEC_FETCH_SITE"]
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        answer = client.post("/admin/staff/new", data={"login": "eve", "name": "Eve", "role": "admin"}, headers=headers)
        assert answer.status_code == 403
    assert queries.find_staff_id(session, "eve") is None


def test_every_back_office_route_asks_who_is_there(app: Flask, client: FlaskClient) -> None:
    asked = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/admin") or rule.rule.startswith(("/admin/sign-in", "/admin/welcome/")):
            continue
        path = re.sub(r"<uuid:[^>]+>", "5a1e9c1c-9a0b-4d1e-8f5e-0d6f3f0c7a11", re.sub(r"<int:[^>]+>", "1", rule.rule))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = client.open(path, method=method)
            assert answer.status_code == 303, (method, path)
            assert answer.location.startswith("/admin/sign-in"), (method, path)
            asked += 1
    assert asked >= 13


def menu(browser: FlaskClient) -> set[str]:
    """The addresses the front page of the back office leads to."""
    main = browser.get("/admin").text.split("<main", 1)[1]
    return set(re.findall(r'<a class="card" href="([^"?#]*)"', main)) - {"/gate"}


def test_a_role_is_shown_the_pages_it_may_open_and_no_others(app: Flask, session: Session, now: datetime) -> None:
    city(session, now=now)
    everything = menu(signed_in(app, session, "admin", now))
    assert {"/admin/lanes", "/admin/staff", "/admin/audit", "/admin/orders", "/dashboard"} <= everything
    for role, expected in (
        ("marketing", "/dashboard"),
        ("care", "/admin/letters"),
        ("finance", "/admin/orders"),
        ("gate_manager", "/admin/lanes"),
    ):
        browser = signed_in(app, session, role, now)
        shown = menu(browser)
        assert expected in shown and shown < everything
        opened = {path for path in everything if browser.get(path).status_code == 200}
        assert opened == shown, role


def test_four_browsers_guessing_at_once_get_five_tries_together(app: Flask, database: str) -> None:
    barrier = threading.Barrier(4)

    def guess(_: int) -> list[int]:
        browser = browser_of(app)
        barrier.wait()
        return [sign_in(browser, "admin", "wrong") for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        statuses = [status for each in pool.map(guess, range(4)) for status in each]
    assert sorted(statuses) == [422] * 5 + [429] * 11
