"""From the purchase to the dashboard, as the people along the way do it."""

import io
import re

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from passes.lifecycle.documents import check_digit
from tests.journeys.conftest import DESK, PHONE, TABLET, River

OWN_PASSWORD = "three rivers and a bridge"


def id_number(born: str = "19900501") -> str:
    """A resident's ID number with a right check digit."""
    first = f"620102{born}123"
    return first + check_digit(first)


def buy(river: River, page: Page) -> None:
    """The tourist chooses a pass, fills the form and pays at the test cashier; ends on the paid order."""
    say = river.say
    page.goto("/")
    page.get_by_role("link", name=re.compile(f"^{say('Buy')}")).filter(visible=True).first.click()
    page.locator("main").get_by_role("link", name=re.compile(re.escape("¥199"))).first.click()
    page.get_by_label(say("Name, as on the ID document")).fill("王小明")
    page.get_by_label(say("Mobile phone")).fill("138 1234 5678")
    page.get_by_label(say("Number of the document")).fill(id_number())
    page.locator("[name=accept_terms]").check()
    page.get_by_role("button", name=say("Go on to check and pay")).click()
    page.get_by_role("button", name=re.compile(re.escape("¥199"))).click()
    page.get_by_role("button", name=say("Pay (test)")).click()
    expect(page.get_by_text(say("Paid. Your pass is ready."))).to_be_visible()


def decode(page: Page) -> str:
    """What a scanner reads from a photo of the screen."""
    expect(page.locator("#code")).to_be_visible()
    picture = Image.open(io.BytesIO(page.locator("#code").screenshot()))
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return found[0].text


def sign_in(river: River, page: Page) -> None:
    """Staff sign in with the first password and must choose their own."""
    say = river.say
    found = re.search(r"first password (\S+),", river.copy.said())
    assert found
    page.goto("/admin")
    page.get_by_label(say("Sign-in name")).fill("admin")
    page.get_by_label(say("Password"), exact=True).fill(found[1])
    page.get_by_role("button", name=say("Sign in")).click()
    page.get_by_label(say("Present password")).fill(found[1])
    page.get_by_label(say("New password"), exact=True).fill(OWN_PASSWORD)
    page.get_by_label(say("New password again")).fill(OWN_PASSWORD)
    page.get_by_role("button", name=say("Change the password")).click()
    page.wait_for_url(re.compile("/admin/?$"))


def open_lane(river: River, page: Page) -> str:
    """The gate manager opens a lane and makes a code for its tablet."""
    say = river.say
    page.goto("/admin/lanes")
    page.get_by_role("link", name=say("Add a lane")).click()
    page.get_by_label(say("Venue"), exact=True).select_option("S01")
    page.get_by_role("button", name=say("Go on")).click()
    page.get_by_label(say("Name of the entrance")).fill("<b>east</b> gate")
    page.get_by_label(say("Default benefit")).select_option("B01")
    page.locator("[name=attended]").check()
    page.get_by_role("button", name=say("Add the lane")).click()
    expect(page.get_by_role("heading", name="<b>east</b> gate")).to_be_visible()
    page.get_by_role("button", name=say("Make an enrolment code")).click()
    return page.locator("[data-code]").inner_text()


def enrol(river: River, page: Page, code: str) -> None:
    page.goto("/gate")
    page.get_by_label(river.say("Enrolment code")).fill(code.lower())
    page.get_by_label(river.say("Name of this device")).fill("tablet 1")
    page.locator("#enrol-button").click()
    expect(page.locator("#lane-name")).to_have_text("<b>east</b> gate")


def scan(river: River, page: Page, code: str) -> None:
    """The clerk pastes the code. (What a scanner types is tested with the gate page itself.)"""
    page.get_by_label(river.say("Or paste the code here")).fill(code)
    page.get_by_role("button", name=river.say("Check"), exact=True).click()
    expect(page.locator("#result")).to_be_visible()


def test_a_tourist_buys_shows_and_visits_and_marketing_sees_it(river: River) -> None:
    say = river.say
    tourist = river.person(PHONE).new_page()
    buy(river, tourist)
    tourist.get_by_role("link", name=say("Open the pass")).click()
    expect(tourist.get_by_text("TEST / 测试").first).to_be_visible()
    tourist.get_by_role("button", name=say("Activate today")).click()
    code = decode(tourist)
    assert code.startswith("YP")

    desk = river.person(DESK).new_page()
    sign_in(river, desk)
    tablet = river.person(TABLET).new_page()
    enrol(river, tablet, open_lane(river, desk))
    desk.goto("/dashboard")
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("0")

    scan(river, tablet, code)
    expect(tablet.locator("#result")).to_contain_text("请通行")
    expect(tablet.locator("#result")).to_contain_text("Welcome")
    expect(tablet.locator("#result")).to_contain_text("王*明")
    tablet.get_by_role("button", name=say("Next visitor")).click()
    expect(desk.locator("[data-figure=visits_today]")).to_have_text("1")

    # The same visitor once more: the screen says why not and when again.
    tourist.reload()
    scan(river, tablet, decode(tourist))
    expect(tablet.locator("#result")).to_contain_text("今天的次数已用完")
    expect(desk.locator("[data-rows=refusals]")).to_contain_text("1")

    # The survey waits in the wallet; one tap answers it, and marketing sees the score.
    expect(tourist.locator("#surveys")).to_be_visible()
    tourist.get_by_role("button", name=say("Good"), exact=True).click()
    expect(tourist.get_by_text(say("Thank you. Your answer helps the sights along the river."))).to_be_visible()
    expect(desk.locator("[data-rows=satisfaction]")).to_contain_text("100")
