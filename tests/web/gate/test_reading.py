"""The gate page in Chromium: enrol, scan by wedge or paste, and what every answer looks like."""

import json
from uuid import UUID

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.access import service as access
from passes.access.models import Enrolment
from passes.db import transaction
from tests.web.gate.conftest import Opener
from tests.web.gate.spots import GREEN, NASTY, PHONE, RED, Spot, colour, enrol, expect_state, record_scans, wedge


def test_a_tablet_is_enrolled_once_and_stays_so(open_gate: Opener, spot: Spot) -> None:
    page = open_gate()
    enrol(page, "ABCD-2345")
    expect(page.locator("#enrol-message")).to_contain_text("登记码不对")
    enrol(page, "")
    expect(page.locator("#enrol-code-error")).to_have_text("请填写此项。")
    code = spot.lane_code("S16", benefit_id="B16")
    enrol(page, code.lower())
    expect(page.locator("#lane-name")).to_contain_text("east gate")
    expect(page.locator("#venue-name")).to_have_text("河口古镇")
    expect(page.locator("#lane-benefit")).to_have_text("河口古镇通票")
    page.reload()
    expect(page.locator("#lane-name")).to_contain_text("east gate")
    expect(page.locator("#enrol")).to_be_hidden()


def test_green_for_the_visitor_once_and_red_with_the_next_time_afterwards(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    text = spot.code()
    wedge(page, text)
    expect_state(page, "admitted")
    assert colour(page) == GREEN
    expect(page.locator("#words-first")).to_have_text("请通行")
    expect(page.locator("#words-second")).to_have_text("Welcome")
    expect(page.locator("#facts")).to_contain_text("王*明")
    expect(page.locator("#facts")).to_contain_text("1 / 1")
    page.locator("#next").click()
    expect(page.locator("#result")).to_be_hidden()
    wedge(page, spot.code_again())
    expect_state(page, "refused")
    assert colour(page) == RED
    expect(page.locator("#words-second")).to_contain_text("Used up for today")
    expect(page.get_by_role("alertdialog")).to_contain_text("可再次使用：2026年11月26日")
    expect(page.get_by_role("alertdialog")).to_contain_text("Possible again: 26 November 2026")
    assert spot.scans() == 2


def test_the_same_text_within_three_seconds_is_shown_again_and_not_sent(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.clock.install()
    text = spot.code()
    # In short steps: the page's clock runs on beside them, and this machine may be slow.
    for _ in range(8):
        wedge(page, text)
        expect_state(page, "admitted")
        page.clock.fast_forward(500)
    assert spot.scans() == 1
    page.clock.fast_forward(3000)
    wedge(page, text)
    expect_state(page, "refused")
    assert spot.scans() == 2


def test_a_green_screen_does_not_wait_for_the_next_person(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.clock.install()
    wedge(page, spot.code())
    expect_state(page, "admitted")
    page.clock.fast_forward(6100)
    expect(page.locator("#result")).to_be_hidden()


def test_rubbish_is_red_and_pasting_works_anywhere(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.locator("#code").fill("rubbish 王")
    page.locator("#code-form button").click()
    expect_state(page, "refused")
    expect(page.locator("#words-second")).to_contain_text("Not our code")
    expect(page.locator("#code")).to_have_value("")
    page.keyboard.press("Escape")
    for text, state in {"😀" * 10: "refused", "'; DROP TABLE scan; --\0": "refused", "x" * 10_000: "problem"}.items():
        page.locator("#code").fill(text)
        page.locator("#code-form button").click()
        expect_state(page, state)
        page.get_by_role("button", name="下一位").click()
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }""",
        spot.code() + "\r\n",
    )
    expect_state(page, "admitted")


def test_an_input_method_or_a_french_keyboard_changes_nothing(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    text = spot.code()
    page.evaluate(
        """text => {
          const codes = { "+": ["Equal", true], "-": ["Minus", false], ".": ["Period", false],
                          "/": ["Slash", false], ":": ["Semicolon", true] };
          const press = (code, shiftKey) => document.body.dispatchEvent(
            new KeyboardEvent("keydown", { code, shiftKey, key: "Process", bubbles: true, cancelable: true }));
          for (const character of text) {
            if (/[A-Z]/.test(character)) press("Key" + character, true);
            else if (/[0-9]/.test(character)) press("Digit" + character, false);
            else press(...codes[character]);
          }
          press("Enter", false);
        }""",
        text,
    )
    expect_state(page, "admitted")


def test_a_scanner_is_heard_while_a_field_or_a_button_has_the_focus(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.locator("#code").focus()
    wedge(page, spot.code())
    expect_state(page, "admitted")
    expect(page.locator("#code")).to_have_value("")
    page.locator("#next").click()
    page.locator("#move").focus()
    wedge(page, spot.code())
    expect_state(page, "admitted")
    assert spot.scans() == 2


def test_several_benefits_are_offered_and_the_chosen_one_is_scanned_anew(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S02", None))
    sent = record_scans(page)
    wedge(page, spot.code())
    expect_state(page, "needs_confirmation")
    page.locator("#choices button[data-benefit=B02]").click()
    expect_state(page, "admitted")
    expect(page.locator("#facts")).to_contain_text("光影剧场")
    assert [scan.get("benefit_id") for scan in sent] == [None, "B02"]
    assert sent[0]["code"] == sent[1]["code"] and sent[0]["scan_id"] != sent[1]["scan_id"]


def test_what_staff_must_confirm_is_confirmed_in_a_new_scan(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    sent = record_scans(page)

    def answer(route: Route) -> None:
        scan = json.loads(route.request.post_data or "")
        amber = not scan.get("confirmed")
        told = {
            "scan_id": scan["scan_id"],
            "decision": "needs_confirmation" if amber else "admitted",
            "refusal_code": None,
            "words": {"zh": NASTY, "en": NASTY},
            "next_allowed_at": None,
            "benefit": {"id": "B16", "zh": NASTY, "en": NASTY},
            "holder": None,
            "confirm": [{"item": "check_document", "words": {"zh": "核对证件", "en": "Check"}}] if amber else None,
        }
        route.fulfill(json={"answers": [told]})

    page.route("**/api/v1/scans", answer)
    wedge(page, "YP1234567")
    expect_state(page, "needs_confirmation")
    expect(page.locator("#words-first")).to_have_text(NASTY)
    expect(page.get_by_role("alertdialog")).to_contain_text("核对证件")
    page.get_by_role("button", name="已核对，继续").click()
    expect_state(page, "admitted")
    assert [scan.get("confirmed") for scan in sent] == [None, ["check_document"]]
    assert sent[0]["scan_id"] != sent[1]["scan_id"]


def test_no_answer_is_neither_green_nor_red_and_asks_again_with_the_same_scan_id(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    sent = record_scans(page)
    page.route("**/api/v1/scans", lambda route: route.abort())
    text = spot.code()
    wedge(page, text)
    expect_state(page, "silent")
    assert colour(page) not in (GREEN, RED)
    expect(page.locator("#words-first")).to_have_text("没有回应：既不是放行，也不是拒绝")
    expect(page.locator("#words-second")).to_have_text("No answer: neither yes nor no")
    assert len(sent) == 3 and spot.scans() == 0
    page.unroute("**/api/v1/scans")
    page.locator("#choices button").click()
    expect_state(page, "admitted")
    assert len({scan["scan_id"] for scan in sent}) == 1 and spot.scans() == 1


def test_an_answer_that_was_lost_on_the_way_is_fetched_without_counting_twice(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page.route("**/api/v1/scans", lose_the_first)
    wedge(page, spot.code())
    expect_state(page, "admitted")
    assert lost == [200] and spot.scans() == 1


@pytest.mark.parametrize("fault", [503, 429])
def test_a_fault_of_the_server_is_no_refusal(open_gate: Opener, spot: Spot, fault: int) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.route("**/api/v1/scans", lambda route: route.fulfill(status=fault, body="<html>"))
    wedge(page, "YP1234567")
    expect_state(page, "silent")


def test_a_code_scanned_while_waiting_is_not_sent(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    held: list[Route] = []
    page.clock.install()
    page.route("**/api/v1/scans", lambda route: held.append(route))
    wedge(page, spot.code())
    expect_state(page, "waiting")
    expect(page.get_by_text("网络较慢")).to_be_hidden()
    page.clock.fast_forward(3000)
    expect(page.get_by_text("网络较慢")).to_be_visible()
    wedge(page, "YP-ANOTHER")
    expect(page.locator("#busy-note")).to_be_visible()
    held[0].continue_()
    expect_state(page, "admitted")
    expect(page.locator("#busy-note")).to_be_hidden()
    assert len(held) == 1


def last_enrolment(session: Session) -> UUID:
    return session.scalars(select(Enrolment.id).order_by(Enrolment.enrolled_at.desc()).limit(1)).one()


def test_a_device_signed_off_is_told_to_enrol_again(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    # A request under way may be remembered for the two seconds that a device signed off can go on.
    page.wait_for_load_state("networkidle")
    with transaction() as session:
        enrolment_id = last_enrolment(session)
        access.revoke_device(session, enrolment_id, now=spot.now())
    wedge(page, spot.code())
    expect(page.locator("#enrol-message")).to_contain_text("已被停用")
    expect(page.locator("#scan")).to_be_hidden()
    page.reload()
    expect(page.locator("#enrol")).to_be_visible()
    enrol(page, spot.lane_code("S16", name="west gate"))
    expect(page.locator("#lane-name")).to_contain_text("west gate")


def test_a_tablet_moves_to_another_lane_and_its_old_enrolment_ends(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.locator("#move").click()
    page.locator("#stay").click()
    expect(page.locator("#lane-name")).to_contain_text("east gate")
    page.locator("#move").click()
    enrol(page, spot.lane_code("S02", name="pier"))
    expect(page.locator("#lane-name")).to_contain_text("pier")
    with transaction() as session:
        device_id = session.get_one(Enrolment, last_enrolment(session)).device_id
        of_device = select(Enrolment.revoked_at).where(Enrolment.device_id == device_id).order_by(Enrolment.enrolled_at)
        first, second = session.scalars(of_device)
    assert first is not None and second is None


def test_names_are_shown_as_text(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"), lane=NASTY)
    assert page.locator("#lane-name img").count() == 0


def test_the_page_speaks_english_and_fits_a_phone(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"), query="?lang=en")
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.locator("#venue-name")).to_have_text("Hekou Ancient Town")
    wedge(page, spot.code())
    expect_state(page, "admitted")
    expect(page.locator("#words-first")).to_have_text("Welcome")
    expect(page.locator("#facts")).to_contain_text("adult")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    assert page.locator("#next").bounding_box()


def test_a_keyboard_alone_reads_a_code_and_goes_on(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"), query="?lang=en")
    field = page.get_by_label("Or paste the code here")
    page.get_by_role("link", name="Skip to the content").focus()
    for _ in range(12):
        if not field.evaluate("field => field === document.activeElement"):
            page.keyboard.press("Tab")
    expect(field).to_be_focused()
    page.keyboard.type("rubbish", delay=100)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog", name="Not our code")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Next visitor")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    expect(field).to_be_focused()
