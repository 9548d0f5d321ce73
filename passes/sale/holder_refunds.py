"""A holder asks the money of one pass back: the amount computed under the locks, the pass held at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.access.models import Enrolment
from passes.errors import N_, Conflict
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import lock_passes
from passes.sale import refund_outcomes
from passes.sale.journal import note
from passes.sale.models import OrderLine, Refund, RefundLine
from passes.sale.refund_quotes import find_quote
from passes.sale.refunds import RefundAsked, RefundPart, lock_for_refund, request_refund

# A gate without network may have admitted an active pass before it was held: how long the money waits for its report.
WAIT_FOR_GATES = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the holder saw and agreed to. key: drawn with the form, so that sending it twice is one refund."""

    key: str
    shown_fen: int


def ask_refund(session: Session, pass_id: int, wish: Wish, *, now: datetime) -> Refund:
    """The pass's refund, held from now on; asked twice, the same one. Locks: Order → Payment → Refund → Pass.

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
    part = RefundPart(pass_id, found.quote.payout_fen, uses_seen=found.uses_seen)
    not_before = now + WAIT_FOR_GATES if pass_.state == "active" else None
    asked = RefundAsked(wish.key, (part,), by="holder", source="customer", not_before=not_before)
    return request_refund(session, order_id, asked, now=now)


def list_to_recount(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Refunds holders asked for that are not sent yet and wait no longer: every gate was heard of, or time is up."""
    silent = select(Enrolment.id).where(Enrolment.revoked_at.is_(None), Enrolment.last_seen_at < Refund.created_at)
    statement = select(Refund.id).where(
        Refund.state == "requested",
        Refund.channel == "provider",
        Refund.source == "customer",
        Refund.submitted_at.is_(None),
        (Refund.next_attempt_at <= now) | ~silent.exists(),
    )
    return session.scalars(statement.order_by(Refund.id).limit(limit)).all()


def recount(session: Session, refund_id: int, *, now: datetime) -> None:
    """The amount once more, of the day it was asked for, with the uses that gates without network told of since.

    From now on it may be sent. Nothing left to pay stops it, and the pass is free again.
    """
    order, payment, refund = refund_outcomes.lock_refund(session, refund_id)
    if refund.state != "requested" or refund.submitted_at is not None:
        return
    refund.next_attempt_at = min(now, refund.next_attempt_at or now)
    line = session.scalars(select(RefundLine).where(RefundLine.refund_id == refund_id)).one()
    pass_ = lock_passes(session, [line.pass_id])[line.pass_id]
    found = find_quote(session, pass_, now=refund.created_at, apart_from=refund_id)
    if pass_.state != "active" or found is None or found.quote.payout_fen == refund.amount_fen:
        return
    if found.quote.payout_fen <= 0:
        refund_outcomes.stop_refund(session, order, payment, refund, now=now)
        return
    refund.amount_fen = line.amount_fen = found.quote.payout_fen
    note(
        session,
        order,
        payment,
        actor="chore",
        fact="recounted",
        to_state=refund.state,
        refund_id=refund_id,
        amount_fen=refund.amount_fen,
        now=now,
    )
