"""What the provider says went back of a payment, or is claimed by a bank, taken into our books.

Safe to repeat, in any order, from anywhere. Locks: Order → Payment → Refund → Pass → Stock.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.lifecycle.endings import free_from, hold_for_money
from passes.lifecycle.models import Pass
from passes.sale import service
from passes.sale.journal import Moved, note
from passes.sale.models import Order, OrderLine, Payment, PaymentEvent, Refund
from passes.sale.money_rules import GONE, dispute_state, is_taken, next_dispute_state, taken_by_dispute
from passes.sale.provider import DisputeSnapshot, MoneyBack, RefundSnapshot
from passes.sale.queries import find_paying_payment, lock_payment, lock_refunds
from passes.sale.refund_outcomes import apply_snapshot, end_passes, import_refund

_FACTS = {
    "inquiry": "inquired",
    "open": "disputed",
    "won": "dispute_won",
    "lost": "dispute_lost",
    "closed": "dispute_closed",
}
_FLAGS = {"inquiry": "dispute_asked", "open": "disputed", "lost": "dispute_lost"}


def record_money_back(session: Session, payment_id: int, money: MoneyBack, *, now: datetime) -> None:
    """Every refund and dispute of a payment as it stands: ours moved on, those made elsewhere imported."""
    order, payment = lock_payment(session, payment_id)
    ours = list(lock_refunds(session, payment_id))
    for snapshot in reversed(money.refunds):
        refund = _ours(ours, snapshot)
        if refund is None:
            ours.append(import_refund(session, order, payment, snapshot, now=now))
        else:
            apply_snapshot(session, order, payment, refund, snapshot, now=now)
    for dispute in _not_older(money.disputes, payment.dispute_id):
        _record_dispute(session, order, payment, dispute, now=now)


def _ours(refunds: Sequence[Refund], snapshot: RefundSnapshot) -> Refund | None:
    for refund in refunds:
        if refund.provider_refund_id == snapshot.id:
            return refund
        if refund.provider_refund_id is None and str(refund.uid) == snapshot.refund_uid:
            return refund
    return None


def _not_older(disputes: Sequence[DisputeSnapshot], known: str | None) -> Sequence[DisputeSnapshot]:
    """Oldest first, from the one we know: what came before it was heard when it was the last."""
    found = list(reversed(disputes))
    return found[next((place for place, dispute in enumerate(found) if dispute.id == known), 0) :]


def _record_dispute(
    session: Session, order: Order, payment: Payment, dispute: DisputeSnapshot, *, now: datetime
) -> None:
    was = dispute_state(payment.dispute_status)
    if payment.dispute_id not in (None, dispute.id):
        if was not in ("won", "closed"):
            return service.add_attention(order, "payment_in_doubt")
        was = "none"  # the bank begins anew
    step = next_dispute_state(was, dispute_state(dispute.status))
    if step.outcome == "invalid":
        service.add_attention(order, "payment_in_doubt")
    if step.state != dispute_state(dispute.status):
        return None
    payment.dispute_id, payment.dispute_status = dispute.id, dispute.status
    payment.dispute_reason, payment.dispute_due_at = dispute.reason, dispute.due_at
    if step.outcome != "moved":
        return None
    moved = _moved(session, payment, was, step.state, dispute)
    payment.disputed_fen = dispute.amount_fen if is_taken(step.state) else 0
    note(
        session,
        order,
        payment,
        actor="provider",
        fact=_FACTS[step.state],
        from_state=was,
        to_state=f"dispute_{step.state}",
        amount_fen=dispute.amount_fen,
        moved=Moved(moved, currency=payment.received_currency or payment.currency),
        now=now,
    )
    _mark(order, step.state)
    session.flush()
    _move_passes(session, order, payment, step.state, now=now)
    return None


def _moved(session: Session, payment: Payment, was: str, state: str, dispute: DisputeSnapshot) -> int:
    """What this step takes from the account, or brings back to it: exactly what the dispute had taken."""
    if is_taken(was) == is_taken(state):
        return 0
    if is_taken(state):
        refunded = session.scalar(
            select(func.coalesce(func.sum(Refund.amount_fen), 0)).where(
                Refund.payment_id == payment.id, Refund.state.in_(GONE), Refund.channel == "provider"
            )
        )
        return -taken_by_dispute(dispute.amount_fen, int(refunded or 0), dispute.taken_minor, dispute.exchange_rate)
    taken = session.scalar(
        select(func.coalesce(func.sum(PaymentEvent.moved_fen), 0)).where(
            PaymentEvent.payment_id == payment.id, PaymentEvent.fact.in_(_FACTS.values())
        )
    )
    return -int(taken or 0)


def _mark(order: Order, state: str) -> None:
    """One mark tells how the dispute stands now."""
    order.attention = [flag for flag in order.attention if flag not in _FLAGS.values()]
    if state in _FLAGS:
        service.add_attention(order, _FLAGS[state])


def _move_passes(session: Session, order: Order, payment: Payment, state: str, *, now: datetime) -> None:
    """The passes this payment paid for: held while it is open, free when it is won, void when it is lost."""
    paid_by = find_paying_payment(session, order.id)
    if paid_by is None or paid_by.id != payment.id:
        return
    lines = select(OrderLine.id).where(OrderLine.order_id == order.id)
    ids = session.scalars(select(Pass.id).where(Pass.order_line_id.in_(lines))).all()
    if state == "open":
        hold_for_money(session, ids, "dispute", by="sale", now=now)
    elif state == "won":
        free_from(session, ids, "dispute", now=now)
    elif state == "lost":
        end_passes(session, ids, "dispute", now=now)
