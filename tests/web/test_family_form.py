"""The form for a family, without any script: one pass more or less, and every fault at the right field."""

import re
from datetime import datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.catalogue.service import load_catalogue
from passes.lifecycle.models import Pass
from passes.sale import service, stock
from passes.sale.models import Order, OrderLine
from passes.sale.order_form import field_name
from tests.factories import CATALOGUE
from tests.services.test_family_orders import CHILD_ON_SALE
from tests.services.test_sale import payment_of
from tests.services.test_stock import counts, kinds, window_of
from tests.web.test_papers import text_of
from tests.web.test_shop import errors_of, filled, shop

__all__ = ["shop"]

WIFE = {
    "product_id": "PASS-ADULT",
    "name": "李丽",
    "document_type": "PASSPORT",
    "document_number": "E12345678",
    "birth_on": "1990-05-17",
}
CHILD = WIFE | {"product_id": "PASS-CHILD", "name": "王小小", "document_number": "E71234567", "birth_on": "2018-06-01"}
GRANNY = WIFE | {"product_id": "PASS-SENIOR", "name": "张梅", "document_number": "E81234567", "birth_on": "1950-02-28"}


@pytest.fixture
def family_shop(shop: FlaskClient, session: Session, now: datetime) -> FlaskClient:
    """Where the child's pass is sold, too."""
    text = (CATALOGUE / "catalog.sample.yaml").read_text()
    for old, new in CHILD_ON_SALE.items():
        text = text.replace(old, new)
    load_catalogue(session, text, (CATALOGUE / "holidays.sample.yaml").read_text(), now=now)
    return shop


def value_of(html: str, number: int, field: str) -> str:
    found = re.search(rf'<input id="{field_name(number, field)}"[^>]* value="([^"]*)"', html)
    assert found, (number, field)
    return unescape(found[1])


def marked(html: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'class="field-error" id="([\w-]+)-error', html)))


def parts(html: str) -> int:
    return html.count('data-holder="')


def orders(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Order)) or 0


def test_another_pass_keeps_what_was_typed_and_takes_the_focus(shop: FlaskClient, session: Session) -> None:
    page = shop.post("/buy", data=filled(only="add", phone="123", accept_terms="")).text
    assert parts(page) == 2 and errors_of_page(page) == []
    assert "第 1 位（共 2 位）" in page and "第 2 位（共 2 位）" in page
    assert (value_of(page, 1, "name"), value_of(page, 2, "name"), 'value="123"' in page) == ("王小明", "", True)
    assert re.search(r'<select id="holder-2-product_id"[^>]* autofocus', page)
    assert re.search(r'<option value="" selected>请选择', page), "nobody pays for a pass that was not chosen"
    assert "为谁购买" in page and orders(session) == 0


def errors_of_page(html: str) -> list[str]:
    return re.findall(r'class="field-error"', html)


def test_a_pass_left_out_closes_the_gap(shop: FlaskClient) -> None:
    page = shop.post("/buy", data=filled(WIFE, GRANNY, only="remove-2")).text
    assert (parts(page), value_of(page, 1, "name"), value_of(page, 2, "name")) == (2, "王小明", "张梅")
    assert value_of(page, 2, "document_number") == "E81234567" and 'id="add-pass"' in page and "autofocus" in page
    one = shop.post("/buy", data=filled(WIFE, only="remove-1")).text
    assert parts(one) == 1 and value_of(one, 1, "name") == "李丽" and "remove-" not in one


def test_there_is_room_for_nine(shop: FlaskClient) -> None:
    eight = [WIFE | {"document_number": f"E1234567{n}"} for n in range(8)]
    page = shop.post("/buy", data=filled(*eight)).location
    assert page.startswith("/orders/")
    full = shop.post("/buy", data=filled(*eight, only="add")).text
    assert parts(full) == 9 and 'id="add-pass"' not in full and "最多 9 张" in full
    ten = filled(*eight) | {"holder-10-name": "王"}
    assert shop.post("/buy", data=ten).status_code == 422
    assert parts(shop.get("/buy?product=PASS-ADULT&passes=4").text) == 4
    assert parts(shop.get("/buy?product=PASS-ADULT&passes=400").text) == 9


