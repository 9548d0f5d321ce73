"""What may go back, by which way, and what becomes of a dispute. Tables and arithmetic, nothing else."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from passes.sale.rules import Step

# Money of these refunds is on its way or gone: it cannot go back a second time.
COUNTED = ("requested", "pending", "succeeded")
# Money of these has left the provider's account.
GONE = ("pending", "succeeded")
# These did not reach the buyer: what they were for may be paid in another way.
CAME_BACK = ("failed", "canceled")


def refundable_fen(received_fen: int, counted_fen: Iterable[int], disputed_fen: int) -> int:
    """What may still go back of a payment: what was received, less what goes back or was charged back, once.

    A bank claims what has not come back yet, so of a dispute and the refunds before it the larger counts, not both.
    """
    return received_fen - max(sum(counted_fen), disputed_fen)


def moved_by_refund(was: str, state: str, amount_fen: int) -> int:
    """What a refund's step does to the provider's account: it leaves with `pending`, a failure brings it back."""
    return (was in GONE) * amount_fen - (state in GONE) * amount_fen


def taken_by_dispute(
    disputed_fen: int, refunded_fen: int, taken_minor: int | None = None, exchange_rate: Decimal | None = None
) -> int:
    """What a dispute takes from the account: what the buyer has not had back already.

    taken_minor, exchange_rate: what the provider booked, as in DisputeSnapshot. Where that is another amount it
    counts: a refund that had gone when the bank took the rest may have failed before we heard of either.
    """
    reckoned = max(disputed_fen - refunded_fen, 0)
    rate = exchange_rate or Decimal(1)
    if taken_minor is None or round(reckoned * rate) == taken_minor:
        return reckoned
    return round(taken_minor / rate)


def route_of(refundable_until: datetime | None, provider: str, now: datetime) -> str:
    """provider: back by the way it came, while that is open; else manual: a transfer that staff makes and records."""
    if provider != "stripe" or (refundable_until is not None and now >= refundable_until):
        return "manual"
    return "provider"


# The provider's words for a dispute, as the house sees them. An inquiry takes no money yet.
_DISPUTES = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "closed",
    "prevented": "closed",
    "needs_response": "open",
    "under_review": "open",
    "appeal_needs_response": "open",
    "appeal_under_review": "open",
    "won": "won",
    "lost": "lost",
}
DISPUTE_STATES = ("none", "inquiry", "open", "won", "lost", "closed")
OPEN_DISPUTES = tuple(status for status, state in _DISPUTES.items() if state == "open")

_DISPUTE_MOVES = {
    ("none", "inquiry"),
    ("none", "open"),
    ("none", "won"),
    ("none", "lost"),
    ("none", "closed"),
    ("inquiry", "open"),
    ("inquiry", "won"),
    ("inquiry", "lost"),
    ("inquiry", "closed"),
    ("open", "won"),
    ("open", "lost"),
    ("lost", "open"),  # an appeal
    ("lost", "won"),
}


def dispute_state(status: str | None) -> str:
    """none | inquiry | open | won | lost | closed. A word nobody knows yet counts as open: the pass is held."""
    return "none" if status is None else _DISPUTES.get(status, "open")


def next_dispute_state(state: str, seen: str) -> Step:
    """An older message never brings back a dispute that was decided; only an appeal opens a lost one again."""
    if state == seen:
        return Step(state, "ignored")
    if (state, seen) in _DISPUTE_MOVES:
        return Step(seen, "moved")
    return Step(state, "ignored" if state in ("won", "lost", "closed") or seen in ("none", "inquiry") else "invalid")


def is_taken(state: str) -> bool:
    """Whether the disputed money is away from the account."""
    return state in ("open", "lost")


# The provider's reporting categories, as far as they are of our trade. Wallets have names of their own for the same.
CHARGES = ("charge", "payment")
REFUNDS = ("refund", "payment_refund")
REVERSALS = ("refund_failure", "payment_failure_refund")
DISPUTES = ("dispute", "dispute_reversal")
PAYOUTS = ("payout", "payout_reversal")
