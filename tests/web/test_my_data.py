"""The holder's data: everything can be taken along, and what is erased is gone from every table."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import MetaData, Text, cast, func, select, update
from sqlalchemy.orm import Session

from passes import clock
from passes.access.models import AuditEntry
from passes.booking.models import Reservation
from passes.db import Base
from passes.entitlement.nodes import Text as Words
from passes.gate.models import Scan
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.gate.voids import void_scan
from passes.lifecycle.models import Member, Pass
from passes.lifecycle.service import activate_pass, hold_pass
from passes.mail.models import Letter
from passes.sale import refund_words
from passes.sale.invoice_models import OrderInvoice
from passes.sale.invoices import InvoiceData, keep_invoice
from passes.sale.models import Order, OrderLine, Payment, WebhookEvent
from passes.sale.refund_letters import write_refund_paid
from passes.sale.refund_lines import kept_of
from passes.sale.refund_rules import Line
from passes.sale.refunds import RefundAsked, RefundPart, request_refund
from passes.sale.service import end_order
from passes.wallet import retention_rules
from passes.wallet.lookups import answer_lookups, ask_for_code
from passes.wallet.retention import forget_old_data
from tests.city import pay, place
from tests.factories import city, code_of, gate_at
from tests.web.browsers import signed_in
from tests.web.test_wallet_refund import Holder

NAME, PHONE_END, MAIL = "欧阳小明", "12340001", "holder1@example.com"


@pytest.fixture
def holder(client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Holder:
    made = Holder(client, session, now)
    monkeypatch.setattr(clock, "now", lambda: made.now)
    session.execute(update(Member).values(name=NAME))
    session.execute(update(OrderLine).values(holder_name=NAME))
    session.expire_all()
    made.path = made.path.removesuffix("refund") + "data"
    return made


def tables_with(session: Session, words: str) -> list[str]:
    """Every table of the database in whose rows these words stand, whatever the column."""
    metadata: MetaData = Base.metadata
    return sorted(
        table.name
        for table in metadata.sorted_tables
        if session.scalar(
            select(func.count())
            .select_from(table)
            .where(func.concat_ws(" ", *(cast(c, Text) for c in table.c)).contains(words))
        )
    )


def test_the_file_holds_everything_and_no_secret_of_ours(holder: Holder, session: Session) -> None:
    activate_pass(session, holder.pass_.id, now=holder.now)
    holder.visit("B01", "S01")
    answer = holder.client.get(f"{holder.path}.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    found = answer.get_json()
    assert found["holder"]["name"] == NAME and found["order_line"]["holder_phone"].endswith(PHONE_END)
    assert [visit["benefit_id"] for visit in found["visits"]] == ["B01"]
    assert [payment["amount_received_fen"] for payment in found["payments"]] == [19900]
    assert found["letters"][0]["recipient"] == MAIL
    assert "document_hmac" not in answer.text and "idempotency_key" not in answer.text


def test_the_file_opens_no_order_and_no_other_pass(holder: Holder, session: Session) -> None:
    invoice = InvoiceData("company", "兰州某某有限公司", "91620100MA71XXXX0A", "books@example.com")
    keep_invoice(session, holder.order_id, invoice, now=holder.now)
    written = session.scalars(select(Letter).where(Letter.kind == "order_paid")).one()
    assert "/orders/" in written.body and "/w/" in written.body
    found = holder.client.get(f"{holder.path}.json").get_json()
    (letter,) = found["letters"]
    assert "/orders/" not in letter["body"] and "/w/" not in letter["body"]
    assert "Thank you" in letter["body"] or "谢谢" in letter["body"] or "感谢" in letter["body"]
    assert "invoice" not in found and "91620100" not in str(found)


def test_the_file_tells_all_that_was_used_and_kept_and_nobody_of_the_staff(holder: Holder, session: Session) -> None:
    activate_pass(session, holder.pass_.id, now=holder.now)
    gate = gate_at(session, "S01", now=holder.now, default_benefit_id="B01").gate
    scan = ScanRequest(scan_id=uuid4(), code=code_of(session, holder.pass_, now=holder.now))
    record_scans(session, gate, [scan], now=holder.now)
    void_scan(session, gate, scan.scan_id, "clerk Zhao: a slip", now=holder.now + timedelta(seconds=9))
    hours = {"starts_at": holder.now, "ends_at": holder.now + timedelta(hours=1), "made_at": holder.now}
    about = {"pass_id": holder.pass_.id, "benefit_id": "B01", "venue_id": "S01"}
    session.add(Reservation(state="booked", made_by="desk.zhao", **about, **hours))
    zhao = {"staff_login": "desk.zhao", "facts": {"note": "Zhao thinks so", "days": 3}, "happened_at": holder.now}
    session.add(AuditEntry(action="pass.held", subject=f"pass:{holder.pass_.id}", **zhao))
    paid = session.scalars(select(Payment)).one()
    said = {
        "type": "charge.succeeded",
        "object_type": "charge",
        "object_id": paid.provider_charge_id,
        "livemode": False,
    }
    moments = {"provider_created_at": holder.now, "received_at": holder.now, "next_attempt_at": holder.now}
    session.add(WebhookEvent(event_id="evt_1", state="processed", payload={"name": "PAYER"}, **said, **moments))
    session.flush()
    answer = holder.client.get(f"{holder.path}.json")
    found = answer.get_json()
    assert [row["venue_id"] for row in found["reservations"]] == ["S01"]
    assert [row["scan_row_id"] for row in found["visits_taken_back"]] == [row["id"] for row in found["visits"]]
    assert {row["used"] for row in found["used"]} == {0}
    assert [row["type"] for row in found["provider_messages"]] == ["charge.succeeded"]
    assert {"days": 3} in [row["facts"] for row in found["changes"]]
    assert not re.search("zhao|PAYER", answer.text, re.IGNORECASE)


def test_a_code_to_find_the_pass_is_told_and_erased_with_it(holder: Holder, session: Session) -> None:
    member = session.scalars(select(Member)).one()
    asked = uuid4()
    ask_for_code(session, asked, member.phone, member.document_last4, locale="en", now=holder.now)
    assert answer_lookups(session, by_mail=True, by_sms=True, now=holder.now) == 1
    written = session.scalars(select(Letter).where(Letter.kind == "lookup_code")).one()
    assert written.about == f"pass:{holder.pass_.id}"
    [told] = [row for row in holder.client.get(f"{holder.path}.json").get_json()["letters"] if row["id"] == written.id]
    [code] = re.findall(r"\b[0-9]{6}\b", written.body)
    assert code not in told["body"] and "······" in told["body"]
    assert holder.client.post(holder.path, data={"sure": "yes", "end_pass": "yes"}).status_code == 303
    session.refresh(written)
    assert (written.recipient, written.body, written.erased_at is not None) == (None, "–", True)


def test_what_is_erased_stands_in_no_table_any_more(holder: Holder, session: Session) -> None:
    activate_pass(session, holder.pass_.id, now=holder.now)
    holder.visit("B01", "S01")
    invoice = InvoiceData("person", "发票抬头", None, "books@example.com")
    keep_invoice(session, holder.order_id, invoice, now=holder.now)
    for words in (NAME, PHONE_END, MAIL):
        assert tables_with(session, words) != []
    given = {"sure": "yes", "end_pass": "yes"}
    assert holder.client.post(holder.path, data=given).status_code == 303
    assert holder.client.post(holder.path, data=given).status_code == 303
    for words in (NAME, PHONE_END, MAIL):
        assert tables_with(session, words) == []
    order = session.scalars(select(Order)).one()
    assert (order.total_fen, order.state, order.email) == (19900, "paid", None)
    assert session.scalars(select(OrderInvoice.title)).all() == ["发票抬头"]
    assert session.scalars(select(Payment.amount_received_fen)).all() == [19900]
    assert session.scalars(select(Pass.state)).all() == ["void"]
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"pass:{holder.pass_.id}")).all()
    assert actions.count("pass.data_erased") == 1
    assert "Your personal data were erased on" in holder.client.get(holder.path).text


def test_neither_the_gates_nor_the_providers_messages_remember_who_it_was(holder: Holder, session: Session) -> None:
    activate_pass(session, holder.pass_.id, now=holder.now)
    holder.visit("B01", "S01")
    payment = session.scalars(select(Payment)).one()
    names = {"cs": payment.checkout_id, "pi": payment.provider_intent_id, "ch": payment.provider_charge_id}
    for kind, name in (names | {"uid": None, "other": "cs_other"}).items():
        session.add(
            WebhookEvent(
                event_id=f"evt_{kind}",
                type="anything",
                livemode=False,
                object_type="anything",
                object_id=name or "obj",
                payment_uid=str(payment.uid) if kind == "uid" else None,
                provider_created_at=holder.now,
                payload={"customer_details": {"name": "PAYER"}},
                received_at=holder.now,
                next_attempt_at=holder.now,
                state="processed",
            )
        )
    session.flush()
    scan = session.scalars(select(Scan)).one()
    assert scan.response["holder"]["name"][0] == NAME[0]  # type: ignore[index]
    assert holder.client.post(holder.path, data={"sure": "yes", "end_pass": "yes"}).status_code == 303
    session.refresh(scan)
    assert scan.response["holder"] is None and scan.response["decision"] == "admitted"
    left = select(WebhookEvent.event_id).where(cast(WebhookEvent.payload, Text).contains("PAYER"))
    assert session.scalars(left).all() == ["evt_other"]


def test_the_desk_still_reads_an_erased_pass_and_order(holder: Holder, app: Flask, session: Session) -> None:
    holder.client.post(holder.path, data={"sure": "yes", "end_pass": "yes"})
    care = signed_in(app, session, "care", holder.now)
    assert care.get(f"/admin/passes/{holder.pass_.id}").status_code == 200
    assert care.get(f"/admin/orders/{holder.order_id}").status_code == 200
    assert holder.client.get(holder.path.removesuffix("/data")).status_code == 200


def test_a_file_tells_of_a_refund_what_is_of_this_pass_alone(holder: Holder, session: Session) -> None:
    mine = Line("use", refund_words.use(Words("白塔山", "White Pagoda"), holder.now.date()), 5000)
    other = Line("use", refund_words.use(Words("五泉山", "Five Springs"), holder.now.date()), 4000)
    pay(place(2, "李四", holder.now), "card", holder.now)
    other_id = session.scalars(select(func.max(Pass.id))).one()
    asked = RefundAsked("form", (RefundPart(holder.pass_.id, 5000, lines=(mine,)),), by="one.finance")
    refund = request_refund(session, holder.order_id, asked, now=holder.now)
    refund.lines = [*(refund.lines or ()), *kept_of(other_id, [other])]
    refund.amount_fen = 9000
    session.flush()
    order, payment = session.get_one(Order, holder.order_id), session.get_one(Payment, refund.payment_id)
    write_refund_paid(session, order, payment, refund, now=holder.now)
    file = holder.client.get(f"{holder.path}.json").get_json()
    assert [line["zh"][-3:] for line in file["refunds"][0]["lines"]] == ["白塔山"]
    assert [letter["kind"] for letter in file["letters"]].count("refund_paid") == 1
    told = session.scalars(select(Letter.body).order_by(Letter.id)).all()[-1]
    assert "五泉山" not in str(file) and told.count("已使用权益 1 次") == 2
    for name in ("Five Springs", "White Pagoda", "五泉山", "白塔山"):
        assert name not in told, "whoever bought a pass need not know where its holder was"


def test_a_living_pass_and_a_refund_under_way_keep_their_data(holder: Holder, session: Session) -> None:
    answer = holder.client.post(holder.path, data={"sure": "yes"})
    assert answer.status_code == 409 and "can still be used" in answer.text
    refund = Holder.form
    holder.path = holder.path.removesuffix("data") + "refund"
    assert holder.client.post(holder.path, data=refund(holder)).status_code == 303
    holder.path = holder.path.removesuffix("refund") + "data"
    answer = holder.client.post(holder.path, data={"sure": "yes", "end_pass": "yes"})
    assert answer.status_code == 409 and "A refund is under way" in answer.text
    assert session.scalars(select(Member.name)).all() == [NAME]


def test_an_open_dispute_keeps_the_data_whatever_froze_the_pass_first(holder: Holder, session: Session) -> None:
    hold_pass(session, holder.pass_.id, "lost", by="care", now=holder.now)
    hold_pass(session, holder.pass_.id, "dispute", by="sale", now=holder.now + timedelta(seconds=1))
    session.execute(update(Payment).values(dispute_id="dp_1", dispute_status="needs_response"))
    session.expire_all()
    answer = holder.client.post(holder.path, data={"sure": "yes", "end_pass": "yes"})
    assert answer.status_code == 409 and "A payment is disputed" in answer.text
    assert session.scalars(select(Member.name)).all() == [NAME]
    session.execute(update(Payment).values(dispute_status="won"))
    session.expire_all()
    assert holder.client.post(holder.path, data={"sure": "yes", "end_pass": "yes"}).status_code == 303


@pytest.mark.parametrize("given", [{}, {"sure": "no"}, {"sure": "yes", "end_pass": "perhaps"}])
def test_without_the_tick_nothing_is_erased(holder: Holder, session: Session, given: dict[str, str]) -> None:
    assert holder.client.post(holder.path, data=given).status_code == 422
    assert session.scalars(select(Member.name)).all() == [NAME]


def test_the_notice_says_what_the_chore_does(client: FlaskClient, session: Session, now: datetime) -> None:
    city(session, now=now)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en-GB"
    page = client.get("/privacy").text
    assert f"{retention_rules.HOLDER_AFTER_END.days // 365} years after the pass has ended" in page
    assert f"An order that nobody paid: {retention_rules.UNPAID_ORDER.days} days." in page
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    assert "隐私说明" in client.get("/privacy").text


def test_the_chore_forgets_what_was_kept_long_enough_and_nothing_else(session: Session, now: datetime) -> None:
    city(session, now=now)
    paid = place(1, "王小明", now)
    pay(paid, "alipay", now)
    unpaid, waiting = place(2, "李丽", now), place(5, "张伟", now)
    for order_id in (paid, unpaid):
        keep_invoice(session, order_id, InvoiceData("person", "李丽", None, "books@example.com"), now=now)
    assert end_order(session, session.get_one(Order, unpaid), "hold_over", actor="chore", reason="", now=now)
    session.execute(update(Pass).values(state="void", ended_at=now))
    message = {
        "type": "checkout.session.completed",
        "livemode": False,
        "object_type": "checkout.session",
        "object_id": "cs_1",
        "provider_created_at": now,
        "payload": {"customer_details": {"email": MAIL}},
        "received_at": now,
        "next_attempt_at": now,
    }
    session.add(WebhookEvent(event_id="evt_1", state="processed", **message))
    session.add(WebhookEvent(event_id="evt_2", state="received", **message))
    session.flush()

    def names() -> set[str]:
        return set(session.scalars(select(OrderLine.holder_name).order_by(OrderLine.id)))

    assert forget_old_data(session, now=now + timedelta(days=29)) == 0
    assert forget_old_data(session, now=now + timedelta(days=31)) > 0
    assert names() == {"王小明", "–", "张伟"}
    assert session.scalars(select(OrderInvoice.order_id)).all() == [paid], "no tax law asks for what was never paid"
    assert forget_old_data(session, now=now + timedelta(days=181)) > 0
    assert set(session.scalars(select(Letter.body).where(Letter.state != "waiting"))) <= {"–"}
    payloads = dict(session.execute(select(WebhookEvent.event_id, WebhookEvent.payload)).all())
    assert payloads["evt_1"] == {} and payloads["evt_2"] != {}
    assert session.scalars(select(Member.name)).all() == ["王小明"]
    later = now + retention_rules.HOLDER_AFTER_END + timedelta(days=1)
    assert forget_old_data(session, now=later) > 0
    assert session.scalars(select(Member.name)).all() == ["–"]
    assert names() == {"–", "张伟"}
    assert forget_old_data(session, now=later) == 0
    assert session.get_one(Order, waiting).erased_at is None
    assert "王" not in str(session.scalars(select(AuditEntry.facts)).all())


def test_a_link_that_is_not_ours_gives_no_data(client: FlaskClient, session: Session) -> None:
    for path in ("/w/nonsense/data", "/w/nonsense/data.json"):
        assert client.get(path).status_code == 404