@pytest.mark.parametrize("step", ["remove-9", "remove-0", "remove-", "add" * 99, "", "language", "\x00"])
def test_a_step_that_makes_no_sense_changes_nothing(shop: FlaskClient, session: Session, step: str) -> None:
    page = shop.post("/buy", data=filled(WIFE, only=step))
    assert (page.status_code, parts(page.text), orders(session)) == (200, 2, 0)


def test_the_enter_key_goes_on_and_leaves_nobody_out(shop: FlaskClient) -> None:
    page = shop.post("/buy", data=filled(WIFE, only="language")).text
    first = re.search(r"<button[^>]*>", page.partition('<form id="order"')[2])
    assert first and 'name="' not in first[0] and 'tabindex="-1"' in first[0]


def test_a_fault_stands_at_the_right_field_of_the_right_holder(shop: FlaskClient, session: Session) -> None:
    wrong = WIFE | {"document_number": "1"}
    twice = WIFE | {"product_id": "PASS-SENIOR", "birth_on": "1950-01-01"}
    answer = shop.post("/buy", data=filled(wrong, GRANNY | {"name": " "}, WIFE, twice, phone="123"))
    assert answer.status_code == 422 and orders(session) == 0
    assert marked(answer.text) == [
        "holder-2-document_number",
        "holder-3-name",
        "holder-5-document_number",
        "phone",
    ]
    text = unescape(answer.text)
    assert 'href="#holder-3-name">第 3 位 · 姓名' in text and "已有一张卡使用此证件" in text
    assert [value_of(answer.text, n, "name") for n in (2, 4, 5)] == ["李丽", "李丽", "李丽"]


def test_a_child_comes_with_an_adult_and_its_parents_word(family_shop: FlaskClient, session: Session) -> None:
    assert "须与“悠游兰州年卡·成人”在同一订单中购买" in family_shop.get("/buy").text
    page = family_shop.get("/buy?product=PASS-CHILD").text
    assert re.findall(r'<option value="(PASS-\w+)" selected', page) == ["PASS-ADULT", "PASS-CHILD"]
    terms = {"terms_version": "2"}
    alone = family_shop.post("/buy", data=filled(CHILD, **terms))
    assert marked(alone.text) == ["holder-2-product_id", "guardian_consent"]
    family = filled(WIFE, CHILD, **terms)
    assert marked(family_shop.post("/buy", data=family).text) == ["guardian_consent"]
    assert family_shop.post("/buy", data=family | {"guardian_consent": "no"}).status_code == 422
    assert family_shop.post("/buy", data=family | {"guardian_consent": "yes"}).status_code == 303
    assert session.scalars(select(Order.guardian_consent)).all() == [True]


def test_new_terms_are_accepted_anew(family_shop: FlaskClient, session: Session) -> None:
    answer = family_shop.post("/buy", data=filled(WIFE, terms_version="1"))
    assert marked(answer.text) == ["accept_terms"] and "使用条款已更新" in answer.text
    assert 'name="terms_version" value="2"' in answer.text
    assert not re.search(r'name="accept_terms"[^>]* checked', answer.text)
    for rubbish in ("", "x", "-1", "9" * 400):
        assert family_shop.post("/buy", data=filled(terms_version=rubbish)).status_code == 422
    assert orders(session) == 0


def test_what_is_short_is_said_at_its_first_holder(shop: FlaskClient, session: Session, now: datetime) -> None:
    window_of(session, 1, now)
    other = WIFE | {"document_number": "E99345678"}
    answer = shop.post("/buy", data=filled(WIFE, other))
    assert answer.status_code == 409 and marked(answer.text) == ["holder-2-product_id"]
    assert errors_of(answer)[0].startswith("此年卡仅剩 1 张，未生成订单")
    assert shop.post("/buy", data=filled(WIFE)).status_code == 303
    assert errors_of(shop.post("/buy", data=filled(GRANNY, other)))[0].startswith("此年卡已售罄")


