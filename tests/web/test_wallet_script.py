"""The wallet in a browser: a code that redraws itself, and is covered with the reason when it cannot."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from passes import clock
from passes.db import transaction
from passes.lifecycle.service import hold_pass, revoke_wallet_link
from tests.web.wallet_town import PHONE, City, town

__all__ = ["town"]


@pytest.fixture
def phone(browser: Browser, town: City) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def show(phone: BrowserContext, town: City) -> Iterator[Callable[[str], Page]]:
    """Opens a wallet page; nothing on it may break the content policy or raise."""
    faults: list[str] = []

    def opened(address: str) -> Page:
        page = phone.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
        town.asked.clear()
        town.watch(page)
        page.clock.install(time=town.moment)
        page.goto(address)
        # From here on time passes only by pass_time; 14 s are gone, the first new code comes in the next second.
        town.moment += timedelta(seconds=14)
        page.clock.pause_at(town.moment)
        return page

    yield opened
    assert faults == []


def photo(page: Page) -> str | None:
    """What an independent reader sees on a photo of the screen; None where there is no code."""
    picture = Image.open(BytesIO(page.screenshot()))
    found = zxingcpp.read_barcodes(picture)
    return found[0].text if found else None


def drawing(page: Page) -> str:
    return page.locator("#path").get_attribute("d") or ""


def test_a_photo_of_the_screen_is_a_good_code(town: City, show: Callable[[str], Page]) -> None:
    pass_id, address = town.wallet()
    text = photo(show(address))
    assert text is not None
    verdict = town.judge(text)
    assert (verdict.code, verdict.serial) == ("ok", pass_id)


def test_the_code_redraws_itself_every_15_seconds(town: City, show: Callable[[str], Page]) -> None:
    page = show(town.wallet()[1])
    seen = [photo(page)]
    for _ in range(6):
        before = drawing(page)
        with page.expect_response("**/code.json"):
            town.pass_time(page, 15)
        page.wait_for_function("old => document.querySelector('#path').getAttribute('d') !== old", arg=before)
        seen.append(photo(page))
        text = seen[-1]
        assert text is not None
        assert town.judge(text).code == "ok"
    assert len(set(seen)) == 7
    expect(page.locator("#cover")).to_be_hidden()


def test_without_network_the_code_stays_its_minute_and_is_then_covered_with_the_reason(
    town: City, phone: BrowserContext, show: Callable[[str], Page]
) -> None:
    page = show(town.wallet()[1])
    phone.set_offline(True)
    expect(page.locator("#hint")).to_contain_text("No connection: good for 46 s more")
    town.pass_time(page, 45)
    expect(page.locator("#hint")).to_contain_text("good for 1 s more")
    assert photo(page) is not None
    town.pass_time(page, 1)
    expect(page.locator("#reason")).to_contain_text("No network")
    expect(page.locator("#cover")).to_be_visible()
    assert drawing(page) == ""
    assert photo(page) is None


def test_back_online_a_new_code_comes_at_once(town: City, phone: BrowserContext, show: Callable[[str], Page]) -> None:
    page = show(town.wallet()[1])
    phone.set_offline(True)
    town.pass_time(page, 300)
    expect(page.locator("#cover")).to_be_visible()
    phone.set_offline(False)
    expect(page.locator("#cover")).to_be_hidden()
    text = photo(page)
    assert text is not None
    assert town.judge(text).code == "ok"


@pytest.mark.parametrize("status", [500, 503, 200])
def test_a_server_in_trouble_is_named_and_asked_again(town: City, show: Callable[[str], Page], status: int) -> None:
    page = show(town.wallet()[1])
    page.route("**/code.json", lambda route: route.fulfill(status=status, body="<h1>proxy</h1>"))
    for _ in range(10):
        with page.expect_response("**/code.json"):
            town.pass_time(page, 5)
    expect(page.locator("#reason")).to_contain_text("Our server does not answer")
    assert photo(page) is None
    page.unroute("**/code.json")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#cover")).to_be_hidden()


def test_a_revoked_link_covers_the_code_at_once(town: City, show: Callable[[str], Page]) -> None:
    pass_id, address = town.wallet()
    page = show(address)
    with transaction() as session:
        revoke_wallet_link(session, pass_id, now=town.moment)
    town.pass_time(page, 15)
    expect(page.locator("#reason")).to_contain_text("This link was replaced by a newer one.")
    assert photo(page) is None


def test_a_pass_frozen_meanwhile_says_so(town: City, show: Callable[[str], Page]) -> None:
    pass_id, address = town.wallet()
    page = show(address)
    with transaction() as session:
        hold_pass(session, pass_id, "misuse", by="admin", now=town.moment)
    town.pass_time(page, 15)
    expect(page.locator("[data-status=frozen]")).to_be_visible()
    assert photo(page) is None


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_jump_of_the_phones_clock_makes_no_old_code_look_good(
    town: City, phone: BrowserContext, show: Callable[[str], Page], hours: int
) -> None:
    page = show(town.wallet()[1])
    phone.set_offline(True)
    page.clock.set_system_time(town.moment + timedelta(hours=hours))
    town.pass_time(page, 61)
    expect(page.locator("#cover")).to_be_visible()
    phone.set_offline(False)
    expect(page.locator("#cover")).to_be_hidden()
    town.pass_time(page, 15)
    expect(page.locator("#cover")).to_be_hidden()


def test_a_phone_whose_clock_is_wrong_shows_its_code_all_the_same(town: City, phone: BrowserContext) -> None:
    page = phone.new_page()
    page.clock.install(time=town.moment - timedelta(days=400))
    page.goto(town.wallet()[1])
    page.clock.run_for(1000)
    expect(page.locator("#hint")).to_contain_text("Good for 5")
    assert photo(page) is not None


def test_a_hidden_page_asks_nothing_and_asks_at_once_when_it_is_seen_again(
    town: City, show: Callable[[str], Page]
) -> None:
    page = show(town.wallet()[1])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hide = "state => { Object.defineProperty(document, 'hidden', {value: state, configurable: true});" \
           " document.dispatchEvent(new Event('visibilitychange')); }"  # fmt: skip
    page.evaluate(hide, True)
    town.pass_time(page, 120)
    expect(page.locator("#cover")).to_be_visible()
    assert asked == []
    with page.expect_response("**/code.json"):
        page.evaluate(hide, False)
    expect(page.locator("#cover")).to_be_hidden()


def test_without_script_the_page_shows_a_code_and_says_until_when(browser: Browser, town: City) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(town.wallet()[1])
    text = photo(page)
    assert text is not None
    assert town.judge(text).code == "ok"
    advice = page.locator("main noscript p")
    expect(advice).to_be_visible()
    end = clock.local_time(town.moment + timedelta(seconds=60))
    assert f"此码有效至 {end:%H:%M:%S}" in (advice.text_content() or "")
    context.close()


def test_activating_shows_the_code(town: City, show: Callable[[str], Page]) -> None:
    page = show(town.wallet(active=False)[1])
    assert photo(page) is None
    page.get_by_role("button", name="Activate today").click()
    expect(page.locator("#picture")).to_be_visible()
    text = photo(page)
    assert text is not None
    assert town.judge(text).code == "ok"
