"""`make screenshots`: the pictures of the README, taken anew from a city that lives, as it is today before noon."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import clock, db
from passes import settings as settings_module
from passes.access.rules import shown_code
from passes.access.service import make_enrolment_code
from passes.app import create_app
from passes.clock import SHANGHAI, local_day
from passes.gate.models import Scan
from passes.launcher.postgres import EmbeddedPostgres
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import wallet_path
from tests import chromium
from tests.city import City, build, work
from tests.conftest import ROOT, TEST_SETTINGS, migrate
from tests.serving import served
from tests.web.browsers import OWN_PASSWORD, make_staff

FOLDER = ROOT / "passes/web/pictures"
# Late in the morning of today, whenever the pictures are taken: most places are open, and a day is to be seen.
MORNING = datetime.combine(local_day(clock.now()), time(11, 20), SHANGHAI).astimezone(UTC)
PHONE, TABLET, DESK = (390, 844), (820, 1180), (1440, 900)


@dataclass
class Studio:
    """The served city, and what its people have opened."""

    city: City
    address: str
    browser: Browser

    @contextmanager
    def person(self, size: tuple[int, int], language: str, *, dark: bool = False) -> Iterator[BrowserContext]:
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=1.5 if size == PHONE else 1,
            locale=language,
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        yield context
        context.close()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    started = monotonic()
    clock.now = lambda: MORNING + timedelta(seconds=monotonic() - started)  # the pages of this process only
    with TemporaryDirectory() as folder, studio_in(Path(folder)) as studio:
        for take in TAKES:
            for name, page in take(studio):
                keep(name, page)
                sys.stdout.write(f"{name}.webp\n")


@contextmanager
def studio_in(folder: Path) -> Iterator[Studio]:
    """The service on a PostgreSQL of its own, with a city in it, and Chromium."""
    postgres = EmbeddedPostgres(folder, durable=False)
    url = postgres.start()
    migrate(url)
    engine = db.connect(url, pool_size=10)
    chosen = replace(TEST_SETTINGS, database_url=url, events="direct", kafka_bootstrap_servers=None)
    settings_module.use(chosen)
    made = build(url, now=clock.now(), days=66, visits_a_day=45, orders=80)
    with db.transaction() as session:
        make_staff(session, "admin", "admin", clock.now())
    service = served(lambda address: create_app(replace(chosen, public_url=address)))
    with service as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.program(), args=chromium.FLAGS)
        yield Studio(made, address, browser)
        browser.close()
    engine.dispose()
    postgres.stop()
    postgres.remove()


def keep(name: str, page: Page) -> None:
    """WebP: a third of a PNG, and every reader of the README shows it."""
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.save(FOLDER / f"{name}.webp", quality=82, method=6)


Take = Callable[[Studio], Iterator[tuple[str, Page]]]


def shop(studio: Studio) -> Iterator[tuple[str, Page]]:
    with studio.person(PHONE, "zh-CN") as tourist:
        page = tourist.new_page()
        page.goto("/")
        yield "shop", page


def gate_and_wallet(studio: Studio) -> Iterator[tuple[str, Page]]:
    """A visitor at the gate, admitted; the same visitor once more, who is told why not and when again."""
    now = clock.now()
    with db.transaction() as session:
        code = shown_code(make_enrolment_code(session, studio.city.gates["S01"].lane_id, now=now))
        wallet = wallet_path(session, fresh_pass(session, studio.city, now))
    with studio.person(TABLET, "zh-CN") as clerk, studio.person(PHONE, "zh-CN") as visitor:
        phone, tablet = visitor.new_page(), clerk.new_page()
        phone.goto(wallet)
        yield "wallet", phone
        tablet.goto(f"/gate#enrol={code}")
        tablet.locator("#device-name").fill("东门 1 号平板")
        tablet.locator("#enrol-button").click()
        show(tablet, phone)
        yield "gate-admitted", tablet
        tablet.locator("#next").click()
        phone.reload()
        show(tablet, phone)
        yield "gate-refused", tablet


def fresh_pass(session: Session, city: City, now: datetime) -> int:
    """A pass nobody has used today."""
    used = select(Scan.pass_id).where(Scan.local_day == local_day(now))
    return (
        session.scalars(
            select(Pass.id)
            .where(Pass.id.in_(city.passes), Pass.state == "active", Pass.id.not_in(used))
            .order_by(Pass.id)
        ).first()
        or city.passes[-1]
    )


def show(tablet: Page, phone: Page) -> None:
    """The clerk's scanner reads the phone."""
    phone.locator("#code").wait_for()
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(phone.locator("#code").screenshot())))
    tablet.locator("#code").fill(found[0].text)
    tablet.locator("#code-form button").click()
    tablet.locator("#words-first").wait_for()


def office(studio: Studio) -> Iterator[tuple[str, Page]]:
    work(settings_module.current().database_url, at=clock.now())
    with studio.person(DESK, "en-GB") as staff:
        page = signed_in(staff)
        page.goto("/dashboard")
        page.locator("canvas").first.wait_for()
        page.wait_for_timeout(1_000)  # the charts come to rest
        yield "dashboard", page
    with studio.person(DESK, "zh-CN", dark=True) as staff:
        page = signed_in(staff)
        page.goto(f"/admin/passes/{studio.city.passes[0]}")
        yield "pass", page


def signed_in(staff: BrowserContext) -> Page:
    page = staff.new_page()
    page.goto("/admin/sign-in")
    page.locator("[name=login]").fill("admin")
    page.locator("[name=password]").fill(OWN_PASSWORD)
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/admin")
    return page


TAKES: list[Take] = [shop, gate_and_wallet, office]

if __name__ == "__main__":
    main()
