"""The back office in Chromium: its menu on a phone, changes that ask once, and the pages shown only once."""

from base64 import b32decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from passes.access import totp
from passes.app import create_app
from passes.clock import now as this_moment
from passes.db import transaction
from tests.conftest import TEST_SETTINGS
from tests.factories import city, gate_at
from tests.serving import served
from tests.web.axe import violations
from tests.web.browsers import OWN_PASSWORD, make_staff


@pytest.fixture
def page(browser: Browser, database: str, now: datetime) -> Iterator[Page]:
    """A phone of an admin, signed in, who reads English."""
    with transaction() as session:
        city(session, now=now)
        gate_at(session, "S01", now=now, default_benefit_id="B01")
        make_staff(session, "boss", "admin", now)
    chosen = replace(TEST_SETTINGS, database_url=database)
    with served(lambda url: create_app(replace(chosen, public_url=url))) as address:
        context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844}, locale="en-GB")
        context.set_default_timeout(15_000)
        opened = context.new_page()
        sign_in(opened)
        yield opened
        context.close()


def sign_in(page: Page) -> None:
    page.goto("/admin/sign-in")
    page.get_by_label("Sign-in name").fill("boss")
    page.get_by_label("Password").fill(OWN_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: not address.endswith("/sign-in"))


def press(page: Page, name: str) -> None:
    """By keyboard alone: focus the button of this name and press it."""
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def test_the_menu_opens_on_a_phone_and_a_change_asks_before_it_is_made(page: Page) -> None:
    page.get_by_text("Menu", exact=True).click()
    menu = page.get_by_role("navigation", name="Back office")
    expect(menu.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")
    expect(menu.get_by_role("button", name="Sign out")).to_be_visible()
    assert violations(page) == []
    menu.get_by_role("link", name="Lanes and devices").click()
    page.get_by_role("rowheader").get_by_role("link").click()
    question = page.get_by_text("tablet can no longer scan", exact=False)
    expect(question).to_be_hidden()
    page.get_by_text("Sign off", exact=True).first.press("Enter")
    expect(question).to_be_visible()
    press(page, "Sign this device off")
    expect(page.get_by_role("status")).to_contain_text("The device was signed off.")
    press(page, "Make an enrolment code")
    expect(page.get_by_role("img", name="QR code that opens the gate page")).to_be_visible()
    assert violations(page) == []


def test_what_is_shown_once_is_shown_well(page: Page) -> None:
    page.goto("/admin/staff/new")
    page.get_by_label("Name", exact=True).fill("李伟")
    page.get_by_label("Sign-in name").fill("li.wei")
    page.get_by_label("E-mail (optional)").fill("nobody")
    press(page, "Make the account")
    expect(page.get_by_role("alert")).to_contain_text("Nobody was invited.")
    expect(page.get_by_label("E-mail (optional)")).to_have_value("nobody")
    assert violations(page) == []
    page.get_by_label("E-mail (optional)").fill("")
    press(page, "Make the account")
    expect(page.get_by_role("heading", name="Link for li.wei")).to_be_visible()
    assert violations(page) == []

    page.goto("/admin/account/second-factor")
    typed = page.locator("[data-secret]").inner_text().replace(" ", "")
    secret = b32decode(typed)
    page.get_by_role("textbox", name="Code").fill(totp.code_at(secret, totp.step_at(this_moment())))
    press(page, "Confirm")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    written = page.locator("[data-recovery]").all_inner_texts()
    assert len(written) == 10 and violations(page) == []

    page.context.clear_cookies()
    sign_in(page)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("textbox", name="Code").fill(written[0])
    press(page, "Sign in")
    expect(page.get_by_role("heading", name="Back office")).to_be_visible()
