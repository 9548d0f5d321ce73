"""The wallet as a person meets it: at once, on any phone, large on demand, near first, on paper, for everybody."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.web.axe import violations
from tests.web.wallet_town import PHONE, City, town

__all__ = ["town"]

AT_THE_FOOT_OF_WUQUAN = {"latitude": 36.040, "longitude": 103.823}
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => { sum += entry.value; }))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""


@pytest.fixture
def person(browser: Browser, town: City) -> Iterator[Callable[..., Page]]:
    """Opens an address of the service on a phone of one's own; nothing there may raise or break the content policy."""
    opened: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(address: str, **wishes: Any) -> Page:
        context = browser.new_context(**{"viewport": PHONE, "locale": "en-GB"} | wishes)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
        page.clock.install(time=town.moment)
        page.goto(address)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert faults == []


def test_the_first_screen_of_any_phone_shows_the_whole_code_and_nothing_moves(
    town: City, person: Callable[..., Page]
) -> None:
    scripts: list[int] = []
    page = person("about:blank", viewport={"width": 360, "height": 640})
    page.on("response", lambda answer: scripts.append(len(answer.body())) if ".js" in answer.url else None)
    page.goto(town.wallet()[1])
    assert page.evaluate(SHIFTS) < 0.01
    assert 0 < sum(scripts) < 60_000
    for width, height in ((390, 844), (360, 640), (320, 568), (820, 1180)):
        page.set_viewport_size({"width": width, "height": height})
        box = page.get_by_role("img", name="QR code of this pass").bounding_box()
        assert box
        assert box["y"] + box["height"] <= height
        assert box["width"] >= 0.6 * min(width, 550)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_code_fills_the_screen_on_demand_and_goes_back_by_key(town: City, person: Callable[..., Page]) -> None:
    page = person(town.wallet()[1])
    code = page.get_by_role("img", name="QR code of this pass")
    small = code.bounding_box()
    page.get_by_role("button", name="Show it large").focus()
    page.keyboard.press("Enter")
    large = code.bounding_box()
    assert small and large
    assert large["width"] == PHONE["width"] > small["width"]
    assert violations(page) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main, body').tagName") in ("BODY", "MAIN")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show it large")).to_be_visible()
    assert code.bounding_box() == small


def places(page: Page) -> list[str]:
    return page.locator("#open-now li a").all_text_contents()


def test_the_nearest_place_comes_first_after_a_tap_and_not_before(town: City, person: Callable[..., Page]) -> None:
    page = person(town.wallet()[1], geolocation=AT_THE_FOOT_OF_WUQUAN, permissions=["geolocation"])
    before = places(page)
    assert before[0] == "Baita Mountain Park"
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url + (request.post_data or "")))
    page.get_by_role("button", name="Nearest first").click()
    expect(page.get_by_role("status").filter(has_text="nearest")).to_be_visible()
    after = places(page)
    assert after[0] == "Wuquan Mountain Park"
    assert sorted(after) == sorted(before)
    expect(page.locator("#open-now li").first).to_contain_text("240 m")
    assert [url for url in sent if "36.04" in url or "103.823" in url] == []


def test_a_phone_that_does_not_say_where_it_is_leaves_the_list_as_it_was(
    town: City, person: Callable[..., Page]
) -> None:
    page = person(town.wallet()[1], permissions=[])
    before = places(page)
    page.get_by_role("button", name="Nearest first").click()
    expect(page.get_by_text("Your phone did not say where it is")).to_be_visible()
    assert places(page) == before


def test_everybody_can_use_it_with_all_of_it_unfolded_and_before_activation(
    town: City, person: Callable[..., Page]
) -> None:
    """As it first opens, axe looks at it with all the other pages of the service."""
    for address, scheme in ((town.wallet()[1], "dark"), (town.wallet(active=False)[1], "light")):
        page = person(address, locale="zh-CN", color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert violations(page) == []
        page.context.close()


def test_the_card_comes_out_of_the_printer_as_large_as_a_bank_card(town: City, person: Callable[..., Page]) -> None:
    page = person(f"{town.wallet()[1]}/card", viewport={"width": 820, "height": 1180})
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Card to print")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    card = page.locator("section").filter(has_text="Only with the ID document").bounding_box()
    assert card
    millimetre = 96 / 25.4
    assert card["width"] / millimetre == pytest.approx(85.6, abs=0.3)
    assert card["height"] / millimetre == pytest.approx(54, abs=1)
