"""A clerk's day at the gate page: a shift, the list, taking back, training, a hotel's desk, moving by a link."""

from playwright.sync_api import Page, Route, expect

from passes.access import clerk_service
from passes.db import transaction
from tests.web.axe import violations
from tests.web.gate.conftest import Opener
from tests.web.gate.spots import PHONE, Spot, enrol, expect_state, record_scans, wedge


def clerk_at(spot: Spot, venue_id: str, name: str) -> str:
    """The PIN of a new clerk."""
    with transaction() as session:
        return clerk_service.add_clerk(session, venue_id=venue_id, name=name, now=spot.now())[1]


def total(page: Page, name: str) -> str:
    """A figure of today: what stands under its name."""
    return page.get_by_role("term").filter(has_text=name).locator("xpath=following-sibling::dd").inner_text()


def test_a_clerk_works_a_shift_and_takes_an_admission_back(open_gate: Opener, spot: Spot) -> None:
    pin = clerk_at(spot, "S16", "王芳 <b>")
    page = open_gate(enrolled=("S16", "B16"))
    expect(page.get_by_text("还没有扫码记录")).to_be_visible()

    page.get_by_role("button", name="上岗").click()
    pad = page.get_by_role("dialog", name="上岗")
    page.keyboard.type("000000" if pin != "000000" else "111111")
    expect(pad.get_by_role("alert")).to_contain_text("当班密码不正确")
    assert violations(page) == []
    for digit in pin:
        pad.get_by_role("button", name=digit, exact=True).click()
    expect(pad).to_be_hidden()
    expect(page.get_by_text("王芳 <b>", exact=True)).to_be_visible()

    text = spot.code()
    wedge(page, text)
    expect_state(page, "admitted")
    page.get_by_role("button", name="下一位").click()
    wedge(page, "rubbish")
    expect_state(page, "refused")
    page.keyboard.press("Escape")
    rows = page.get_by_role("list", name="最近的扫码").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("不是本系统的码")
    expect(rows.last).to_contain_text("王*明 (成人) · 河口古镇通票 · 王芳 <b>")
    assert (total(page, "放行"), total(page, "拒绝")) == ("1", "1")
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []

    rows.last.get_by_role("button", name="撤销").click()
    asked = page.get_by_role("dialog", name="要撤销这次放行吗？")
    asked.get_by_role("button", name="撤销", exact=True).click()
    expect(asked.get_by_role("alert")).to_have_text("请选择原因。")
    asked.get_by_label("其他原因").check()
    asked.get_by_label("请简单说明").fill(" 😀 ")
    asked.get_by_role("button", name="撤销", exact=True).click()
    expect(asked.get_by_role("alert")).to_have_text("请用至少三个字说明原因。")
    assert violations(page) == []
    asked.get_by_label("游客没有入园").check()
    wedge(page, "A" * 40)  # a scanner's Enter is not the clerk's answer
    expect(asked).to_be_visible()
    asked.get_by_role("button", name="撤销", exact=True).dblclick()
    expect(asked).to_be_hidden()
    expect(rows.last).to_contain_text("撤销：游客没有入园")
    expect(rows.get_by_role("button")).to_have_count(0)
    assert (total(page, "放行"), total(page, "已撤销")) == ("0", "1")

    wedge(page, text)
    expect_state(page, "admitted")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="我的当班").click()
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="下岗").click()
    page.get_by_role("dialog").get_by_role("button", name="下岗").click()
    expect(page.get_by_role("button", name="上岗")).to_be_visible()
    expect(page.get_by_role("button", name="我的当班")).to_be_hidden()


