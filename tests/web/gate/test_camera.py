"""The camera of a tablet as a reader: Chromium plays a film of a phone to it."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from passes.credential.drawing import QUIET_MODULES, matrix
from tests.web.axe import violations
from tests.web.gate.conftest import Opener
from tests.web.gate.spots import Spot, expect_state, record_scans

FRAME = (1280, 720)


def film(path: Path, text: str) -> None:
    """A table without a phone, then a phone with this code, held askew: motion JPEG, played over and over."""
    rows = matrix(text)
    code = Image.new("L", (len(rows) + 2 * QUIET_MODULES,) * 2, 255)
    for y, row in enumerate(rows, QUIET_MODULES):
        for x, dark in enumerate(row, QUIET_MODULES):
            code.putpixel((x, y), 0 if dark else 255)
    phone = code.resize((440, 440), Image.Resampling.NEAREST).rotate(16, expand=True, fillcolor=90)
    table = Image.new("L", FRAME, 90)
    shown = table.copy()
    shown.paste(phone, ((FRAME[0] - phone.width) // 2, (FRAME[1] - phone.height) // 2))
    with path.open("wb") as file:
        for picture in [table] * 5 + [shown] * 25:
            frame = io.BytesIO()
            picture.convert("RGB").save(frame, "JPEG", quality=85)
            file.write(frame.getvalue())


ANOTHER_CAMERA = """() => {
  const devices = navigator.mediaDevices;
  const list = devices.enumerateDevices.bind(devices);
  const other = { kind: "videoinput", deviceId: "unplugged", label: "old camera" };
  devices.enumerateDevices = async () => [...await list(), other];
}"""


def test_a_code_before_the_camera_is_read_once(open_gate: Opener, spot: Spot, camera_film: Path) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    page.evaluate(ANOTHER_CAMERA)
    sent = record_scans(page)
    text = spot.code()
    film(camera_film, text)
    page.context.grant_permissions(["camera"])
    page.get_by_role("button", name="用摄像头扫码").click()
    expect_state(page, "admitted")
    assert [scan["code"] for scan in sent] == [text]
    # It stays in sight: the same answer stands, and nothing more is sent.
    page.wait_for_timeout(800)
    expect_state(page, "admitted")
    assert len(sent) == 1
    page.keyboard.press("Escape")
    expect(page.get_by_label("摄像头画面")).to_be_visible()
    # A camera that is no longer there: another one sees instead.
    page.get_by_label("摄像头", exact=True).select_option("old camera")
    expect(page.get_by_role("button", name="关闭摄像头")).to_be_visible()
    expect(page.get_by_role("button", name="关闭摄像头")).to_be_enabled()
    page.get_by_role("button", name="关闭摄像头").click()
    expect(page.get_by_label("摄像头画面")).to_be_hidden()
    assert spot.scans() == 1


def test_a_camera_that_may_not_or_cannot_see_says_why(open_gate: Opener, spot: Spot) -> None:
    page = open_gate(enrolled=("S16", "B16"))
    camera = page.get_by_role("button", name="用摄像头扫码")
    camera.click()
    expect(page.get_by_role("alert").filter(has_text="浏览器没有允许本页使用摄像头")).to_be_visible()
    assert violations(page) == []
    for fault, words in {"NotReadableError": "正被其他程序占用", "NotFoundError": "没有找到摄像头"}.items():
        page.evaluate(
            "name => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name)); }", fault
        )
        camera.click()
        expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    assert page.get_by_label("摄像头画面").is_hidden()
