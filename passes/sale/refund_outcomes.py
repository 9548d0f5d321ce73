"""What becomes of a refund: sent, on its way, arrived, failed; and with it of the passes it is for."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict
from passes.lifecycle.endings import free_from, void_passes
from passes.lifecycle.models import Pass
from passes.sale import refund_letters, service, stock
from passes.sale.journal import Moved, note
from passes.sale.models import Order, Payment, Refund, RefundLine
from passes.sale.money_rules import CAME_BACK, COUNTED, dispute_state, moved_by_refund, refundable_fen
from passes.sale.provider import RefundSnapshot
from passes.sale.queries import lock_payment
from passes.sale.rules import next_refund_state, next_try_at

# How often a refund on its way is asked after, and when somebody has to look at one that does not arrive.
_LOOK_EVERY = timedelta(minutes=5)
_STUCK_AFTER = timedelta(days=5)


def list_unsettled(session: Session, now: datetime, limit: int) -> Sequence[tuple[Refund, str]]:
    """Refunds to be sent or asked after, each with its payment's intent."""
    statement = (
        select(Refund, Payment.provider_intent_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.state.in_(("requested", "pending")), Refund.channel == "provider")
        .where(Refund.next_attempt_at <= now)
        .order_by(Refund.next_attempt_at, Refund.id)
        .limit(limit)
    )
    return [(refund, intent or "") for refund, intent in session.execute(statement)]


def mark_sent(session: Session, refund_id: int, *, now: datetime) -> tuple[datetime, int]:
    """About to be sent; returns when that was first so, and how much it is.

    Kept before the call: a killed process leaves it behind.
    """
    _, _, refund = lock_refund(session, refund_id)
    refund.submitted_at = refund.submitted_at or now
    return refund.submitted_at, refund.amount_fen


def postpone(session: Session, refund_id: int, *, now: datetime) -> None:
    """The provider did not answer: the same key again, a little later."""
    _, _, refund = lock_refund(session, refund_id)
    refund.next_attempt_at = next_try_at(6, now)


def record_refund(session: Session, refund_id: int, snapshot: RefundSnapshot, *, now: datetime) -> str:
    """Apply what the provider says of a refund; returns its state. A pending one is no failure. Safe to repeat."""
    order, payment, refund = lock_refund(session, refund_id)
    return apply_snapshot(session, order, payment, refund, snapshot, now=now)


def apply_snapshot(
    session: Session, order: Order, payment: Payment, refund: Refund, snapshot: RefundSnapshot, *, now: datetime
) -> str:
    """The same, on rows that are locked already."""
    refund.provider_refund_id = refund.provider_refund_id or snapshot.id
    refund.submitted_at = refund.submitted_at or now
    if next_refund_state(refund.state, snapshot.status).outcome == "ignored" and refund.state != snapshot.status:
        return refund.state
    refund.failure_reason, refund.pending_reason = snapshot.failure_reason, snapshot.pending_reason
    refund.next_attempt_at = now + _LOOK_EVERY
    waits_for_money = snapshot.status == "pending" and snapshot.pending_reason == "insufficient_funds"
    if waits_for_money or (snapshot.status == "pending" and now - refund.created_at > _STUCK_AFTER):
        service.add_attention(order, "refund_waits")
    _move(session, order, payment, refund, snapshot.status, actor="provider", now=now)
    return refund.state


def reject_refund(session: Session, refund_id: int, code: str, *, now: datetime) -> None:
    """The provider will not make this refund: asking again changes nothing, somebody has to look."""
    order, payment, refund = lock_refund(session, refund_id)
    if refund.state == "requested":
        refund.failure_reason = code
        _move(session, order, payment, refund, "failed", actor="provider", now=now)


