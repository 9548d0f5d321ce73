"""Finance pays back, records transfers, decides reviews, takes evidence along, and reads what does not agree."""

import csv
import io
import json
import re
import zipfile
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry
from passes.admin.money_rules import fen_of, shared
from passes.lifecycle.models import Pass, PassHold
from passes.sale import money_back, refund_outcomes
from passes.sale.consents import PRIVACY_VERSION
from passes.sale.models import Order, Payment, Refund, WebhookEvent
from passes.sale.money_models import MoneyException
from passes.sale.payments import begin_payment, record_snapshot
from passes.sale.provider import DisputeSnapshot, MoneyBack, RefundSnapshot
from passes.sale.reconciliation import Finding, keep_findings, ledger_faults
from tests.city import INSTALLATION, PUBLIC_URL, paid_snapshot, pay, place
from tests.factories import city
from tests.web.browsers import signed_in


@pytest.fixture
def order_id(session: Session, now: datetime) -> int:
    city(session, now=now)
    number = place(1, "王小明", now)
    pay(number, "alipay", now)
    return number


@pytest.fixture
def finance(app: Flask, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr("passes.clock.now", lambda: now + timedelta(hours=1))
    return signed_in(app, session, "finance", now)


def refund_form(page: str, **changes: object) -> dict[str, object]:
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None
    return {"key": key[1], "what": "all", "reason": "requested", "way": "original", "note": "坐不了"} | changes


def test_a_refund_by_staff_holds_the_pass_and_is_asked_for_once(
    finance: FlaskClient, session: Session, order_id: int
) -> None:
    page = finance.get(f"/admin/orders/{order_id}").text
    form = refund_form(page)
    for _ in range(2):
        answer = finance.post(f"/admin/orders/{order_id}/refunds", data=form, follow_redirects=True)
        assert answer.status_code == 200 and "原路退回" in answer.text
    (refund,) = session.scalars(select(Refund)).all()
    assert (refund.amount_fen, refund.state, refund.channel, refund.requested_by) == (
        19900,
        "requested",
        "provider",
        "one.finance",
    )
    assert session.scalars(select(PassHold.reason)).all() == ["refund"]
    assert session.scalars(select(AuditEntry.action)).all().count("order.refunded") == 1


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"note": "x"}, 422, "请简要说明原因"),
        ({"amount": "zwölf"}, 422, "以元为单位"),
        ({"amount": "0"}, 422, "必须大于零"),
        ({"amount": "199.01"}, 422, "超过了所付价款"),
        ({"what": "none"}, 422, "请填写"),
        ({"what": "none", "amount": "200"}, 409, "退款不能超过已收金额"),
        ({"what": "99"}, 422, "请从列表中选择"),
        ({"reason": "external"}, 422, "请从列表中选择"),
        ({"key": "x"}, 422, "请从本页面"),
    ],
)
def test_a_refund_form_says_beside_the_field_what_is_wrong_and_keeps_nothing(
    finance: FlaskClient, session: Session, order_id: int, changes: dict[str, object], status: int, words: str
) -> None:
    form = refund_form(finance.get(f"/admin/orders/{order_id}").text, **changes)
    answer = finance.post(f"/admin/orders/{order_id}/refunds", data=form)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert session.scalars(select(Refund)).all() == []


def test_a_transfer_by_hand_is_recorded_and_ends_the_pass(
    finance: FlaskClient, session: Session, order_id: int
) -> None:
    form = refund_form(finance.get(f"/admin/orders/{order_id}").text, way="transfer", amount="150.5")
    page = finance.post(f"/admin/orders/{order_id}/refunds", data=form, follow_redirects=True).text
    (refund,) = session.scalars(select(Refund)).all()
    assert (refund.channel, refund.amount_fen, "¥150.50" in page) == ("manual", 15050, True)
    address = f"/admin/orders/{order_id}/refunds/{refund.id}/paid"
    assert finance.post(address, data={"evidence": ""}).status_code == 422
    page = finance.post(address, data={"evidence": "中行 4711"}, follow_redirects=True).text
    assert "转账已登记" in page and finance.post(address, data={"evidence": "中行 4711"}).status_code == 409
    session.expire_all()
    assert (refund.state, session.scalars(select(Pass.state)).all()) == ("succeeded", ["void"])


