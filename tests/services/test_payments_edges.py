"""Payments when answers are lost, processes are cut off, and messages are poison."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from passes import clock
from passes.db import transaction
from passes.errors import Conflict
from passes.sale import flows, money_flows, payments, queries, refund_outcomes
from passes.sale.models import Order, PaymentEvent, Refund
from passes.sale.provider import Checkout, PaymentSnapshot, ProviderUnavailable, RefundRequest
from passes.sale.stripe_gateway import StripePayments
from tests.services.conftest import Cashier, Shop
from tests.services.payment_scenes import payments_of, start, state_of
from tests.services.test_payment_scenarios_paying import unanswered as lost_answer

LATER = timedelta(minutes=40)


def test_the_refund_window_counts_from_the_charge_however_late_we_hear_of_it(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay", "alipay")
    (payment,) = payments_of(order)
    flows.sync_payment(shop.provider, shop.settings, payment.id, now=clock.now() + timedelta(days=20))
    (payment,) = payments_of(order)
    assert payment.refundable_until is not None and payment.succeeded_at is not None
    assert timedelta(days=69) < payment.refundable_until - payment.succeeded_at < timedelta(days=71)


def test_the_poller_asks_again_for_a_lost_answer(shop: Shop, cashier: Cashier) -> None:
    order, checkout = lost_answer(shop, cashier)
    flows.poll_payments(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=2))
    assert [(payment.state, payment.checkout_id) for payment in payments_of(order)] == [("open", checkout.id)]


def test_an_order_whose_page_was_never_heard_of_expires_only_after_it_was_closed(shop: Shop, cashier: Cashier) -> None:
    order, checkout = lost_answer(shop, cashier)
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + LATER) == 1
    assert (state_of(order), shop.provider.fetch(checkout.id).checkout_status) == ("expired", "expired")


def test_an_order_nobody_tried_to_pay_expires_without_the_provider(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(api="down")
    order = shop.order()
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + LATER) == 1
    assert state_of(order) == "expired"


class EndsTheOrder(StripePayments):
    """Between the two transactions of a start, somebody else ends the order."""

    order_id = 0

    def create_checkout(self, request: Mapping[str, Any], key: str) -> Checkout:
        made = super().create_checkout(request, key)
        with transaction() as session:
            order = queries.lock_order(session, self.order_id)
            order.state, order.hold_state = "canceled", "released"
        return made


def test_a_page_made_for_an_order_that_ended_meanwhile_is_closed(shop: Shop) -> None:
    order = shop.order()
    provider = EndsTheOrder(shop.settings)
    provider.order_id = order.id
    with pytest.raises(Conflict, match="order_ended"):
        flows.start_payment(provider, shop.settings, order.id, now=clock.now())
    (payment,) = payments_of(order)
    assert payment.checkout_id is not None
    assert (payment.state, shop.provider.fetch(payment.checkout_id).checkout_status) == ("expired", "expired")


def test_a_payment_the_provider_does_not_know_is_left_for_staff(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    start(shop, order)
    with transaction() as session:
        _, payment = queries.lock_payment(session, payments_of(order)[0].id)
        payment.checkout_id = "cs_test_of_another_cashier"
    soon = clock.now() + timedelta(minutes=2)
    flows.poll_payments(shop.provider, shop.settings, now=soon)
    with transaction() as session:
        assert session.get_one(Order, order.id).attention == ["unknown_to_provider"]
        assert queries.list_payments_to_poll(session, soon + timedelta(minutes=30), 10) == []
    assert state_of(order) == "pending"


def test_a_snapshot_of_somebody_elses_checkout_changes_nothing(shop: Shop, cashier: Cashier) -> None:
    mine, theirs = shop.order(), shop.order(holder_name="李四")
    start(shop, mine)
    cashier.behave(webhooks="drop")
    cashier.press(start(shop, theirs), "pay")
    snapshot = shop.provider.fetch(payments_of(theirs)[0].checkout_id or "")
    with transaction() as session:
        payment_id = payments_of(mine)[0].id
        state = payments.record_snapshot(
            session, payment_id, snapshot, actor="chore", public_url="http://x", now=clock.now()
        )
    assert (state, state_of(mine)) == ("open", "pending")


def test_the_journal_is_only_added_to_and_tells_who_did_what(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    start(shop, order)
    flows.cancel_order(shop.provider, shop.settings, queries.order_token(order.public_id), now=clock.now())
    with transaction() as session:
        rows = session.scalars(select(PaymentEvent).order_by(PaymentEvent.id)).all()
    assert [(row.actor, row.fact, row.to_state) for row in rows] == [
        ("visitor", "placed", "pending"),
        ("visitor", "started", "creating"),
        ("provider", "opened", "open"),
        ("chore", "expired", "expired"),
        ("visitor", "cancelled", "canceled"),
    ]


def test_what_was_received_does_not_shrink_when_an_older_answer_comes_last(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    url = start(shop, order)
    (payment,) = payments_of(order)
    older = shop.provider.fetch(payment.checkout_id or "")
    cashier.press(url, "pay")
    flows.sync_payment(shop.provider, shop.settings, payment.id, now=clock.now())
    with transaction() as session:
        payments.record_snapshot(session, payment.id, older, actor="chore", public_url="http://x", now=clock.now())
    assert [(payment.state, payment.amount_received_fen) for payment in payments_of(order)] == [("succeeded", 19900)]


class NeverCloses(EndsTheOrder):
    """Besides, the provider is gone when the page has to be closed."""

    def expire(self, checkout_id: str) -> None:
        raise ProviderUnavailable("gone")


def test_a_page_that_could_not_be_closed_is_no_fault_of_the_buyers(shop: Shop) -> None:
    order = shop.order()
    provider = NeverCloses(shop.settings)
    provider.order_id = order.id
    with pytest.raises(Conflict, match="order_ended"):
        flows.start_payment(provider, shop.settings, order.id, now=clock.now())
    flows.poll_payments(shop.provider, shop.settings, now=clock.now() + LATER)
    assert [payment.state for payment in payments_of(order)] == ["open"]


class StumblesAt(StripePayments):
    """Never answers for one page, and answers for all others."""

    checkout_id = ""
    error: Exception = ProviderUnavailable("it hangs")

    def fetch(self, checkout_id: str) -> PaymentSnapshot:
        if checkout_id == self.checkout_id:
            raise self.error
        return super().fetch(checkout_id)


@pytest.mark.parametrize("error", [ProviderUnavailable("it hangs"), RuntimeError("a bug")])
def test_a_payment_that_cannot_be_asked_for_does_not_starve_the_others(
    shop: Shop, cashier: Cashier, error: Exception
) -> None:
    cashier.behave(webhooks="drop")
    stuck, healthy = shop.order(), shop.order(holder_name="李四")
    start(shop, stuck)
    cashier.press(start(shop, healthy), "pay")
    provider = StumblesAt(shop.settings)
    provider.checkout_id, provider.error = payments_of(stuck)[0].checkout_id or "", error
    soon = clock.now() + timedelta(minutes=2)
    for _ in range(2):
        flows.poll_payments(provider, shop.settings, now=soon)
    assert (state_of(stuck), state_of(healthy)) == ("pending", "paid")
    later = clock.now() + LATER
    assert flows.expire_holds(provider, shop.settings, now=later) == 0
    assert state_of(stuck) == "pending"


def wanted_refund(shop: Shop, cashier: Cashier) -> Order:
    """An order whose payment has to go back, the refund not yet sent."""
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    with transaction() as session:
        locked, payment = queries.lock_payment(session, payments_of(order)[0].id)
        locked.state, locked.hold_state = "canceled", "released"
    flows.sync_payment(shop.provider, shop.settings, payment.id, now=clock.now())
    return order


def test_a_refund_the_provider_refuses_is_given_to_staff_and_not_asked_for_for_ever(
    shop: Shop, cashier: Cashier
) -> None:
    order = wanted_refund(shop, cashier)
    intent = payments_of(order)[0].provider_intent_id or ""
    shop.provider.refund(RefundRequest(intent, 19900, "by hand"), "by-hand")
    assert money_flows.submit_refunds(shop.provider, now=clock.now()) == 0
    with transaction() as session:
        refund = session.scalars(select(Refund)).one()
        assert (refund.state, refund.failure_reason) == ("failed", "charge_already_refunded")
        assert session.get_one(Order, order.id).attention == ["late_payment", "refund_failed"]
        refund.state, refund.failure_reason = "succeeded", None
        session.flush()
        refund_outcomes.reject_refund(session, refund.id, "charge_already_refunded", now=clock.now())
        assert (refund.state, refund.failure_reason) == ("succeeded", None)


def test_a_refused_key_fails_no_refund(shop: Shop, cashier: Cashier) -> None:
    wanted_refund(shop, cashier)
    stranger = StripePayments(replace(shop.settings, stripe_secret_key="sk_sandbox_other"))
    assert money_flows.submit_refunds(stranger, now=clock.now()) == 0
    assert money_flows.submit_refunds(shop.provider, now=clock.now() + timedelta(minutes=5)) == 1
    with transaction() as session:
        assert session.scalars(select(Refund.state)).all() == ["succeeded"]
