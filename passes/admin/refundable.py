"""What can still be paid back of an order, as a form offers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from flask_babel import gettext

from passes.admin.case_words import REFUND_CAUSES, REFUND_REASONS
from passes.admin.desk_refunds import seen_of
from passes.admin.money_schemas import CAUSES, DESK_REASONS
from passes.admin.order_queries import OrderPage
from passes.sale.models import Payment
from passes.sale.money_rules import CAME_BACK, COUNTED, dispute_state, refundable_fen, route_of
from passes.sale.refund_outcomes import may_transfer
from passes.sale.refund_quotes import Both


@dataclass(frozen=True, slots=True)
class Refundable:
    """left_fen: of the payment that paid the order. key: new with every page, so that one form is one refund.

    by_terms: what each pass would get today; seen: the same, for the form to bring back. compensates: whether the terms
    of one of them let staff add something.
    """

    key: str
    left_fen: int
    by_terms: Sequence[Both]
    seen: str
    compensates: bool
    choices: Sequence[tuple[str, str]]
    causes: Sequence[tuple[str, str]]
    reasons: Sequence[tuple[str, str]]
    ways: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Stranded:
    """Money that paid for nothing and whose way back failed. currency: where it is not the one asked for."""

    payment_id: int
    key: str
    left_fen: int
    currency: str | None
    ways: Sequence[tuple[str, str]]


def refundable_of(found: OrderPage, quotes: Sequence[Both], now: datetime) -> Refundable | None:
    """None where nothing can be: unpaid, all of it back, or a bank holds it. quotes: of the order's passes."""
    paid_by = found.paid_by
    if paid_by is None or dispute_state(paid_by.dispute_status) == "open":
        return None
    left = _left_of(found, paid_by)
    if left <= 0:
        return None
    open_ = [both for both in quotes if both.may_be_paid_back]
    whole = [("all", gettext("the whole order"))] if open_ else []
    passes = [(str(both.pass_.id), gettext("pass %(number)s", number=both.pass_.number)) for both in open_]
    return Refundable(
        key=str(uuid4()),
        left_fen=left,
        by_terms=open_,
        seen=seen_of(open_),
        compensates=any(both.at_fault.compensates for both in open_),
        choices=[*whole, *passes, ("none", gettext("goodwill, no pass is cancelled"))],
        causes=[(code, gettext(REFUND_CAUSES[code])) for code in CAUSES],
        reasons=[(code, gettext(REFUND_REASONS[code])) for code in DESK_REASONS],
        ways=_ways(paid_by, now),
    )


def list_stranded(found: OrderPage, now: datetime) -> list[Stranded]:
    """Payments that came late or twice, or were sent back, and did not arrive: each can be paid back once more."""
    failed = {refund.payment_id for refund in found.refunds if refund.state in CAME_BACK}
    paid_by = found.paid_by.id if found.paid_by else None
    return [
        Stranded(payment.id, str(uuid4()), left, payment.received_currency, _ways(payment, now))
        for payment in found.payments
        if payment.id in failed and payment.id != paid_by and dispute_state(payment.dispute_status) != "open"
        if (left := _left_of(found, payment)) > 0
    ]


def list_overtaken(found: OrderPage) -> set[int]:
    """Refunds that wait for a transfer nobody may make any more: their money went back in another way."""
    payments = {payment.id: payment for payment in found.payments}
    counted = [refund for refund in found.refunds if refund.state in COUNTED]
    return {
        refund.id
        for refund in counted
        if refund.channel == "manual" and refund.state == "requested"
        if not may_transfer(
            payments[refund.payment_id],
            [r.amount_fen for r in counted if r.payment_id == refund.payment_id and r.id != refund.id],
            refund.amount_fen,
        )
    }


def _left_of(found: OrderPage, payment: Payment) -> int:
    counted = [r.amount_fen for r in found.refunds if r.payment_id == payment.id and r.state in COUNTED]
    return refundable_fen(payment.amount_received_fen, counted, payment.disputed_fen or 0)


def _ways(payment: Payment, now: datetime) -> list[tuple[str, str]]:
    ways = [("transfer", gettext("by a transfer that you make and record"))]
    if route_of(payment.refundable_until, payment.provider, now) == "provider":
        ways.insert(0, ("original", gettext("back the way it came")))
    return ways
