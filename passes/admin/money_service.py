"""What staff does with money from the back office: done in the sale room, and written into the audit log."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry
from passes.access.rules import Staff
from passes.access.service import write_audit
from passes.errors import N_, Conflict
from passes.lifecycle.models import Pass
from passes.sale import inbox, reconciliation, refund_outcomes, reviews
from passes.sale.models import OrderLine, Payment, Refund
from passes.sale.queries import find_paying_payment, lock_order, lock_payment


def record_transfer(
    session: Session, staff: Staff, order_id: int, refund_id: int, *, evidence: str, now: datetime
) -> None:
    """Staff has paid it. Conflict where it is no refund of this order that waits for a transfer."""
    _refuse_foreign(session, order_id, refund_id)
    refund_outcomes.record_payout_by_hand(session, refund_id, by=staff.login, evidence=evidence, now=now)
    write_audit(session, staff, "order.transfer_recorded", f"order:{order_id}", now=now, note=evidence)


def record_made_already(
    session: Session, staff: Staff, order_id: int, refund_id: int, *, evidence: str, note: str, now: datetime
) -> None:
    """Staff has paid it although the page said not to. Conflict as record_transfer."""
    _refuse_foreign(session, order_id, refund_id)
    by = staff.login
    refund_outcomes.record_made_already(session, refund_id, by=by, evidence=evidence, note=note, now=now)
    facts = {"evidence": evidence, "note": note}
    write_audit(session, staff, "order.transfer_made_already", f"order:{order_id}", now=now, **facts)


def give_up_transfer(
    session: Session, staff: Staff, order_id: int, refund_id: int, what: str, *, note: str, now: datetime
) -> None:
    """what: withdrawn (nobody will make it) | bounced (it came back). Conflict as record_transfer."""
    _refuse_foreign(session, order_id, refund_id)
    give_up = {"withdrawn": refund_outcomes.withdraw_by_hand, "bounced": refund_outcomes.bounce_by_hand}[what]
    give_up(session, refund_id, by=staff.login, note=note, now=now)
    write_audit(session, staff, f"order.transfer_{what}", f"order:{order_id}", now=now, note=note)


def _refuse_foreign(session: Session, order_id: int, refund_id: int) -> None:
    refund = session.get(Refund, refund_id)
    if refund is None or refund.order_id != order_id:
        raise Conflict("refund_settled", N_("This refund waits for no transfer by hand."))


def decide_review(
    session: Session,
    staff: Staff,
    order_id: int,
    payment_id: int,
    verdict: str,
    *,
    note: str,
    public_url: str,
    now: datetime,
) -> None:
    """verdict: accept | send_back. Raises as reviews.py does."""
    payment = session.get(Payment, payment_id)
    if payment is None or payment.order_id != order_id:
        raise Conflict("not_in_review", N_("Somebody has decided about this payment already."))
    if verdict == "accept":
        reviews.accept_payment(session, payment_id, by=staff.login, public_url=public_url, now=now)
    else:
        reviews.send_back(session, payment_id, by=staff.login, now=now)
    write_audit(session, staff, f"order.review_{verdict}", f"order:{order_id}", now=now, note=note)


def cancel_pass(session: Session, staff: Staff, order_id: int, pass_id: int, *, note: str, now: datetime) -> None:
    """Void a pass whose money somebody sent back at the provider. Conflict where it did not go back whole there.

    What came back there has to cover this pass and those cancelled so before.
    """
    lock_order(session, order_id)
    paid_by = find_paying_payment(session, order_id)
    if paid_by is None:
        raise Conflict("nothing_paid", N_("Nothing was paid for this order, so nothing can be paid back."))
    lock_payment(session, paid_by.id)
    line = select(OrderLine.id).where(OrderLine.order_id == order_id)
    pass_ = session.scalar(select(Pass).where(Pass.id == pass_id, Pass.order_line_id.in_(line)))
    if pass_ is None or _left_there(session, order_id, paid_by.id, pass_.id) < 0:
        text = N_("What was sent back at the provider does not cover the price of this pass.")
        raise Conflict("not_refunded_there", text)
    refund_outcomes.end_passes(session, [pass_id], "refund", now=now)
    write_audit(session, staff, "pass.cancelled", f"pass:{pass_id}", now=now, note=note)


def _left_there(session: Session, order_id: int, payment_id: int, pass_id: int) -> int:
    """What was sent back at the provider, less the prices of this pass and of those cancelled for it before."""
    external = select(func.coalesce(func.sum(Refund.amount_fen), 0)).where(
        Refund.payment_id == payment_id, Refund.source == "external", Refund.state == "succeeded"
    )
    prices = {f"pass:{id_}": fen for id_, fen in _prices_of_all(session, order_id).items()}
    cancelled = session.scalars(
        select(AuditEntry.subject).where(AuditEntry.subject.in_(prices), AuditEntry.action == "pass.cancelled")
    )
    return int(session.scalar(external) or 0) - sum(prices[subject] for subject in {*cancelled, f"pass:{pass_id}"})


def _prices_of_all(session: Session, order_id: int) -> dict[int, int]:
    rows = session.execute(
        select(Pass.id, OrderLine.amount_fen)
        .join(OrderLine, OrderLine.id == Pass.order_line_id)
        .where(OrderLine.order_id == order_id)
    )
    return {pass_id: fen for pass_id, fen in rows}


def note_evidence(session: Session, staff: Staff, order_id: int, *, now: datetime) -> None:
    """The evidence of an order leaves the house: with names and visits."""
    write_audit(session, staff, "order.evidence_taken", f"order:{order_id}", now=now)


def settle_difference(session: Session, staff: Staff, number: int, *, note: str, now: datetime) -> None:
    """Somebody has found out what a difference is."""
    found = reconciliation.settle_exception(session, number, by=staff.login, note=note, now=now)
    subject = f"order:{found.order_id}" if found.order_id else f"difference:{number}"
    write_audit(session, staff, "money.difference_settled", subject, now=now, note=note)


def retry_message(session: Session, staff: Staff, event_id: str, *, now: datetime) -> None:
    """Act once more on a message that was given up or belonged to nothing."""
    inbox.take_up_again(session, event_id, now=now)
    write_audit(session, staff, "money.message_retried", f"message:{event_id}", now=now)
