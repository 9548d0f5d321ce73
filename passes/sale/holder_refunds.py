"""A holder asks the money of one pass back: the amount computed under the locks, the pass held at once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict
from passes.lifecycle.models import Pass
from passes.sale.gate_reports import wait_of
from passes.sale.models import OrderLine, Refund, RefundLine
from passes.sale.refund_quotes import find_quote
from passes.sale.refunds import RefundAsked, RefundPart, lock_for_refund, request_refund


@dataclass(frozen=True, slots=True)
class Wish:
    """What the holder saw and agreed to. key: drawn with the form, so that sending it twice is one refund."""

    key: str
    shown_fen: int


def ask_refund(session: Session, pass_id: int, wish: Wish, *, now: datetime) -> Refund:
    """The pass's refund, held from now on; asked twice, the same one. Locks: Order → Payment → Refund → Pass.

    One that was stopped before it was sent does not count: it may be asked for anew.

    Conflict: nothing_to_refund, amount_changed (a use came in between, or midnight), nothing_paid, dispute_open.
    """
    line = select(OrderLine.order_id).join(Pass, Pass.order_line_id == OrderLine.id).where(Pass.id == pass_id)
    order_id = session.scalar(line)
    if order_id is None:
        raise Conflict("nothing_paid", N_("Nothing was paid for this pass, so nothing can be paid back."))
    pass_ = lock_for_refund(session, order_id, [pass_id]).passes[pass_id]
    made = session.scalars(
        select(Refund)
        .join(RefundLine, RefundLine.refund_id == Refund.id)
        .where(RefundLine.pass_id == pass_id, Refund.state != "canceled")
        .order_by(Refund.id.desc())
    ).first()
    if made is not None:
        return made
    found = find_quote(session, pass_, now=now)
    if found is None or found.quote.payout_fen <= 0:
        raise Conflict("nothing_to_refund", N_("By the terms of this pass nothing is paid back today."))
    if found.quote.payout_fen != wish.shown_fen:
        raise Conflict("amount_changed", N_("The amount has changed since you opened this page. Please look again."))
    part = RefundPart(pass_id, found.quote.payout_fen, found.uses_seen, found.quote.lines)
    asked = RefundAsked(
        wish.key, (part,), by="holder", source="customer", not_before=wait_of([found], now), cause="holder"
    )
    return request_refund(session, order_id, asked, now=now)
