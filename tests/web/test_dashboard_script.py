"""The dashboard in a browser: charts are drawn and figures move without a reload, under the strict content policy."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from passes import clock
from passes.db import transaction
from passes.events.contract import Event
from tests.consumers.conftest import admitted, answered, refused, tell
from tests.consumers.rivers import drain_directly
from tests.factories import city
from tests.web.browsers import OWN_PASSWORD, make_staff


@pytest.fixture
def desk(browser: Browser, database: str, app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Marketing signed in, in front of the dashboard of the sample city. Faults of the page fail the test."""
    with transaction() as session:
        city(session, now=now)
        make_staff(session, "mei", "marketing", now)
    monkeypatch.setattr(clock, "now", lambda: now)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 1600}, locale="zh-CN")
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"http://127.0.0.1:{server.server_port}/admin/sign-in?next=/dashboard")
    page.locator("[name=login]").fill("mei")
    page.locator("[name=password]").fill(OWN_PASSWORD)
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/dashboard")
    yield page
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()
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


def test_charts_are_drawn_figures_move_without_a_reload_and_a_lost_server_is_told(desk: Page, database: str) -> None:
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("0")
    assert desk.locator("[data-chart=hours] canvas").count() == 0
    tell(*a_busy_morning())
    drain_directly(database)
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("150", timeout=8_000)
    for name in ("hours", "days", "benefits", "refusals", "satisfaction"):
        expect(desk.locator(f"[data-chart={name}] canvas").first).to_be_visible()
    assert desk.locator("[data-rows=hours] tr", has_text="全天").count() == 4
    desk.locator("[data-chart=hours]").hover(position={"x": 300, "y": 60})
    desk.locator("details summary").first.click()
    expect(desk.locator("[data-rows=hours] th").first).to_be_visible()
    desk.route("**/dashboard/data.json", lambda route: route.fulfill(status=200, body="no figures"))
    expect(desk.locator("[data-lost]")).to_be_visible(timeout=8_000)
    desk.unroute("**/dashboard/data.json")
    expect(desk.locator("[data-lost]")).to_be_hidden(timeout=12_000)
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("150")


def test_after_midnight_no_chart_shows_the_day_before(
    desk: Page, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(*a_busy_morning())
    drain_directly(database)
    expect(desk.locator("[data-chart=hours] canvas").first).to_be_visible(timeout=8_000)
    monkeypatch.setattr("passes.dashboard.pages.local_day", lambda moment: clock.local_day(moment) + timedelta(days=1))
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("0", timeout=8_000)
    expect(desk.locator("[data-chart=hours]")).to_be_hidden()
    expect(desk.locator("[data-chart=days]")).to_be_visible()
