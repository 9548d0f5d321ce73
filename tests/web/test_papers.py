"""Receipts as PDF, and the data of an invoice from the buyer to the list."""

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import clock
from passes.lifecycle.models import Pass
from passes.sale import paper_pages
from passes.sale.invoice_models import OrderInvoice
from passes.sale.invoices import InvoiceData
from passes.sale.models import Order
from passes.sale.queries import order_token
from passes.sale.receipts import Receipt, ReceiptLine, receipt_pdf
from tests.city import pay, place
from tests.factories import city
from tests.web.browsers import signed_in
from tests.web.test_shop import errors_of

COMPANY = {
    "buyer_kind": "company",
    "title": "示例文旅有限公司",
    "tax_number": "91110000 6000 37341l",
    "email": "books@example.com",
}


@pytest.fixture
def buyer(client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(clock, "now", lambda: now)
    city(session, now=now)
    client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "zh-CN", "HTTP_SEC_FETCH_SITE": "same-origin"}
    return client


def paid(session: Session, now: datetime, number: int = 1) -> str:
    """The address of a paid order."""
    order_id = place(number, "王小明", now)
    pay(order_id, "alipay", now)
    return f"/orders/{order_token(session.get_one(Order, order_id).public_id)}"


def text_of(pdf: bytes) -> str:
    """What the paper says, without blanks; this reader puts a zero byte before each character."""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).translate({0: None, 32: None})


def test_the_receipt_says_what_was_paid_in_both_languages(buyer: FlaskClient, session: Session, now: datetime) -> None:
    order = paid(session, now)
    number = session.scalars(select(Order.number)).one()
    pass_number = session.scalars(select(Pass.number)).one()
    page = buyer.get(order).text
    assert f"{order}/receipt.pdf?lang=zh" in page
    chinese = buyer.get(f"{order}/receipt.pdf")
    assert (chinese.status_code, chinese.mimetype) == (200, "application/pdf")
    said = text_of(chinese.data)
    for words in ("收款凭据", number, pass_number, "王小明", "悠游兰州年卡·成人", "支付宝", "¥199.00", "TEST/测试"):
        assert words in said
    english = text_of(buyer.get(f"{order}/receipt.pdf?lang=en").data)
    for words in ("Receipt", number, "Alipay", "YouyouLanzhouAnnualPass(Adult)", "¥199.00", "Itisnotataxinvoice"):
        assert words in english
    assert len(chinese.data) < 60_000


def test_one_link_does_not_keep_the_machine_busy(
    buyer: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = paid(session, now)
    monkeypatch.setattr(paper_pages, "RECEIPTS", 1)
    assert [buyer.get(f"{order}/receipt.pdf").status_code for _ in range(2)] == [200, 429]


def test_there_is_no_receipt_before_the_money(buyer: FlaskClient, session: Session, now: datetime) -> None:
    order_id = place(1, "王小明", now)
    order = f"/orders/{order_token(session.get_one(Order, order_id).public_id)}"
    assert buyer.get(f"{order}/receipt.pdf").status_code == 409
    assert buyer.get("/orders/nonsense/receipt.pdf").status_code == 404


def test_names_of_any_length_and_script_fit_on_the_paper(now: datetime) -> None:
    odd = "阿卜杜拉·" * 20 + " O'Neill & <b>😀"
    lines = [ReceiptLine({"zh": "卡" * 60, "en": "Pass " * 30}, odd, "T-AAAA-CCCC", 19900)] * 10
    invoice = InvoiceData("company", odd, "91110000600037341L", "a@example.com")
    receipt = Receipt("T-1", False, now, None, lines, 199000, 19900, invoice)
    pdf = receipt_pdf(receipt, "zh", now=now)
    assert len(PdfReader(io.BytesIO(pdf)).pages) > 1
    assert "¥1,791.00" in text_of(pdf)
    assert pdf == receipt_pdf(receipt, "zh", now=now)


def test_invoice_data_reach_the_list_and_its_csv(
    buyer: FlaskClient, app: Flask, session: Session, now: datetime
) -> None:
    order = paid(session, now)
    assert buyer.post(f"{order}/invoice", data=COMPANY).status_code == 303
    assert "示例文旅有限公司" in buyer.get(f"{order}/invoice").text
    assert "91110000600037341L" in text_of(buyer.get(f"{order}/receipt.pdf").data)
    formula = paid(session, now, 2)
    person = {"buyer_kind": "person", "title": "=1+1", "tax_number": "", "email": "w@example.com"}
    assert buyer.post(f"{formula}/invoice", data=person).status_code == 303
    unpaid_id = place(5, "李丽", now)
    unpaid = f"/orders/{order_token(session.get_one(Order, unpaid_id).public_id)}"
    assert buyer.post(f"{unpaid}/invoice", data=COMPANY).status_code == 303
    finance = signed_in(app, session, "finance", now)
    assert "示例文旅有限公司" in finance.get("/admin/invoices").text
    sheet = finance.get("/admin/invoices.csv?lang=en").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(sheet)))
    assert [row[2:] for row in rows[1:]] == [
        [
            "A company or organisation",
            "示例文旅有限公司",
            "91110000600037341L",
            "books@example.com",
            "199.00",
            "0.00",
            "199.00",
        ],
        ["A person", "'=1+1", "", "w@example.com", "199.00", "0.00", "199.00"],
    ]
    assert (
        len(list(csv.reader(io.StringIO(finance.get("/admin/invoices.csv?from=2026-01-01&to=2026-01-31").text)))) == 1
    )
    assert signed_in(app, session, "care", now).get("/admin/invoices.csv").status_code == 403


def test_what_was_given_can_be_changed(buyer: FlaskClient, session: Session, now: datetime) -> None:
    order = paid(session, now)
    buyer.post(f"{order}/invoice", data=COMPANY)
    buyer.post(f"{order}/invoice", data=COMPANY | {"buyer_kind": "person", "title": "王小明"})
    kept = session.scalars(select(OrderInvoice)).one()
    assert (kept.buyer_kind, kept.title, kept.tax_number) == ("person", "王小明", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("buyer_kind", "cat"),
        ("title", ""),
        ("title", "长" * 101),
        ("tax_number", ""),
        ("tax_number", "91110000600037341M"),
        ("tax_number", "12345"),
        ("email", "nobody"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(
    buyer: FlaskClient, session: Session, now: datetime, field: str, value: str
) -> None:
    order = paid(session, now)
    answer = buyer.post(f"{order}/invoice", data=COMPANY | {field: value})
    assert answer.status_code == 422 and f'id="{field}-error-1"' in answer.text
    assert len(errors_of(answer)) == 1
    assert session.scalars(select(OrderInvoice)).all() == []


def test_an_order_that_ended_unpaid_has_no_invoice(buyer: FlaskClient, session: Session, now: datetime) -> None:
    order_id = place(1, "王小明", now)
    order = session.get_one(Order, order_id)
    order.state = "canceled"
    session.flush()
    assert buyer.post(f"/orders/{order_token(order.public_id)}/invoice", data=COMPANY).status_code == 409


def test_only_one_file_draws_pdf() -> None:
    rooms = Path(__file__).parents[2] / "passes"
    assert [path.name for path in rooms.rglob("*.py") if "import FPDF" in path.read_text()] == ["receipts.py"]
