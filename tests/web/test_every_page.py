"""Every page of the service, found by its route, as Chromium shows it: for everybody, small, and without a fault.

A page that is added is looked at without being listed here; one with arguments needs an example in every.py.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Response

from passes import clock
from passes import settings as settings_module
from passes.app import create_app
from passes.db import transaction
from tests.city import build
from tests.conftest import TEST_SETTINGS, own_database
from tests.serving import served
from tests.web import every
from tests.web.axe import violations
from tests.web.browsers import OWN_PASSWORD, make_staff

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
MOST_BYTES = 150_000
# Pages, too: what is shown for an address that leads nowhere.
NOT_THERE = {"/no/such/page", "/w/no-such-link", "/pay/return"}
# ECharts, on this page alone.
CHARTS = "/dashboard"


@pytest.fixture(scope="module")
def address(postgres_url: str, template_database: str) -> Iterator[str]:
    """A small city that has lived for a week, served."""
    with own_database(postgres_url, template_database) as url:
        chosen = replace(TEST_SETTINGS, database_url=url)
        settings_module.use(chosen)
        now = clock.now()
        made = build(url, now=now, days=6, visits_a_day=8, orders=8)
        with transaction() as session:
            make_staff(session, "one.admin", "admin", now)
            EXAMPLES.update(every.examples(session, made.passes[0], made.orders[0], now))
        with served(lambda address: create_app(replace(chosen, public_url=address))) as address:
            yield address


EXAMPLES: dict[str, str] = {}


def person(browser: Browser, address: str, size: dict[str, int], language: str, scheme: str) -> BrowserContext:
    context = browser.new_context(
        base_url=address,
        viewport={"width": size["width"], "height": size["height"]},
        locale=language,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/admin/sign-in")
    page.locator("[name=login]").fill("one.admin")
    page.locator("[name=password]").fill(OWN_PASSWORD)
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/admin")
    page.close()
    return context


def pages_of(app: Flask, context: BrowserContext) -> list[str]:
    """The addresses that answer a GET with a page."""
    found = []
    for path in every.paths(app, EXAMPLES):
        answer = context.request.get(path, max_redirects=0)
        if answer.headers.get("content-type", "").startswith("text/html") and answer.status != 303:
            found.append(path)
    return sorted({*found, *NOT_THERE})


def look(page: Page, path: str, *, narrow: bool) -> list[str]:
    """What is wrong with one page."""
    faults: list[str] = []
    bytes_sent: list[int] = []

    def count(answer: Response) -> None:
        bytes_sent.append(int(answer.headers.get("content-length", "0")))

    page.on("response", count)
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    answer = page.goto(path)
    expected = 404 if path in NOT_THERE else 200
    if answer is None or answer.status != expected:
        faults.append(f"status {answer and answer.status}")
    faults.extend(violations(page))
    if sum(bytes_sent) > MOST_BYTES and path != CHARTS:
        faults.append(f"{sum(bytes_sent)} bytes in all")
    if narrow:
        page.set_viewport_size({"width": 320, "height": 800})
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            faults.append(f"{width} px wide where the screen has 320")
    # Chromium calls the page itself an error where there is none.
    return [f"{path}: {fault}" for fault in faults if not (expected == 404 and "404" in fault)]


@pytest.mark.parametrize(
    ("size", "language", "scheme"), [(PHONE, "zh-CN", "light"), (DESK, "en-GB", "dark")], ids=["phone", "desk"]
)
def test_every_page_is_accessible_and_small_and_without_a_fault(
    browser: Browser, address: str, size: dict[str, int], language: str, scheme: str
) -> None:
    context = person(browser, address, size, language, scheme)
    app = create_app(settings_module.current())
    faults = []
    paths = pages_of(app, context)
    assert len(paths) > 15
    for path in paths:
        page = context.new_page()
        faults.extend(look(page, path, narrow=size is PHONE))
        page.close()
    context.close()
    assert not faults, "\n".join(faults)
