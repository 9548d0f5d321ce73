"""Disputes: a bank takes the money back until somebody has decided. Cards only, once a charge."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from passes.cashier import store
from passes.cashier.balance import DISPUTE_FEE, book
from passes.cashier.errors import refuse
from passes.cashier.events import record_event

EVIDENCE_DAYS = 9


def open_dispute(
    session: Session, charge_id: str, *, inquiry: bool, amount: int | None = None, now: datetime
) -> store.JSON:
    """The cardholder's bank asks (inquiry), or takes what has not come back yet. Locks charge, then dispute."""
    charge = store.get_object(session, "charge", charge_id, lock=True)
    if charge["payment_method_details"]["type"] != "card":
        raise refuse("Only card payments can be disputed.")
    if charge["disputed"]:
        raise refuse("This charge is disputed already.", code="charge_disputed")
    claimed = min(amount or charge["amount"], charge["amount"])
    dispute = {
        "id": store.new_id("du"),
        "object": "dispute",
        "amount": claimed,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": int(now.timestamp()),
        "currency": charge["currency"],
        "evidence_details": {"due_by": int((now + timedelta(days=EVIDENCE_DAYS)).timestamp()), "has_evidence": False},
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "warning_needs_response" if inquiry else "needs_response",
        "_taken_fen": 0,
    }
    store.add_object(session, dispute)
    store.keep_object(session, {**charge, "disputed": True})
    if not inquiry:
        _take(session, dispute, charge, now=now)
    record_event(session, "charge.dispute.created", dispute, now=now)
    return dispute


def _take(session: Session, dispute: store.JSON, charge: store.JSON, *, now: datetime) -> None:
    taken = max(dispute["amount"] - charge["amount_refunded"], 0)
    line = book(session, dispute, "dispute", -taken, fee=DISPUTE_FEE, now=now)
    dispute.update(_taken_fen=taken, balance_transactions=[store.shown(line)])
    store.keep_object(session, dispute)
    record_event(session, "charge.dispute.funds_withdrawn", dispute, now=now)


STEPS = ("take", "win", "lose", "close")


def decide_dispute(session: Session, dispute_id: str, step: str, *, now: datetime) -> store.JSON:
    """take: an inquiry becomes a dispute; win or lose it; close: an inquiry ends. What is decided stays."""
    found = store.get_object(session, "dispute", dispute_id)
    charge = store.get_object(session, "charge", found["charge"], lock=True)
    dispute = store.get_object(session, "dispute", dispute_id, lock=True)
    inquiry = dispute["status"].startswith("warning_") and dispute["status"] != "warning_closed"
    is_open = dispute["status"] in ("needs_response", "under_review")
    if step == "take" and inquiry:
        dispute.update(status="needs_response", is_charge_refundable=False)
        _take(session, dispute, charge, now=now)
        record_event(session, "charge.dispute.updated", dispute, now=now)
    elif step == "close" and inquiry:
        dispute["status"] = "warning_closed"
        store.keep_object(session, dispute)
        record_event(session, "charge.dispute.closed", dispute, now=now)
    elif step in ("win", "lose") and is_open:
        dispute["status"] = "won" if step == "win" else "lost"
        if step == "win":
            dispute["is_charge_refundable"] = True
            line = book(session, dispute, "dispute_reversal", dispute["_taken_fen"], now=now)
            dispute["balance_transactions"] = [*dispute["balance_transactions"], store.shown(line)]
            dispute["_taken_fen"] = 0
        store.keep_object(session, dispute)
        if step == "win":
            record_event(session, "charge.dispute.funds_reinstated", dispute, now=now)
        record_event(session, "charge.dispute.closed", dispute, now=now)
    return dispute
