"""What a pass would get back now: its history read, the calculator asked."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.catalogue.queries import get_terms
from passes.clock import local_day
from passes.entitlement.nodes import Text
from passes.gate.models import Scan
from passes.lifecycle.models import Pass
from passes.sale.models import Order, OrderLine, Refund, RefundLine
from passes.sale.money_rules import COUNTED, refundable_fen
from passes.sale.queries import find_paying_payment
from passes.sale.refund_lines import lines_of, once_more
from passes.sale.refund_rules import (
    Cause,
    History,
    Line,
    Quote,
    Use,
    may_change,
    no_more_than,
    refund_of,
    refund_terms_of,
    value_of_use,
)


@dataclass(frozen=True, slots=True)
class LastRefund:
    """The last refund of a pass, whatever came of it. waits: not sent before every gate was heard of."""

    state: str
    amount_fen: int
    lines: tuple[Line, ...]
    waits: bool


@dataclass(frozen=True, slots=True)
class PassQuote:
    """quote: what the calculator says now. uses_seen: how many admissions it counted.

    refund: the last one of this pass: then a holder asks for no other, unless it was stopped. Where it did not arrive,
    the quote is the same once more. compensates: the terms let staff add something where the operator is at fault.
    may_change: a use that a gate tells of late would change the quote.
    """

    order_id: int
    quote: Quote
    uses_seen: int
    refund: LastRefund | None = None
    compensates: bool = False
    may_change: bool = False

    @property
    def may_ask(self) -> bool:
        return (self.refund is None or self.refund.state == "canceled") and self.quote.payout_fen > 0


@dataclass(frozen=True, slots=True)
class Both:
    """A pass and what it gets by its terms: at its holder's wish, and were the operator at fault."""

    pass_: Pass
    own: PassQuote
    at_fault: PassQuote

    @property
    def may_be_paid_back(self) -> bool:
        """Not where its money is on its way or gone already; of a pass that has ended, only what did not arrive."""
        last = self.own.refund
        if last is not None and last.state in COUNTED:
            return False
        return self.pass_.state != "void" or self.own.quote.payout_fen > 0


def find_quote(
    session: Session,
    pass_: Pass,
    *,
    now: datetime,
    cause: Cause = "holder",
    compensation_fen: int = 0,
    left_fen: int | None = None,
) -> PassQuote | None:
    """None where no paid order stands behind the pass. Whoever pays by it locks the pass first.

    left_fen: what may still go back of the order; None = whatever left_of says.
    """
    row = session.execute(
        select(Order.id, Order.paid_at, OrderLine.amount_fen)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.id == pass_.order_line_id)
    ).first()
    if row is None or row.paid_at is None:
        return None
    history = _history(session, pass_, row.amount_fen, row.paid_at)
    terms = refund_terms_of(get_terms(session, pass_.terms_version).pass_rules)
    quote = refund_of(terms, history, local_day(now), cause=cause, compensation_fen=compensation_fen)
    last = _last_refund(session, pass_.id, now)
    repeated = last is not None and last.state == "failed"
    if last is not None and repeated:
        quote = once_more(quote, last.lines, last.amount_fen)
    return PassQuote(
        row.id,
        no_more_than(quote, left_of(session, row.id) if left_fen is None else left_fen),
        len(history.uses),
        last,
        terms.compensates and not repeated,
        pass_.state == "active" and not repeated and may_change(terms, quote.case),
    )


def quote_together(
    session: Session,
    passes: Iterable[Pass],
    *,
    now: datetime,
    cause: Cause = "holder",
    compensation_fen: int = 0,
    left_fen: int,
) -> dict[int, PassQuote]:
    """What these passes of one order get when all are paid back at once: each no more than those before it leave."""
    found = {}
    for pass_ in passes:
        quote = find_quote(session, pass_, now=now, cause=cause, compensation_fen=compensation_fen, left_fen=left_fen)
        if quote is not None:
            found[pass_.id] = quote
            left_fen -= quote.quote.payout_fen
    return found


def left_of(session: Session, order_id: int, apart_from: int = 0) -> int:
    """What may still go back of the payment that paid the order: other refunds and disputes took their part.

    apart_from: a refund that is to be computed again, and takes nothing from itself.
    """
    paid_by = find_paying_payment(session, order_id)
    if paid_by is None:
        return 0
    counted = select(Refund.amount_fen).where(
        Refund.payment_id == paid_by.id, Refund.state.in_(COUNTED), Refund.id != apart_from
    )
    return refundable_fen(paid_by.amount_received_fen, session.scalars(counted), paid_by.disputed_fen or 0)


def list_quotes(session: Session, passes: Iterable[Pass], *, now: datetime) -> list[Both]:
    """Of each pass that was paid for, both quotes; each alone, as if no other were paid back."""
    found = []
    for pass_ in passes:
        own = find_quote(session, pass_, now=now)
        at_fault = find_quote(session, pass_, now=now, cause="operator")
        if own is not None and at_fault is not None:
            found.append(Both(pass_, own, at_fault))
    return found


def _history(session: Session, pass_: Pass, paid_fen: int, paid_at: datetime) -> History:
    return History(
        paid_fen=paid_fen,
        paid_on=local_day(paid_at),
        issued_on=local_day(pass_.issued_at),
        state=pass_.state,
        validity_days=pass_.validity_days,
        valid_from=pass_.valid_from,
        valid_until=pass_.valid_until,
        uses=_uses(session, pass_),
    )


def _uses(session: Session, pass_: Pass) -> tuple[Use, ...]:
    """Admissions not taken back, worth what the pass's own terms say; a benefit they do not know is worth nothing."""
    benefits = get_terms(session, pass_.terms_version).benefits
    scans = session.execute(
        select(Scan.benefit_id, Scan.local_day)
        .where(Scan.pass_id == pass_.id, Scan.verdict == "admitted")
        .order_by(Scan.scanned_at, Scan.id)
    )
    found = []
    days: dict[str, list[date]] = defaultdict(list)
    for benefit_id, used_on in scans:
        benefit = benefits.get(benefit_id or "")
        name = benefit.name if benefit else Text(benefit_id or "–", benefit_id or "–")
        found.append(Use(name, used_on, value_of_use(benefit, used_on, days[benefit.id]) if benefit else 0))
        days[benefit_id or ""].append(used_on)
    return tuple(found)


def _last_refund(session: Session, pass_id: int, now: datetime) -> LastRefund | None:
    row = session.execute(
        select(Refund, RefundLine.amount_fen)
        .join(RefundLine, RefundLine.refund_id == Refund.id)
        .where(RefundLine.pass_id == pass_id)
        .order_by(Refund.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    refund, amount_fen = row
    unsent = refund.state == "requested" and refund.submitted_at is None
    waits = unsent and refund.next_attempt_at is not None and refund.next_attempt_at > now
    return LastRefund(refund.state, amount_fen, lines_of(refund.lines, pass_id), waits)
