"""The shop's pages: what a buyer sees, and what bad input gets."""

import re
from datetime import datetime
from html import unescape
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from passes import clock
from passes.credential.service import id_number_hmac, id_tag
from passes.events.outbox import OutboxRow
from passes.lifecycle.models import Pass
from passes.lifecycle.service import renew_wallet_link
from passes.sale import service
from passes.sale.models import Order, OrderLine, PaymentEvent
from passes.sale.order_form import field_name
from tests.factories import city
from tests.services.test_sale import payment_of

ID_NUMBER = "11010519491231002X"


@pytest.fixture
def shop(client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The shop with the sample catalogue, read in Chinese, on the tests' day."""
    monkeypatch.setattr(clock, "now", lambda: now)
    city(session, now=now)
    client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "zh-CN", "HTTP_SEC_FETCH_SITE": "same-origin"}
    return client


BUYER = ("form_id", "terms_version", "instead_of", "only", "phone", "email", "guardian_consent", "accept_terms")


def filled(*others: dict[str, str], **changes: str) -> dict[str, str]:
    """The form of one holder, whose fields need no number here; others: the passes after the first."""
    given = {
        "form_id": str(uuid4()),
        "terms_version": "1",
        "phone": "138 1234 5678",
        "email": "wang@example.com",
        "accept_terms": "yes",
    }
    first = {"product_id": "PASS-SENIOR", "name": "王小明", "document_type": "CN_ID", "document_number": ID_NUMBER}
    given |= {name: value for name, value in changes.items() if name in BUYER}
    first |= {"birth_on": ""} | {name: value for name, value in changes.items() if name not in BUYER}
    holders = enumerate((first, *others), 1)
    return given | {field_name(number, field): value for number, one in holders for field, value in one.items()}


def errors_of(answer: TestResponse) -> list[str]:
    return [unescape(text) for text in re.findall(r'class="field-error"[^>]*>([^<]*)<', answer.text)]


def test_the_form_asks_for_every_field_and_gives_itself_an_id(shop: FlaskClient) -> None:
    first, second = shop.get("/buy?product=PASS-SENIOR"), shop.get("/buy?product=PASS-ADULT")
    ids = [re.search(r'name="form_id" value="([^"]+)"', page.text) for page in (first, second)]
    assert ids[0] and ids[1] and ids[0][1] != ids[1][1]
    for name in ("product_id", "name", "document_type", "document_number", "birth_on"):
        assert f'name="holder-1-{name}"' in first.text
    for name in ("phone", "email", "terms_version", "accept_terms"):
        assert f'name="{name}"' in first.text
    assert re.search(r'value="PASS-SENIOR" selected', first.text) and "holder-2-" not in first.text


def test_the_first_step_shows_each_pass_with_its_price_and_leads_to_its_form(shop: FlaskClient) -> None:
    page = shop.get("/buy")
    for words in ("选择卡种", "¥199", "¥129", "年满 60 周岁"):
        assert words in page.text
    assert 'href="/buy?product=PASS-SENIOR"' in page.text and "PASS-FAMILY" not in page.text
    unknown = shop.get("/buy?product=NOTHING")
    assert unknown.status_code == 200 and "不在售" in unknown.text and "¥199" in unknown.text


def test_before_paying_everything_is_shown_once_more_and_can_be_corrected(shop: FlaskClient, session: Session) -> None:
    order = shop.post("/buy", data=filled()).location
    page = shop.get(order).text
    for words in ("核对并付款", "悠游兰州年卡·长者", "王小明", "wang@example.com", "+8613812345678", "····002X"):
        assert words in page
    again = re.search(r'href="(/buy\?again=[^"]+)"', page)
    assert again
    form = shop.get(again[1]).text
    for value in ("王小明", "+8613812345678", "wang@example.com"):
        assert f'value="{value}"' in form
    assert ID_NUMBER not in form and "证件号码需要重新填写" in form
    instead_of = re.search(r'name="instead_of" value="([^"]+)"', form)
    assert instead_of
    corrected = filled(name="王晓明", instead_of=instead_of[1])
    answers = [shop.post("/buy", data=corrected).location for _ in range(2)]
    assert answers[0] == answers[1] != order
    assert "订单已取消" in shop.get(order).text and "王晓明" in shop.get(answers[0]).text
    assert sorted(session.scalars(select(Order.state))) == ["canceled", "pending"]


def test_a_correction_of_something_that_is_no_order_is_an_order_all_the_same(shop: FlaskClient) -> None:
    assert shop.post("/buy", data=filled(instead_of="王")).status_code == 303
    assert shop.get("/buy?again=%E7%8E%8B").status_code == 404