def test_a_correction_uses_what_its_order_holds(shop: FlaskClient, session: Session, now: datetime) -> None:
    window_of(session, 2, now)
    husband = WIFE | {"document_number": "E99345678"}
    first = shop.post("/buy", data=filled(WIFE, husband)).location
    token = first.rpartition("/")[2]
    assert errors_of(shop.post("/buy", data=filled(WIFE)))[0].startswith("此年卡已售罄")
    corrected = filled(WIFE | {"name": "李莉"}, husband, instead_of=token)
    answers = [shop.post("/buy", data=corrected) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location != first
    assert "订单已取消" in shop.get(first).text and "李莉" in shop.get(answers[0].location).text
    assert (counts(session), kinds(session)) == (
        (2, 0),
        ["quota", "hold", "hold", "release", "release", "hold", "hold"],
    )
    third = WIFE | {"document_number": "E88345678"}
    token = answers[0].location.rpartition("/")[2]
    more = shop.post("/buy", data=filled(WIFE, husband, third, instead_of=token))
    assert more.status_code == 409 and errors_of(more)[0].startswith("此年卡仅剩 2 张")
    assert f'href="/orders/{token}"' in more.text and "原订单保持不变" in more.text
    assert "订单已取消" not in shop.get(answers[0].location).text and counts(session) == (2, 0)
    assert stock.list_faults(session) == []


def test_the_sum_and_every_pass_are_shown_before_and_after(shop: FlaskClient, session: Session, now: datetime) -> None:
    assert "¥328" in shop.post("/buy", data=filled(WIFE, only="language")).text
    link = shop.post("/buy", data=filled(WIFE)).location
    page = shop.get(link).text
    for words in ("王小明", "李丽", "····002X", "····5678", "共 2 张", "支付 ¥328"):
        assert words in page
    again = re.search(r'href="(/buy\?again=[^"]+)"', page)
    assert again
    form = shop.get(again[1]).text
    assert parts(form) == 2 and value_of(form, 2, "name") == "李丽" and value_of(form, 2, "birth_on") == "1990-05-17"
    assert value_of(form, 2, "document_number") == "" and "PASS-ADULT" in form
    more = re.search(r'id="add-pass"[^>]* formaction="([^"]+)"', form)
    assert more and "instead_of" in form
    fewer = shop.get(unescape(more[1]).replace("passes=3", "passes=1")).text
    assert (parts(shop.get(unescape(more[1])).text), parts(fewer), "instead_of" in fewer) == (3, 1, True)
    order = session.scalars(select(Order)).one()
    payment = payment_of(order, now, state="succeeded", method="card", succeeded_at=now, amount_received_fen=32800)
    session.add(payment)
    session.flush()
    service.accept_payment(session, order, payment, public_url="", now=now)
    paid = shop.get(link).text
    numbers = session.scalars(select(Pass.number).order_by(Pass.id)).all()
    assert paid.count('href="/w/') == 2 and all(paid.count(number) == 2 for number in numbers)
    assert "年卡均已生成" in paid and "¥328" in paid
    receipt = text_of(shop.get(f"{link}/receipt.pdf").data)
    assert all(words in receipt for words in ("王小明", "李丽", *numbers, "¥328.00"))


def test_rubbish_about_several_is_answered_and_orders_nothing(shop: FlaskClient, session: Session) -> None:
    odd = (
        {"holder-2-name": "李丽"},
        {"holder-0-name": "李丽"},
        {"holder-2-colour": "red"},
        {"holder-9-": "x"},
        {"holders": "x"},
        {"product_id": "PASS-ADULT"},
        {"holder-1-document_number": "\ud7ff" * 9999},
    )
    for more in odd:
        assert shop.post("/buy", data=filled() | more).status_code == 422, more
    twice = [*filled(WIFE).items(), ("holder-2-name", "王")]
    body = "&".join(f"{name}={value}" for name, value in twice)
    answer = shop.post("/buy", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422 and "holder-2-name" in marked(answer.text)
    nobody = {name: value for name, value in filled().items() if not name.startswith("holder")}
    answer = shop.post("/buy", data=nobody)
    assert answer.status_code == 422 and parts(answer.text) == 1
    assert session.scalar(select(func.count()).select_from(OrderLine)) == 0
