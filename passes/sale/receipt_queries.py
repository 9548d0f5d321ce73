"""What a receipt says of an order."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict
from passes.lifecycle.queries import find_pass_of_line
from passes.sale.invoices import find_invoice
from passes.sale.models import Order, Refund
from passes.sale.queries import find_paying_payment, list_lines
from passes.sale.receipts import Receipt, ReceiptLine


def get_receipt(session: Session, order: Order) -> Receipt:
    """The receipt of a paid order; Conflict("order_not_paid") of another."""
    if order.state != "paid" or order.paid_at is None:
        raise Conflict("order_not_paid", N_("There is a receipt when the order is paid."))
    lines = []
    for line in list_lines(session, order.id):
        pass_ = find_pass_of_line(session, line.id)
        number = pass_.number if pass_ else ""
        lines.append(ReceiptLine(line.product_name, line.holder_name, number, line.amount_fen))
    paid_by = find_paying_payment(session, order.id)
    refunded = (
        session.scalar(
            select(func.sum(Refund.amount_fen)).where(Refund.payment_id == paid_by.id, Refund.state == "succeeded")
        )
        if paid_by
        else 0
    )
    return Receipt(
        number=order.number,
        livemode=order.livemode,
        paid_at=order.paid_at,
        method=paid_by.method if paid_by else None,
        lines=lines,
        total_fen=order.total_fen,
        refunded_fen=int(refunded or 0),
        invoice=find_invoice(session, order.id),
    )
