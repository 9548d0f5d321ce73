"""What the desk pays back: by the terms, whoever is at fault, or another amount; its lines kept, counted once more."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry, Enrolment
from passes.gate.models import Scan
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass, PassHold
from passes.lifecycle.queries import wallet_path
from passes.lifecycle.service import activate_pass
from passes.mail.models import Letter
from passes.money import in_currency
from passes.sale import gate_reports, refund_outcomes
from passes.sale.models import Order, Payment, PaymentEvent, Refund, RefundLine
from passes.sale.money_back import record_money_back
from passes.sale.provider import MoneyBack, RefundSnapshot
from passes.sale.queries import order_token
from passes.sale.reconciliation import ledger_faults
from passes.sale.refunds import return_money
from tests.city import pay, place
from tests.factories import city, code_of, gate_at
from tests.web.browsers import signed_in

AGO = timedelta(days=100)
BY_DAYS = 19900 - 14447  # 265 of 365 days are left of 199 yuan


class Desk:
    """Finance at work on an order of 100 days ago, whose pass was activated then and used once, for 6 yuan."""

    def __init__(self, app: Flask, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        city(session, now=now - AGO)
        self.order_id = place(1, "王小明", now - AGO)
        pay(self.order_id, "card", now - AGO)
        self.pass_ = session.scalars(select(Pass)).one()
        activate_pass(session, self.pass_.id, now=now - AGO)
        self.gate = gate_at(session, "S01", now=now - AGO, default_benefit_id="B01").gate
        self.visit(now - AGO)
        self.finance = signed_in(app, session, "finance", now)

    def visit(self, at: datetime) -> None:
        """As a gate without network tells it."""
        report = ScanRequest(
            scan_id=uuid4(), code=code_of(self.session, self.pass_, now=at), scanned_at=at, shown="admitted", sequence=1
        )
        record_scans(self.session, self.gate, [report], now=self.now)
        self.session.execute(update(Scan).where(Scan.pass_id == self.pass_.id).values(verdict="admitted"))

    def ask(self, **changes: object) -> tuple[int, str]:
        page = self.finance.get(f"/admin/orders/{self.order_id}").text
        form = {"key": key_in(page), "what": "all", "reason": "requested", "way": "original", "note": "坐不了"}
        answer = self.finance.post(f"/admin/orders/{self.order_id}/refunds", data=form | changes, follow_redirects=True)
        self.session.expire_all()
        return answer.status_code, answer.text

    def refund(self) -> Refund:
        return self.session.scalars(select(Refund).order_by(Refund.id.desc())).all()[0]

    def lines(self) -> list[tuple[str, int]]:
        return [(line["code"], line["amount_fen"]) for line in self.refund().lines or ()]


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.fixture
def desk(app: Flask, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("passes.clock.now", lambda: now)
    made = Desk(app, session, now)
    monkeypatch.setattr("passes.clock.now", lambda: made.now)
    return made


def test_the_page_shows_both_quotes_line_by_line(desk: Desk) -> None:
    page = desk.finance.get(f"/admin/orders/{desk.order_id}?lang=en").text
    assert re.findall(r'data-line="(\w+)"', page) == ["paid", "days_gone", "use", "paid", "days_gone"]
    assert re.findall(r'data-payout="(\d+)"', page) == ["13847", "14447"]
    assert "Compensation in yuan" in page and "let you add a compensation" in page


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, [("paid", 19900), ("days_gone", -BY_DAYS), ("use", -600)]),
        ({"cause": "operator"}, [("paid", 19900), ("days_gone", -BY_DAYS)]),
        (
            {"cause": "operator", "compensation": "20"},
            [("paid", 19900), ("days_gone", -BY_DAYS), ("compensation", 2000)],
        ),
        (
            {"cause": "operator", "compensation": "100"},
            [("paid", 19900), ("days_gone", -BY_DAYS), ("compensation", 10000), ("no_more_than_paid", -4547)],
        ),
        ({"amount": "150"}, [("paid", 19900), ("days_gone", -BY_DAYS), ("use", -600), ("goodwill", 1153)]),
        ({"amount": "0.01"}, [("paid", 19900), ("days_gone", -BY_DAYS), ("use", -600), ("goodwill", -13846)]),
        ({"amount": "138.47"}, [("paid", 19900), ("days_gone", -BY_DAYS), ("use", -600)]),
        ({"what": "none", "amount": "5"}, [("goodwill", 500)]),
    ],
)
def test_what_is_paid_back_is_the_sum_of_lines_that_are_kept(
    desk: Desk, changes: dict[str, object], lines: list[tuple[str, int]]
) -> None:
    assert desk.ask(**changes)[0] == 200
    refund = desk.refund()
    assert (desk.lines(), refund.amount_fen) == (lines, sum(fen for _, fen in lines))
    assert refund.cause == (None if changes.get("what") == "none" else changes.get("cause", "holder"))
    of_passes = desk.session.scalars(select(RefundLine.amount_fen)).all()
    assert of_passes == ([] if changes.get("what") == "none" else [refund.amount_fen])
    page = desk.finance.get(f"/admin/orders/{desk.order_id}").text
    assert f'data-refunded="{refund.amount_fen}"' in page
    (audited,) = desk.session.scalars(select(AuditEntry.facts).where(AuditEntry.action == "order.refunded")).all()
    assert (audited["cause"], audited["note"]) == (refund.cause, "坐不了")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"compensation": "20"}, "补偿仅适用于"),
        ({"what": "none", "amount": "5", "compensation": "20", "cause": "operator"}, "补偿仅适用于"),
        ({"cause": "weather"}, "请从列表中选择"),
        ({"cause": "operator", "compensation": "0"}, "必须大于零"),
        ({"amount": "199.01"}, "超过了所付价款"),
    ],
)
def test_what_the_terms_do_not_grant_is_refused_beside_its_field(
    desk: Desk, changes: dict[str, object], words: str
) -> None:
    status, page = desk.ask(**changes)
    assert (status, words in page) == (422, True)
    assert desk.session.scalars(select(Refund)).all() == []


def test_where_the_terms_give_nothing_only_an_amount_with_a_reason_is_paid(desk: Desk) -> None:
    desk.pass_.state = "expired"
    desk.session.flush()
    status, page = desk.ask()
    assert (status, "按条款今天无可退金额" in page) == (422, True)
    assert desk.ask(amount="5")[0] == 200
    assert desk.lines() == [("paid", 19900), ("ended", -19900), ("goodwill", 500)]


def test_an_amount_that_hangs_on_visits_waits_for_the_gates_and_another_does_not(desk: Desk) -> None:
    assert "收到所有闸机的记录后" in desk.ask()[1]
    assert desk.refund().next_attempt_at == desk.now + gate_reports.WAIT_FOR_GATES


@pytest.mark.parametrize("changes", [{"cause": "operator"}, {"amount": "20"}])
def test_an_amount_that_no_visit_changes_leaves_at_once(desk: Desk, changes: dict[str, object]) -> None:
    desk.ask(**changes)
    assert desk.refund().next_attempt_at == desk.now


def test_a_transfer_waits_for_the_gates_and_is_counted_once_more(desk: Desk) -> None:
    heard_of(desk, desk.now - timedelta(hours=1))
    assert "请先不要转账" in desk.ask(way="transfer")[1]
    refund, address = desk.refund(), f"/admin/orders/{desk.order_id}/refunds/{desk.refund().id}/paid"
    refused = desk.finance.post(address, data={"evidence": "中行 4711"})
    assert (refused.status_code, "金额仍可能变动" in refused.text) == (409, True)
    desk.visit(desk.now - timedelta(hours=2))
    assert gate_reports.list_to_recount(desk.session, desk.now, 9) == []
    heard_of(desk, desk.now + timedelta(seconds=1))
    for _ in range(2):
        for refund_id in gate_reports.list_to_recount(desk.session, desk.now, 9):
            gate_reports.recount(desk.session, refund_id, now=desk.now)
        desk.session.flush()
        assert gate_reports.list_to_recount(desk.session, desk.now, 9) == []
    assert (refund.amount_fen, desk.lines()[-1]) == (19900 - BY_DAYS - 1200, ("use", -600))
    facts = desk.session.scalars(select(PaymentEvent.fact).where(PaymentEvent.refund_id == refund.id)).all()
    assert facts.count("recounted") == 1
    assert desk.finance.post(address, data={"evidence": "中行 4711"}).status_code == 303
    desk.session.expire_all()
    assert (refund.state, desk.pass_.state) == ("succeeded", "void")


def heard_of(desk: Desk, at: datetime) -> None:
    desk.session.execute(update(Enrolment).values(last_seen_at=at))


def test_nobody_waits_for_a_device_that_never_called(desk: Desk) -> None:
    desk.ask()
    assert gate_reports.list_to_recount(desk.session, desk.now, 9) == [desk.refund().id]
    heard_of(desk, desk.now - timedelta(days=9))
    assert gate_reports.list_to_recount(desk.session, desk.now, 9) == []


def test_late_reports_that_use_all_of_it_up_free_the_pass(desk: Desk) -> None:
    desk.ask()
    for _ in range(24):
        desk.visit(desk.now - timedelta(hours=2))
    gate_reports.recount(desk.session, desk.refund().id, now=desk.now)
    desk.session.flush()
    assert desk.refund().state == "canceled"
    assert desk.session.scalars(select(PassHold.id).where(PassHold.closed_at.is_(None))).all() == []


def test_what_did_not_arrive_is_paid_once_more_as_it_was(desk: Desk) -> None:
    desk.ask(cause="operator", compensation="20")
    first = desk.refund()
    for status in ("pending", "failed"):
        refund_outcomes.record_refund(
            desk.session, first.id, RefundSnapshot("re_1", status, first.amount_fen, None, None), now=desk.now
        )
    desk.session.flush()
    desk.now += timedelta(minutes=5)
    assert desk.ask(way="transfer")[0] == 200
    again = desk.refund()
    assert (again.id > first.id, again.amount_fen, again.next_attempt_at) == (True, first.amount_fen, None)
    assert desk.lines()[-2:] == [("compensation", 2000), ("again", 0)]


def test_the_database_keeps_no_lines_that_do_not_add_up(desk: Desk) -> None:
    desk.ask()
    refund = desk.refund()
    assert refund.lines is not None
    refund.lines = refund.lines[:-1]
    with pytest.raises(IntegrityError, match="lines_sum_up"):
        desk.session.flush()


def test_a_use_after_the_page_was_opened_pays_no_amount_that_nobody_saw(desk: Desk) -> None:
    page = desk.finance.get(f"/admin/orders/{desk.order_id}").text
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen is not None and seen[1] == f"{desk.pass_.id}:13847:14447"
    desk.visit(desk.now - timedelta(hours=2))
    status, page = desk.ask(seen=seen[1])
    assert (status, "金额有变化" in page or "金额已" in page) == (409, True), page
    assert desk.session.scalars(select(Refund)).all() == []
    assert f'value="{desk.pass_.id}:13247:14447"' in page, "what stands on the page now can be agreed to"
    assert desk.ask(seen=seen[1], amount="138.47")[0] == 200


def test_the_whole_order_is_what_has_not_gone_back_yet(desk: Desk) -> None:
    assert desk.ask(amount="20")[0] == 200
    status, page = desk.ask()
    assert (status, "请从列表中选择" in page) == (422, True)


def test_the_same_form_twice_is_one_refund(desk: Desk) -> None:
    page = desk.finance.get(f"/admin/orders/{desk.order_id}").text
    form = {"key": key_in(page), "what": "all", "reason": "requested", "note": "坐不了"}
    for _ in range(2):
        assert desk.finance.post(f"/admin/orders/{desk.order_id}/refunds", data=form).status_code == 303
    assert len(desk.session.scalars(select(Refund.id)).all()) == 1


def test_a_clerk_without_the_role_sees_what_was_paid_back_and_pays_nothing(
    desk: Desk, app: Flask, session: Session
) -> None:
    desk.ask()
    care: FlaskClient = signed_in(app, session, "care", desk.now)
    page = care.get(f"/admin/orders/{desk.order_id}").text
    assert 'data-refunded="13847"' in page and 'name="compensation"' not in page


def letters(desk: Desk) -> list[tuple[str, str, str]]:
    found = desk.session.scalars(select(Letter).where(Letter.kind.startswith("refund")).order_by(Letter.id))
    return [(letter.kind, letter.subject, letter.body) for letter in found]


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_buyer_is_written_to_when_it_is_asked_for_and_when_it_has_gone_back(desk: Desk, locale: str) -> None:
    desk.session.execute(update(Order).values(locale=locale))
    desk.ask(amount="150")
    refund = desk.refund()
    (asked,) = letters(desk)
    assert asked[0] == "refund_asked" and "¥150" in asked[2] and desk.pass_.number in asked[2]
    assert ("善意退款：¥11.53" if locale == "zh" else "Goodwill: ¥11.53") in asked[2]
    assert ("最多三天" if locale == "zh" else "three days") not in asked[2]
    for _ in range(2):
        done = RefundSnapshot("re_1", "succeeded", 15000, None, None)
        refund_outcomes.record_refund(desk.session, refund.id, done, now=desk.now)
    _, paid = letters(desk)
    assert ("作废" if locale == "zh" else "cancelled") in asked[2] and (
        "作废" if locale == "zh" else "cancelled"
    ) in paid[2]
    assert paid[0] == "refund_paid" and ("原路退回" if locale == "zh" else "the way it came") in paid[2]


def test_a_letter_says_that_an_amount_may_change_and_in_the_end_what_it_is(desk: Desk) -> None:
    desk.ask(way="transfer")
    refund = desk.refund()
    assert "最多三天" in letters(desk)[0][2] and "服务台会与您联系" in letters(desk)[0][2]
    desk.visit(desk.now - timedelta(hours=2))
    gate_reports.recount(desk.session, refund.id, now=desk.now)
    refund_outcomes.record_payout_by_hand(desk.session, refund.id, by="f", evidence="4711", now=desk.now)
    _, subject, body = letters(desk)[1]
    assert "退款已退还" in subject and "¥132.47" in body and "已向您转账" in body
    assert "已使用权益 2 次：-¥12" in body and "使用：" not in body


def test_a_letter_names_the_currency_that_came(desk: Desk) -> None:
    payment = desk.session.scalars(select(Payment)).one()
    desk.session.execute(update(Payment).values(received_currency="usd"))
    desk.session.refresh(payment)
    order = desk.session.get_one(Order, desk.order_id)
    return_money(desk.session, order, payment, reason="late_payment", now=desk.now)
    body = desk.session.scalars(select(Letter.body).where(Letter.kind == "money_back")).one()
    assert "USD 199.00" in body and "¥" not in body


def test_the_buyer_sees_on_the_order_what_goes_back_line_by_line(desk: Desk, client: FlaskClient) -> None:
    path = f"/orders/{order_token(desk.session.get_one(Order, desk.order_id).public_id)}?lang=en"
    assert "data-refund" not in client.get(path).text
    desk.ask(cause="operator", compensation="20")
    page = client.get(path).text
    assert re.findall(r'data-line="(\w+)"', page) == ["paid", "days_gone", "compensation"]
    assert 'data-refunded="16447"' in page and "asked for" in page
    wallet = client.get(wallet_path(desk.session, desk.pass_.id) + "/refund?lang=en").text
    assert re.findall(r'data-line="(\w+)"', wallet) == ["paid", "days_gone", "compensation"]


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(1250, None, "¥12.50"), (1250, "cny", "¥12.50"), (123456, "usd", "USD 1,234.56"), (1250, "jpy", "JPY 1,250")],
)
def test_money_is_shown_in_its_own_currency(amount: int, currency: str | None, shown: str) -> None:
    assert in_currency(amount, currency) == shown


@pytest.mark.parametrize("why", ["paid in another way", "gates awaited"])
def test_a_transfer_that_was_made_all_the_same_stands_in_the_books_and_marks_the_order(desk: Desk, why: str) -> None:
    changes: dict[str, object] = {} if why == "gates awaited" else {"amount": "199"}
    assert desk.ask(way="transfer", **changes)[0] == 200
    refund = desk.refund()
    if why == "paid in another way":
        external = RefundSnapshot("re_x", "succeeded", 19900, None, None)
        record_money_back(desk.session, refund.payment_id, MoneyBack((external,), ()), now=desk.now)
        desk.session.flush()
    address = f"/admin/orders/{desk.order_id}/refunds/{refund.id}"
    assert desk.finance.post(f"{address}/paid", data={"evidence": "中行 4711"}).status_code == 409
    page = desk.finance.post(f"{address}/made", data={"evidence": "中行 4711", "note": "x"})
    assert (page.status_code, "请简要说明原因" in page.text) == (422, True)
    form = {"evidence": "中行 4711", "note": "周五已转出"}
    for status in (303, 409):
        assert desk.finance.post(f"{address}/made", data=form).status_code == status
    desk.session.expire_all()
    payment = desk.session.get_one(Payment, refund.payment_id)
    twice = 19900 if why == "paid in another way" else 0
    assert (refund.state, payment.amount_refunded_fen) == ("succeeded", refund.amount_fen + twice)
    assert "transferred_anyway" in desk.session.get_one(Order, desk.order_id).attention
    assert ledger_faults(desk.session) == []
    assert gate_reports.list_to_recount(desk.session, desk.now + timedelta(days=9), 9) == []
    page = desk.finance.get(f"/admin/orders/{desk.order_id}")
    assert "不应转账却已转出" in page.text and "中行 4711" in page.text and "周五已转出" in page.text


def test_a_transfer_that_may_be_made_is_recorded_as_any_other(desk: Desk) -> None:
    desk.ask(way="transfer", amount="20")
    form = {"evidence": "中行 4711", "note": "周五已转出"}
    address = f"/admin/orders/{desk.order_id}/refunds/{desk.refund().id}/made"
    assert desk.finance.post(address, data=form).status_code == 303
    desk.session.expire_all()
    assert (desk.refund().state, desk.session.get_one(Order, desk.order_id).attention) == ("succeeded", [])


def test_a_letter_of_goodwill_speaks_of_no_pass(desk: Desk) -> None:
    desk.ask(what="none", amount="5")
    ((_, _, body),) = letters(desk)
    assert "善意退款：¥5" in body and "年卡" not in body
