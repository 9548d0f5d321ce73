"""Money that waits for the gates: one without network may have admitted an active pass before it was held.

An amount that hangs on the uses of a pass is counted once more before it leaves: when every gate was heard of, or after
three days. So is one that staff transfers by hand. While a bank disputes the payment nothing is counted, and nothing
leaves.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.access.models import Enrolment
from passes.lifecycle.endings import free_from
from passes.lifecycle.queries import lock_passes
from passes.sale.journal import note
from passes.sale.models import Order, Payment, Refund, RefundLine
from passes.sale.money_rules import dispute_state
from passes.sale.refund_lines import compensation_fen, is_agreed, kept_of, lines_of, paid_again
from passes.sale.refund_outcomes import lock_refund, stop_refund
from passes.sale.refund_quotes import PassQuote, left_of, quote_together
from passes.sale.refund_rules import Cause
from passes.sale.service import add_attention

WAIT_FOR_GATES = timedelta(hours=72)
# How often a refund that a dispute holds up is looked at again.
_LOOK_AGAIN = timedelta(hours=6)


def wait_of(quotes: Iterable[PassQuote], now: datetime) -> datetime | None:
    """When a refund of these amounts leaves at the latest; None where no report could change it."""
    return now + WAIT_FOR_GATES if any(quote.may_change for quote in quotes) else None


def list_to_recount(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Refunds by the terms that are not sent yet and wait no longer: every gate was heard of, or time is up.

    A device that never called since it was enrolled stands at no gate: nobody waits for it. The longest due come
    first: what a dispute holds up keeps nobody else from being counted.
    """
    silent = select(Enrolment.id).where(
        Enrolment.revoked_at.is_(None),
        Enrolment.last_seen_at < Refund.created_at,
        Enrolment.last_seen_at > Enrolment.enrolled_at,
    )
    statement = select(Refund.id).where(
        Refund.state == "requested",
        Refund.cause.is_not(None),
        Refund.submitted_at.is_(None),
        (Refund.next_attempt_at <= now) | (Refund.next_attempt_at.is_not(None) & ~silent.exists()),
    )
    return session.scalars(statement.order_by(Refund.next_attempt_at, Refund.id).limit(limit)).all()


def recount(session: Session, refund_id: int, *, now: datetime) -> bool:
    """The amount once more, of the day it was asked for, with the uses that gates without network told of since.

    True: from now on it may be sent, or transferred. Nothing left to pay stops it; a pass that gets nothing is free
    again. Safe to repeat.
    """
    order, payment, refund = lock_refund(session, refund_id)
    if refund.state != "requested" or refund.submitted_at is not None:
        return refund.state in ("requested", "pending")
    if dispute_state(payment.dispute_status) == "open":
        refund.next_attempt_at = now + _LOOK_AGAIN
        return False
    parts = _parts(session, refund)
    quotes = {} if is_agreed(refund.lines) else _quotes(session, refund, parts)
    amounts = {id_: quotes[id_].quote.payout_fen if id_ in quotes else part.amount_fen for id_, part in parts.items()}
    if quotes and not any(amounts.values()):
        stop_refund(session, order, payment, refund, now=now)
        return False
    if refund.channel == "manual":
        refund.next_attempt_at = None
        add_attention(order, "refund_by_hand")
    else:
        refund.next_attempt_at = min(now, refund.next_attempt_at or now)
    if quotes:
        was = refund.amount_fen
        _keep(session, refund, parts, quotes, amounts, now=now)
        _note(session, order, payment, refund, was, now=now)
    return True


def _note(session: Session, order: Order, payment: Payment, refund: Refund, was: int, *, now: datetime) -> None:
    if refund.amount_fen == was:
        return
    note(
        session,
        order,
        payment,
        actor="chore",
        fact="recounted",
        to_state=refund.state,
        refund_id=refund.id,
        amount_fen=refund.amount_fen,
        now=now,
    )


def _parts(session: Session, refund: Refund) -> dict[int, RefundLine]:
    statement = select(RefundLine).where(RefundLine.refund_id == refund.id).order_by(RefundLine.pass_id)
    return {line.pass_id: line for line in session.scalars(statement)}


def _quotes(session: Session, refund: Refund, parts: Mapping[int, RefundLine]) -> dict[int, PassQuote]:
    """Of those passes that a gate may have admitted; what the others get stays as it was."""
    again = paid_again(refund.lines)
    active = [
        pass_ for pass_ in lock_passes(session, parts).values() if pass_.state == "active" and pass_.id not in again
    ]
    kept_fen = sum(line.amount_fen for line in parts.values()) - sum(parts[pass_.id].amount_fen for pass_ in active)
    cause: Cause = "operator" if refund.cause == "operator" else "holder"
    return quote_together(
        session,
        active,
        now=refund.created_at,
        cause=cause,
        compensation_fen=compensation_fen(refund.lines),
        left_fen=left_of(session, refund.order_id, apart_from=refund.id) - kept_fen,
    )


def _keep(
    session: Session,
    refund: Refund,
    parts: Mapping[int, RefundLine],
    quotes: Mapping[int, PassQuote],
    amounts: Mapping[int, int],
    *,
    now: datetime,
) -> None:
    lines = {id_: quotes[id_].quote.lines if id_ in quotes else lines_of(refund.lines, id_) for id_ in parts}
    free = [id_ for id_, quote in quotes.items() if quote.quote.payout_fen == 0]
    for id_, part in parts.items():
        if id_ in free:
            session.delete(part)
        else:
            part.amount_fen = amounts[id_]
    refund.lines = [line for id_ in parts if id_ not in free for line in kept_of(id_, lines[id_])]
    refund.amount_fen = sum(amounts.values())
    session.flush()
    free_from(session, free, "refund", now=now)
