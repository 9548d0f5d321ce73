"""The map of places in a browser: live, by keyboard, on a small phone, for everybody."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from passes import clock
from passes.db import transaction
from tests.factories import city
from tests.serving import served
from tests.web.axe import violations


@pytest.fixture
def address(database: str, app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The sample city on a Wednesday morning, served."""
    with transaction() as session:
        city(session, now=now)
    monkeypatch.setattr(clock, "now", lambda: now)
    with served(lambda _: app) as address:
        yield address


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Page]:
    """A phone that stands on Zhongshan Bridge. Faults of the page fail the test."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
        geolocation={"latitude": 36.0665, "longitude": 103.817},
        permissions=["geolocation"],
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert faults == []


def names(page: Page) -> list[str]:
    return page.get_by_role("region", name="地点列表").get_by_role("heading").all_inner_texts()


def test_the_list_follows_what_is_typed_and_chosen_and_the_address_keeps_it(visitor: Page) -> None:
    visitor.goto("/places")
    status = visitor.get_by_role("status")
    visitor.get_by_label("搜索").fill("水车")
    expect(status).to_have_text("34 处中的 1 处")
    assert "水车博览园" in names(visitor)
    expect(visitor.get_by_role("link", name="3 水车博览园")).to_be_visible()
    expect(visitor.get_by_role("link", name="1 白塔山景区")).to_be_hidden()
    visitor.get_by_label("搜索").fill("")
    visitor.get_by_label("兴趣").select_option(label="博物馆")
    assert names(visitor) == ["甘肃省博物馆", "甘肃简牍博物馆", "鲁土司衙门"]
    visitor.get_by_label("由近及远，起点").select_option(label="兰州西站")
    assert names(visitor) == ["甘肃简牍博物馆", "甘肃省博物馆", "鲁土司衙门"]
    assert visitor.url.endswith("/places?interest=museum&near=west-station")
    visitor.get_by_role("link", name="鲁土司衙门", exact=True).click()
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("鲁土司衙门")
    visitor.go_back()
    expect(status).to_have_text("34 处中的 3 处")
    assert names(visitor)[0] == "甘肃简牍博物馆"
    visitor.get_by_role("link", name="显示全部").click()
    expect(status).to_have_text("34 处中的 34 处")
    expect(visitor.get_by_label("搜索")).to_be_focused()
    assert visitor.url.endswith("/places")
    visitor.get_by_label("搜索").fill("没有这样的地方")
    expect(visitor.get_by_text("没有符合条件的地点")).to_be_visible()


def test_a_position_sorts_the_list_on_the_phone_and_is_sent_to_nobody(visitor: Page) -> None:
    visitor.goto("/places")
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.get_by_role("button", name="我附近").click()
    expect(visitor.get_by_label("由近及远，起点")).to_have_value("here")
    assert names(visitor)[:3] == ["示例水上巴士·游船码头", "示例文创店·中山桥", "示例黄河索道站"]
    expect(visitor.get_by_role("listitem").filter(has_text="示例文创店·中山桥")).to_contain_text("280 米")
    assert [url for url in asked if "/static/" not in url] == [] and "near" not in visitor.url
    visitor.context.clear_permissions()
    visitor.get_by_role("button", name="我附近").click()
    expect(visitor.get_by_role("status")).to_contain_text("请改选一个地标")


def test_a_keyboard_reaches_the_map_or_skips_it(visitor: Page) -> None:
    visitor.goto("/places?interest=museum")
    visitor.get_by_role("button", name="我附近").focus()
    visitor.keyboard.press("Tab")  # “show all”, there because the list is filtered
    visitor.keyboard.press("Tab")
    expect(visitor.get_by_role("link", name="跳过地图")).to_be_focused()
    visitor.keyboard.press("Tab")
    expect(visitor.get_by_role("link", name="8 甘肃省博物馆, 景点, 开放中，至 17:00")).to_be_focused()
    visitor.keyboard.press("Shift+Tab")
    visitor.keyboard.press("Enter")
    visitor.keyboard.press("Tab")
    expect(visitor.get_by_role("link", name="甘肃省博物馆", exact=True)).to_be_focused()
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("甘肃省博物馆")


def test_a_form_without_script_asks_the_server(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto("/places")
    page.get_by_label("Interest").select_option("museum")
    page.get_by_label("Open now").check()
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status")).to_have_text("3 of 34 places")
    expect(page.get_by_label("Open now")).to_be_checked()
    context.close()


def test_the_narrowest_phone_scrolls_nothing_sideways_and_axe_finds_nothing(browser: Browser, address: str) -> None:
    """320 px is 200 % zoom of 640. Pages as they first open are asked of axe with all the others of the service."""
    context = browser.new_context(base_url=address, viewport={"width": 320, "height": 640})
    page = context.new_page()
    for path in ("/?lang=en", "/places/S02?lang=en", "/benefits/B28?lang=zh", "/places?q=zzz&near=new-area"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    assert violations(page) == []
    context.close()