def test_another_language_keeps_what_was_typed_and_orders_nothing(shop: FlaskClient, session: Session) -> None:
    answer = shop.post("/buy?lang=en", data=filled(only="language", phone="123", accept_terms=""))
    assert answer.status_code == 200 and "Who is the pass for?" in answer.text and errors_of(answer) == []
    for value in ("123", "王小明", ID_NUMBER):
        assert f'value="{value}"' in answer.text
    assert session.scalar(select(func.count()).select_from(Order)) == 0


def test_rubbish_in_any_field_is_answered_and_never_run(shop: FlaskClient) -> None:
    rubbish = ("🎫" * 20, "x" * 10_000, "\x00", "<script>alert(1)</script>", "\ud7ff\uffff", "%s%(a)s{{7*7}}", "  ")
    for field in ("name", "phone", "email", "document_number", "birth_on", "product_id", "instead_of"):
        for text in rubbish:
            answer = shop.post("/buy", data=filled(**{field: text}))
            assert answer.status_code in (303, 422), (field, text)
            assert "<script>alert" not in answer.text


def test_the_state_of_an_order_is_told_to_its_waiting_page(shop: FlaskClient) -> None:
    order = shop.post("/buy", data=filled()).location
    answer = shop.get(f"{order}/state.json")
    assert (answer.json, answer.headers["Cache-Control"]) == ({"order": "pending", "payment": None}, "no-store")
    assert shop.get("/orders/nothing/state.json").json["code"] == "order_not_found"


def test_a_paid_order_is_a_receipt_that_says_it_is_no_invoice(
    shop: FlaskClient, session: Session, now: datetime
) -> None:
    link = shop.post("/buy", data=filled()).location
    order = session.scalars(select(Order)).one()
    payment = payment_of(order, now, state="succeeded", method="alipay", succeeded_at=now, amount_received_fen=12900)
    session.add(payment)
    session.flush()
    service.accept_payment(session, order, payment, public_url="", now=now)
    page = shop.get(link).text
    for words in (
        "支付成功，年卡已生成",
        "打开年卡",
        "收款凭据",
        "不是发票",
        "支付宝",
        "2026年11月25日 10:00",
        "实付合计",
        "¥129",
    ):
        assert words in page
    pass_ = session.scalars(select(Pass)).one()
    renew_wallet_link(session, pass_.id, now=now)  # the phone was lost, and this page is in its history
    closed = shop.get(link).text
    assert "/w/" in page and "/w/" not in closed and "此卡的链接已更换" in closed and "/find" in closed
    assert "修改信息" not in page and shop.get(f"/buy?again={link.rpartition('/')[2]}").status_code == 303


def test_an_order_keeps_no_id_number_but_its_digest_last_four_and_tag(
    shop: FlaskClient, session: Session, now: datetime
) -> None:
    answer = shop.post("/buy", data=filled(document_number=" 11010519491231002x "))
    assert answer.status_code == 303
    page = shop.get(answer.location)
    assert page.status_code == 200
    assert "¥129" in page.text and "王小明" in page.text and "····002X" in page.text
    assert page.headers["Referrer-Policy"] == "same-origin" and "no-store" in page.headers["Cache-Control"]
    order = session.scalars(select(Order)).one()
    line = session.scalars(select(OrderLine)).one()
    assert (order.state, order.total_fen, order.livemode, order.number[:2]) == ("pending", 12900, False, "T-")
    assert line.document_hmac == id_number_hmac("CN_ID", ID_NUMBER)
    assert (line.document_last4, line.id_tag) == ("002X", id_tag(line.serial, ID_NUMBER))
    assert (line.holder_phone, line.birth_on.isoformat()) == ("+8613812345678", "1949-12-31")
    for table in ("orders", "order_line", "payment_event", "outbox"):
        dump = session.connection().exec_driver_sql(f"SELECT string_agg(t::text, ' ') FROM {table} t").scalar_one()
        assert ID_NUMBER not in (dump or "")
    assert session.scalars(select(PaymentEvent.fact)).all() == ["placed"]
    assert session.scalars(select(OutboxRow.type)).all() == ["order.placed.v1"]


def test_the_same_form_sent_twice_is_one_order(shop: FlaskClient, session: Session) -> None:
    form = filled()
    first, second = shop.post("/buy", data=form), shop.post("/buy", data=form)
    assert first.location == second.location
    assert session.scalar(select(func.count()).select_from(OrderLine)) == 1


