"""Refunds as they are asked for: the passes held at once, never more than there is, one form one refund.

Locks: Order → Payment → Refund → Pass. What becomes of them afterwards stands in refund_outcomes.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict, Invalid, NotFound
from passes.gate.history_queries import count_admissions
from passes.lifecycle.endings import hold_for_money
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import lock_passes
from passes.sale import letters, refund_letters, service
from passes.sale.journal import note
from passes.sale.models import Order, OrderLine, Payment, Refund, RefundLine
from passes.sale.money_rules import CAME_BACK, COUNTED, dispute_state, refundable_fen, route_of
from passes.sale.queries import find_paying_payment, lock_order, lock_payment, lock_refunds
from passes.sale.refund_lines import Kept, goodwill, kept_of
from passes.sale.refund_rules import Cause, Line

LOCK_ORDER = ("orders", "payment", "refund", "pass")


@dataclass(frozen=True, slots=True)
class RefundPart:
    """What one pass of the order gets back.

    uses_seen: how many admissions the amount was computed from; None = the amount does not depend on them.
    lines: how it comes about, where that is known; then they add up to it.
    """

    pass_id: int
    amount_fen: int
    uses_seen: int | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """Who wants what back, and why.

    key: drawn with the form, so that sending it twice is one refund. source: customer | staff | system.
    reason: requested | event_cancelled | goodwill. by: a staff login, or who else. extra_fen: money that no pass
    stands for. manual: pay by a transfer that staff makes, although the original route is open.
    not_before: when it may be paid at the earliest; the passes are held at once all the same.
    payment_id: of a payment that did not pay the order and whose own way back failed; None = the one that paid it.
    cause: whose, where the terms of the passes say what they get.
    """

    key: str
    parts: tuple[RefundPart, ...]
    by: str
    source: str = "staff"
    reason: str = "requested"
    extra_fen: int = 0
    manual: bool = False
    note: str | None = None
    not_before: datetime | None = None
    payment_id: int | None = None
    cause: Cause | None = None

    @property
    def amount_fen(self) -> int:
        return sum(part.amount_fen for part in self.parts) + self.extra_fen

    @property
    def lines(self) -> list[Kept] | None:
        """None where nothing is known of how the amount comes about."""
        if not all(part.lines for part in self.parts):
            return None
        kept = [line for part in self.parts for line in kept_of(part.pass_id, part.lines)]
        if self.extra_fen and self.source == "staff" and self.payment_id is None:
            kept += kept_of(None, [goodwill(self.extra_fen)])
        return kept or None


@dataclass(frozen=True, slots=True)
class Locked:
    """An order with the payment it is about, and those of its passes that were named: all locked, in that order."""

    order: Order
    payment: Payment
    refunds: Sequence[Refund]
    passes: dict[int, Pass]


def lock_for_refund(session: Session, order_id: int, pass_ids: Sequence[int], payment_id: int | None = None) -> Locked:
    """Everything a refund is about. Whoever computes its amount does it behind this lock, in the same transaction.

    payment_id: as in RefundAsked. Conflict("nothing_paid") where no payment has succeeded, or the one that is named
    has nothing that failed to go back; NotFound("pass_not_found") for a pass that this payment did not pay.
    """
    lock_order(session, order_id)
    paid_by = find_paying_payment(session, order_id)
    chosen = (paid_by.id if paid_by else None) if payment_id is None else payment_id
    if chosen is None or order_id != session.scalar(select(Payment.order_id).where(Payment.id == chosen)):
        raise Conflict("nothing_paid", N_("Nothing was paid for this order, so nothing can be paid back."))
    order, payment = lock_payment(session, chosen)
    refunds = lock_refunds(session, payment.id)
    if payment_id is not None and not any(refund.state in CAME_BACK for refund in refunds):
        raise Conflict("nothing_paid", N_("Nothing was paid for this order, so nothing can be paid back."))
    passes = lock_passes(session, pass_ids)
    lines = select(OrderLine.id).where(OrderLine.order_id == order_id)
    ours = set(session.scalars(select(Pass.id).where(Pass.order_line_id.in_(lines))))
    if set(pass_ids) - (ours if paid_by is not None and paid_by.id == chosen else set()):
        raise NotFound("pass_not_found", N_("We know no pass with this number."))
    return Locked(order, payment, refunds, passes)


def request_refund(session: Session, order_id: int, asked: RefundAsked, *, now: datetime) -> Refund:
    """A refund in `requested`, its passes held from now on; a chore sends it, or staff pays it and records that.

    The same key gives the same refund. Conflict: nothing_paid, already_refunded, over_refund, dispute_open,
    pass_used_meanwhile. Invalid: amount_not_positive, passes_repeated.
    """
    found = lock_for_refund(session, order_id, [part.pass_id for part in asked.parts], asked.payment_id)
    again = session.scalar(select(Refund).where(Refund.request_key == asked.key))
    if again is not None and again.order_id == order_id:
        return again
    if again is not None:
        raise Conflict("refund_key_used", N_("This form was sent for another order. Please open the page anew."))
    _refuse_bad_amounts(asked)
    _refuse_twice(session, found)
    _refuse_used(session, asked)
    if dispute_state(found.payment.dispute_status) == "open":
        raise Conflict("dispute_open", N_("The buyer's bank disputes this payment: nothing is paid back meanwhile."))
    channel = "manual" if asked.manual else route_of(found.payment.refundable_until, found.payment.provider, now)
    _refuse_over(found.payment, found.refunds, asked)
    refund = _add(session, found.order, found.payment, asked, channel, now=now)
    session.add_all(
        RefundLine(refund_id=refund.id, pass_id=part.pass_id, amount_fen=part.amount_fen) for part in asked.parts
    )
    hold_for_money(session, found.passes, "refund", by="sale", now=now)
    refund_letters.write_refund_asked(session, found.order, found.payment, refund, now=now)
    session.flush()
    return refund


def return_money(session: Session, order: Order, payment: Payment, *, reason: str, now: datetime) -> Refund | None:
    """All that was received goes back by itself: it came too late, or twice. Order and payment are locked.

    None where it is on its way already.
    """
    refunds = lock_refunds(session, payment.id)
    left = refundable_fen(payment.amount_received_fen, _counted(refunds), payment.disputed_fen or 0)
    if left <= 0:
        return None
    asked = RefundAsked(f"{reason}:{payment.uid}", (), by="sale", source="system", reason=reason, extra_fen=left)
    refund = _add(session, order, payment, asked, "provider", now=now)
    letters.write_money_back(session, order, payment, left, now=now)
    return refund


def _refuse_bad_amounts(asked: RefundAsked) -> None:
    ids = [part.pass_id for part in asked.parts]
    if len(set(ids)) != len(ids):
        raise Invalid("passes_repeated", N_("Each pass can be named once."))
    amounts = [part.amount_fen for part in asked.parts] + [asked.extra_fen]
    if min(amounts) < 0 or sum(amounts) <= 0:
        raise Invalid("amount_not_positive", N_("The amount to pay back must be more than nothing."))


def _refuse_twice(session: Session, found: Locked) -> None:
    """A pass whose money is on its way, or came back, gets nothing again; one whose refund failed may."""
    counted = [refund.id for refund in found.refunds if refund.state in COUNTED]
    taken = session.scalars(
        select(RefundLine.pass_id).where(RefundLine.refund_id.in_(counted), RefundLine.pass_id.in_(found.passes))
    ).first()
    if taken is not None:
        raise Conflict("already_refunded", N_("This pass is being paid back already, or was."))


def _refuse_used(session: Session, asked: RefundAsked) -> None:
    seen = {part.pass_id: part.uses_seen for part in asked.parts if part.uses_seen is not None}
    uses = count_admissions(session, seen)
    if any(uses[pass_id] != times for pass_id, times in seen.items()):
        raise Conflict("pass_used_meanwhile", N_("The pass was used meanwhile. Please look at the amount again."))


def _counted(refunds: Sequence[Refund]) -> list[int]:
    return [refund.amount_fen for refund in refunds if refund.state in COUNTED]


def _add(
    session: Session, order: Order, payment: Payment, asked: RefundAsked, channel: str, *, now: datetime
) -> Refund:
    refund = _row(order, payment, asked, channel, now=now)
    session.add(refund)
    session.flush()
    if channel == "manual" and asked.not_before is None:
        service.add_attention(order, "refund_by_hand")
    note(
        session,
        order,
        payment,
        actor=asked.by if asked.source == "staff" else {"customer": "visitor"}.get(asked.source, "chore"),
        fact=asked.reason,
        to_state="requested",
        refund_id=refund.id,
        amount_fen=asked.amount_fen,
        now=now,
    )
    return refund


def _refuse_over(payment: Payment, others: Sequence[Refund], asked: RefundAsked) -> None:
    left = refundable_fen(payment.amount_received_fen, _counted(others), payment.disputed_fen or 0)
    if asked.amount_fen > left:
        raise Conflict("over_refund", N_("More than was received cannot be refunded."))


def _row(order: Order, payment: Payment, asked: RefundAsked, channel: str, *, now: datetime) -> Refund:
    """next_attempt_at: when a chore takes it up; None where nothing but a transfer by hand is left to do."""
    uid = uuid4()
    return Refund(
        uid=uid,
        payment_id=payment.id,
        order_id=order.id,
        amount_fen=asked.amount_fen,
        state="requested",
        source=asked.source,
        reason=asked.reason,
        cause=asked.cause,
        lines=asked.lines,
        channel=channel,
        idempotency_key=f"refund:{uid}",
        request_key=asked.key,
        requested_by=asked.by,
        created_at=now,
        next_attempt_at=asked.not_before or (now if channel == "provider" else None),
        evidence_note=asked.note,
    )
