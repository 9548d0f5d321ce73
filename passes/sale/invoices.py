"""Invoice data of an order: given and changed by its buyer, listed for whoever writes the invoices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.clock import day_start
from passes.errors import N_, Conflict
from passes.sale.invoice_models import OrderInvoice
from passes.sale.models import Order, PaymentEvent, Refund
from passes.sale.queries import lock_order


@dataclass(frozen=True, slots=True)
class InvoiceData:
    """buyer_kind: person | company. tax_number: of a company, checked and normalised; None for a person."""

    buyer_kind: str
    title: str
    tax_number: str | None
    email: str


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A paid order whose buyer wants an invoice. refunded_fen: what has been paid back of it, or is on its way."""

    order_id: int
    number: str
    livemode: bool
    paid_at: datetime
    total_fen: int
    refunded_fen: int
    data: InvoiceData

    @property
    def net_fen(self) -> int:
        return self.total_fen - self.refunded_fen


def find_invoice(session: Session, order_id: int) -> InvoiceData | None:
    found = session.get(OrderInvoice, order_id, populate_existing=True)
    return None if found is None else _data(found)


def keep_invoice(session: Session, order_id: int, data: InvoiceData, *, now: datetime) -> None:
    """Keep or replace what the buyer gave. Conflict where the order has ended unpaid."""
    order = lock_order(session, order_id)
    if order.state not in ("pending", "paid"):
        raise Conflict("order_not_paid", N_("There is no invoice for an order that was not paid."))
    values = {
        "buyer_kind": data.buyer_kind,
        "title": data.title,
        "tax_number": data.tax_number,
        "email": data.email,
        "changed_at": now,
    }
    statement = insert(OrderInvoice).values(order_id=order_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[OrderInvoice.order_id], set_=values))


def list_invoices(session: Session, first: date, last: date) -> Sequence[InvoiceRow]:
    """Of orders paid on these local days, both included; oldest first."""
    # Money that came twice and went back was never the price of anything.
    paid_by = (
        select(PaymentEvent.payment_id)
        .where(PaymentEvent.order_id == Order.id, PaymentEvent.to_state == "paid")
        .order_by(PaymentEvent.id)
        .limit(1)
        .correlate(Order)
        .scalar_subquery()
    )
    back = (
        select(func.coalesce(func.sum(Refund.amount_fen), 0))
        .where(Refund.payment_id == paid_by, Refund.state.in_(("requested", "pending", "succeeded")))
        .scalar_subquery()
    )
    statement = (
        select(OrderInvoice, Order.number, Order.livemode, Order.paid_at, Order.total_fen, back)
        .join(Order, Order.id == OrderInvoice.order_id)
        .where(
            Order.state == "paid",
            Order.paid_at >= day_start(first),
            Order.paid_at < day_start(last + timedelta(days=1)),
        )
        .order_by(Order.paid_at, Order.id)
    )
    return [
        InvoiceRow(found.order_id, number, livemode, paid_at, total_fen, int(refunded), _data(found))
        for found, number, livemode, paid_at, total_fen, refunded in session.execute(statement)
    ]


def _data(found: OrderInvoice) -> InvoiceData:
    return InvoiceData(found.buyer_kind, found.title, found.tax_number, found.email)
