"""Orders from the money to the end: paid once, passes issued once, or ended unpaid."""

from datetime import datetime

from sqlalchemy.orm import Session

from passes.errors import N_, Conflict
from passes.events.contract import Event, OrderCancelled, OrderExpired, OrderPaid
from passes.events.outbox import emit
from passes.lifecycle.service import Holder, PassRequest, issue_pass
from passes.sale import letters, stock
from passes.sale.journal import note
from passes.sale.models import Order, OrderLine, Payment
from passes.sale.queries import find_live_payment, list_lines, lock_order
from passes.sale.rules import next_order_state


def accept_payment(session: Session, order: Order, payment: Payment, *, public_url: str, now: datetime) -> str:
    """A payment of the locked order has succeeded: paid and passes issued, once.

    Returns moved, or why this money has to go back. ignored: the order was paid already; invalid: it was cancelled;
    sold_out: it had ended, and what it held has gone to others; forgotten: nobody knows any more for whom it was.
    """
    step = next_order_state(order.state, "paid")
    if step.outcome != "moved":
        return step.outcome
    if order.erased_at is not None:
        return "forgotten"
    line_ids = [line.id for line in list_lines(session, order.id)]
    if order.state == "expired" and not stock.retake(session, line_ids, now=now):
        return "sold_out"
    was, order.state = order.state, step.state
    order.hold_state = "consumed"
    order.paid_at = now
    if was == "expired":
        add_attention(order, "late_payment_accepted")
    note(session, order, payment, actor="provider", fact="paid", from_state=was, to_state=step.state, now=now)
    passes = [issue_pass(session, _pass_request(order, line), now=now) for line in list_lines(session, order.id)]
    _say(
        session,
        OrderPaid(order_id=order.id, total_fen=order.total_fen, method=payment.method, livemode=order.livemode),
        now=now,
    )
    letters.write_paid(session, order, [pass_.id for pass_ in passes], public_url=public_url, now=now)
    if was == "pending":
        stock.sell(session, line_ids, now=now)
    return step.outcome


def _pass_request(order: Order, line: OrderLine) -> PassRequest:
    return PassRequest(
        order_line_id=line.id,
        order_id=order.id,
        serial=line.serial,
        livemode=order.livemode,
        product_id=line.product_id,
        product_number=line.product_number,
        terms_version=line.terms_version,
        validity_days=line.validity_days,
        activation_days=line.activation_days,
        holder_class=line.holder_class,
        id_tag=line.id_tag,
        holder=Holder(
            name=line.holder_name,
            phone=line.holder_phone,
            email=line.holder_email,
            birth_on=line.birth_on,
            document_type=line.document_type,
            document_hmac=line.document_hmac,
            document_last4=line.document_last4,
        ),
    )


def end_order(session: Session, order: Order, fact: str, *, actor: str, reason: str, now: datetime) -> bool:
    """The locked order ends unpaid. fact: hold_over | cancelled. False when it has ended, was paid, or may yet be."""
    step = next_order_state(order.state, fact)
    if step.outcome != "moved" or find_live_payment(session, order.id) is not None:
        return False
    was, order.state = order.state, step.state
    order.hold_state = "released"
    if step.state == "expired":
        order.expired_at = now
        _say(session, OrderExpired(order_id=order.id), now=now)
    else:
        order.canceled_at, order.cancel_reason = now, reason
        _say(session, OrderCancelled(order_id=order.id, reason=reason), now=now)
    note(session, order, None, actor=actor, fact=fact, from_state=was, to_state=step.state, now=now)
    stock.release(session, [line.id for line in list_lines(session, order.id)], now=now)
    return True


def cancel_by_buyer(session: Session, order_id: int, *, now: datetime) -> None:
    """What ended before stays ended. Conflict(order_paid | payment_in_progress) when it is paid, or may yet be."""
    order = lock_order(session, order_id)
    if end_order(session, order, "cancelled", actor="visitor", reason="by_buyer", now=now):
        return
    if order.state == "paid":
        raise Conflict("order_paid", N_("This order is paid already."))
    if order.state == "pending":
        raise Conflict("payment_in_progress", N_("A payment for this order is being processed. Please wait for it."))


def add_attention(order: Order, flag: str) -> None:
    """Something staff should look at; each flag stands once."""
    if flag not in order.attention:
        order.attention = [*order.attention, flag]


def clear_attention(session: Session, order_id: int, flag: str, *, actor: str, now: datetime) -> None:
    """Staff has looked at it. Conflict where the flag is gone already."""
    order = lock_order(session, order_id)
    if flag not in order.attention:
        raise Conflict("flag_cleared", N_("Somebody has dealt with this already."))
    order.attention = [other for other in order.attention if other != flag]
    note(session, order, None, actor=actor, fact="looked_at", from_state=flag, now=now)
    session.flush()


def _say(session: Session, event: Event, *, now: datetime) -> None:
    """Our rows first, so that the order of the outbox is the order of what happened."""
    session.flush()
    emit(session, event, now=now)
