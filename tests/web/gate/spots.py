"""The service behind a gate page, and what its tests do and see there."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import func, select

from passes import clock
from passes.access import service as access
from passes.access.rules import shown_code
from passes.catalogue.queries import product_number
from passes.db import transaction
from passes.gate.models import Scan
from passes.lifecycle.queries import lock_passes
from tests.factories import active_pass, code_of

REAL_NOW = clock.now
TABLET: ViewportSize = {"width": 820, "height": 1180}
PHONE: ViewportSize = {"width": 390, "height": 844}
NASTY = "<img src=x onerror=alert(1)>"
GREEN, RED = "rgb(11, 107, 53)", "rgb(163, 20, 26)"


@dataclass
class Spot:
    """A running service at 10:00 on a Wednesday, and its passes."""

    url: str
    version: int
    started: datetime
    real: datetime
    passes: list[int] = field(default_factory=list)
    lanes: int = 0
    scanned_before: int = 0

    def now(self) -> datetime:
        return self.started + (REAL_NOW() - self.real)

    def lane_code(
        self, venue_id: str, *, name: str = "east gate", benefit_id: str | None = None, attended: bool = True
    ) -> str:
        """A code for a new lane, whose name is made unique by a number."""
        self.lanes += 1
        with transaction() as session:
            lane_id = access.create_lane(
                session,
                venue_id=venue_id,
                name=f"{name} {self.lanes}",
                attended=attended,
                default_benefit_id=benefit_id,
                now=self.now(),
            )
            return shown_code(access.make_enrolment_code(session, lane_id, now=self.now()))

    def code(self) -> str:
        """What a wallet shows: the code of a new active pass."""
        with transaction() as session:
            number = product_number(session, "PASS-ADULT", self.version)
            pass_ = active_pass(session, now=self.now(), terms_version=self.version, product_number=number)
            self.passes.append(pass_.id)
            return code_of(session, pass_, now=self.now())

    def code_again(self) -> str:
        """The next code of the last pass."""
        with transaction() as session:
            pass_ = lock_passes(session, self.passes[-1:])[self.passes[-1]]
            return code_of(session, pass_, now=self.now() + timedelta(seconds=5))

    def scans(self) -> int:
        """How many scans this test has sent."""
        with transaction() as session:
            return (session.scalar(select(func.count()).select_from(Scan)) or 0) - self.scanned_before


def enrol(page: Page, code: str, name: str = "blue tablet") -> None:
    page.locator("#enrol-code").fill(code)
    page.locator("#device-name").fill(name)
    page.locator("#enrol-button").click()


def wedge(page: Page, text: str) -> None:
    """Types as a scanner does, wherever the focus is."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def colour(page: Page) -> str:
    found: str = page.locator("#result").evaluate("element => getComputedStyle(element).backgroundColor")
    return found


def expect_state(page: Page, state: str) -> None:
    """The answer with its colour and its shape."""
    expect(page.locator("body")).to_have_attribute("data-state", state)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    expect(page.locator("#result-icon")).to_have_attribute("href", f"#i-{state}")


def record_scans(page: Page) -> list[dict[str, Any]]:
    """Every scan the page sends, as it is sent."""
    sent: list[dict[str, Any]] = []

    def note(request: Any) -> None:
        if request.url.endswith("/api/v1/scans"):
            sent.append(json.loads(request.post_data))

    page.on("request", note)
    return sent
