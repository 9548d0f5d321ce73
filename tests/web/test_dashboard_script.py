"""The dashboard in a browser: charts are drawn and figures move without a reload, under the strict content policy."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from passes import clock
from passes.db import transaction
from passes.events.contract import Event
from tests.consumers.conftest import admitted, answered, refused, tell
from tests.consumers.rivers import drain_directly
from tests.factories import city
from tests.serving import served
from tests.web.axe import violations
from tests.web.browsers import OWN_PASSWORD, make_staff


@pytest.fixture
def desk(browser: Browser, database: str, app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Marketing signed in, in front of the dashboard of the sample city. Faults of the page fail the test."""
    with transaction() as session:
        city(session, now=now)
        make_staff(session, "mei", "marketing", now)
    monkeypatch.setattr(clock, "now", lambda: now)
    faults: list[str] = []
    with served(lambda _: app) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 1600}, locale="zh-CN", base_url=address)
        page = context.new_page()
        page.clock.install()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto("/admin/sign-in?next=/dashboard")
        page.locator("[name=login]").fill("mei")
        page.locator("[name=password]").fill(OWN_PASSWORD)
        page.locator("main form [type=submit]").click()
        page.wait_for_url("**/dashboard")
        yield page
        context.close()
    assert faults == []


def a_busy_morning() -> list[Event]:
    venues = ("S01", "S06", "S08", "S12")
    visits = [
        admitted(
            number * 97, pass_id=number % 40 + 1, venue_id=venues[number % 7 % 4], benefit_id=f"B0{number % 5 + 1}"
        )
        for number in range(150)
    ]
    refusals = [refused(number, ("pass_expired", "daily_limit", "forged")[number % 3]) for number in range(20)]
    return [*visits, *refusals, *(answered(number, score=1 + number % 3) for number in range(30))]


CHARTS = ("today", "days", "places", "weekdays", "hours", "passes", "benefits", "refusals", "satisfaction")


def ask_again(desk: Page) -> None:
    """The page asks for fresh figures now, and not only when its pause is over."""
    with desk.expect_response("**/dashboard/data.json*"):
        desk.clock.fast_forward(30_000)


def in_view(desk: Page, name: str) -> Locator:
    """The chart, scrolled to: only then is it drawn."""
    place = desk.locator(f"[data-chart={name}]")
    place.scroll_into_view_if_needed()
    return place


def test_charts_are_drawn_figures_move_without_a_reload_and_a_lost_server_is_told(desk: Page, database: str) -> None:
    expect(desk.get_by_role("heading", name="还没有人来过")).to_be_visible()
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("0")
    assert desk.locator("canvas").count() == 0
    tell(*a_busy_morning())
    drain_directly(database)
    ask_again(desk)
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("150", timeout=8_000)
    expect(desk.get_by_role("heading", name="还没有人来过")).to_be_hidden()
    for name in CHARTS:
        expect(in_view(desk, name).locator("canvas").first).to_be_visible()
    expect(desk.get_by_text("共 40 张不同的年卡")).to_be_visible()
    in_view(desk, "hours").hover(position={"x": 300, "y": 60})
    assert violations(desk) == []

    desk.route("**/dashboard/data.json*", lambda route: route.fulfill(status=200, body="no figures"))
    ask_again(desk)
    expect(desk.get_by_text("连接中断")).to_be_visible(timeout=8_000)
    desk.unroute("**/dashboard/data.json*")
    ask_again(desk)
    expect(desk.get_by_text("连接中断")).to_be_hidden(timeout=12_000)
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("150")

    desk.context.clear_cookies()
    ask_again(desk)
    expect(desk.get_by_text("您已退出登录")).to_be_visible(timeout=8_000)
    expect(desk.get_by_role("link", name="重新登录")).to_have_attribute("href", re.compile("next=/dashboard"))


def test_by_keyboard_alone_one_finds_a_place_and_its_figures_on_any_screen(desk: Page, database: str) -> None:
    tell(*a_busy_morning())
    drain_directly(database)
    desk.emulate_media(color_scheme="dark", reduced_motion="reduce")
    desk.goto("/dashboard?lang=en")
    press_until(desk, "Tab", "7 days")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/dashboard?period=7d")
    press_until(desk, "Tab", "Other days, one kind or one place")
    desk.keyboard.press("Enter")
    press_until(desk, "Tab", "Kind of place")
    desk.keyboard.type("Sig")
    press_until(desk, "Tab", "Show")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/dashboard?period=7d&kind=spot")
    expect(desk.get_by_role("heading", name="Sights")).to_be_visible()
    press_until(desk, "Tab", "The figures as a table · Day by day")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("columnheader", name="Before")).to_be_visible()
    press_until(desk, "Tab", "Yellow River Tower")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/dashboard?period=7d&venue=S06")
    expect(desk.get_by_role("heading", name="Yellow River Tower")).to_be_visible()

    desk.set_viewport_size({"width": 320, "height": 640})
    expect(in_view(desk, "satisfaction").locator("canvas").first).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") == 320
    assert violations(desk) == []


def press_until(desk: Page, key: str, name: str) -> None:
    """Press the key until what has the focus is called so, as a screen reader would say it."""
    said = (
        "(() => { const at = document.activeElement;"
        "return (at.labels?.[0]?.textContent ?? at.textContent).replace(/\\s+/g, ' ').trim(); })()"
    )
    for _ in range(80):
        if desk.evaluate(said) == name:
            return
        desk.keyboard.press(key)
    raise AssertionError(f"{name} cannot be reached by keyboard")


def test_after_midnight_no_chart_shows_the_day_before(
    desk: Page, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(*a_busy_morning())
    drain_directly(database)
    desk.goto("/dashboard?period=today")
    expect(in_view(desk, "benefits").locator("canvas").first).to_be_visible(timeout=8_000)
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr("passes.dashboard.pages.clock", SimpleNamespace(now=lambda: tomorrow))
    ask_again(desk)
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("0", timeout=8_000)
    expect(desk.locator("[data-chart=benefits]")).to_be_hidden()
    expect(desk.get_by_text("这个时段没有使用任何权益。")).to_be_visible()
    expect(desk.locator("[data-period]")).to_have_text("2026年11月26日")
