"""What may become of an order and a payment, and when. Tables and arithmetic, nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from passes.entitlement.terms import Product
from passes.errors import N_
from passes.lifecycle import documents
from passes.sale.provider import PaymentSnapshot

PAYMENT_STATES = ("creating", "open", "processing", "review", "returned", "succeeded", "failed", "expired")
LIVE_PAYMENT_STATES = ("creating", "open", "processing", "review")

METHOD_NAMES = {"card": N_("Bank card"), "alipay": N_("Alipay"), "wechat_pay": N_("WeChat Pay")}
METHODS = tuple(METHOD_NAMES)
CHECKOUT_LIFE = timedelta(minutes=32)  # Stripe asks for 30; two more for clocks that differ
HOLD_AFTER_CHECKOUT = timedelta(minutes=5)
LONGEST_HOLD = timedelta(minutes=90)
MOST_STARTS = 10
REFUND_WINDOWS = {"alipay": timedelta(days=90), "wechat_pay": timedelta(days=180)}


@dataclass(frozen=True)
class Step:
    """moved: to a new state; ignored: an old or repeated fact; invalid: somebody has to look at it."""

    state: str
    outcome: Literal["moved", "ignored", "invalid"]


# (state, fact) → state. A pair in neither table is invalid.
_ORDER_MOVES = {
    ("pending", "paid"): "paid",
    ("pending", "hold_over"): "expired",
    ("pending", "cancelled"): "canceled",
    ("expired", "paid"): "paid",
}
_ORDER_IGNORED = {
    ("paid", "paid"),
    ("paid", "hold_over"),
    ("expired", "hold_over"),
    ("expired", "cancelled"),
    ("canceled", "hold_over"),
    ("canceled", "cancelled"),
}

_OVER = ("succeeded", "returned")  # never left
_SEEN_AGAIN = ("opened", "processing", "paid", "failed", "expired", "mismatch", "unwanted")
_PAYMENT_MOVES = {
    ("creating", "opened"): "open",
    ("creating", "rejected"): "failed",
    ("open", "rejected"): "failed",
    ("review", "accepted"): "succeeded",
    ("review", "sent_back"): "returned",
    ("failed", "unwanted"): "returned",
    ("expired", "unwanted"): "returned",
    **{(state, "paid"): "succeeded" for state in PAYMENT_STATES if state not in _OVER},
    **{(state, "mismatch"): "review" for state in PAYMENT_STATES if state not in (*_OVER, "review")},
    **{(state, "processing"): "processing" for state in ("creating", "open")},
    **{(state, "failed"): "failed" for state in ("creating", "open", "processing")},
    **{(state, "expired"): "expired" for state in ("creating", "open", "processing")},
}
_PAYMENT_IGNORED = {
    *((state, fact) for state in _OVER for fact in _SEEN_AGAIN),
    *(("review", fact) for fact in ("opened", "processing", "failed", "expired", "mismatch")),
    *(("failed", fact) for fact in ("opened", "processing", "failed", "expired", "rejected")),
    *(("expired", fact) for fact in ("opened", "processing", "failed", "expired", "rejected")),
    ("open", "opened"),
    ("processing", "opened"),
    ("processing", "processing"),
}


def next_order_state(state: str, fact: str) -> Step:
    """fact: paid | hold_over | cancelled."""
    return _step(_ORDER_MOVES, _ORDER_IGNORED, state, fact)


def next_payment_state(state: str, fact: str) -> Step:
    """fact: opened | processing | paid | failed | expired | rejected | mismatch; unwanted: a mismatch while another
    payment is live. Staff's facts: accepted | sent_back. succeeded and returned are never left.
    """
    return _step(_PAYMENT_MOVES, _PAYMENT_IGNORED, state, fact)


_REFUND_MOVES = {
    **{("requested", state): state for state in ("pending", "succeeded", "failed", "canceled")},
    **{("pending", state): state for state in ("succeeded", "failed", "canceled")},
    ("succeeded", "failed"): "failed",
}


def next_refund_state(state: str, status: str) -> Step:
    """A succeeded refund may still fail; a failed one stays so and is replaced by another row.

    `pending` after the end was fetched before it and came later: it says nothing.
    """
    stale = {(ended, "pending") for ended in ("succeeded", "failed", "canceled")}
    return _step(_REFUND_MOVES, {(state, state)} | stale, state, status)


def _step(moves: dict[tuple[str, str], str], ignored: set[tuple[str, str]], state: str, fact: str) -> Step:
    if (state, fact) in moves:
        return Step(moves[state, fact], "moved")
    return Step(state, "ignored" if (state, fact) in ignored else "invalid")


@dataclass(frozen=True)
class Expected:
    """What a payment must be to count."""

    amount_fen: int
    currency: str
    livemode: bool


def fact_of(snapshot: PaymentSnapshot, expected: Expected) -> str:
    """The provider's truth as one of our facts. Only money that is really there and exactly right is `paid`."""
    if snapshot.payment_status == "paid" and snapshot.intent_status == "succeeded":
        return "paid" if _is_as_expected(snapshot, expected) else "mismatch"
    if snapshot.checkout_status == "open":
        return "opened"
    if snapshot.checkout_status == "expired":
        return "expired"
    if snapshot.intent_status in ("requires_payment_method", "canceled"):
        return "failed"
    return "processing"


