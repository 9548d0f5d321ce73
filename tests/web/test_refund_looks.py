"""Money back as Chromium shows it: the form of the desk with both quotes, a transfer that waits, and the kept lines."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from passes.access.rules import FINANCE, Staff
from passes.access.service import note_seen
from passes.admin.desk_refunds import DeskRefund, refund_from_desk
from passes.app import create_app
from passes.clock import now as this_moment
from passes.db import transaction
from passes.gate.models import Scan
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import wallet_path
from passes.lifecycle.service import activate_pass
from passes.sale.models import Order
from passes.sale.queries import order_token
from tests.city import pay, place
from tests.conftest import TEST_SETTINGS
from tests.factories import city, code_of, gate_at
from tests.serving import served
from tests.web.axe import violations
from tests.web.browsers import OWN_PASSWORD, make_staff

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}


@dataclass
class Counter:
    """Two orders of 100 days ago: one nobody asked back yet, one that waits for a transfer."""

    address: str
    fresh: int
    waiting: int
    buyer: str
    wallet: str


@pytest.fixture
def counter(database: str) -> Iterator[Counter]:
    now = this_moment()
    ago = now - timedelta(days=100)
    with transaction() as session:
        city(session, now=ago)
        staff = Staff(make_staff(session, "boss", "admin", now), "boss", "boss", FINANCE, must_change_password=False)
    fresh, waiting = (sold(number, ago, now) for number in (1, 2))
    with transaction() as session:
        wanted = DeskRefund(str(uuid4()), "all", None, "requested", by_transfer=True, note="搬家了，不再需要")
        refund_from_desk(session, staff, waiting, wanted, now=now)
        buyer = f"/orders/{order_token(session.get_one(Order, waiting).public_id)}"
        wallet = wallet_path(session, session.scalars(select(Pass.id).order_by(Pass.id.desc())).all()[0]) + "/refund"
    chosen = replace(TEST_SETTINGS, database_url=database)
    with served(lambda url: create_app(replace(chosen, public_url=url))) as address:
        yield Counter(address, fresh, waiting, buyer, wallet)


def sold(number: int, at: datetime, now: datetime) -> int:
    """An order whose pass was activated at once and used once."""
    order_id = place(number, "王小明", at)
    pay(order_id, "card", at)
    with transaction() as session:
        pass_ = session.scalars(select(Pass).order_by(Pass.id.desc())).all()[0]
        activate_pass(session, pass_.id, now=at)
        gate = gate_at(session, "S01", now=at, default_benefit_id="B01").gate
        note_seen(session, gate.enrolment_id, now=at + timedelta(hours=1))
        report = ScanRequest(
            scan_id=uuid4(), code=code_of(session, pass_, now=at), scanned_at=at, shown="admitted", sequence=1
        )
        record_scans(session, gate, [report], now=now)
        session.execute(update(Scan).values(verdict="admitted"))
    return order_id


@pytest.fixture
def faults() -> list[str]:
    return []


def person(
    browser: Browser, counter: Counter, size: str, language: str, faults: list[str]
) -> tuple[BrowserContext, Page]:
    context = browser.new_context(base_url=counter.address, viewport=SIZES[size], locale=language)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    page.goto("/admin/sign-in")
    page.locator("[name=login]").fill("boss")
    page.locator("[name=password]").fill(OWN_PASSWORD)
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/admin")
    return context, page


def look(page: Page, faults: list[str], size: str) -> None:
    """Every closed part opened, nothing wider than the screen, and nothing that somebody cannot use."""
    page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true; })")
    faults.extend(violations(page))
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > SIZES[size]["width"]:
        faults.append(f"{page.url}: {width} px wide")


@pytest.mark.parametrize(("size", "language"), [("phone", "zh-CN"), ("desk", "en-GB")])
def test_money_back_is_shown_line_by_line_to_everybody(
    browser: Browser, counter: Counter, faults: list[str], size: str, language: str
) -> None:
    context, page = person(browser, counter, size, language, faults)
    for path, lines in (
        (f"/admin/orders/{counter.fresh}", ["paid", "days_gone", "use", "paid", "days_gone"]),
        (f"/admin/orders/{counter.waiting}", ["paid", "days_gone", "use"]),
        (counter.buyer, ["paid", "days_gone", "use"]),
        (counter.wallet, ["paid", "days_gone", "use"]),
    ):
        page.goto(path)
        look(page, faults, size)
        found = page.locator("[data-line]").evaluate_all("all => all.map(one => one.dataset.line)")
        assert found == lines, path
    context.close()
    assert faults == []


def test_the_clerk_chooses_whose_fault_it_is_and_reads_what_is_paid(
    browser: Browser, counter: Counter, faults: list[str]
) -> None:
    context, page = person(browser, counter, "phone", "en-GB", faults)
    page.goto(f"/admin/orders/{counter.fresh}")
    page.get_by_text("Pay back", exact=True).click()
    page.get_by_label("Compensation in yuan").fill("20")
    page.locator("#refund-note").fill("The park was closed for a month.")
    page.get_by_role("button", name="Pay it back").click()
    expect(page.locator("#compensation-error-1")).to_contain_text("where the operator is at fault")
    expect(page.get_by_label("Compensation in yuan")).to_have_value("20")
    look(page, faults, "phone")
    page.get_by_label("Whose cause is it?").select_option("operator")
    page.get_by_role("button", name="Pay it back").click()
    expect(page.locator("main")).to_contain_text("¥164.47 goes back the way it came.")
    look(page, faults, "phone")
    expect(page.locator("[data-line=compensation]")).to_contain_text("¥20")
    context.close()
    assert faults == []
