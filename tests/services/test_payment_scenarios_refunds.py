"""Scenarios 19–27, 43–45 and 52: money on its way back, refused, stuck, charged back, and passes with it."""

from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
import requests
from sqlalchemy import select

from passes import clock
from passes.access.models import Enrolment
from passes.access.rules import Gate
from passes.db import transaction
from passes.errors import Conflict
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass, PassHold
from passes.lifecycle.service import activate_pass
from passes.sale import money_back, money_flows, refund_outcomes
from passes.sale.holder_refunds import Wish, ask_refund
from passes.sale.models import Order, PaymentEvent, Refund
from passes.sale.provider import DisputeSnapshot, MoneyBack, RefundSnapshot
from passes.sale.queries import order_token
from passes.sale.refund_quotes import find_quote
from passes.sale.refunds import RefundAsked, RefundPart, request_refund
from passes.sale.stock_models import SaleWindow
from tests.factories import code_of
from tests.services.conftest import Cashier, Shop
from tests.services.hands import Hands, task
from tests.services.payment_scenes import (
    ROUNDS,
    ask,
    ask_back,
    attention_of,
    come_back,
    finish,
    gate_of_park,
    hear,
    order_of_three,
    paid_order,
    passes_of,
    payments_of,
    quota,
    refunds_of,
    send_refunds,
    start,
    state_of,
    used_before,
)


def scan(_: Shop, gate: Gate, pass_id: int) -> str:
    """admitted, or the code of the refusal, tomorrow at ten in the morning: then the park is open."""
    at = datetime.combine(clock.local_day(clock.now()) + timedelta(days=1), time(10), clock.SHANGHAI)
    with transaction() as session:
        code = code_of(session, session.get_one(Pass, pass_id), now=at)
        (answer,) = record_scans(session, gate, [ScanRequest(scan_id=uuid4(), code=code)], now=at)
    return str(answer.get("refusal_code") or answer["decision"])


def holds_of(pass_id: int) -> list[str]:
    with transaction() as session:
        statement = select(PassHold.reason).where(PassHold.pass_id == pass_id, PassHold.closed_at.is_(None))
        return list(session.scalars(statement.order_by(PassHold.id)))


def refund_events(order: Order) -> list[tuple[str, int]]:
    with transaction() as session:
        rows = session.scalars(
            select(PaymentEvent)
            .where(PaymentEvent.order_id == order.id, PaymentEvent.refund_id.is_not(None))
            .order_by(PaymentEvent.id)
        )
        return [(row.fact, row.moved_fen) for row in rows]


def test_s19_partial_refund_of_one_of_three_passes(shop: Shop, cashier: Cashier) -> None:
    window = quota(shop, 3)
    cashier.behave(webhooks="hold")
    order = order_of_three(shop)
    come_back(shop, cashier.press(start(shop, order), "pay"))
    first, second, third = (pass_.id for pass_ in passes_of(order))
    ask_back(order, [second])
    assert holds_of(second) == ["refund"] and holds_of(first) == []
    assert send_refunds(shop) == 1
    assert [pass_.state for pass_ in passes_of(order)] == ["issued", "void", "issued"]
    assert payments_of(order)[0].amount_refunded_fen == 19900
    with transaction() as session:
        assert (session.get_one(SaleWindow, window).sold, state_of(order)) == (2, "paid")
    with pytest.raises(Conflict, match="already_refunded"):
        ask_back(order, [second, third], key="again")
    assert (page_of(shop, order).count("此年卡已作废"), "年卡均已生成" in page_of(shop, order)) == (1, True)
    ask_back(order, [first, third], key="rest", fen=19900)
    assert send_refunds(shop) == 1
    assert (page_of(shop, order).count("此年卡已作废"), "年卡均已生成" in page_of(shop, order)) == (3, False)
    finish(shop, cashier)


def page_of(shop: Shop, order: Order) -> str:
    """What the buyer's own page says."""
    return requests.get(f"{shop.address}/orders/{order_token(order.public_id)}", timeout=20).text


