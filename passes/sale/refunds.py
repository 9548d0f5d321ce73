"""Refunds the system asks for by itself: money that came for an order it cannot pay any more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict
from passes.sale import service
from passes.sale.journal import note
from passes.sale.models import Order, Payment, Refund
from passes.sale.provider import RefundSnapshot
from passes.sale.queries import lock_order
from passes.sale.rules import next_refund_state, next_try_at


def request_refund(
    session: Session, order: Order, payment: Payment, amount_fen: int, *, reason: str, now: datetime
) -> Refund:
    """A refund in `requested`; a chore sends it. Order and payment are locked. Never more than was received."""
    taken = session.scalar(
        select(func.coalesce(func.sum(Refund.amount_fen), 0)).where(
            Refund.payment_id == payment.id, Refund.state.in_(("requested", "pending", "succeeded"))
        )
    )
    if amount_fen + int(taken or 0) > payment.amount_received_fen:
        raise Conflict("over_refund", N_("More than was received cannot be refunded."))
    uid = uuid4()
    refund = Refund(
        uid=uid,
        payment_id=payment.id,
        order_id=order.id,
        amount_fen=amount_fen,
        state="requested",
        source="system",
        reason=reason,
        channel="provider",
        idempotency_key=f"refund:{uid}",
        requested_by="sale",
        created_at=now,
        next_attempt_at=now,
    )
    session.add(refund)
    session.flush()
    note(
        session,
        order,
        payment,
        actor="chore",
        fact=reason,
        to_state="requested",
        refund_id=refund.id,
        amount_fen=amount_fen,
        now=now,
    )
    return refund


def list_unsettled(session: Session, now: datetime, limit: int) -> Sequence[tuple[Refund, str]]:
    """Refunds to be sent or asked after, each with its payment's intent."""
    statement = (
        select(Refund, Payment.provider_intent_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.state.in_(("requested", "pending")), Refund.channel == "provider")
        .where(Refund.next_attempt_at <= now)
        .order_by(Refund.id)
        .limit(limit)
    )
    return [(refund, intent or "") for refund, intent in session.execute(statement)]


def postpone(session: Session, refund_id: int, *, now: datetime) -> None:
    """The provider did not answer: the same key again, a little later."""
    refund = session.get_one(Refund, refund_id)
    refund.next_attempt_at = next_try_at(6, now)


def record_refund(session: Session, refund_id: int, snapshot: RefundSnapshot, *, now: datetime) -> str:
    """Apply what the provider says of a refund; returns its state. A pending one is no failure."""
    order, refund = _locked(session, refund_id)
    refund.provider_refund_id = refund.provider_refund_id or snapshot.id
    refund.failure_reason, refund.pending_reason = snapshot.failure_reason, snapshot.pending_reason
    refund.submitted_at = refund.submitted_at or now
    refund.next_attempt_at = next_try_at(6, now)
    _move(session, order, refund, snapshot.status, now=now)
    return refund.state


def reject_refund(session: Session, refund_id: int, code: str, *, now: datetime) -> None:
    """The provider will not make this refund: asking again changes nothing, somebody has to look."""
    order, refund = _locked(session, refund_id)
    if refund.state == "requested":
        refund.failure_reason = code
        _move(session, order, refund, "failed", now=now)


def _locked(session: Session, refund_id: int) -> tuple[Order, Refund]:
    order = lock_order(session, session.get_one(Refund, refund_id).order_id)
    return order, session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)


def _move(session: Session, order: Order, refund: Refund, status: str, *, now: datetime) -> None:
    step = next_refund_state(refund.state, status)
    if step.outcome != "moved":
        return
    was, refund.state = refund.state, step.state
    refund.settled_at = None if step.state == "pending" else now
    if step.state in ("failed", "canceled"):
        service.add_attention(order, "refund_failed")
    note(
        session,
        order,
        None,
        actor="provider",
        fact=status,
        from_state=was,
        to_state=step.state,
        refund_id=refund.id,
        amount_fen=refund.amount_fen,
        now=now,
    )
