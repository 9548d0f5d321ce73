"""Payments: one live try an order, moved by the provider's truth under the lock of its order."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from passes import settings
from passes.errors import N_, Conflict
from passes.sale import refunds, service
from passes.sale.checkout_request import TOKEN, checkout_request
from passes.sale.journal import NOTHING_MOVED, Moved, note
from passes.sale.models import Order, Payment
from passes.sale.provider import Checkout, PaymentSnapshot
from passes.sale.queries import (
    find_live_payment,
    get_payment,
    list_lines,
    list_payments,
    lock_order,
    lock_payment,
    order_token,
)
from passes.sale.rules import (
    CHECKOUT_LIFE,
    METHODS,
    Expected,
    fact_of,
    hold_with_checkout,
    may_start_payment,
    next_payment_state,
    next_poll_at,
    refundable_until,
)

log = logging.getLogger(__name__)

_BRINGS_MONEY = ("paid", "mismatch", "unwanted")


@dataclass(frozen=True)
class Seen:
    """A payment as read in one transaction, for use between two."""

    id: int
    order_id: int
    state: str
    key: str
    request: dict[str, Any]
    checkout_id: str | None
    url: str | None
    expires_at: datetime
    order_url: str


def see(session: Session, payment_id: int) -> Seen:
    """What the provider has to be asked with."""
    return _seen(get_payment(session, payment_id), None, session)


def _seen(payment: Payment, order: Order | None, session: Session) -> Seen:
    order = order or session.get_one(Order, payment.order_id)
    token = order_token(order.public_id)
    request = {
        name: value.replace(TOKEN, token) if isinstance(value, str) else value
        for name, value in payment.request.items()
    }
    return Seen(
        payment.id,
        payment.order_id,
        payment.state,
        payment.idempotency_key,
        request,
        payment.checkout_id,
        payment.checkout_url,
        payment.expires_at,
        f"{settings.current().public_url}/orders/{token}",
    )


def begin_payment(session: Session, order_id: int, *, public_url: str, install_id: UUID, now: datetime) -> Seen:
    """The order's live payment, or a new one in `creating`. Conflict says why the order cannot be paid now."""
    order = lock_order(session, order_id)
    _refuse_unless_payable(order, now)
    live = find_live_payment(session, order_id)
    if live is not None:
        if live.state == "processing":
            raise Conflict(
                "payment_in_progress", N_("A payment for this order is being processed. Please wait for it.")
            )
        if live.state == "review":
            raise Conflict(
                "payment_in_review", N_("We received a payment that does not fit this order. We will contact you.")
            )
        return _seen(live, order, session)
    earlier = list_payments(session, order_id)
    if not may_start_payment(order.placed_at, len(earlier), now):
        raise Conflict("too_many_payments", N_("This order can no longer be paid. Please make a new one."))
    if order.total_fen == 0:
        return _pay_nothing(session, order, public_url=public_url, now=now)
    payment = _new_payment(order, len(earlier) + 1, now)
    payment.request = checkout_request(
        order, list_lines(session, order_id), payment, public_url=public_url, install_id=install_id
    )
    session.add(payment)
    order.hold_expires_at = hold_with_checkout(order.hold_expires_at, payment.expires_at)
    session.flush()
    note(session, order, payment, actor="visitor", fact="started", to_state=payment.state, now=now)
    return _seen(payment, order, session)


def _pay_nothing(session: Session, order: Order, *, public_url: str, now: datetime) -> Seen:
    """An order that costs nothing is paid by asking for it; no provider hears of it."""
    payment = _new_payment(order, 1, now)
    payment.provider, payment.state, payment.request = "zero", "succeeded", {}
    payment.succeeded_at, payment.next_poll_at = now, None
    session.add(payment)
    session.flush()
    note(session, order, payment, actor="visitor", fact="paid", to_state="succeeded", now=now)
    service.accept_payment(session, order, payment, public_url=public_url, now=now)
    return _seen(payment, order, session)


def _refuse_unless_payable(order: Order, now: datetime) -> None:
    if order.state == "paid":
        raise Conflict("order_paid", N_("This order is paid already."))
    if order.state == "canceled":
        raise Conflict("order_cancelled", N_("This order was cancelled. Please make a new one."))
    if order.state == "expired" or order.hold_expires_at <= now:
        raise Conflict("order_expired", N_("The time to pay this order is over. Please make a new one."))


def _new_payment(order: Order, attempt_no: int, now: datetime) -> Payment:
    uid = uuid4()
    return Payment(
        uid=uid,
        order_id=order.id,
        attempt_no=attempt_no,
        provider="stripe",
        livemode=order.livemode,
        state="creating",
        amount_fen=order.total_fen,
        currency=order.currency,
        idempotency_key=f"pay:{uid}",
        # Whole seconds, stored: a retry must send the same moment.
        expires_at=(now + CHECKOUT_LIFE).replace(microsecond=0),
        amount_received_fen=0,
        amount_refunded_fen=0,
        created_at=now,
        next_poll_at=next_poll_at(now, now),
    )


def adopt_checkout(session: Session, payment_id: int, checkout: Checkout, *, now: datetime) -> bool:
    """The provider made the page. False when the order has ended meanwhile: then the page has to be closed again."""
    order, payment = lock_payment(session, payment_id)
    missing = set(METHODS) - set(checkout.methods)
    if missing:
        log.warning("the provider leaves out payment methods: %s", ", ".join(sorted(missing)))
        service.add_attention(order, "methods_missing")
    payment.methods = list(checkout.methods)
    if payment.checkout_id is None:
        payment.checkout_id, payment.checkout_url = checkout.id, checkout.url
        _move(session, order, payment, "opened", actor="provider", now=now)
    return order.state == "pending"