def test_a_form_corrected_after_going_back_is_another_order(shop: FlaskClient, session: Session) -> None:
    form = filled()
    first = shop.post("/buy", data=form)
    second = shop.post("/buy", data=form | {"holder-1-name": "王晓明"})
    assert first.location != second.location
    assert session.scalar(select(func.count()).select_from(Order)) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "  "}, "请填写"),
        ({"name": "x" * 61}, "太长"),
        ({"name": "😀🎉"}, "请填写证件上的姓名"),
        ({"name": "王\x00明"}, "无法保存"),
        ({"phone": "12345678901"}, "电话号码不完整"),
        ({"email": "wang@"}, "电子邮箱地址不完整"),
        ({"email": "wang@example.com, li@example.com"}, "电子邮箱地址不完整"),
        ({"document_number": "110105194912310021"}, "最后一位"),
        ({"document_number": "99"}, "18"),
        ({"document_type": "LIBRARY_CARD"}, "请选择证件类型"),
        ({"document_type": "PASSPORT", "document_number": "E12345678"}, "请填写出生日期"),
        ({"document_type": "PASSPORT", "document_number": "E12345678", "birth_on": "1990-13-01"}, "年-月-日"),
        ({"document_type": "PASSPORT", "document_number": "E12345678", "birth_on": "2099-01-01"}, "出生日期不正确"),
        ({"document_type": "PASSPORT", "document_number": "E12345678", "birth_on": "1990-01-01"}, "年龄不符合"),
        ({"product_id": "PASS-CHILD"}, "不在售"),
        ({"product_id": "PASS-FAMILY"}, "不在售"),
        ({"product_id": "NOTHING"}, "不在售"),
        ({"accept_terms": ""}, "同意使用条款"),
        ({"form_id": "1"}, ""),
    ],
)
def test_bad_input_is_named_at_its_field_and_orders_nothing(
    shop: FlaskClient, session: Session, changes: dict[str, str], message: str
) -> None:
    answer = shop.post("/buy", data=filled(**changes))
    assert answer.status_code == 422
    assert "尚未下单" in answer.text
    if message:
        assert any(message in text for text in errors_of(answer)), errors_of(answer)
    assert session.scalar(select(func.count()).select_from(Order)) == 0


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"phone": "123", "document_number": "110105194912310021"}, ["document_number", "phone"]),
        ({"accept_terms": "", "product_id": "NOTHING"}, ["product_id", "accept_terms"]),
        ({"email": "x", "document_type": "PASSPORT", "document_number": "1"}, ["document_number", "birth_on", "email"]),
        ({"phone": "1", "document_type": "LIBRARY_CARD"}, ["document_type", "phone"]),
        ({"document_type": "PASSPORT", "birth_on": "x", "document_number": ""}, ["document_number", "birth_on"]),
        ({"name": "", "document_type": "PASSPORT", "document_number": "E12345678", "birth_on": "1990-01-01"},
         ["name", "birth_on"]),
        ({"phone": "1", "document_type": "CN_PR_CARD", "document_number": ""}, ["document_number", "phone"]),
    ],
)  # fmt: skip
def test_all_faults_of_a_form_are_told_at_once(shop: FlaskClient, changes: dict[str, str], fields: list[str]) -> None:
    answer = shop.post("/buy", data=filled(**changes))
    marked = dict.fromkeys(re.findall(r'class="field-error" id="(?:holder-1-)?(\w+)-error', answer.text))
    assert (answer.status_code, list(marked)) == (422, fields)


def test_what_was_typed_is_kept_when_the_form_comes_back(shop: FlaskClient) -> None:
    form = filled(phone="123", name='<b>"王"</b>')
    answer = shop.post("/buy", data=form)
    text = unescape(answer.text)
    for value in (form["form_id"], form["holder-1-name"], "wang@example.com", ID_NUMBER):
        assert f'value="{value}"' in text
    assert "<b>" not in answer.text.partition("<form")[2].partition("</form>")[0].replace("<b>¥", "")


def test_a_reader_of_english_gets_english_messages(shop: FlaskClient) -> None:
    shop.get("/?lang=en")
    answer = shop.post("/buy", data=filled(phone="123"))
    assert errors_of(answer) == [
        "This is no complete phone number. Outside mainland China, begin with + and the country code."
    ]


def test_a_passport_holder_gives_the_birth_date(shop: FlaskClient, session: Session) -> None:
    form = filled(document_type="PASSPORT", document_number="e1234567 8", birth_on="1950-02-28")
    assert shop.post("/buy", data=form).status_code == 303
    assert session.scalars(select(OrderLine.birth_on)).one().isoformat() == "1950-02-28"


def test_a_strangers_or_broken_order_link_names_what_is_wrong(shop: FlaskClient) -> None:
    answer = shop.post("/buy", data=filled())
    token = answer.location.rpartition("/")[2]
    forged = ("A" if token[0] != "A" else "B") + token[1:]
    for path in (f"/orders/{forged}", f"/orders/{token[:-4]}", "/orders/%E7%8E%8B", "/pay/return?order=x&session_id=y"):
        page = shop.get(path, follow_redirects=True)
        assert page.status_code == 404 and "重新下单" in page.text


def test_no_page_of_the_shop_holds_inline_script_or_style(shop: FlaskClient) -> None:
    order = shop.post("/buy", data=filled()).location
    for path in ("/", "/buy", "/buy?product=PASS-ADULT", order):
        html = shop.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=", html)
        assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", html))
