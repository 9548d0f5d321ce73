"""A running service for the tests of the wallet in a browser, whose clock a test moves together with the phone's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page

from passes import clock
from passes import settings as settings_module
from passes.catalogue.queries import product_number
from passes.credential.codec import Verdict, verify
from passes.credential.queries import read_trust
from passes.db import transaction
from passes.lifecycle.queries import wallet_path
from tests.conftest import MORNING, TEST_SETTINGS, own_database
from tests.factories import active_pass, city, issued_pass
from tests.serving import served

PHONE = {"width": 390, "height": 844}


@dataclass
class City:
    """A running service whose clock the test moves together with the phone's."""

    url: str
    version: int
    moment: datetime
    asked: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def wallet(self, *, active: bool = True) -> tuple[int, str]:
        """A pass and the address of its page."""
        with transaction() as session:
            pass_ = (active_pass if active else issued_pass)(
                session,
                now=self.moment,
                terms_version=self.version,
                product_number=product_number(session, "PASS-ADULT", self.version),
            )
            return pass_.id, self.url + wallet_path(session, pass_.id)

    def pass_time(self, page: Page, seconds: int) -> None:
        """On both clocks, in steps: the network takes real time and must not look slow to the page."""
        while seconds > 0:
            step = min(seconds, 3)
            seconds -= step
            self.moment += timedelta(seconds=step)
            page.clock.run_for(step * 1000)
            page.wait_for_timeout(20)
            while self.asked:
                page.wait_for_timeout(20)

    def watch(self, page: Page) -> None:
        """Know which requests of the page are on their way."""
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfinished", lambda request: self.asked.remove(request.url))
        page.on("requestfailed", lambda request: self.asked.remove(request.url))

    def judge(self, text: str) -> Verdict:
        with transaction() as session:
            return verify(
                text, now=int(self.moment.timestamp()), venue_number=0, trust=read_trust(session, self.moment)
            )


@pytest.fixture(scope="module")
def town(postgres_url: str, template_database: str, shared_app: Flask) -> Iterator[City]:
    settings_module.use(TEST_SETTINGS)
    with own_database(postgres_url, template_database), served(lambda _: shared_app) as address:
        with transaction() as session:
            made = City(address, city(session, now=MORNING), MORNING)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", made.now)
            yield made