def _is_as_expected(snapshot: PaymentSnapshot, expected: Expected) -> bool:
    return (
        snapshot.amount_fen == expected.amount_fen
        and snapshot.amount_received_fen == expected.amount_fen
        and snapshot.currency == expected.currency
        and snapshot.livemode == expected.livemode
    )


def price_of(amounts_fen: Iterable[int]) -> int:
    """What the lines of an order come to."""
    return sum(amounts_fen)


def full_years(birth_on: date, today: date) -> int:
    """Completed years; a birthday on 29 February is kept on 1 March in common years."""
    return today.year - birth_on.year - ((today.month, today.day) < (birth_on.month, birth_on.day))


def is_of_age(birth_on: date, today: date, lowest: int | None, highest: int | None) -> bool:
    """Whether a product's ages admit somebody born then; None = no bound."""
    years = full_years(birth_on, today)
    return (lowest is None or years >= lowest) and (highest is None or years <= highest)


@dataclass(frozen=True)
class Document:
    """What the form says of the holder's document; None where a field was left empty or could not be read."""

    type: str | None
    number: str | None
    birth_on: date | None


def order_faults(product: Product | None, document: Document, today: date) -> dict[str, list[str]]:
    """All that forbids this order, by field of the form; empty when nothing does. None = no such product is sold."""
    faults = {}
    if product is None:
        faults["product_id"] = [N_("This product is not on sale. Please choose one of those shown.")]
    of_document = _document_fault(document, today)
    if of_document is not None:
        field = "document_number" if document.type in documents.DOCUMENT_TYPES else "document_type"
        faults[field] = [of_document]
    birth_on = birth_of(document, today)
    field = "document_number" if _holds_birth(document) else "birth_on"
    if birth_on is None:
        if field == "birth_on" and document.type in documents.DOCUMENT_TYPES:
            faults["birth_on"] = [N_("Please give the birth date: this document's number does not hold it.")]
    elif birth_on > today or birth_on.year < today.year - documents.OLDEST_YEARS:
        faults[field] = [N_("This birth date cannot be right.")]
    elif product is not None and not is_of_age(birth_on, today, product.min_age, product.max_age):
        faults[field] = [N_("The holder's age does not fit this pass. Please choose the other one.")]
    return faults


def birth_of(document: Document, today: date) -> date | None:
    """The holder's birth date: of the number where it holds one, else as given; None where neither says it."""
    if not _holds_birth(document):
        return document.birth_on
    if _document_fault(document, today) is not None:
        return None
    return documents.birth_date(documents.normalised(document.number or ""), today)


def _holds_birth(document: Document) -> bool:
    """Whether the number says the birth date, or would if it were written right."""
    if document.type != "CN_PR_CARD":
        return document.type == "CN_ID"
    return len(documents.normalised(document.number or "")) != documents.OLD_PR_CARD_LENGTH


def _document_fault(document: Document, today: date) -> str | None:
    if document.type is None or document.number is None:
        return None
    return documents.document_fault(document.type, documents.normalised(document.number), today)


def hold_with_checkout(hold_expires_at: datetime, checkout_expires_at: datetime) -> datetime:
    """A started checkout keeps the order until a little after it has closed."""
    return max(hold_expires_at, checkout_expires_at + HOLD_AFTER_CHECKOUT)


def may_start_payment(placed_at: datetime, starts: int, now: datetime) -> bool:
    """Nobody squats on an order by starting payments for ever."""
    return starts < MOST_STARTS and now < placed_at + LONGEST_HOLD


def refundable_until(method: str | None, paid_at: datetime) -> datetime | None:
    """The last moment the provider takes a refund; None = no end is fixed."""
    window = REFUND_WINDOWS.get(method or "")
    return None if window is None else paid_at + window


# (age of the payment in seconds, pause until the next look)
_POLLS = ((60, 60), (180, 120), (480, 300), (86400, 900))


def next_poll_at(created_at: datetime, now: datetime) -> datetime:
    """Young payments are looked up often, old ones seldom: 1, 2, 5, then every 15 minutes; after a day hourly."""
    age = (now - created_at).total_seconds()
    pause = next((pause for limit, pause in _POLLS if age < limit), 3600)
    return now + timedelta(seconds=pause)


WEBHOOK_TRIES = 8


def next_try_at(attempts: int, now: datetime) -> datetime:
    """Back-off of what failed: 2 s, 4 s … half an hour at most."""
    return now + timedelta(seconds=min(2**attempts, 1800))
