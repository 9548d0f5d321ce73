"""A family of three on a phone: rubbish first, then one order, one payment at the test cashier, three passes."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import func, select

from passes import clock
from passes.catalogue.service import load_catalogue
from passes.db import transaction
from passes.lifecycle.models import Member
from passes.lifecycle.rules import masked_name
from passes.sale.models import Order
from tests.factories import CATALOGUE
from tests.services.conftest import Cashier, Shop
from tests.services.payment_scenes import finish
from tests.services.test_family_orders import CHILD_ON_SALE
from tests.web.axe import violations

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def family_shop(shop: Shop) -> Shop:
    text = (CATALOGUE / "catalog.sample.yaml").read_text()
    for old, new in CHILD_ON_SALE.items():
        text = text.replace(old, new)
    with transaction() as session:
        load_catalogue(session, text, (CATALOGUE / "holidays.sample.yaml").read_text(), now=clock.now())
    return shop


def part(page: Page, number: int) -> Locator:
    return page.locator(f"[data-holder='{number}']")


def fill(holder: Locator, name: str, number: str, born: str | None = None) -> None:
    holder.get_by_label("Name, as on the ID document").fill(name)
    if born is not None:
        holder.get_by_label("ID document", exact=True).select_option("PASSPORT")
        holder.get_by_label("Birth date").fill(born)
    holder.get_by_label("Number of the document").fill(number)


def test_a_family_of_three_buys_on_a_phone(family_shop: Shop, cashier: Cashier, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB", viewport=PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"{family_shop.address}/buy?product=PASS-ADULT")
    fill(part(page, 1), "Wang Xiaoming", "110105194912310021")
    page.get_by_role("button", name="Add another pass").dblclick()
    expect(part(page, 2).get_by_label("Pass", exact=True)).to_be_focused()
    expect(part(page, 3)).to_have_count(0)
    expect(part(page, 1).get_by_label("Name, as on the ID document")).to_have_value("Wang Xiaoming")
    page.get_by_role("button", name="Add another pass").click()
    page.get_by_role("button", name="Add another pass").click()
    expect(part(page, 4).get_by_label("Pass", exact=True)).to_be_focused()
    part(page, 2).get_by_label("Pass", exact=True).select_option("PASS-ADULT")
    part(page, 4).get_by_label("Pass", exact=True).select_option("PASS-CHILD")
    expect(page.locator(".summary [data-sum]")).to_have_text("¥467")
    page.get_by_role("button", name="Leave pass 3 out").click()
    expect(page.get_by_role("button", name="Add another pass")).to_be_focused()
    expect(part(page, 3).get_by_label("Pass", exact=True)).to_have_value("PASS-CHILD")
    fill(part(page, 3), "Wang Xiaoxiao", "<b>x</b>", "1950-01-01")
    page.get_by_label("Mobile phone").fill("🎫")
    page.get_by_label("Mobile phone").press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    for words in (
        "Pass 1 · Number of the document",
        "Pass 2 · Name",
        "Pass 3 · Birth date",
        "Children",
        "Mobile phone",
    ):
        expect(alert.get_by_role("link", name=words)).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    fill(part(page, 1), "Wang Xiaoming", "11010519491231002X")
    fill(part(page, 2), "Li Li", "E12345678", "1990-05-17")
    fill(part(page, 3), "Wang Xiaoxiao", "E22345678", "2018-06-01")
    page.get_by_label("Mobile phone").fill("+852 9123 4567")
    page.get_by_label("For a child's pass").check()
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Go on to check and pay").dblclick()
    expect(page.get_by_role("heading", name="Check and pay")).to_be_visible()
    link = page.url
    page.go_back()
    expect(part(page, 3).get_by_label("Name, as on the ID document")).to_have_value("Wang Xiaoxiao")
    page.goto(link)
    page.get_by_role("button", name="Pay ¥467").click()
    page.get_by_role("button", name="Pay", exact=False).first.click()
    expect(page.get_by_text("Paid. Your passes are ready.")).to_be_visible()
    assert violations(page) == []
    wallets = [link.get_attribute("href") for link in page.get_by_role("link", name="Open the pass").all()]
    for path, name in zip(wallets, ("Wang Xiaoming", "Li Li", "Wang Xiaoxiao"), strict=True):
        page.goto(f"{family_shop.address}{path}")
        expect(page.locator("main")).to_contain_text(masked_name(name))
    context.close()
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 1
        assert session.scalar(select(func.count()).select_from(Member)) == 3
    finish(family_shop, cashier)