def record_payout_by_hand(session: Session, refund_id: int, *, by: str, evidence: str, now: datetime) -> Refund:
    """Staff has paid a manual refund by a transfer.

    Conflict where it is none, or is settled already; where it waits for the gates, so that its amount may yet change;
    or where its money went back in another way meanwhile.
    """
    order, payment, refund = _by_hand(session, refund_id, "requested")
    why = _why_not(session, payment, refund)
    if why is not None:
        raise why
    refund.approved_by, refund.evidence_note, refund.submitted_at = by, evidence, now
    _move(session, order, payment, refund, "succeeded", actor=by, now=now)
    _none_waits(session, order)
    return refund


def record_made_already(
    session: Session, refund_id: int, *, by: str, evidence: str, note: str, now: datetime
) -> Refund:
    """Staff has paid it, though it should not have been paid, or not yet: the books tell what is true.

    The order is marked, for somebody to look after what went back twice. Conflict where it is none, or is settled.
    """
    order, payment, refund = _by_hand(session, refund_id, "requested")
    if _why_not(session, payment, refund) is None:
        return record_payout_by_hand(session, refund_id, by=by, evidence=evidence, now=now)
    refund.approved_by, refund.evidence_note = by, f"{evidence} · {note}"
    refund.submitted_at, refund.next_attempt_at = now, None
    service.add_attention(order, "transferred_anyway")
    _move(session, order, payment, refund, "succeeded", fact="transferred_anyway", actor=by, now=now)
    _none_waits(session, order)
    return refund


def _why_not(session: Session, payment: Payment, refund: Refund) -> Conflict | None:
    """Why this transfer may not be made, or not yet."""
    if refund.next_attempt_at is not None:
        return Conflict("gates_awaited", N_("Its amount may still change: we wait for every gate, three days at most."))
    others = select(Refund.amount_fen).where(
        Refund.payment_id == payment.id, Refund.id != refund.id, Refund.state.in_(COUNTED)
    )
    if may_transfer(payment, session.scalars(others), refund.amount_fen):
        return None
    return Conflict("paid_meanwhile", N_("This money went back in another way, or a bank claims it: withdraw it."))


def may_transfer(payment: Payment, others_fen: Iterable[int], amount_fen: int) -> bool:
    """Whether a refund by hand may still be paid. others_fen: of the payment's other refunds that count."""
    left = refundable_fen(payment.amount_received_fen, others_fen, payment.disputed_fen or 0)
    return dispute_state(payment.dispute_status) != "open" and amount_fen <= left


def withdraw_by_hand(session: Session, refund_id: int, *, by: str, note: str, now: datetime) -> Refund:
    """Nobody will make this transfer: its passes are free again. Conflict where it waits for none."""
    order, payment, refund = _by_hand(session, refund_id, "requested")
    refund.approved_by, refund.evidence_note = by, note
    stop_refund(session, order, payment, refund, by=by, now=now)
    return refund


def stop_refund(
    session: Session, order: Order, payment: Payment, refund: Refund, *, by: str = "chore", now: datetime
) -> None:
    """One that was never sent will not be: its passes are free again, and its buyer is told. All is locked."""
    _move(session, order, payment, refund, "canceled", fact="withdrawn", actor=by, now=now)
    lines = select(RefundLine.pass_id).where(RefundLine.refund_id == refund.id)
    free_from(session, session.scalars(lines).all(), "refund", now=now)
    _none_waits(session, order)
    refund_letters.write_refund_stopped(session, order, payment, refund, by=by, now=now)


def bounce_by_hand(session: Session, refund_id: int, *, by: str, note: str, now: datetime) -> Refund:
    """A transfer that was recorded has come back to our bank. Its passes stay cancelled: it can be paid once more."""
    order, payment, refund = _by_hand(session, refund_id, "succeeded")
    refund.approved_by, refund.failure_reason, refund.evidence_note = by, "bounced", note
    _move(session, order, payment, refund, "failed", fact="bounced", actor=by, now=now)
    return refund


def _by_hand(session: Session, refund_id: int, state: str) -> tuple[Order, Payment, Refund]:
    order, payment, refund = lock_refund(session, refund_id)
    if refund.channel != "manual" or refund.state != state:
        raise Conflict("refund_settled", N_("This refund waits for no transfer by hand."))
    return order, payment, refund


