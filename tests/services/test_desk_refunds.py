"""Staff pays back by the terms, and the cashier's books and ours agree to the fen; transfers and disputes beside."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from passes import clock
from passes.access.models import Enrolment
from passes.access.rules import FINANCE, Staff
from passes.admin.desk_refunds import DeskRefund, refund_from_desk
from passes.db import transaction
from passes.errors import Conflict
from passes.lifecycle.models import Pass
from passes.lifecycle.service import activate_pass
from passes.mail.models import Letter
from passes.sale import gate_reports, money_back, money_flows, refund_outcomes
from passes.sale.models import Order, PaymentEvent, Refund, RefundLine
from passes.sale.provider import DisputeSnapshot, MoneyBack
from passes.sale.reconciliation import ledger_faults
from passes.sale.refunds import RefundAsked, request_refund
from tests.services.conftest import Cashier, Shop
from tests.services.payment_scenes import (
    attention_of,
    come_back,
    finish,
    gate_of_park,
    order_of_three,
    paid_order,
    passes_of,
    payments_of,
    refunds_of,
    send_refunds,
    start,
    used_before,
)
from tests.web.browsers import make_staff

DAY = timedelta(days=1)


def finance(session: Session) -> Staff:
    staff_id = make_staff(session, f"one.{uuid4().hex[:8]}", FINANCE, clock.now())
    return Staff(staff_id, "one.finance", "李丽", FINANCE, must_change_password=False)


def ask(order: Order, **changes: object) -> Refund:
    facts = {"key": str(uuid4()), "what": "all", "amount_fen": None, "reason": "requested", "by_transfer": False}
    with transaction() as session:
        wanted = DeskRefund(**facts | {"note": "坐不了"} | changes)  # type: ignore[arg-type]
        return refund_from_desk(session, finance(session), order.id, wanted, now=clock.now())


def activate(order: Order, *pass_ids: int) -> None:
    with transaction() as session:
        for pass_id in pass_ids:
            activate_pass(session, pass_id, now=clock.now())


def three_paid(shop: Shop, cashier: Cashier) -> tuple[Order, list[int]]:
    cashier.behave(webhooks="hold")
    order = order_of_three(shop)
    come_back(shop, cashier.press(start(shop, order), "pay"))
    return order, [pass_.id for pass_ in passes_of(order)]


def parts_of(refund: Refund) -> dict[int, int]:
    with transaction() as session:
        rows = session.scalars(select(RefundLine).where(RefundLine.refund_id == refund.id))
        return {row.pass_id: row.amount_fen for row in rows}


def test_s22_a_desk_refund_of_three_passes_is_counted_once_more_before_it_leaves(shop: Shop, cashier: Cashier) -> None:
    gate = gate_of_park()
    order, (fresh, used, spent) = three_paid(shop, cashier)
    activate(order, used, spent)
    asked = ask(order)
    assert (asked.amount_fen, send_refunds(shop)) == (3 * 19900, 0)
    used_before(gate, used, 2)
    used_before(gate, spent, 40)
    assert send_refunds(shop, clock.now() + 3 * DAY + timedelta(hours=1)) == 1
    (refund,) = refunds_of(order)
    assert (refund.state, refund.amount_fen) == ("succeeded", 2 * 19900 - 1200)
    assert parts_of(refund) == {fresh: 19900, used: 18700}
    assert [line["code"] for line in refund.lines or ()] == ["paid", "paid", "days_gone", "use", "use"]
    assert [pass_.state for pass_ in passes_of(order)] == ["void", "void", "active"]
    finish(shop, cashier)


def test_at_the_operators_fault_the_compensation_leaves_at_once(shop: Shop, cashier: Cashier) -> None:
    gate = gate_of_park()
    order = paid_order(shop, cashier)
    (pass_,) = passes_of(order)
    activate(order, pass_.id)
    used_before(gate, pass_.id, 3)
    with transaction() as session:
        session.execute(
            update(Pass).values(valid_from=Pass.valid_from - 100 * DAY, valid_until=Pass.valid_until - 100 * DAY)
        )
    ask(order, cause="operator", compensation_fen=3000)
    assert send_refunds(shop) == 1
    (refund,) = refunds_of(order)
    assert [line["code"] for line in refund.lines or ()] == ["paid", "days_gone", "compensation"]
    assert (refund.amount_fen, refund.cause) == (19900 * 265 // 365 + 3000, "operator")
    finish(shop, cashier)


def test_a_transfer_made_beside_a_refund_at_the_provider_is_in_the_books(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    refund = ask(order, by_transfer=True)
    payment = payments_of(order)[0]
    cashier.refund(payment.provider_intent_id or "", 19900)
    money_flows.sync_money(shop.provider, shop.settings, payment.id, now=clock.now())
    with transaction() as session, pytest.raises(Conflict, match="paid_meanwhile"):
        refund_outcomes.record_payout_by_hand(session, refund.id, by="finance", evidence="4711", now=clock.now())
    with transaction() as session:
        facts = {"by": "finance", "evidence": "4711", "note": "sent on Friday"}
        refund_outcomes.record_made_already(session, refund.id, **facts, now=clock.now())
    assert payments_of(order)[0].amount_refunded_fen == 2 * 19900
    assert "transferred_anyway" in attention_of(order) and "refund_by_hand" not in attention_of(order)
    finish(shop, cashier)


def test_what_is_paid_once_more_keeps_no_other_pass_from_being_counted_again(shop: Shop, cashier: Cashier) -> None:
    gate = gate_of_park()
    order, (failed, used, fresh) = three_paid(shop, cashier)
    first = ask(order, what=str(failed))
    with transaction() as session:
        refund_outcomes.reject_refund(session, first.id, "card_closed", now=clock.now())
    activate(order, used)
    assert ask(order).amount_fen == 3 * 19900
    used_before(gate, used, 2)
    assert send_refunds(shop, clock.now() + 3 * DAY + timedelta(hours=1)) == 1
    refund = refunds_of(order)[-1]
    assert parts_of(refund) == {failed: 19900, used: 18700, fresh: 19900}
    finish(shop, cashier)


def test_no_amount_leaves_without_the_last_look_at_the_visits(
    shop: Shop, cashier: Cashier, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = gate_of_park()
    order = paid_order(shop, cashier)
    (pass_,) = passes_of(order)
    activate(order, pass_.id)
    ask(order)
    used_before(gate, pass_.id, 2)
    # As if twenty others had their turn first.
    monkeypatch.setattr(gate_reports, "list_to_recount", lambda *_: [])
    assert send_refunds(shop, clock.now() + 3 * DAY + timedelta(hours=1)) == 1
    assert refunds_of(order)[0].amount_fen == 18700
    finish(shop, cashier)


def test_the_whole_order_holds_what_did_not_arrive_and_a_pass_that_gets_nothing_lives_on(
    shop: Shop, cashier: Cashier
) -> None:
    gate = gate_of_park()
    order, (bounced, spent, fresh) = three_paid(shop, cashier)
    activate(order, spent)
    used_before(gate, spent, 40)
    by_hand = ask(order, what=str(bounced), by_transfer=True)
    with transaction() as session:
        refund_outcomes.record_payout_by_hand(session, by_hand.id, by="finance", evidence="4711", now=clock.now())
    with transaction() as session:
        refund_outcomes.bounce_by_hand(session, by_hand.id, by="finance", note="closed", now=clock.now())
    assert parts_of(ask(order, amount_fen=2 * 19900 - 100)) == {bounced: 19900 - 50, fresh: 19900 - 50}
    assert send_refunds(shop) == 1
    assert [pass_.state for pass_ in passes_of(order)] == ["void", "active", "void"]
    finish(shop, cashier)


def test_a_transfer_is_asked_of_staff_when_its_amount_no_longer_changes(shop: Shop, cashier: Cashier) -> None:
    gate = gate_of_park()
    order = paid_order(shop, cashier)
    (pass_,) = passes_of(order)
    activate(order, pass_.id)
    ask(order, by_transfer=True)
    assert attention_of(order) == []
    used_before(gate, pass_.id, 2)
    send_refunds(shop, clock.now() + 3 * DAY + timedelta(hours=1))
    (refund,) = refunds_of(order)
    assert (refund.state, refund.amount_fen, refund.next_attempt_at) == ("requested", 18700, None)
    assert attention_of(order) == ["refund_by_hand"]
    with transaction() as session:
        refund_outcomes.withdraw_by_hand(session, refund.id, by="finance", note="kept", now=clock.now())
        told = session.scalars(select(Letter.kind).where(Letter.about == f"order:{order.id}").order_by(Letter.id)).all()
    assert (attention_of(order), told[-2:]) == ([], ["refund_asked", "refund_stopped"])
    finish(shop, cashier)


def test_a_dispute_during_the_wait_holds_the_refund_up_and_a_won_one_lets_it_go(shop: Shop, cashier: Cashier) -> None:
    gate_of_park()
    order = paid_order(shop, cashier)
    activate(order, passes_of(order)[0].id)
    ask(order)
    payment = payments_of(order)[0]
    dispute_id = cashier.helper(f"charges/{payment.provider_charge_id}/dispute")["id"]
    money_flows.sync_money(shop.provider, shop.settings, payment.id, now=clock.now())
    later = clock.now() + 3 * DAY + timedelta(hours=1)
    assert (send_refunds(shop, later), refunds_of(order)[0].state) == (0, "requested")
    other = paid_order(shop, cashier, holder_name="李四")
    activate(other, passes_of(other)[0].id)
    waiting = ask(other, by_transfer=True).id
    with transaction() as session:
        session.execute(update(Enrolment).values(last_seen_at=clock.now()))
        session.execute(update(Refund).where(Refund.id == waiting).values(next_attempt_at=later))
        assert gate_reports.list_to_recount(session, later, 1) == [waiting]
    cashier.helper(f"disputes/{dispute_id}/win")
    money_flows.sync_money(shop.provider, shop.settings, payment.id, now=clock.now())
    assert send_refunds(shop, later + timedelta(hours=7)) == 1
    finish(shop, cashier)
    assert (refunds_of(order)[0].state, refunds_of(order)[0].amount_fen) == ("succeeded", 19900)


@pytest.mark.parametrize(("ends", "disputed", "moved"), [("lost", 29900, -10000), ("won", 19900, 0)])
def test_a_second_dispute_after_a_lost_one_counts_beside_it(
    shop: Shop, cashier: Cashier, ends: str, disputed: int, moved: int
) -> None:
    order, _ = three_paid(shop, cashier)
    payment_id = payments_of(order)[0].id
    first = DisputeSnapshot("du_1", "lost", 19900, "fraudulent", None)
    hear_disputes(payment_id, first)
    for status in ("needs_response", "needs_response", ends, ends):
        hear_disputes(payment_id, DisputeSnapshot("du_2", status, 10000, "fraudulent", None), first)
        if status == "needs_response":
            (payment,) = payments_of(order)
            assert (payment.disputed_fen, payment.lost_fen, payment.dispute_id) == (29900, 19900, "du_2")
            assert set(attention_of(order)) == {"disputed", "dispute_lost"}
    (payment,) = payments_of(order)
    assert (payment.disputed_fen, payment.dispute_status) == (disputed, ends)
    assert attention_of(order) == ["dispute_lost"]
    with transaction() as session:
        assert ledger_faults(session) == []
        taken = session.scalars(select(PaymentEvent.moved_fen).where(PaymentEvent.fact.startswith("dispute"))).all()
        assert sum(taken) == -19900 + moved
        asked = RefundAsked("rest", (), by="finance", extra_fen=3 * 19900 - disputed + 1)
        with pytest.raises(Conflict, match="over_refund"):
            request_refund(session, order.id, asked, now=clock.now())


def hear_disputes(payment_id: int, *disputes: DisputeSnapshot) -> None:
    """Newest first, as the provider lists them."""
    with transaction() as session:
        money_back.record_money_back(session, payment_id, MoneyBack((), disputes), now=clock.now())
