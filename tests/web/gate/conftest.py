"""One gate for the tests of its page: a running service, a lane, and Chromium with the page open."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from passes import clock, db
from passes.app import create_app
from passes.db import transaction
from tests.conftest import TEST_SETTINGS, clone, drop
from tests.factories import city
from tests.web.gate.spots import MORNING, REAL_NOW, TABLET, Spot, enrol

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def service(postgres_url: str, template_database: str) -> Iterator[Spot]:
    """One service for all tests here: each of them makes lanes and passes of its own."""
    url = clone(postgres_url, template_database)
    engine = db.connect(url, pool_size=10)
    app = create_app(TEST_SETTINGS)
    with transaction() as session:
        version = city(session, now=MORNING)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    made = Spot(f"http://127.0.0.1:{server.server_port}", version, MORNING, REAL_NOW())
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "now", made.now)
        yield made
    server.shutdown()
    thread.join()
    server.server_close()
    engine.dispose()
    drop(postgres_url, url)


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
