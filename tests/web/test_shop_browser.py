"""The shop in a browser that is told nothing by its surroundings: plain HTTP, and pages that answer a form."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from passes import clock
from passes.app import create_app
from passes.db import transaction
from passes.sale import queries
from passes.sale.models import Payment
from tests.conftest import TEST_SETTINGS
from tests.factories import city
from tests.services.test_sale import payment_of
from tests.serving import served
from tests.web.axe import violations

HOST = "shop.example"


@pytest.fixture
def address(database: str) -> Iterator[str]:
    """The shop under a name that browsers trust no more than any other: they send no Sec-Fetch-Site there."""
    with transaction() as session:
        city(session, now=clock.now())
    chosen = replace(TEST_SETTINGS, app_env="demo", database_url=database)
    with served(lambda url: create_app(replace(chosen, public_url=url)), host=HOST) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_a_pass_is_bought_by_keyboard_and_nothing_typed_is_lost(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{address}/buy")
    assert violations(page) == []
    tab_to(page, ".offer >> nth=1")
    press(page, "Enter")
    expect(page.get_by_role("heading", name="持卡人信息")).to_be_visible()
    expect(page.get_by_label("出生日期")).to_be_hidden()
    tab_to(page, "#holder-1-name")
    page.keyboard.type("王小明")
    tab_to(page, "#holder-1-document_number")
    page.keyboard.type("110105194912310021")
    press(page, "Tab")
    fault = "最后一位与前 17 位不符"
    expect(page.get_by_text(fault)).to_be_visible()  # said at once, before anything is sent
    tab_to(page, "#email")
    page.keyboard.type("王@")
    press(page, "Enter")
    notice = page.get_by_role("alert")
    expect(notice).to_be_focused()
    expect(notice).to_contain_text("尚未下单")
    expect(page.get_by_label("姓名")).to_have_value("王小明")
    assert violations(page) == []
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Who is the pass for?")).to_be_visible()
    expect(page.get_by_label("Name, as on the ID document")).to_have_value("王小明")
    expect(notice).to_be_hidden()
    page.get_by_label("Number of the document").fill("11010519491231002x")
    page.get_by_label("E-mail").fill("")
    page.get_by_label("Mobile phone").fill("138 1234 5678")
    page.get_by_label("I accept the terms").check()
    page.get_by_label("I accept the terms").focus()
    tab_to(page, "main form button.big")
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Check and pay")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.go_back()
    expect(page.get_by_label("Name, as on the ID document")).to_have_value("王小明")
    expect(page.get_by_label("Mobile phone")).to_have_value("138 1234 5678")
    expect(page.get_by_label("Number of the document")).to_have_value("")  # kept nowhere, in the browser neither


def test_forms_are_taken_and_their_answers_live_at_a_page_of_their_own(page: Page, address: str) -> None:
    page.goto(f"{address}/buy?product=PASS-SENIOR")
    page.locator("#holder-1-name").fill("王小明")
    page.locator("#phone").fill("13812345678")
    page.locator("#holder-1-document_number").fill("11010519491231002X")
    page.locator("[name=accept_terms]").check()
    page.get_by_role("button", name="核对并付款").dblclick()
    expect(page.get_by_role("heading", name="核对并付款")).to_be_visible()
    link = page.url
    with transaction() as session:
        found = queries.get_order_by_token(session, link.rpartition("/")[2])
        payment = payment_of(found, clock.now(), state="processing")
        session.add(payment)
    page.get_by_role("button", name="支付").click()
    expect(page.get_by_role("alert")).to_contain_text("付款")
    assert page.url == f"{link}/pay"
    with transaction() as session:
        locked = session.get_one(Payment, payment.id)
        locked.state, locked.failure_code = "failed", "card_declined"
    page.wait_for_url(link)  # it looks again by itself
    expect(page.get_by_text("上一次付款未成功")).to_be_visible()


def test_a_lost_pass_is_asked_for_in_a_browser(page: Page, address: str) -> None:
    page.goto(f"{address}/find?lang=en")
    page.get_by_label("Mobile phone").fill("138 1234 5678")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Last four characters").fill("002X")
    page.get_by_role("button", name="Send me a code").dblclick()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("One-time code").fill("000000")
    page.get_by_role("button", name="Open my pass").click()
    expect(page.get_by_text("Tries left: 4")).to_be_visible()
    page.go_back()
    page.go_back()  # to the page that named a fault: shown anew, and not “send the form again?”
    expect(page.get_by_role("button", name="Send me a code")).to_be_visible()


def test_a_form_page_of_another_site_is_still_turned_away(page: Page, address: str) -> None:
    form = f'<form method="post" action="{address}/buy"><button>send</button></form>'
    page.route("http://elsewhere.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://elsewhere.example/")
    with page.expect_navigation() as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403


def test_while_another_pass_is_on_its_way_nothing_can_be_typed_that_would_be_lost(page: Page, address: str) -> None:
    held: list[Route] = []
    page.route("**/buy**", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    page.goto(f"{address}/buy?product=PASS-ADULT&lang=en")
    name, form = page.get_by_label("Name, as on the ID document"), page.locator("#order")
    name.fill("Wang")
    add = page.locator("#add-pass")
    add.click()
    expect(form).to_have_attribute("aria-busy", "true")
    # With the mouse and with the keyboard.
    box = name.bounding_box()
    assert box
    page.mouse.click(box["x"] + 20, box["y"] + 10)
    page.keyboard.type("lost")
    assert name.input_value() == "Wang" and page.evaluate("document.activeElement === document.body")
    held.pop().continue_()
    expect(page.locator("[data-holder='2']").get_by_label("Pass", exact=True)).to_be_focused()
    expect(form).not_to_have_attribute("aria-busy", "true")
    name.first.fill("Wang Xiaoming")
    # Where no answer comes, the form is sent as without the script, with all that is in it.
    add.click()
    expect(form).to_have_attribute("aria-busy", "true")
    held.pop().abort()
    for _ in range(100):
        if not held:
            page.wait_for_timeout(20)
    held.pop().continue_()
    expect(page.locator("[data-holder='3']")).to_be_visible()
    expect(name.first).to_have_value("Wang Xiaoming")
    name.first.fill("Wang")
