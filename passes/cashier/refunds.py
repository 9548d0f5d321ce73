"""Refunds: at once for a card, pending first for a wallet, never more than was received."""

from datetime import datetime

from sqlalchemy.orm import Session

from passes.cashier import store
from passes.cashier.balance import book
from passes.cashier.errors import refuse
from passes.cashier.events import record_event
from passes.cashier.form import ANY, MAP, refuse_unknown, whole

_CREATE = {"payment_intent": ANY, "charge": ANY, "amount": ANY, "reason": ANY, "metadata": MAP, "expand": [ANY]}
WALLET_SECONDS = 10


def create_refund(session: Session, params: store.JSON, *, now: datetime) -> store.JSON:
    """POST /v1/refunds by payment_intent or charge; without amount, all that is left."""
    refuse_unknown(params, _CREATE)
    charge = _charge_of(session, params)
    if _is_disputed(session, charge):
        raise refuse("This charge has been charged back; refunds are not possible.", code="charge_disputed")
    left = charge["amount"] - charge["amount_refunded"]
    amount = whole(params, "amount")
    amount = left if amount is None else amount
    if left == 0:
        raise refuse("Charge has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise refuse(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    at_once = charge["payment_method_details"]["type"] == "card"
    reason = None if at_once else "processing"
    if store.get_controls(session)["refunds"] == "no_money":
        at_once, reason = False, "insufficient_funds"
    refund = {
        "id": store.new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": int(now.timestamp()),
        "currency": charge["currency"],
        "failure_reason": None,
        "metadata": params.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "pending_reason": reason,
        "reason": params.get("reason"),
        "status": "succeeded" if at_once else "pending",
    }
    store.add_object(session, refund)
    book(session, refund, "refund", -amount, now=now)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    store.keep_object(session, charge)
    record_event(session, "refund.created", refund, now=now)
    return refund


def _is_disputed(session: Session, charge: store.JSON) -> bool:
    """Whether a bank holds the money, or has taken it for good."""
    found = store.list_objects(session, "dispute", "body->>'charge' = :charge", {"charge": charge["id"]}, limit=10)
    return any(not dispute["is_charge_refundable"] for dispute in found)


def _charge_of(session: Session, params: store.JSON) -> store.JSON:
    if "charge" in params:
        return store.get_object(session, "charge", params["charge"], lock=True)
    if "payment_intent" not in params:
        raise refuse("One of the following params should be provided: payment_intent or charge.")
    intent = store.get_object(session, "payment_intent", params["payment_intent"], lock=True)
    if not intent["latest_charge"]:
        raise refuse("This PaymentIntent does not have a successful charge to refund.")
    return store.get_object(session, "charge", intent["latest_charge"], lock=True)


def settle_due_refunds(session: Session, *, now: datetime) -> None:
    """A wallet's refund arrives after a few seconds; one that lacked money when there is some again."""
    waits = store.get_controls(session)["refunds"] == "no_money"
    due = store.list_objects(
        session,
        "refund",
        "body->>'status' = 'pending' AND (body->>'created')::bigint <= :before",
        {"before": int(now.timestamp()) - WALLET_SECONDS},
        limit=20,
    )
    for found in sorted(due, key=lambda refund: str(refund["id"])):
        if not (waits and found["pending_reason"] == "insufficient_funds"):
            settle_refund(session, found["id"], now=now)


def settle_refund(session: Session, refund_id: str, *, now: datetime) -> store.JSON:
    """A refund on its way has arrived."""
    refund = store.get_object(session, "refund", refund_id, lock=True)
    if refund["status"] == "pending":
        refund.update(status="succeeded", pending_reason=None)
        store.keep_object(session, refund)
        record_event(session, "refund.updated", refund, now=now)
    return refund


def fail_refund(session: Session, refund_id: str, *, now: datetime) -> store.JSON:
    """The bank sends it back, even after it had succeeded. Locks as creation does: charge before refund."""
    found = store.get_object(session, "refund", refund_id)
    charge = store.get_object(session, "charge", found["charge"], lock=True)
    refund = store.get_object(session, "refund", refund_id, lock=True)
    if refund["status"] == "failed":
        return refund
    refund.update(status="failed", pending_reason=None, failure_reason="declined")
    store.keep_object(session, refund)
    book(session, refund, "refund_failure", refund["amount"], now=now)
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    store.keep_object(session, charge)
    record_event(session, "refund.failed", refund, now=now)
    return refund