def test_s20_wallet_refund_pending_then_failed(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier, "alipay")
    (pass_,) = passes_of(order)
    gate = gate_of_park()
    with transaction() as session:
        activate_pass(session, pass_.id, now=clock.now())
    refund = ask_back(order, [pass_.id])
    assert scan(shop, gate, pass_.id) == "pass_frozen"
    send_refunds(shop)
    (refund,) = refunds_of(order)
    assert (refund.state, refund.pending_reason) == ("pending", "processing")
    cashier.helper(f"refunds/{refund.provider_refund_id}/fail")
    finish(shop, cashier)
    (refund,) = refunds_of(order)
    assert (refund.state, refund.failure_reason) == ("failed", "declined")
    assert (holds_of(pass_.id), attention_of(order)) == (["refund"], ["refund_failed"])
    assert scan(shop, gate, pass_.id) == "pass_frozen"
    by_hand = ask_back(order, [pass_.id], key="by hand", manual=True)
    with transaction() as session:
        refund_outcomes.record_payout_by_hand(
            session, by_hand.id, by="finance", evidence="bank transfer 4711", now=clock.now()
        )
    assert [pass_.state for pass_ in passes_of(order)] == ["void"]
    finish(shop, cashier)


def test_s21_refund_succeeded_then_failed(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    ask_back(order, [passes_of(order)[0].id])
    send_refunds(shop)
    (refund,) = refunds_of(order)
    assert refund.state == "succeeded"
    cashier.helper(f"refunds/{refund.provider_refund_id}/fail")
    finish(shop, cashier)
    assert refund_events(order) == [("requested", 0), ("succeeded", -19900), ("failed", 19900)]
    assert (refunds_of(order)[0].state, attention_of(order)) == ("failed", ["refund_failed"])
    assert payments_of(order)[0].amount_refunded_fen == 0
    second = ask_back(order, [passes_of(order)[0].id], key="second")
    assert second.id != refund.id
    finish(shop, cashier)
    assert [refund.state for refund in refunds_of(order)] == ["failed", "succeeded"]


def test_s22_refund_races_with_redemption(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    gate = gate_of_park()
    for number in range(2 * ROUNDS):
        order = paid_order(shop, cashier, holder_name=f"王{number}")
        (pass_,) = passes_of(order)
        with transaction() as session:
            activate_pass(session, pass_.id, now=clock.now())
        part = RefundPart(pass_.id, 19900, uses_seen=0)
        asked, scanned = hands.at_once([task(ask, order, part, "race"), task(scan, gate, pass_.id)])
        if scanned == "admitted":
            assert (asked, holds_of(pass_.id), refunds_of(order)) == ("pass_used_meanwhile", [], [])
        else:
            assert (scanned, holds_of(pass_.id)) == ("pass_frozen", ["refund"])
            assert [refund.id for refund in refunds_of(order)] == [asked]
    finish(shop, cashier)


def test_s23_refund_double_click(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    for number in range(ROUNDS):
        order = paid_order(shop, cashier, holder_name=f"王{number}")
        part = RefundPart(passes_of(order)[0].id, 19900)
        made = hands.at_once([task(ask, order, part, "form")] * 8)
        assert [refund.id for refund in refunds_of(order)] == list(set(made))
        hands.at_once([task(send_refunds)] * 4)
        assert refund_events(order) == [("requested", 0), ("succeeded", -19900)]
        assert [refund.state for refund in refunds_of(order)] == ["succeeded"]
    finish(shop, cashier)


@pytest.mark.parametrize("mode", ["cut", "no_answer"])
def test_s24_refund_call_times_out_after_it_was_done(shop: Shop, cashier: Cashier, mode: str) -> None:
    order = paid_order(shop, cashier)
    ask_back(order, [passes_of(order)[0].id])
    cashier.behave(api=mode)
    assert send_refunds(shop) == 0
    assert [refund.state for refund in refunds_of(order)] == ["requested"]
    cashier.behave(api="up")
    assert send_refunds(shop, clock.now() + timedelta(minutes=5)) == 1
    assert [refund.state for refund in refunds_of(order)] == ["succeeded"]
    finish(shop, cashier)


def test_s25_refund_made_in_the_providers_dashboard(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    cashier.refund(payments_of(order)[0].provider_intent_id or "", 5000)
    finish(shop, cashier)
    (refund,) = refunds_of(order)
    assert (refund.source, refund.state, refund.amount_fen) == ("external", "succeeded", 5000)
    assert (attention_of(order), [pass_.state for pass_ in passes_of(order)]) == (["external_refund"], ["issued"])
    with pytest.raises(Conflict, match="over_refund"):
        ask_back(order, [passes_of(order)[0].id])
    finish(shop, cashier)


def test_s26_over_refund(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    cashier.behave(webhooks="hold")
    for _ in range(ROUNDS):
        order = order_of_three(shop)
        come_back(shop, cashier.press(start(shop, order), "pay"))
        parts = [RefundPart(pass_.id, 25000) for pass_ in passes_of(order)]
        answers = hands.at_once([task(ask, order, part, str(part.pass_id)) for part in parts])
        assert answers.count("over_refund") == 1
        assert {refund.id for refund in refunds_of(order)} == set(answers) - {"over_refund"}
    finish(shop, cashier)


@pytest.mark.parametrize("outcome", ["win", "lose"])
def test_s27_dispute(shop: Shop, cashier: Cashier, outcome: str) -> None:
    quota(shop, 1)
    order = paid_order(shop, cashier)
    (pass_,) = passes_of(order)
    charge = payments_of(order)[0].provider_charge_id
    dispute = cashier.helper(f"charges/{charge}/dispute")["id"]
    finish(shop, cashier)
    assert (holds_of(pass_.id), attention_of(order)) == (["dispute"], ["disputed"])
    with pytest.raises(Conflict, match="dispute_open"):
        ask_back(order, [pass_.id])
    cashier.helper(f"disputes/{dispute}/{outcome}")
    finish(shop, cashier)
    (pass_,) = passes_of(order)
    ended = (pass_.state, holds_of(pass_.id), attention_of(order), payments_of(order)[0].disputed_fen)
    assert (
        ended
        == {
            "win": ("issued", [], [], 0),
            "lose": ("void", [], ["dispute_lost"], 19900),
        }[outcome]
    )
    with transaction() as session:
        assert session.scalars(select(SaleWindow.sold)).one() == (outcome == "win")


def test_s27_a_refund_that_failed_before_we_heard_of_the_dispute(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    (payment,) = payments_of(order)
    refund_id = cashier.refund(payment.provider_intent_id or "", 1)
    cashier.helper(f"charges/{payment.provider_charge_id}/dispute")  # the bank takes what is left
    cashier.helper(f"refunds/{refund_id}/fail")
    finish(shop, cashier)
    with transaction() as session:
        moved = session.scalars(select(PaymentEvent.moved_fen).where(PaymentEvent.moved_fen != 0)).all()
    assert sorted(moved) == [-19899, 19900]


def test_s43_refund_after_ninety_days(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier, "alipay")
    (pass_,) = passes_of(order)
    asked = RefundAsked("late", (RefundPart(pass_.id, 19900),), by="care")
    with transaction() as session:
        refund = request_refund(session, order.id, asked, now=clock.now() + timedelta(days=91))
    assert (refund.channel, refund.state, attention_of(order)) == ("manual", "requested", ["refund_by_hand"])
    assert send_refunds(shop, clock.now() + timedelta(days=92)) == 0
    with transaction() as session:
        refund_outcomes.record_payout_by_hand(session, refund.id, by="finance", evidence="4711", now=clock.now())
    assert [pass_.state for pass_ in passes_of(order)] == ["void"]
    assert (attention_of(order), payments_of(order)[0].amount_refunded_fen) == ([], 19900)
    with transaction() as session, pytest.raises(Conflict, match="refund_settled"):
        refund_outcomes.record_payout_by_hand(session, refund.id, by="finance", evidence="4711", now=clock.now())
    finish(shop, cashier)


def test_s44_refund_pending_for_lack_of_balance(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    cashier.behave(refunds="no_money")
    ask_back(order, [passes_of(order)[0].id])
    send_refunds(shop)
    (refund,) = refunds_of(order)
    assert (refund.state, refund.pending_reason) == ("pending", "insufficient_funds")
    assert attention_of(order) == ["refund_waits"]
    finish(shop, cashier)
    assert [refund.state for refund in refunds_of(order)] == ["succeeded"]


def test_s45_dispute_after_refund_counts_once(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="hold")
    order = order_of_three(shop)
    come_back(shop, cashier.press(start(shop, order), "pay"))
    ask_back(order, [passes_of(order)[0].id])
    send_refunds(shop)
    charge = payments_of(order)[0].provider_charge_id
    dispute = cashier.helper(f"charges/{charge}/dispute")["id"]
    with transaction() as session:
        session.add(waiting_refund(order, session.scalars(select(Refund)).first()))
    assert send_refunds(shop) == 0  # the provider says no while the bank holds the money
    assert refunds_of(order)[-1].failure_reason == "charge_disputed"
    finish(shop, cashier)
    cashier.helper(f"disputes/{dispute}/lose")
    finish(shop, cashier)
    with transaction() as session:
        moved = session.scalars(select(PaymentEvent.moved_fen).where(PaymentEvent.moved_fen != 0)).all()
    assert sorted(moved) == [-2 * 19900, -19900, 3 * 19900]
    with pytest.raises(Conflict, match="over_refund"):
        asked = RefundAsked("more", (), by="finance", extra_fen=1)
        with transaction() as session:
            request_refund(session, order.id, asked, now=clock.now())


def waiting_refund(order: Order, like: Refund | None) -> Refund:
    """One that was asked for before anybody had heard of the dispute."""
    assert like is not None
    return Refund(
        uid=(uid := uuid4()),
        payment_id=like.payment_id,
        order_id=order.id,
        amount_fen=100,
        state="requested",
        source="staff",
        reason="goodwill",
        channel="provider",
        idempotency_key=f"refund:{uid}",
        requested_by="finance",
        created_at=clock.now(),
        next_attempt_at=clock.now(),
    )


def test_two_disputes_of_one_charge_come_to_rest(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    payment_id = payments_of(order)[0].id
    first = DisputeSnapshot("du_1", "won", 19900, "fraudulent", None)
    second = DisputeSnapshot("du_2", "won", 19900, "fraudulent", None)
    counted = []
    for money in (MoneyBack((), (first,)), *[MoneyBack((), (second, first))] * 3):
        with transaction() as session:
            money_back.record_money_back(session, payment_id, money, now=clock.now())
        with transaction() as session:
            facts = session.scalars(select(PaymentEvent.fact).where(PaymentEvent.payment_id == payment_id)).all()
            counted.append(facts.count("dispute_won"))
    assert (counted, payments_of(order)[0].dispute_id) == ([1, 2, 2, 2], "du_2")
    finish(shop, cashier)


def test_s52_pending_refund_is_no_failure(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier, "wechat_pay")
    ask_back(order, [passes_of(order)[0].id])
    send_refunds(shop)
    cashier.behave(webhooks="deliver", release="true")
    hear(shop, lambda: refunds_of(order)[0].state == "pending")
    money_flows.sync_money(shop.provider, shop.settings, payments_of(order)[0].id, now=clock.now())
    assert (refunds_of(order)[0].state, attention_of(order)) == ("pending", [])
    finish(shop, cashier)
    assert refunds_of(order)[0].state == "succeeded"
    late = RefundSnapshot(refunds_of(order)[0].provider_refund_id or "", "pending", 19900, None, "processing")
    with transaction() as session:
        refund_outcomes.record_refund(session, refunds_of(order)[0].id, late, now=clock.now() + timedelta(days=6))
    (refund,) = refunds_of(order)
    assert (refund.state, refund.pending_reason, attention_of(order)) == ("succeeded", None, [])
    finish(shop, cashier)


@pytest.mark.parametrize("seen", ["every gate", "no gate in three days", "a use", "too many uses"])
def test_s22_a_holders_refund_waits_for_gates_that_may_have_been_without_network(
    shop: Shop, cashier: Cashier, seen: str
) -> None:
    gate = gate_of_park()
    order = paid_order(shop, cashier)
    (pass_,) = passes_of(order)
    with transaction() as session:
        activate_pass(session, pass_.id, now=clock.now())
        ask_refund(session, pass_.id, Wish("wish", 19900), now=clock.now())
    assert (send_refunds(shop), holds_of(pass_.id)) == (0, ["refund"])
    with transaction() as session:
        found = find_quote(session, session.get_one(Pass, pass_.id), now=clock.now())
        assert found is not None and found.refund is not None and found.refund.waits
        if seen == "every gate":
            session.get_one(Enrolment, gate.enrolment_id).last_seen_at = clock.now()
    if "use" in seen:
        used_before(gate, pass_.id, 1 if seen == "a use" else 40)
    sent = send_refunds(shop, None if seen == "every gate" else clock.now() + timedelta(hours=73))
    (refund,) = refunds_of(order)
    if seen == "too many uses":
        assert (sent, refund.state, holds_of(pass_.id), attention_of(order)) == (0, "canceled", [], [])
        assert "已终止" in page_of(shop, order)
        with transaction() as session, pytest.raises(Conflict, match="nothing_to_refund"):
            ask_refund(session, pass_.id, Wish("again", 19900), now=clock.now())
    else:
        assert (sent, refund.state, refund.amount_fen) == (1, "succeeded", 19300 if seen == "a use" else 19900)
        assert [found.state for found in passes_of(order)] == ["void"]
    finish(shop, cashier)