def test_training_shows_the_answers_and_records_none(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"), query="?lang=en")
    page.get_by_role("button", name="Training").click()
    expect(page.get_by_text("Training: nothing is recorded")).to_be_visible()
    wedge(page, spot.code())
    expect_state(page, "admitted")
    answer = page.get_by_role("alertdialog", name="Welcome")
    expect(answer.get_by_text("Training: not a real answer")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    for button, state in (
        ("Red", "refused"),
        ("Amber", "needs_confirmation"),
        ("Blue", "silent"),
        ("Green: may pass", "admitted"),
        ("Green with ¥", "pay"),
    ):
        page.get_by_role("button", name=button).click()
        expect_state(page, state)
        assert violations(page) == []
        page.locator("#next").click()
    page.get_by_role("button", name="End the training").click()
    expect(page.get_by_text("Training: nothing is recorded")).to_be_hidden()
    assert spot.scans() == 0
    wedge(page, spot.code_again())
    expect_state(page, "admitted")
    expect(page.get_by_text("Training: not a real answer")).to_be_hidden()
    assert spot.scans() == 1


def test_at_a_desk_a_benefit_is_chosen_seen_and_confirmed_in_two_taps(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("PARTNER_NOODLE", None))
    sent = record_scans(page)

    def look(route: Route) -> None:
        scan = route.request.post_data_json or {}
        benefit = {"id": scan.get("benefit_id") or "", "zh": "牛肉面一碗", "en": "One bowl of noodles"}
        told = {"scan_id": scan["scan_id"], "decision": "admitted", "words": {"zh": "请通行", "en": "Welcome"}}
        route.fulfill(json={"answers": [{**told, "benefit": benefit}]})

    page.route("**/api/v1/gate/rehearsals", look)
    page.route("**/api/v1/scans", look)
    choices = page.get_by_role("group", name="一、选择权益")
    choices.get_by_role("radio").first.check()
    wedge(page, "YP1ABCDEF")
    expect_state(page, "confirm")
    question = page.get_by_role("alertdialog", name="牛肉面一碗")
    expect(question.get_by_role("button", name="取消，下一位")).to_be_visible()
    assert sent == [] and violations(page) == []
    question.get_by_role("button", name="确认使用").dblclick()
    expect_state(page, "admitted")
    assert len(sent) == 1 and sent[0]["benefit_id"]


def test_a_refusal_at_a_desk_is_recorded_without_a_tap(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("PARTNER_NOODLE", None))
    wedge(page, "rubbish")
    expect_state(page, "refused")
    assert spot.scans() == 1


def test_a_link_brings_the_code_and_the_address_forgets_it(open_gate: Opener, spot: Spot) -> None:
    page = open_gate()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("about:blank")
    page.goto(f"{spot.url}/gate#enrol=AB%")
    expect(page.get_by_label("登记码")).to_have_value("AB%")
    page.goto(f"{spot.url}/gate#enrol={spot.lane_code('S16', name='north gate', benefit_id='B16')}")
    expect(page.get_by_text("链接已带来登记码")).to_be_visible()
    assert page.evaluate("location.hash") == ""
    assert violations(page) == []
    page.get_by_label("本设备的名称").fill("x" * 70)
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("north gate")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    wedge(page, "rubbish")
    expect_state(page, "refused")
    assert page.get_by_role("alertdialog").evaluate("answer => answer.scrollWidth - answer.clientWidth") == 0
    page.keyboard.press("Escape")
    page.get_by_role("button", name="声音").click()
    page.reload()
    expect(page.get_by_role("button", name="声音")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="登记到其他通道").click()
    enrol(page, f"{spot.url}/gate#enrol=ABCD-2345")
    expect(page.get_by_role("alert").filter(has_text="登记码不对")).to_be_visible()
    page.get_by_role("button", name="留在此通道").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("north gate")


def test_without_a_network_the_list_and_the_shift_say_so_and_recover(open_gate: Opener, spot: Spot) -> None:
    pin = clerk_at(spot, "S02", "李雷")
    page = open_gate(enrolled=("S02", "B02"))
    page.set_viewport_size(PHONE)
    page.route("**/api/v1/gate/**", lambda route: route.abort())
    page.get_by_role("button", name="上岗").click()
    page.keyboard.type(pin)
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("服务器没有回应")
    page.get_by_role("button", name="暂不").click()
    page.get_by_role("button", name="本通道").click()
    expect(page.get_by_text("读不到记录")).to_be_visible()
    page.unroute("**/api/v1/gate/**")
    page.get_by_role("button", name="本通道").click()
    expect(page.get_by_text("读不到记录")).to_be_hidden()
    page.get_by_role("button", name="上岗").click()
    page.keyboard.type(pin)
    expect(page.get_by_text("李雷")).to_be_visible()


def test_where_nobody_stands_visitors_see_no_other_visitors(open_gate: Opener, spot: Spot) -> None:
    page = open_gate()
    enrol(page, spot.lane_code("S16", name="turnstile", benefit_id="B16", attended=False))
    expect(page.get_by_role("heading", level=1)).to_contain_text("turnstile")
    wedge(page, spot.code())
    expect_state(page, "admitted")
    page.keyboard.press("Escape")
    expect(page.get_by_role("list", name="最近的扫码")).to_be_hidden()
    expect(page.get_by_role("button", name="培训")).to_be_hidden()
