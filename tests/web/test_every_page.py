"""Every page of the service, found by its route, as Chromium shows it: for everybody, small, and without a fault.

A page that is added is looked at without being listed here; one with arguments needs an example in every.py.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ViewportSize

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

PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 800}
DESK: ViewportSize = {"width": 1440, "height": 900}
MOST_BYTES = 150_000
STICKING_OUT = """() => [...document.querySelectorAll("main *")]
    .filter(one => !one.closest("thead") && one.getBoundingClientRect().right > innerWidth)
    .map(one => one.outerHTML.slice(0, 120)).at(-1)"""
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


def person(browser: Browser, address: str, language: str) -> BrowserContext:
    """An administrator who reads this language, signed in, with a phone of the narrowest screen."""
    context = browser.new_context(base_url=address, locale=language)
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


class Reader:
    """One tab that goes from page to page and notes what is wrong with each."""

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.faults: list[str] = []
        self._said: list[str] = []
        self._bytes: list[int] = []
        self.page.on("response", lambda got: self._bytes.append(int(got.headers.get("content-length", "0"))))
        self.page.on("console", lambda said: self._said.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._said.append(str(error)))

    def open(self, path: str, *, in_full: bool) -> None:
        """Narrow, and that it works; in full: its weight, and axe as on a phone, and as at a desk in the dark."""
        self._said.clear()
        self._bytes.clear()
        self.page.set_viewport_size(PHONE)
        answer = self.page.goto(path)
        expected = 404 if path in NOT_THERE else 200
        if answer is None or answer.status != expected:
            self._said.append(f"status {answer and answer.status}")
        if in_full:
            if sum(self._bytes) > MOST_BYTES and path != CHARTS:
                self._said.append(f"{sum(self._bytes)} bytes in all")
            self._ask_axe()
        self.page.set_viewport_size(NARROW)
        if self.page.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
            self._said.append(f"wider than {NARROW['width']} px: {self.page.evaluate(STICKING_OUT)}")
        # Chromium calls the page itself an error where there is none.
        self.faults += [f"{path}: {fault}" for fault in self._said if not (expected == 404 and "404" in fault)]

    def _ask_axe(self) -> None:
        self._said += violations(self.page)
        self.page.set_viewport_size(DESK)
        self.page.emulate_media(color_scheme="dark")
        self._said += [f"{fault} (at a desk, in the dark)" for fault in violations(self.page)]
        self.page.emulate_media(color_scheme="light")


def test_every_page_is_accessible_and_small_and_without_a_fault(browser: Browser, address: str) -> None:
    people = [person(browser, address, language) for language in ("zh-CN", "en-GB")]
    paths = pages_of(create_app(settings_module.current()), people[0])
    assert len(paths) > 15
    in_chinese, in_english = map(Reader, people)
    for path in paths:
        in_chinese.open(path, in_full=True)
        in_english.open(path, in_full=False)
    for context in people:
        context.close()
    faults = in_chinese.faults + in_english.faults
    assert not faults, "\n".join(faults)
