"""What is left of an order whose buyer's data were erased: numbers, amounts and times, as tax law asks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from passes.lifecycle.erasing import BLANK, NO_BIRTHDAY, NO_DIGEST
from passes.sale.invoice_models import OrderInvoice
from passes.sale.models import Order, OrderLine, Payment, Refund, RefundLine, WebhookEvent
from passes.sale.money_rules import OPEN_DISPUTES
from passes.sale.queries import find_payment_of_event, is_about_orders, lock_order
from passes.sale.refund_lines import without_places
from passes.sale.rules import LIVE_PAYMENT_STATES

_IS_DONE_WITH = WebhookEvent.state.in_(("processed", "unmatched", "dead"))


def erase_lines(session: Session, line_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Blank the holders on these lines, and the e-mail of orders that have no other. Returns the orders' ids.

    Amounts, numbers and times stay; so do the data of an invoice, where the order was paid.
    """
    orders = session.scalars(
        update(OrderLine)
        .where(OrderLine.id.in_(line_ids))
        .values(
            holder_name=BLANK,
            holder_phone="",
            holder_email=None,
            birth_on=NO_BIRTHDAY,
            document_hmac=NO_DIGEST,
            document_last4=BLANK,
            id_tag=0,
        )
        .returning(OrderLine.order_id)
        .execution_options(synchronize_session=False)
    ).all()
    known = select(OrderLine.id).where(OrderLine.order_id == Order.id, OrderLine.document_hmac != NO_DIGEST)
    erased = session.scalars(
        update(Order)
        .where(Order.id.in_(orders), Order.erased_at.is_(None), ~known.exists())
        .values(email=None, erased_at=now)
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    ).all()
    forget_invoices(session, len(erased), erased)
    session.expire_all()
    return list(erased)


def orders_of(session: Session, line_ids: Sequence[int]) -> Sequence[int]:
    """The orders that these lines are of."""
    return session.scalars(select(OrderLine.order_id).where(OrderLine.id.in_(line_ids)).distinct()).all()


def forget_invoices(session: Session, limit: int, orders: Sequence[int] | None = None) -> int:
    """Drop invoice data of orders nobody paid and whose holders are forgotten: there will never be an invoice.

    orders: of these only, as they are being erased. Returns how many.
    """
    erased = [Order.erased_at.is_not(None)] if orders is None else [Order.id.in_(orders)]
    kept = select(OrderInvoice.order_id).join(Order, Order.id == OrderInvoice.order_id)
    unpaid = kept.where(Order.paid_at.is_(None), *erased).limit(limit)
    gone = delete(OrderInvoice).where(OrderInvoice.order_id.in_(unpaid)).returning(OrderInvoice.order_id)
    return len(session.scalars(gone.execution_options(synchronize_session=False)).all())


def list_unpaid_lines(session: Session, ended_before: datetime, limit: int) -> Sequence[int]:
    """Lines of orders that ended unpaid before this moment, that no money can reach any more.

    Money that came all the same has gone back whole, before this moment as well, by us or by the bank.
    """
    busy = or_(
        Payment.state.in_(LIVE_PAYMENT_STATES),
        Payment.amount_received_fen > Payment.amount_refunded_fen + func.coalesce(Payment.disputed_fen, 0),
        Payment.dispute_status.in_(OPEN_DISPUTES),
    )
    live = select(Payment.id).where(Payment.order_id == Order.id, busy)
    moving = select(Refund.id).where(
        Refund.order_id == Order.id,
        or_(Refund.state.in_(("requested", "pending")), Refund.settled_at >= ended_before),
    )
    statement = (
        select(OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.state.in_(("expired", "canceled")),
            Order.erased_at.is_(None),
            Order.placed_at < ended_before,
            ~live.exists(),
            ~moving.exists(),
        )
        .order_by(OrderLine.id)
        .limit(limit)
    )
    return session.scalars(statement).all()


def erase_visits(session: Session, pass_ids: Sequence[int]) -> None:
    """Of refunds for these passes: that so many visits were taken off stays, and not where or when they were made.

    The orders are locked.
    """
    about = select(RefundLine.refund_id).where(RefundLine.pass_id.in_(pass_ids))
    refunds = select(Refund).where(Refund.id.in_(about), Refund.lines.is_not(None)).order_by(Refund.id)
    for refund in session.scalars(refunds.with_for_update(key_share=True)).all():
        refund.lines = without_places(refund.lines, pass_ids)
    session.flush()


def empty_messages(session: Session, received_before: datetime, limit: int) -> int:
    """Forget what old messages of the provider said; that they came, and about what, stays. Returns how many."""
    old = (
        select(WebhookEvent.event_id)
        .where(WebhookEvent.received_at < received_before, _IS_DONE_WITH, WebhookEvent.payload != {})
        .limit(limit)
    )
    return _empty(session, WebhookEvent.event_id.in_(old))


def empty_messages_about(session: Session, order_ids: Sequence[int]) -> int:
    """The same of whatever was said of these orders' payments: it may name whoever paid. Returns how many."""
    about = is_about_orders(session, order_ids)
    return _empty(session, about & _IS_DONE_WITH & (WebhookEvent.payload != {}))


def empty_of_erased(session: Session, event: WebhookEvent) -> None:
    """Forget what a message says that was acted on just now, where its order was erased while it waited.

    Under the order's lock: whoever erases the order meanwhile finds the message acted on, or is found here.
    """
    payment_id = find_payment_of_event(session, event)
    if payment_id is None:
        return
    order_id = session.scalars(select(Payment.order_id).where(Payment.id == payment_id)).one()
    if lock_order(session, order_id).erased_at is not None:
        event.payload = {}


def _empty(session: Session, which: ColumnElement[bool]) -> int:
    emptied = update(WebhookEvent).where(which).values(payload={}).returning(WebhookEvent.event_id)
    return len(session.scalars(emptied.execution_options(synchronize_session=False)).all())
