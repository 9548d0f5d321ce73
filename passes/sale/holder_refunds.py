"""A holder asks the money of one pass back: the amount computed under the locks, the pass held at once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict
from passes.lifecycle.models import Pass
from passes.lifecycle.service import get_locked_pass, hold_pass
from passes.sale import refunds
from passes.sale.models import Order, OrderLine, Payment, Refund, RefundLine
from passes.sale.queries import list_payments, lock_order, lock_payment
from passes.sale.refund_quotes import PassQuote, find_quote


@dataclass(frozen=True, slots=True)
class Wish:
    """What the holder saw and agreed to. key: drawn with the form, so that sending it twice is one refund."""

    key: str
    shown_fen: int


def ask_refund(session: Session, pass_id: int, wish: Wish, *, now: datetime) -> Refund:
    """The pass's refund, held from now on; asked twice, the same one. Locks: Order → Payment → Pass.

    Conflict: nothing_to_refund, amount_changed (a use came in between, or midnight), nothing_paid.
    """
    order, payment = _locked(session, pass_id)
    pass_ = get_locked_pass(session, pass_id)
    made = session.scalars(
        select(Refund)
        .join(RefundLine, RefundLine.refund_id == Refund.id)
        .where(RefundLine.pass_id == pass_id)
        .order_by(Refund.id.desc())
    ).first()
    if made is not None:
        return made
    found = find_quote(session, pass_, now=now)
    if found is None or found.quote.payout_fen <= 0:
        raise Conflict("nothing_to_refund", N_("By the terms of this pass nothing is paid back today."))
    if found.quote.payout_fen != wish.shown_fen:
        raise Conflict("amount_changed", N_("The amount has changed since you opened this page. Please look again."))
    return _request(session, order, payment, pass_, found, wish, now=now)


def _locked(session: Session, pass_id: int) -> tuple[Order, Payment]:
    line = select(OrderLine.order_id).join(Pass, Pass.order_line_id == OrderLine.id).where(Pass.id == pass_id)
    order_id = session.scalar(line)
    if order_id is not None:
        lock_order(session, order_id)
        for payment in list_payments(session, order_id):
            if payment.state == "succeeded":
                return lock_payment(session, payment.id)
    raise Conflict("nothing_paid", N_("Nothing was paid for this pass, so nothing can be paid back."))


def _request(
    session: Session, order: Order, payment: Payment, pass_: Pass, found: PassQuote, wish: Wish, *, now: datetime
) -> Refund:
    """The refund itself, in the way of all refunds; the only function here that knows how one is made."""
    amount_fen = found.quote.payout_fen
    refund = refunds.request_refund(session, order, payment, amount_fen, reason="requested", now=now)
    refund.source, refund.requested_by = "customer", "holder"
    session.add(RefundLine(refund_id=refund.id, pass_id=pass_.id, amount_fen=amount_fen))
    hold_pass(session, pass_.id, "refund", by="sale", now=now)
    session.flush()
    return refund