def _none_waits(session: Session, order: Order) -> None:
    waiting = select(Refund.id).where(
        Refund.order_id == order.id, Refund.channel == "manual", Refund.state == "requested"
    )
    session.flush()
    if session.scalar(waiting.limit(1)) is None:
        order.attention = [flag for flag in order.attention if flag != "refund_by_hand"]


def import_refund(
    session: Session, order: Order, payment: Payment, snapshot: RefundSnapshot, *, now: datetime
) -> Refund:
    """A refund somebody made at the provider: counted like ours; what becomes of the passes is for staff to say."""
    uid = uuid4()
    refund = Refund(
        uid=uid,
        payment_id=payment.id,
        order_id=order.id,
        amount_fen=snapshot.amount_fen,
        state="requested",
        source="external",
        reason="external",
        channel="provider",
        idempotency_key=f"refund:{uid}",
        provider_refund_id=snapshot.id,
        requested_by="provider",
        created_at=now,
    )
    session.add(refund)
    session.flush()
    service.add_attention(order, "external_refund")
    note(
        session,
        order,
        payment,
        actor="provider",
        fact="external",
        to_state="requested",
        refund_id=refund.id,
        amount_fen=refund.amount_fen,
        now=now,
    )
    apply_snapshot(session, order, payment, refund, snapshot, now=now)
    return refund


def lock_refund(session: Session, refund_id: int) -> tuple[Order, Payment, Refund]:
    """A refund with its order and payment, locked in the house's order and read anew."""
    order, payment = lock_payment(session, session.get_one(Refund, refund_id).payment_id)
    statement = select(Refund).where(Refund.id == refund_id).with_for_update(key_share=True)
    return order, payment, session.scalars(statement.execution_options(populate_existing=True)).one()


def _move(
    session: Session,
    order: Order,
    payment: Payment,
    refund: Refund,
    status: str,
    *,
    actor: str,
    fact: str | None = None,
    now: datetime,
) -> None:
    """fact: what the ledger calls it, where it is not the provider's word."""
    step = next_refund_state(refund.state, status)
    if step.outcome == "invalid":
        service.add_attention(order, "refund_in_doubt")
    if step.outcome != "moved":
        return
    _book(session, order, payment, refund, step.state, actor=actor, fact=fact or status, now=now)
    if step.state in CAME_BACK and fact != "withdrawn":
        # The hold stays: nobody rides on a refund that may be paid in another way tomorrow.
        service.add_attention(order, "refund_failed")
    if step.state == "succeeded":
        _settle_passes(session, refund, now=now)
        refund_letters.write_refund_paid(session, order, payment, refund, now=now)
    session.flush()


def _book(
    session: Session,
    order: Order,
    payment: Payment,
    refund: Refund,
    state: str,
    *,
    actor: str,
    fact: str,
    now: datetime,
) -> None:
    """The step as the rows and the ledger keep it, with what it moved."""
    was, refund.state = refund.state, state
    refund.settled_at = None if state == "pending" else now
    fen = moved_by_refund(was, state, refund.amount_fen)
    payment.amount_refunded_fen -= fen
    account = "bank" if refund.channel == "manual" else "provider"
    note(
        session,
        order,
        payment,
        actor=actor,
        fact=fact,
        from_state=was,
        to_state=state,
        refund_id=refund.id,
        amount_fen=refund.amount_fen,
        moved=Moved(fen, account, payment.received_currency or payment.currency),
        now=now,
    )


def _settle_passes(session: Session, refund: Refund, *, now: datetime) -> None:
    lines = session.scalars(select(RefundLine.pass_id).where(RefundLine.refund_id == refund.id))
    end_passes(session, lines.all(), "refund", now=now)


def end_passes(session: Session, pass_ids: Sequence[int], cause: str, *, now: datetime) -> None:
    """Void them, and let others buy what they took of the stock: passes first, then windows."""
    ended = void_passes(session, pass_ids, cause, now=now)
    lines = session.scalars(select(Pass.order_line_id).where(Pass.id.in_(ended)))
    stock.give_back(session, lines.all(), now=now)
