"""Refunds that staff asks for: what the terms say, or another amount with the reason for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.access.rules import Staff
from passes.access.service import write_audit
from passes.admin.money_rules import agreed_amounts
from passes.errors import N_, Conflict, Invalid
from passes.lifecycle.models import Pass
from passes.sale.gate_reports import wait_of
from passes.sale.models import Refund
from passes.sale.money_rules import CAME_BACK, COUNTED, refundable_fen
from passes.sale.queries import list_lines
from passes.sale.refund_lines import agreed
from passes.sale.refund_quotes import Both, PassQuote, left_of, list_quotes, quote_together
from passes.sale.refund_rules import Cause, Quote
from passes.sale.refunds import RefundAsked, RefundPart, lock_for_refund, request_refund


@dataclass(frozen=True, slots=True)
class DeskRefund:
    """what: all | none | a pass's serial. key: drawn with the form.

    amount_fen None = what the terms of the passes say, where `cause` is at fault; compensation_fen: on top of that,
    for each pass. Otherwise the amount is for all of them, and what differs from the terms is goodwill.
    seen: what the page showed of each pass (seen_of); empty = whatever the terms say now.
    """

    key: str
    what: str
    amount_fen: int | None
    reason: str
    by_transfer: bool
    note: str
    cause: Cause = "holder"
    compensation_fen: int | None = None
    seen: str = ""


def refund_from_desk(session: Session, staff: Staff, order_id: int, wanted: DeskRefund, *, now: datetime) -> Refund:
    """Ask for it; the passes are held from now on. Raises as request_refund does; Invalid names the field.

    Conflict("amount_changed"): a use came in since the page was opened, or midnight.
    """
    prices = _prices(session, order_id, wanted.what, now=now)
    lock_for_refund(session, order_id, sorted(prices))
    known = session.scalar(select(Refund).where(Refund.request_key == wanted.key, Refund.order_id == order_id))
    if known is not None:
        return known
    if wanted.what == "none":
        asked = _without_pass(staff, wanted)
    elif not prices:
        raise _refusal("what", "pass_missing", N_("Choose one of the list."))
    else:
        asked = _of_passes(session, staff, order_id, wanted, prices, now=now)
    refund = request_refund(session, order_id, asked, now=now)
    facts = {"amount_fen": refund.amount_fen, "reason": wanted.reason, "cause": asked.cause, "note": wanted.note}
    write_audit(session, staff, "order.refunded", f"order:{order_id}", now=now, **facts)
    return refund


def _refusal(field: str, code: str, text: str) -> Invalid:
    return Invalid(code, text, fields={field: [text]})


def _without_pass(staff: Staff, wanted: DeskRefund) -> RefundAsked:
    if wanted.amount_fen is None:
        raise _refusal("amount", "amount_missing", N_("Please fill this in."))
    if wanted.compensation_fen is not None:
        raise _no_compensation()
    return RefundAsked(
        wanted.key,
        (),
        by=staff.login,
        reason=wanted.reason,
        extra_fen=wanted.amount_fen,
        manual=wanted.by_transfer,
        note=wanted.note,
    )


def _no_compensation() -> Invalid:
    text = N_("Compensation is for passes whose terms grant one, and where the operator is at fault.")
    return _refusal("compensation", "no_compensation", text)


def _of_passes(
    session: Session, staff: Staff, order_id: int, wanted: DeskRefund, prices: Mapping[int, int], *, now: datetime
) -> RefundAsked:
    if wanted.seen and wanted.amount_fen is None:
        _refuse_stale(session, wanted.seen, prices, now=now)
    found = _by_terms(session, order_id, wanted, prices, now=now)
    if wanted.compensation_fen is not None and (
        wanted.cause != "operator" or not any(quote.compensates for quote in found.values())
    ):
        raise _no_compensation()
    by_terms = sum(quote.quote.payout_fen for quote in found.values())
    if wanted.amount_fen in (None, by_terms):
        quotes = {id_: quote.quote for id_, quote in found.items() if quote.quote.payout_fen > 0}
        hanging = [found[id_] for id_ in quotes]
    else:
        quotes, hanging = _as_agreed(found, prices, wanted.amount_fen or 0), []
    if not quotes:
        text = N_("By its terms nothing is paid back today. Give an amount where it shall be paid all the same.")
        raise _refusal("amount", "nothing_to_refund", text)
    return RefundAsked(
        wanted.key,
        tuple(RefundPart(id_, quote.payout_fen, lines=quote.lines) for id_, quote in quotes.items()),
        by=staff.login,
        reason=wanted.reason,
        manual=wanted.by_transfer,
        note=wanted.note,
        not_before=wait_of(hanging, now),
        cause=wanted.cause,
    )


def _refuse_stale(session: Session, seen: str, pass_ids: Iterable[int], *, now: datetime) -> None:
    passes = session.scalars(select(Pass).where(Pass.id.in_(pass_ids)))
    if not set(seen_of(list_quotes(session, passes, now=now)).split()) <= set(seen.split()):
        raise Conflict("amount_changed", N_("The amount has changed since you opened this page. Please look again."))


def seen_of(quotes: Iterable[Both]) -> str:
    """What a page shows of each pass, at its holder's wish and at our fault, as its form brings it back."""
    return " ".join(f"{both.pass_.id}:{both.own.quote.payout_fen}:{both.at_fault.quote.payout_fen}" for both in quotes)


