"""What can still be paid back of an order, as a form offers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from flask_babel import gettext

from passes.admin.case_words import REFUND_REASONS
from passes.admin.money_schemas import DESK_REASONS
from passes.admin.order_queries import OrderPage
from passes.sale.money_rules import COUNTED, dispute_state, refundable_fen, route_of


@dataclass(frozen=True, slots=True)
class Refundable:
    """left_fen: of the payment that paid the order. key: new with every page, so that one form is one refund."""

    key: str
    left_fen: int
    choices: Sequence[tuple[str, str]]
    reasons: Sequence[tuple[str, str]]
    ways: Sequence[tuple[str, str]]


def refundable_of(found: OrderPage, now: datetime) -> Refundable | None:
    """None where nothing can be: unpaid, all of it back, or a bank holds it."""
    paid_by = found.paid_by
    if paid_by is None or dispute_state(paid_by.dispute_status) == "open":
        return None
    counted = [r.amount_fen for r in found.refunds if r.payment_id == paid_by.id and r.state in COUNTED]
    left = refundable_fen(paid_by.amount_received_fen, counted, paid_by.disputed_fen or 0)
    if left <= 0:
        return None
    passes = [(str(p.id), gettext("pass %(number)s", number=p.number)) for p in found.passes.values()]
    choices = [("all", gettext("the whole order")), *passes, ("none", gettext("goodwill, no pass is cancelled"))]
    ways = [("transfer", gettext("by a transfer that you make and record"))]
    if route_of(paid_by.refundable_until, paid_by.provider, now) == "provider":
        ways.insert(0, ("original", gettext("back the way it came")))
    reasons = [(code, gettext(REFUND_REASONS[code])) for code in DESK_REASONS]
    return Refundable(str(uuid4()), left, choices, reasons, ways)
