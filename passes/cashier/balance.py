"""The cashier's account for the shop: every movement with its fee and its rate, and what was paid out of it.

It settles in Hong Kong dollars, as a real account for this city would: fees and rates are no rehearsal without them.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from passes.cashier import store
from passes.cashier.errors import refuse
from passes.cashier.events import record_event

CURRENCY = "hkd"
RATE_TEN_THOUSANDTHS = 10_837  # of a Hong Kong dollar for one yuan
FEE_THOUSANDTHS, FEE_FIXED = 34, 235
DISPUTE_FEE = 8_500


def settled(amount_fen: int) -> int:
    """Cents of the settlement currency, rounded half up, the sign kept."""
    cents = (abs(amount_fen) * RATE_TEN_THOUSANDTHS + 5_000) // 10_000
    return cents if amount_fen >= 0 else -cents


def charge_fee(cents: int) -> int:
    return (cents * FEE_THOUSANDTHS + 500) // 1_000 + FEE_FIXED


def _transaction(cents: int, now: datetime) -> store.JSON:
    """What every balance transaction has: free to be paid out at once."""
    moment = int(now.timestamp())
    return {
        "id": store.new_id("txn"),
        "object": "balance_transaction",
        "amount": cents,
        "available_on": moment,
        "created": moment,
        "currency": CURRENCY,
    }


def book(
    session: Session, source: store.JSON, category: str, amount_fen: int, *, fee: int = 0, now: datetime
) -> store.JSON:
    """A balance transaction of this source: amount in our currency, fee in cents of the settlement's."""
    cents = settled(amount_fen)
    body = _transaction(cents, now) | {
        "description": None,
        "exchange_rate": RATE_TEN_THOUSANDTHS / 10_000,
        "fee": fee,
        "fee_details": [{"amount": fee, "currency": CURRENCY, "type": "stripe_fee"}] if fee else [],
        "net": cents - fee,
        "reporting_category": category,
        "source": source["id"],
        "status": "available",
        "type": {"charge": "charge", "refund": "refund", "refund_failure": "refund_failure"}.get(
            category, "adjustment"
        ),
        "_payout": None,
        "_source_object": source["object"],
    }
    store.add_object(session, body)
    return body


def create_payout(session: Session, *, now: datetime) -> store.JSON:
    """Pay out all that has not been yet, and say so. StripeError when there is nothing to pay."""
    lines = store.list_objects(session, "balance_transaction", "body->>'_payout' IS NULL", {}, limit=10_000)
    total = sum(line["net"] for line in lines)
    if total <= 0:
        raise refuse("You have insufficient funds in your account for a payout.", code="balance_insufficient")
    moment = int(now.timestamp())
    payout = {
        "id": store.new_id("po"),
        "object": "payout",
        "amount": total,
        "arrival_date": moment,
        "automatic": True,
        "created": moment,
        "currency": CURRENCY,
        "failure_code": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "completed",
        "status": "paid",
    }
    store.add_object(session, payout)
    for line in lines:
        store.keep_object(session, {**line, "_payout": payout["id"]})
    _book_payout(session, payout, -total, "payout", now=now)
    record_event(session, "payout.paid", payout, now=now)
    record_event(session, "payout.reconciliation_completed", payout, now=now)
    return payout


def fail_payout(session: Session, payout_id: str, *, now: datetime) -> store.JSON:
    """The bank sends it back, even after it was paid: the money is in the account again."""
    payout = store.get_object(session, "payout", payout_id, lock=True)
    if payout["status"] == "failed":
        return payout
    payout.update(status="failed", failure_code="account_closed")
    store.keep_object(session, payout)
    _book_payout(session, payout, payout["amount"], "payout_reversal", now=now)
    record_event(session, "payout.failed", payout, now=now)
    return payout


def _book_payout(session: Session, payout: store.JSON, cents: int, category: str, *, now: datetime) -> None:
    """What a payout itself moves. The first belongs to it; the money that came back waits for the next one."""
    body = _transaction(cents, now) | {
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": cents,
        "reporting_category": category,
        "source": payout["id"],
        "status": "available",
        "type": "payout" if category == "payout" else "payout_failure",
        "_payout": payout["id"] if category == "payout" else None,
        "_source_object": "payout",
    }
    store.add_object(session, body)


def add_stray_line(session: Session, amount: int, *, now: datetime) -> store.JSON:
    """A movement nobody at the shop knows of, to see whether it is noticed."""
    stray = {"id": store.new_id("ch"), "object": "charge"}
    return book(session, stray, "other_adjustment", amount, now=now)


def balance(session: Session) -> dict[str, int]:
    """In the account now, and what charges, refunds, disputes and payouts came to: for the panel."""
    rows = session.execute(
        text(
            "SELECT body->>'reporting_category' AS category, sum((body->>'net')::bigint) AS net"
            " FROM cashier.objects WHERE object = 'balance_transaction' GROUP BY 1 ORDER BY 1"
        )
    )
    return {str(row.category): int(row.net) for row in rows}