def transfer(finance: FlaskClient, session: Session, order_id: int, what: str = "all") -> Refund:
    form = refund_form(finance.get(f"/admin/orders/{order_id}").text, way="transfer", what=what)
    assert finance.post(f"/admin/orders/{order_id}/refunds", data=form).status_code == 303
    return session.scalars(select(Refund).order_by(Refund.id.desc())).all()[0]


@pytest.mark.parametrize("way", ["dispute", "refund"])
def test_what_went_back_in_another_way_is_not_transferred_too(
    finance: FlaskClient, session: Session, order_id: int, now: datetime, way: str
) -> None:
    refund = transfer(finance, session, order_id)
    dispute = DisputeSnapshot("du_1", "needs_response", 19900, "fraudulent", None)
    external = RefundSnapshot("re_x", "succeeded", 19900, None, None)
    money = MoneyBack((), (dispute,)) if way == "dispute" else MoneyBack((external,), ())
    assert "请勿转账" not in finance.get(f"/admin/orders/{order_id}").text
    money_back.record_money_back(session, refund.payment_id, money, now=now)
    session.flush()
    page = finance.get(f"/admin/orders/{order_id}").text
    assert "请勿转账" in page and "登记转账" not in page.split("请勿转账")[1].split("</section>")[0]
    address = f"/admin/orders/{order_id}/refunds/{refund.id}"
    assert finance.post(f"{address}/paid", data={"evidence": "中行 4711"}).status_code == 409
    assert finance.post(f"{address}/withdrawn", data={"note": ""}).status_code == 422
    assert finance.post(f"{address}/withdrawn", data={"note": "已另行退款"}).status_code == 303
    assert finance.post(f"{address}/withdrawn", data={"note": "已另行退款"}).status_code == 409
    session.expire_all()
    holds = select(PassHold.reason).where(PassHold.closed_at.is_(None))
    assert (refund.state, session.scalars(holds).all()) == ("canceled", ["dispute"] if way == "dispute" else [])
    order = session.get_one(Order, order_id)
    assert order.attention == [{"dispute": "disputed", "refund": "external_refund"}[way]]
    assert "的退款已撤销" in finance.get(f"/admin/orders/{order_id}").text


def test_a_transfer_that_came_back_is_made_once_more(finance: FlaskClient, session: Session, order_id: int) -> None:
    refund = transfer(finance, session, order_id)
    address = f"/admin/orders/{order_id}/refunds/{refund.id}"
    assert finance.post(f"{address}/bounced", data={"note": "账号有误"}).status_code == 409
    assert finance.post(f"{address}/paid", data={"evidence": "中行 4711"}).status_code == 303
    assert f'action="{address}/bounced"' in finance.get(f"/admin/orders/{order_id}").text
    other = place(2, "李四", session.get_one(Order, order_id).placed_at)
    foreign = f"/admin/orders/{other}/refunds/{refund.id}/bounced"
    assert finance.post(foreign, data={"note": "账号有误"}).status_code == 409
    assert finance.post(f"{address}/bounced", data={"note": "账号有误"}).status_code == 303
    session.expire_all()
    payment = session.get_one(Payment, refund.payment_id)
    assert (refund.state, payment.amount_refunded_fen) == ("failed", 0)
    assert ledger_faults(session) == []
    again = transfer(finance, session, order_id, str(session.scalars(select(Pass.id)).one()))
    assert (
        finance.post(f"/admin/orders/{order_id}/refunds/{again.id}/paid", data={"evidence": "4712"}).status_code == 303
    )
    session.expire_all()
    assert (again.state, payment.amount_refunded_fen, ledger_faults(session)) == ("succeeded", 19900, [])


def test_only_finance_and_admins_pay_back(app: Flask, session: Session, order_id: int, now: datetime) -> None:
    care = signed_in(app, session, "care", now)
    assert 'name="key"' not in care.get(f"/admin/orders/{order_id}").text
    assert care.post(f"/admin/orders/{order_id}/refunds", data={}).status_code == 403
    assert care.get("/admin/money").status_code == 403