def _by_terms(
    session: Session, order_id: int, wanted: DeskRefund, prices: Mapping[int, int], *, now: datetime
) -> dict[int, PassQuote]:
    """What each pass gets by its terms. Their rows are locked."""
    return quote_together(
        session,
        session.scalars(select(Pass).where(Pass.id.in_(prices)).order_by(Pass.id)).all(),
        now=now,
        cause=wanted.cause,
        compensation_fen=wanted.compensation_fen or 0,
        left_fen=left_of(session, order_id),
    )


def _as_agreed(found: Mapping[int, PassQuote], prices: Mapping[int, int], amount_fen: int) -> dict[int, Quote]:
    if amount_fen > sum(prices.values()):
        text = N_("This is more than was paid for it. Goodwill beyond the price is a refund without a pass.")
        raise _refusal("amount", "amount_too_large", text)
    amounts = agreed_amounts(amount_fen, {id_: quote.quote.payout_fen for id_, quote in found.items()}, prices)
    return {id_: agreed(quote.quote, amounts[id_]) for id_, quote in found.items() if amounts[id_] > 0}


def _prices(session: Session, order_id: int, what: str, *, now: datetime) -> dict[int, int]:
    """What was paid for each pass that is meant; of the whole order, for those whose money can go back."""
    if what == "none":
        return {}
    lines = {line.id: line.amount_fen for line in list_lines(session, order_id)}
    passes: Sequence[Pass] = session.scalars(select(Pass).where(Pass.order_line_id.in_(lines))).all()
    if what == "all":
        passes = [both.pass_ for both in list_quotes(session, passes, now=now) if both.may_be_paid_back]
    else:
        passes = [pass_ for pass_ in passes if str(pass_.id) == what]
    return {pass_.id: lines[pass_.order_line_id] for pass_ in passes}


def pay_again(
    session: Session, staff: Staff, order_id: int, payment_id: int, wanted: DeskRefund, *, now: datetime
) -> Refund:
    """All that is left of a payment that paid for nothing and did not arrive when it went back.

    Of `wanted` counts the key, the way and the note. Raises as request_refund does.
    """
    found = lock_for_refund(session, order_id, (), payment_id)
    counted = [refund.amount_fen for refund in found.refunds if refund.state in COUNTED]
    left = refundable_fen(found.payment.amount_received_fen, counted, found.payment.disputed_fen or 0)
    known = session.scalar(select(Refund).where(Refund.request_key == wanted.key, Refund.payment_id == payment_id))
    if known is not None:
        return known
    reason = next(refund.reason for refund in reversed(found.refunds) if refund.state in CAME_BACK)
    asked = RefundAsked(
        wanted.key,
        (),
        by=staff.login,
        reason=reason,
        extra_fen=left,
        manual=wanted.by_transfer,
        note=wanted.note,
        payment_id=payment_id,
    )
    refund = request_refund(session, order_id, asked, now=now)
    facts = {"amount_fen": left, "reason": reason, "note": wanted.note}
    write_audit(session, staff, "order.refunded", f"order:{order_id}", now=now, **facts)
    return refund
