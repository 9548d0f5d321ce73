"""What is left of an order whose buyer's data were erased: numbers, amounts and times, as tax law asks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from passes.lifecycle.erasing import BLANK, NO_BIRTHDAY, NO_DIGEST
from passes.sale.invoice_models import OrderInvoice
from passes.sale.models import Order, OrderLine, Payment, WebhookEvent
from passes.sale.queries import is_about_orders
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
    _forget_invoices(session, erased)
    session.expire_all()
    return list(erased)


def _forget_invoices(session: Session, orders: Sequence[int]) -> None:
    """Of those nobody paid: there will never be an invoice."""
    unpaid = select(Order.id).where(Order.id.in_(orders), Order.paid_at.is_(None))
    gone = delete(OrderInvoice).where(OrderInvoice.order_id.in_(unpaid))
    session.execute(gone.execution_options(synchronize_session=False))


def list_unpaid_lines(session: Session, ended_before: datetime, limit: int) -> Sequence[int]:
    """Lines of orders that ended unpaid before this moment, that no money can reach any more."""
    live = select(Payment.id).where(
        Payment.order_id == Order.id, Payment.state.in_((*LIVE_PAYMENT_STATES, "succeeded"))
    )
    statement = (
        select(OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.state.in_(("expired", "canceled")),
            Order.erased_at.is_(None),
            Order.placed_at < ended_before,
            ~live.exists(),
        )
        .order_by(OrderLine.id)
        .limit(limit)
    )
    return session.scalars(statement).all()


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


def _empty(session: Session, which: ColumnElement[bool]) -> int:
    emptied = update(WebhookEvent).where(which).values(payload={}).returning(WebhookEvent.event_id)
    return len(session.scalars(emptied.execution_options(synchronize_session=False)).all())
