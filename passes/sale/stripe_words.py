"""Stripe's objects, as plain dicts, in the words of the house. Pure: nothing is asked for here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from passes.sale.provider import (
    DisputeSnapshot,
    LineSnapshot,
    PaymentSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
)


def moment(seconds: int) -> datetime:
    """Stripe's unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def snapshot_of(found: Mapping[str, Any]) -> PaymentSnapshot:
    """A checkout session, its intent and its charge expanded, in our words."""
    intent = found.get("payment_intent") or {}
    intent = {"id": intent} if isinstance(intent, str) else intent
    charge = intent.get("latest_charge") or {}
    charge = {"id": charge} if isinstance(charge, str) else charge
    error = intent.get("last_payment_error") or {}
    return PaymentSnapshot(
        checkout_id=found["id"],
        url=found.get("url"),
        checkout_status=found["status"],
        payment_status=found["payment_status"],
        livemode=found["livemode"],
        currency=found["currency"],
        amount_fen=found["amount_total"],
        metadata=dict(found.get("metadata") or {}),
        intent_id=intent.get("id"),
        intent_status=intent.get("status"),
        amount_received_fen=intent.get("amount_received") or 0,
        amount_refunded_fen=charge.get("amount_refunded") or 0,
        charge_id=charge.get("id"),
        method=(charge.get("payment_method_details") or {}).get("type"),
        failure_code=error.get("decline_code") or error.get("code"),
        charged_at=moment(charge["created"]) if charge.get("created") else None,
    )


def refund_snapshot(found: Mapping[str, Any]) -> RefundSnapshot:
    """A refund that waits for the buyer is on its way like any other."""
    status = found["status"]
    return RefundSnapshot(
        id=found["id"],
        status="pending" if status == "requires_action" else status,
        amount_fen=found["amount"],
        failure_reason=found.get("failure_reason"),
        pending_reason=found.get("pending_reason"),
        refund_uid=(found.get("metadata") or {}).get("refund"),
    )


def dispute_snapshot(found: Mapping[str, Any]) -> DisputeSnapshot:
    """A dispute or an inquiry before one."""
    due = (found.get("evidence_details") or {}).get("due_by")
    lines = found.get("balance_transactions") or ()
    taken = next((line for line in lines if line["reporting_category"] == "dispute"), None)
    rate = taken.get("exchange_rate") if taken else None
    return DisputeSnapshot(
        id=found["id"],
        status=found["status"],
        amount_fen=found["amount"],
        reason=found["reason"],
        due_at=moment(due) if due else None,
        taken_minor=-taken["amount"] if taken else None,
        exchange_rate=Decimal(str(rate)) if rate is not None else None,
    )


def payout_snapshot(found: Mapping[str, Any]) -> PayoutSnapshot:
    """Only an automatic payout whose reconciliation is complete has lines that add up."""
    return PayoutSnapshot(
        id=found["id"],
        status=found["status"],
        amount_minor=found["amount"],
        currency=found["currency"],
        automatic=bool(found["automatic"]),
        itemised=bool(found["automatic"]) and found.get("reconciliation_status") == "completed",
        arrives_at=moment(found["arrival_date"]),
        created_at=moment(found["created"]),
    )


# What comes to the account with a positive sign at its source; the others leave it.
_COMING = ("charge", "payment", "refund_failure", "payment_failure_refund", "dispute_reversal")


def line_snapshot(found: Mapping[str, Any]) -> LineSnapshot:
    """A balance transaction with its source expanded; the source's amount takes the line's sign."""
    source = found.get("source") or {}
    source = {"id": source} if isinstance(source, str) else source
    intent = source.get("payment_intent")
    category = found["reporting_category"]
    seen = source.get("amount") if found.get("exchange_rate") or source.get("currency") == found["currency"] else None
    rate = found.get("exchange_rate")
    return LineSnapshot(
        id=found["id"],
        category=category,
        source_id=source.get("id"),
        intent_id=intent if isinstance(intent, str) else None,
        amount_minor=found["amount"],
        fee_minor=found["fee"],
        net_minor=found["net"],
        currency=found["currency"],
        exchange_rate=Decimal(str(rate)) if rate is not None else None,
        source_fen=None if seen is None else seen if category in _COMING else -seen,
        available_at=moment(found["available_on"]),
        created_at=moment(found["created"]),
    )