def test_the_evidence_of_a_disputed_order_is_one_bundle_without_secret_links(
    finance: FlaskClient, session: Session, order_id: int, now: datetime
) -> None:
    payment_id = session.scalars(select(Payment.id)).one()
    dispute = DisputeSnapshot("du_1", "needs_response", 19900, "fraudulent", now + timedelta(days=9))
    money_back.record_money_back(session, payment_id, MoneyBack((), (dispute,)), now=now)
    session.flush()
    page = finance.get(f"/admin/orders/{order_id}").text
    assert "du_1" in page and "下载证据" in page and "退款方式" not in page
    answer = finance.post(f"/admin/orders/{order_id}/evidence")
    bundle = zipfile.ZipFile(io.BytesIO(answer.data))
    assert sorted(bundle.namelist()) == [
        "README.txt",
        "ledger.csv",
        "letters.txt",
        "order.json",
        "terms-1.json",
        "visits.csv",
    ]
    whole = "".join(bundle.read(name).decode() for name in bundle.namelist())
    assert (
        "CNY 199.00" in whole
        and "du_1" in whole
        and "王小明" in whole
        and "/w/" not in whole
        and "/orders/" not in whole
    )
    assert "order.evidence_taken" in session.scalars(select(AuditEntry.action)).all()


def test_the_evidence_says_of_the_terms_what_the_order_says_and_no_more(
    finance: FlaskClient, session: Session, order_id: int, now: datetime
) -> None:
    def told() -> tuple[str, dict[str, object]]:
        bundle = zipfile.ZipFile(io.BytesIO(finance.post(f"/admin/orders/{order_id}/evidence").data))
        return bundle.read("README.txt").decode(), json.loads(bundle.read("order.json"))

    session.get_one(Order, order_id).guardian_consent = True
    session.flush()
    words, row = told()
    assert "accepted the terms, version 1 (terms-1.json), by a tick, in Chinese, on 2026-11-25" in words
    assert PRIVACY_VERSION in words and "parent or guardian" in words
    assert row["acceptance"] == {
        "at": str(now),
        "terms_version": 1,
        "locale": "zh",
        "privacy_version": PRIVACY_VERSION,
        "guardian_consent": True,
    }
    nothing = dict.fromkeys(
        ("terms_accepted_at", "terms_version", "terms_locale", "privacy_version", "guardian_consent")
    )
    session.execute(update(Order).values(**nothing))
    session.expire_all()
    words, row = told()
    assert "was not noted with this order" in words and "by a tick" not in words and row["acceptance"] is None


def test_a_pass_whose_money_went_back_at_the_provider_is_cancelled_by_staff(
    finance: FlaskClient, session: Session, order_id: int, now: datetime
) -> None:
    pass_id, payment_id = session.scalars(select(Pass.id)).one(), session.scalars(select(Payment.id)).one()
    address = f"/admin/orders/{order_id}/passes/{pass_id}/cancel"
    assert finance.post(address, data={"note": "平台退款"}).status_code == 409
    part, rest = (RefundSnapshot(f"re_{fen}", "succeeded", fen, None, None) for fen in (19899, 1))
    for refunds in ((part,), (rest, part)):
        assert finance.post(address, data={"note": "平台退款"}).status_code == 409
        money_back.record_money_back(session, payment_id, MoneyBack(refunds, ()), now=now)
        session.flush()
    assert "作废年卡" in finance.get(f"/admin/orders/{order_id}").text
    assert finance.post(address, data={"note": "平台退款"}).status_code == 303
    session.expire_all()
    assert session.scalars(select(Pass.state)).all() == ["void"]


def test_what_does_not_agree_is_settled_with_a_reason_and_found_again_anew(
    finance: FlaskClient, session: Session, order_id: int, now: datetime
) -> None:
    finding = Finding("unknown_line", "txn_1", facts={"amount": -100})
    keep_findings(session, [finding], now=now)
    keep_findings(session, [finding], now=now + timedelta(days=1))
    (found,) = session.scalars(select(MoneyException)).all()
    page = finance.get("/admin/money").text
    assert "txn_1" in page and "平台有一笔我方不认识的入账" in page
    assert finance.post(f"/admin/money/differences/{found.id}", data={"note": ""}).status_code == 422
    assert finance.post(f"/admin/money/differences/{found.id}", data={"note": "银行手续费"}).status_code == 303
    assert finance.post(f"/admin/money/differences/{found.id}", data={"note": "银行手续费"}).status_code == 409
    assert "分毫不差" in finance.get("/admin/money").text
    assert "银行手续费" in finance.get("/admin/money?show=settled").text
    assert keep_findings(session, [finding], now=now + timedelta(days=2)) == 1
    assert keep_findings(session, [], now=now + timedelta(days=3)) == 0


