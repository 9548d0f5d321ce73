"""The shop in a browser that is told nothing by its surroundings: plain HTTP, and pages that answer a form."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from passes import clock
from passes.app import create_app
from passes.db import transaction
from passes.sale import queries
from tests.conftest import TEST_SETTINGS
from tests.factories import city
from tests.services.test_sale import payment_of

HOST = "shop.example"


@pytest.fixture
def address(database: str) -> Iterator[str]:
    """The shop under a name that browsers trust no more than any other: they send no Sec-Fetch-Site there."""
    with transaction() as session:
        city(session, now=clock.now())
    server = make_server("127.0.0.1", 0, Flask("placeholder"), threaded=True)
    public_url = f"http://{HOST}:{server.port}"
    server.app = create_app(replace(TEST_SETTINGS, app_env="demo", database_url=database, public_url=public_url))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield public_url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_forms_are_taken_and_their_answers_live_at_a_page_of_their_own(page: Page, address: str) -> None:
    page.goto(f"{address}/buy?product=PASS-SENIOR")
    page.locator("#holder_name").fill("王小明")
    page.locator("#phone").fill("13812345678")
    page.locator("#document_number").fill("11010519491231002X")
    page.locator("[name=accept_terms]").check()
    page.get_by_role("button", name="提交订单").click()
    expect(page.locator('[data-order-state="pending"]')).to_be_visible()
    link = page.url
    with transaction() as session:
        found = queries.get_order_by_token(session, link.rpartition("/")[2])
        session.add(payment_of(found, clock.now(), state="processing"))
    page.get_by_role("button", name="支付").click()
    expect(page.get_by_role("alert")).to_contain_text("付款")
    assert page.url == f"{link}/pay"
    page.wait_for_url(link)  # it looks again by itself
    expect(page.locator('[data-payment-state="processing"]')).to_be_visible()


def test_a_form_page_of_another_site_is_still_turned_away(page: Page, address: str) -> None:
    form = f'<form method="post" action="{address}/buy"><button>send</button></form>'
    page.route("http://elsewhere.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://elsewhere.example/")
    with page.expect_navigation() as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403
