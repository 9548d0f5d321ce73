"""One gate for the tests of its page: a running service, a lane, and Chromium with the page open."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from passes import clock
from passes import settings as settings_module
from passes.db import transaction
from tests.conftest import MORNING, TEST_SETTINGS, own_database
from tests.factories import city
from tests.serving import served
from tests.web.gate.spots import REAL_NOW, TABLET, Spot, enrol

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def service(postgres_url: str, template_database: str, shared_app: Flask) -> Iterator[Spot]:
    """One service for all tests here: each of them makes lanes and passes of its own."""
    settings_module.use(TEST_SETTINGS)
    with own_database(postgres_url, template_database), served(lambda _: shared_app) as address:
        with transaction() as session:
            version = city(session, now=MORNING)
        made = Spot(address, version, MORNING, REAL_NOW())
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(clock, "now", made.now)
            yield made


@pytest.fixture
def spot(service: Spot) -> Spot:
    """The service with nothing scanned yet, as far as this test can see."""
    service.scanned_before += service.scans()
    return service


@pytest.fixture
def open_gate(browser: Browser, spot: Spot) -> Iterator[Opener]:
    """Opens /gate; nothing on it may break the content policy or raise."""
    faults: list[str] = []
    context = browser.new_context(viewport=TABLET, locale="zh-CN")

    def opened(*, enrolled: tuple[str, str | None] | None = None, lane: str = "east gate", query: str = "") -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
        page.goto(f"{spot.url}/gate{query}")
        if enrolled is not None:
            venue_id, benefit_id = enrolled
            enrol(page, spot.lane_code(venue_id, name=lane, benefit_id=benefit_id))
            expect(page.locator("#lane-name")).to_contain_text(lane)
        return page

    yield opened
    context.close()
    assert faults == []