def test_a_message_given_up_is_shown_and_taken_up_again(finance: FlaskClient, session: Session, now: datetime) -> None:
    event = WebhookEvent(
        event_id="evt_1",
        type="refund.failed",
        livemode=False,
        object_type="refund",
        object_id="re_1",
        provider_created_at=now,
        payload={"data": {"object": {}}},
        received_at=now,
        state="dead",
        attempts=8,
        next_attempt_at=now,
        last_error="RuntimeError: a bug",
    )
    session.add(event)
    session.flush()
    assert "a bug" in finance.get("/admin/money").text
    assert finance.post("/admin/money/messages/evt_1").status_code == 303
    session.expire_all()
    assert (event.state, event.attempts) == ("received", 0)
    assert [finance.post(f"/admin/money/messages/{name}").status_code for name in ("evt_1", "evt_2")] == [409, 409]


def test_a_message_nobody_needs_is_laid_aside_and_an_emptied_one_is_not_taken_up(
    finance: FlaskClient, session: Session, now: datetime
) -> None:
    said = {"type": "charge.updated", "livemode": False, "object_type": "charge", "object_id": "ch_9", "payload": {}}
    moments = {"provider_created_at": now, "received_at": now, "next_attempt_at": now}
    event = WebhookEvent(event_id="evt_9", state="unmatched", **said, **moments)
    session.add(event)
    session.flush()
    page = finance.get("/admin/money").text
    assert "/admin/money/messages/evt_9/dismiss" in page and 'messages/evt_9"' not in page
    assert 'aria-label="搁置：ch_9">搁置<' in page, "what is spoken to the page begins with what is read on it"
    assert finance.post("/admin/money/messages/evt_9").status_code == 409
    session.expire_all()
    assert event.state == "unmatched", "nobody can read it any more"
    assert finance.post("/admin/money/messages/evt_9/dismiss").status_code == 303
    assert finance.post("/admin/money/messages/evt_9/dismiss").status_code == 409
    session.expire_all()
    assert event.state == "processed" and event.processed_at is not None
    assert "ch_9" not in finance.get("/admin/money").text


def test_the_ledger_of_some_days_sums_to_the_fen(
    finance: FlaskClient, session: Session, order_id: int, now: datetime
) -> None:
    form = refund_form(finance.get(f"/admin/orders/{order_id}").text, way="transfer", amount="0.01")
    finance.post(f"/admin/orders/{order_id}/refunds", data=form)
    refund_id = session.scalars(select(Refund.id)).one()
    refund_outcomes.record_payout_by_hand(session, refund_id, by="f", evidence="x", now=now + timedelta(days=1))
    session.flush()
    day = f"{now + timedelta(hours=8):%Y-%m-%d}"
    next_day = f"{now + timedelta(hours=32):%Y-%m-%d}"
    whole = read(finance.get(f"/admin/money/ledger.csv?from={day}&until={next_day}").data)
    first, second = (read(finance.get(f"/admin/money/ledger.csv?from={d}").data) for d in (day, next_day))
    assert [(row["fact"], row["account"], row["amount_fen"]) for row in whole] == [
        ("paid", "provider", "19900"),
        ("refund_succeeded", "bank", "-1"),
        ("closing", "bank", "0"),
        ("closing", "provider", "0"),
    ]
    for rows in (whole, first, second):
        for account in ("provider", "bank"):
            mine = [row for row in rows if row["account"] == account]
            opening = sum(int(row["balance_fen"]) for row in mine if row["fact"] == "opening")
            closing = sum(int(row["balance_fen"]) for row in mine if row["fact"] == "closing")
            assert opening + sum(int(row["amount_fen"]) for row in mine) == closing
    assert {row["account"]: row["balance_fen"] for row in second if row["fact"] == "opening"} == {"provider": "19900"}
    assert finance.get("/admin/money/ledger.csv?from=never&until=0").status_code == 200


