"""Money back from the wallet: shown line by line, asked once, the pass held at once."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from passes import clock
from passes.gate.models import Scan
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass, PassHold
from passes.lifecycle.queries import wallet_path
from passes.lifecycle.service import activate_pass
from passes.sale.models import Payment, Refund, RefundLine
from passes.sale.money_back import record_money_back
from passes.sale.provider import MoneyBack, RefundSnapshot
from tests.city import pay, place
from tests.factories import city, code_of, gate_at
from tests.web.browsers import signed_in


class Holder:
    """A holder with a paid pass, whose clock can be moved."""

    def __init__(self, client: FlaskClient, session: Session, now: datetime) -> None:
        self.client, self.session, self.now = client, session, now
        city(session, now=now)
        self.order_id = place(1, "王小明", now)
        pay(self.order_id, "alipay", now)
        self.pass_ = session.scalars(select(Pass)).one()
        self.path = wallet_path(session, self.pass_.id) + "/refund"
        client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "en-GB", "HTTP_SEC_FETCH_SITE": "same-origin"}

    def form(self) -> dict[str, str]:
        page = self.client.get(self.path).text
        return {
            name: found[1]
            for name in ("key", "amount_fen")
            if (found := re.search(rf'name="{name}" value="([^"]+)"', page))
        }

    def lines(self) -> list[str]:
        return re.findall(r'data-line="(\w+)"', self.client.get(self.path).text)

    def visit(self, benefit_id: str, venue_id: str) -> None:
        gate = gate_at(self.session, venue_id, now=self.now, default_benefit_id=benefit_id).gate
        code = code_of(self.session, self.pass_, now=self.now)
        [answer] = record_scans(self.session, gate, [ScanRequest(scan_id=uuid4(), code=code)], now=self.now)
        assert answer["decision"] == "admitted"


@pytest.fixture
def holder(client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Holder:
    made = Holder(client, session, now)
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


def test_an_unused_pass_is_asked_back_once_and_held_at_once(holder: Holder, session: Session) -> None:
    given = holder.form()
    assert given["amount_fen"] == "19900"
    assert holder.client.post(holder.path, data=given).status_code == 303
    assert holder.client.post(holder.path, data=given).status_code == 303
    refund = session.scalars(select(Refund)).one()
    assert (refund.amount_fen, refund.state, refund.source) == (19900, "requested", "customer")
    assert session.scalars(select(RefundLine.amount_fen)).all() == [19900]
    assert session.scalars(select(PassHold.reason).where(PassHold.closed_at.is_(None))).all() == ["refund"]
    page = holder.client.get(holder.path).text
    assert 'data-refund="requested"' in page and 'name="amount_fen"' not in page
    assert "on hold" in holder.client.get(holder.path.removesuffix("/refund")).text


def test_what_staff_transfers_is_not_said_to_go_back_by_itself(holder: Holder, session: Session) -> None:
    assert holder.client.post(holder.path, data=holder.form()).status_code == 303
    assert "on its way within a few minutes" in holder.client.get(holder.path).text
    refund = session.scalars(select(Refund)).one()
    refund.channel = "manual"
    session.flush()
    page = holder.client.get(holder.path).text
    assert "service desk contacts you and transfers it" in page and "few minutes" not in page
    refund.state = "succeeded"
    session.flush()
    assert "has been transferred to you" in holder.client.get(holder.path).text


def test_a_use_stands_among_the_lines_at_its_list_price(holder: Holder, session: Session) -> None:
    activate_pass(session, holder.pass_.id, now=holder.now)
    holder.visit("B01", "S01")
    assert holder.lines() == ["paid", "days_gone", "use"]
    assert holder.form()["amount_fen"] == str(19900 - 600)
    holder.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    assert "已使用，按剩余天数退款并扣除已用权益" in holder.client.get(holder.path).text


def test_what_went_back_of_the_order_already_is_not_promised_again(holder: Holder, session: Session) -> None:
    payment_id = session.scalars(select(Payment.id)).one()
    for number, (refunded, lines, amount) in enumerate(
        [(5000, ["paid", "gone_back"], "14900"), (14900, ["paid", "gone_back"], None)]
    ):
        made = RefundSnapshot(f"re_{number}", "succeeded", refunded, None, None)
        record_money_back(session, payment_id, MoneyBack((made,), ()), now=holder.now)
        session.flush()
        assert (holder.lines(), holder.form().get("amount_fen")) == (lines, amount)
        if amount == "14900":
            stale = {"key": str(uuid4()), "amount_fen": "19900"}
            assert holder.client.post(holder.path, data=stale).status_code == 409
    refused = holder.client.post(holder.path, data={"key": str(uuid4()), "amount_fen": "14900"})
    assert refused.status_code == 409


def test_a_use_after_the_page_was_opened_pays_no_old_amount(holder: Holder, session: Session) -> None:
    given = holder.form()
    activate_pass(session, holder.pass_.id, now=holder.now)
    holder.visit("B01", "S01")
    answer = holder.client.post(holder.path, data=given)
    assert answer.status_code == 409 and "The amount has changed" in answer.text
    assert session.scalar(select(func.count()).select_from(Refund)) == 0
    assert session.scalar(select(func.count()).select_from(PassHold)) == 0


def test_an_admission_taken_back_does_not_count(holder: Holder, session: Session) -> None:
    activate_pass(session, holder.pass_.id, now=holder.now)
    holder.visit("B01", "S01")
    session.execute(update(Scan).values(verdict="voided"))
    assert holder.form()["amount_fen"] == "19900"


def test_an_ended_pass_gets_nothing_and_has_no_button(holder: Holder, session: Session) -> None:
    activate_pass(session, holder.pass_.id, now=holder.now)
    holder.pass_.state = "expired"
    session.flush()
    holder.now += timedelta(days=366)
    assert holder.lines() == ["paid", "ended"]
    assert holder.form() == {}
    posted = holder.client.post(holder.path, data={"key": str(uuid4()), "amount_fen": "19900"})
    assert posted.status_code == 409
    assert session.scalar(select(func.count()).select_from(Refund)) == 0


@pytest.mark.parametrize(
    "given", [{}, {"key": "x", "amount_fen": "19900"}, {"key": str(uuid4()), "amount_fen": "-1"}, {"key": str(uuid4())}]
)
def test_a_form_that_is_not_ours_changes_nothing(holder: Holder, session: Session, given: dict[str, str]) -> None:
    assert holder.client.post(holder.path, data=given).status_code == 422
    assert session.scalar(select(func.count()).select_from(Refund)) == 0


def test_a_link_that_is_not_ours_shows_nothing(holder: Holder) -> None:
    assert holder.client.get("/w/nonsense/refund").status_code == 404
    assert holder.client.post("/w/nonsense/refund", data=holder.form()).status_code == 404


def test_before_the_purchase_the_rules_stand_beside_the_price(holder: Holder) -> None:
    page = holder.client.get("/buy?product=PASS-ADULT").text
    assert "Not used, within 7 days of the payment: the whole price." in page
    assert "less the list price of what was used, never below ¥0." in page
    lines = re.findall(r'data-line="(\w+)"', page)
    assert lines == ["paid", "days_gone", "use", "use"]


def test_the_desk_sees_the_same_lines(holder: Holder, app: Flask, session: Session) -> None:
    activate_pass(session, holder.pass_.id, now=holder.now)
    holder.visit("B01", "S01")
    page = signed_in(app, session, "care", holder.now).get(f"/admin/passes/{holder.pass_.id}").text
    assert re.findall(r'data-payout="(\d+)"', page) == ["19300", "19900"]
    order = signed_in(app, session, "finance", holder.now).get(f"/admin/orders/{holder.order_id}?lang=en").text
    assert "gets ¥193 today; were we at fault, ¥199" in order
