"""What a clerk confirms, chooses and enters at the gate page, and the terms of a green; mostly by the real rules."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.web.axe import violations
from tests.web.gate.conftest import Opener
from tests.web.gate.spots import GREEN, PHONE, Spot, colour, expect_state, record_scans, wedge

ABOUT = {"zh": "身高至少 120 厘米", "en": "at least 120 cm tall"}
ITEMS: list[dict[str, Any]] = [
    {"item": "height", "words": {"zh": "请核对身高", "en": "Check the height"}, "about": ABOUT},
    {"item": "guardian", "words": {"zh": "请确认监护人在场", "en": "Check that a guardian has come along"}},
    {"item": "nights", "words": {"zh": "请输入入住晚数", "en": "Enter the nights of the stay"}},
    {
        "item": "choose_item",
        "words": {"zh": "请选择要领取的一项", "en": "Choose the item to hand over"},
        "choices": [{"id": "MAP", "zh": "手绘地图", "en": "Map"}, {"id": "MAGNET", "zh": "冰箱贴", "en": "Magnet"}],
    },
]


def answered(page: Page, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Every scan is answered so; what is not said is that of an empty green."""

    def fulfil(route: Route) -> None:
        scan = route.request.post_data_json or {}
        plain = {"scan_id": scan["scan_id"], "decision": "admitted", "words": {"zh": "请通行", "en": "Welcome"}}
        route.fulfill(json={"answers": [{**plain, **answer(scan)}]})

    page.route("**/api/v1/scans", fulfil)


def amber(*items: dict[str, Any]) -> dict[str, Any]:
    return {"decision": "needs_confirmation", "words": items[0]["words"], "confirm": list(items)}


def test_a_gift_is_chosen_through_two_ambers_and_named_when_it_is_handed_over(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S02", None))
    sent = record_scans(page)
    wedge(page, spot.code())
    expect_state(page, "needs_confirmation")
    page.get_by_role("button", name="开卡礼三选一").click()
    question = page.get_by_role("alertdialog", name="请选择要领取的一项")
    expect(question.get_by_role("button", name="手绘地图 Hand-drawn map")).to_be_visible()
    assert violations(page) == []
    question.get_by_role("button", name="手绘地图").click()
    expect_state(page, "admitted")
    answer = page.get_by_role("alertdialog", name="请通行")
    expect(answer).to_contain_text("请交付：手绘地图")
    expect(answer).to_contain_text("Hand over: Hand-drawn map")
    chosen = [(scan.get("benefit_id"), scan.get("item_id")) for scan in sent]
    assert chosen == [(None, None), ("B33", None), ("B33", "MAP")]
    assert len({scan["scan_id"] for scan in sent}) == 3 and len({scan["code"] for scan in sent}) == 1
    assert violations(page) == []


def test_what_costs_is_not_taken_for_free(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("CABLEWAY", "B38"))
    wedge(page, spot.code())
    expect_state(page, "pay")
    assert colour(page) == GREEN
    answer = page.get_by_role("alertdialog", name="半价收款")
    expect(answer).to_contain_text("Collect at half price")
    expect(answer).to_contain_text("然后放行")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(answer).to_be_hidden()


def test_a_hotel_enters_the_nights_and_redeems_in_two_taps(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("H1", "B22"))
    sent = record_scans(page)
    wedge(page, spot.code())
    expect_state(page, "confirm")
    question = page.get_by_role("alertdialog", name="客房挂牌价七五折")
    number = question.get_by_role("spinbutton", name="请输入入住晚数")
    expect(number).to_have_text("1")
    question.get_by_role("button", name="增加一晚").click()
    expect(number).to_have_attribute("aria-valuetext", "2 晚")
    assert sent == [] and violations(page) == []
    question.get_by_role("button", name="确认使用").dblclick()
    expect_state(page, "pay")
    expect(page.get_by_role("alertdialog", name="七五折收款")).to_contain_text("按当日最优房价七五折")
    assert [scan.get("nights") for scan in sent] == [2]


def test_staff_confirm_what_the_rule_leaves_to_them(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("H2", "B25"), query="?lang=en")
    sent = record_scans(page)
    wedge(page, spot.code())
    expect_state(page, "confirm")
    question = page.get_by_role("alertdialog", name="Free upgrade to a river-view room")
    expect(question).to_contain_text("Staff must confirm")
    expect(question).to_contain_text("By the front desk")
    question.get_by_role("button", name="Confirm and redeem").click()
    expect_state(page, "admitted")
    assert [scan["confirmed"] for scan in sent] == [["manual_confirm"]]


def test_several_items_stand_on_one_screen_and_what_is_missing_is_said_beside_it(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.set_viewport_size(PHONE)
    sent = record_scans(page)
    document = {"item": "check_document", "words": {"zh": "请核对持卡人证件", "en": "Check the holder's ID document"}}

    def answer(scan: dict[str, Any]) -> dict[str, Any]:
        if "nights" not in scan:
            return amber(*ITEMS)
        return {} if "check_document" in scan["confirmed"] else amber(document)

    answered(page, answer)
    wedge(page, "YP1ABCDEF")
    question = page.get_by_role("alertdialog", name="请核对身高")
    expect(question).to_contain_text("身高至少 120 厘米")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    go_on = question.get_by_role("button", name="已核对，继续")
    go_on.click()
    expect(question.get_by_text("属实请勾选").filter(visible=True)).to_have_count(2)
    expect(question.get_by_text("请选择一项")).to_be_visible()
    expect(question.get_by_role("checkbox", name="请核对身高")).to_be_focused()
    assert violations(page) == [] and len(sent) == 1
    question.get_by_role("checkbox", name="请核对身高").check()
    expect(question.get_by_text("属实请勾选").filter(visible=True)).to_have_count(1)
    question.get_by_role("checkbox", name="请确认监护人在场").check()
    question.get_by_role("radio", name="冰箱贴").check()
    go_on.click()
    expect(page.get_by_role("alertdialog", name="请核对持卡人证件")).to_be_visible()
    page.get_by_role("button", name="已核对，继续").click()
    expect_state(page, "admitted")
    last = sent[-1]
    assert last["confirmed"] == ["height", "guardian", "check_document"]
    assert (last["item_id"], last["nights"], len(sent)) == ("MAGNET", 1, 3)


def test_a_keyboard_alone_confirms(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"), query="?lang=en")
    sent = record_scans(page)
    answered(page, lambda scan: {} if "nights" in scan else amber(*ITEMS))
    wedge(page, "YP1ABCDEF")
    expect(page.get_by_role("alertdialog", name="Check the height")).to_be_focused()
    for key in ("Tab", " ", "Tab", " ", "Tab", "Tab", "ArrowUp", "ArrowUp", "ArrowDown", "Tab", "Tab", " ", "Enter"):
        page.keyboard.press(key)
    expect_state(page, "admitted")
    last = sent[-1]
    assert (last["confirmed"], last["nights"], last["item_id"]) == (["height", "guardian"], 2, "MAP")


def test_a_clerk_who_still_counts_is_given_the_whole_minute_again(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.clock.install()
    answered(page, lambda scan: amber(*ITEMS))
    wedge(page, "YP1ABCDEF")
    expect_state(page, "needs_confirmation")
    page.clock.fast_forward(50_000)
    page.get_by_role("button", name="增加一晚").click()
    page.clock.fast_forward(50_000)
    expect_state(page, "needs_confirmation")
    page.clock.fast_forward(11_000)
    expect(page.get_by_role("alertdialog")).to_be_hidden()