def reject_checkout(session: Session, payment_id: int, code: str, *, now: datetime) -> None:
    """The provider refuses to make the page: this try is over, the order is not."""
    order, payment = lock_payment(session, payment_id)
    if payment.state == "creating":
        payment.failure_code = code
        _move(session, order, payment, "rejected", actor="provider", now=now)


def flag_order(session: Session, payment_id: int, flag: str, *, now: datetime) -> None:
    """Ask staff to look, and leave the payment alone for an hour."""
    order, payment = lock_payment(session, payment_id)
    service.add_attention(order, flag)
    payment.next_poll_at = now + timedelta(hours=1)


def poll_later(session: Session, payment_id: int, *, now: datetime) -> None:
    """It could not be asked for: again in a minute, after the others that are due."""
    _, payment = lock_payment(session, payment_id)
    payment.next_poll_at = now + timedelta(minutes=1)


def record_snapshot(
    session: Session, payment_id: int, snapshot: PaymentSnapshot, *, actor: str, public_url: str, now: datetime
) -> str:
    """Apply the provider's truth; returns the payment's state. Safe to repeat, in any order, from anywhere."""
    order, payment = lock_payment(session, payment_id)
    if snapshot.metadata.get("payment") != str(payment.uid):
        service.add_attention(order, "foreign_checkout")
        return payment.state
    if snapshot.amount_received_fen < payment.amount_received_fen:
        # Fetched before another caller's and arrived after it: what was received does not shrink.
        return payment.state
    _take_facts(payment, snapshot, now)
    expected = Expected(payment.amount_fen, payment.currency, payment.livemode)
    fact = fact_of(snapshot, expected)
    if fact == "mismatch" and _another_is_live(session, payment):
        # Nobody waits for it, and it is not even the right amount.
        fact = "unwanted"
    if not _move(session, order, payment, fact, actor=actor, now=now):
        return payment.state
    if payment.state == "returned":
        service.add_attention(order, "amount_mismatch")
        refunds.return_money(session, order, payment, reason="duplicate_payment", now=now)
    if payment.state == "review":
        service.add_attention(order, "amount_mismatch")
        log.error("order %s: the amount, currency or mode received is not what was asked", order.number)
    if payment.state == "succeeded":
        _count_success(session, order, payment, public_url=public_url, now=now)
    return payment.state


def _take_facts(payment: Payment, snapshot: PaymentSnapshot, now: datetime) -> None:
    payment.checkout_id = payment.checkout_id or snapshot.checkout_id
    payment.checkout_url = snapshot.url or payment.checkout_url
    payment.provider_intent_id = snapshot.intent_id or payment.provider_intent_id
    payment.provider_charge_id = snapshot.charge_id or payment.provider_charge_id
    payment.method = snapshot.method or payment.method
    payment.amount_received_fen = snapshot.amount_received_fen
    if snapshot.amount_received_fen and snapshot.currency != payment.currency:
        payment.received_currency = snapshot.currency
    payment.failure_code = snapshot.failure_code
    if snapshot.charged_at and snapshot.amount_received_fen:
        # The provider counts from its own charge, however late we hear of it.
        payment.refundable_until = refundable_until(payment.method, snapshot.charged_at)
    payment.last_synced_at = now
    payment.next_poll_at = next_poll_at(payment.created_at, now)


def _another_is_live(session: Session, payment: Payment) -> bool:
    live = find_live_payment(session, payment.order_id)
    return live is not None and live.id != payment.id


def _move(session: Session, order: Order, payment: Payment, fact: str, *, actor: str, now: datetime) -> bool:
    """True when the payment came to a new state; the journal tells it."""
    step = next_payment_state(payment.state, fact)
    if step.outcome == "invalid":
        service.add_attention(order, "payment_in_doubt")
        log.error("order %s: a %s payment cannot become %s", order.number, payment.state, fact)
    if step.outcome != "moved":
        return False
    was, payment.state = payment.state, step.state
    # Money is booked once: with the fact that says it has come. What staff decides of it afterwards moves none.
    received = payment.amount_received_fen if fact in _BRINGS_MONEY and was != "review" else 0
    if step.state == "succeeded":
        payment.succeeded_at = now
        payment.refundable_until = payment.refundable_until or refundable_until(payment.method, now)
    note(
        session,
        order,
        payment,
        actor=actor,
        fact=fact,
        from_state=was,
        to_state=step.state,
        amount_fen=payment.amount_received_fen if fact in _BRINGS_MONEY else payment.amount_fen,
        moved=Moved(received, currency=payment.received_currency or payment.currency) if received else NOTHING_MOVED,
        now=now,
    )
    session.flush()
    return True


def _count_success(session: Session, order: Order, payment: Payment, *, public_url: str, now: datetime) -> None:
    outcome = service.accept_payment(session, order, payment, public_url=public_url, now=now)
    if outcome == "moved":
        return
    # The order was paid by another payment, or had ended for good: this money goes back by itself.
    reason = "duplicate_payment" if outcome == "ignored" else "late_payment"
    service.add_attention(order, reason)
    refunds.return_money(session, order, payment, reason=reason, now=now)