def read(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def test_a_review_is_decided_by_finance(finance: FlaskClient, session: Session, now: datetime) -> None:
    city(session, now=now)
    order_id = place(1, "王小明", now)
    pay(order_id, "card", now)
    payment = session.scalars(select(Payment)).one()
    address = f"/admin/orders/{order_id}/payments/{payment.id}"
    for verdict in ("accept", "send-back"):
        assert finance.post(f"{address}/{verdict}", data={"note": ""}).status_code == 422
        assert finance.post(f"{address}/{verdict}", data={"note": "看过了"}).status_code == 409
    assert session.get_one(Order, order_id).state == "paid"


def test_late_money_that_did_not_arrive_when_it_went_back_is_paid_back_again(
    finance: FlaskClient, session: Session, now: datetime
) -> None:
    city(session, now=now)
    order_id = place(1, "王小明", now)
    seen = begin_payment(session, order_id, public_url=PUBLIC_URL, install_id=INSTALLATION, now=now)
    order = session.get_one(Order, order_id)
    order.state, order.hold_state = "canceled", "released"
    session.flush()
    snapshot = paid_snapshot(seen.id, 19900, seen.request["metadata"], "alipay")
    record_snapshot(session, seen.id, snapshot, actor="poll", public_url=PUBLIC_URL, now=now)
    first = session.scalars(select(Refund)).one()
    address = f"/admin/orders/{order_id}/payments/{seen.id}/again"
    form = {"key": str(uuid4()), "way": "transfer", "note": "退回失败"}
    assert finance.post(address, data=form).status_code == 409
    for status in ("pending", "failed"):
        failed = RefundSnapshot("re_1", status, 19900, None, None)
        refund_outcomes.record_refund(session, first.id, failed, now=now)
    session.flush()
    page = finance.get(f"/admin/orders/{order_id}").text
    assert "¥199 未能退到" in page and f'action="{address}"' in page
    assert finance.post(address, data={"key": form["key"], "note": ""}).status_code == 422
    for _ in range(2):
        assert finance.post(address, data=form).status_code == 303
    session.expire_all()
    made = session.scalars(select(Refund).order_by(Refund.id)).all()
    assert [(r.state, r.channel, r.reason, r.amount_fen, r.payment_id) for r in made] == [
        ("failed", "provider", "late_payment", 19900, seen.id),
        ("requested", "manual", "late_payment", 19900, seen.id),
    ]
    assert finance.post(address, data=form | {"key": str(uuid4())}).status_code == 422
    paid = f"/admin/orders/{order_id}/refunds/{made[1].id}/paid"
    assert finance.post(paid, data={"evidence": "中行 4711"}).status_code == 303
    session.expire_all()
    assert session.scalars(select(Payment.amount_refunded_fen)).all() == [19900]
    assert session.scalars(select(AuditEntry.action)).all().count("order.refunded") == 1


def test_the_money_of_another_order_is_not_paid_back_by_this_one(
    finance: FlaskClient, session: Session, order_id: int, now: datetime
) -> None:
    payment_id = session.scalars(select(Payment.id)).one()
    other = place(2, "李四", now)
    form = {"key": str(uuid4()), "way": "original", "note": "退回失败"}
    for number in (payment_id, 10**9):
        assert finance.post(f"/admin/orders/{other}/payments/{number}/again", data=form).status_code == 409
    assert session.scalars(select(Refund)).all() == []


@given(st.integers(0, 10**9), st.dictionaries(st.integers(1, 99), st.integers(0, 10**7), min_size=1, max_size=9))
def test_an_amount_is_shared_out_to_the_fen(amount: int, weights: dict[int, int]) -> None:
    shares = shared(amount, weights)
    total = sum(weights.values())
    assert sum(shares.values()) == (amount if total else 0)
    assert all(
        share >= 0 and (total == 0 or abs(share - amount * weights[key] / total) <= 1) for key, share in shares.items()
    )


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("199", 19900),
        ("¥12.5", 1250),
        (" 0.01 ", 1),
        ("1,000", None),
        ("-1", None),
        ("1.234", None),
        ("", None),
        ("１", None),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, fen: int | None) -> None:
    assert fen_of(text) == fen


def test_no_form_key_is_used_for_two_orders(finance: FlaskClient, session: Session, now: datetime) -> None:
    city(session, now=now)
    key = str(uuid4())
    answers = []
    for number in (1, 2):
        order_id = place(number, "王小明", now)
        pay(order_id, "card", now)
        form = {"key": key, "what": "all", "reason": "requested", "note": "两次了"}
        answers.append(finance.post(f"/admin/orders/{order_id}/refunds", data=form).status_code)
    assert answers == [303, 409]
