"""What staff decides of money that came and is not what was asked for."""

from datetime import datetime

from sqlalchemy.orm import Session

from passes.errors import N_, Conflict
from passes.sale import refunds, service
from passes.sale.journal import note
from passes.sale.models import Order, Payment
from passes.sale.queries import lock_payment
from passes.sale.rules import next_payment_state, refundable_until


def accept_payment(session: Session, payment_id: int, *, by: str, public_url: str, now: datetime) -> None:
    """It is good enough: the order is paid and its passes are issued. Conflict: not in review, or of other money."""
    order, payment = _in_review(session, payment_id)
    if payment.received_currency is not None:
        raise Conflict("other_currency", N_("It came in another currency: it can only be sent back."))
    if order.state not in ("pending", "expired"):
        raise Conflict("order_over", N_("This order is paid or cancelled: the money can only be sent back."))
    _move(session, order, payment, "accepted", by=by, now=now)
    payment.refundable_until = payment.refundable_until or refundable_until(payment.method, now)
    session.flush()
    if service.accept_payment(session, order, payment, public_url=public_url, now=now) != "moved":
        raise Conflict("sold_out_meanwhile", N_("All passes were sold meanwhile: the money can only be sent back."))
    _looked_at(order)


def send_back(session: Session, payment_id: int, *, by: str, now: datetime) -> None:
    """All of it goes back the way it came; the order may be paid anew while its time lasts."""
    order, payment = _in_review(session, payment_id)
    _move(session, order, payment, "sent_back", by=by, now=now)
    session.flush()
    refunds.return_money(session, order, payment, reason="requested", now=now)
    _looked_at(order)


def _in_review(session: Session, payment_id: int) -> tuple[Order, Payment]:
    order, payment = lock_payment(session, payment_id)
    if payment.state != "review":
        raise Conflict("not_in_review", N_("Somebody has decided about this payment already."))
    return order, payment


def _move(session: Session, order: Order, payment: Payment, fact: str, *, by: str, now: datetime) -> None:
    was, payment.state = payment.state, next_payment_state(payment.state, fact).state
    if payment.state == "succeeded":
        payment.succeeded_at = now
    note(
        session,
        order,
        payment,
        actor=by,
        fact=fact,
        from_state=was,
        to_state=payment.state,
        amount_fen=payment.amount_received_fen,
        now=now,
    )


def _looked_at(order: Order) -> None:
    order.attention = [flag for flag in order.attention if flag != "amount_mismatch"]
