"""The ledger as finance reads it: what moved on a day, with the balance before and after, to the fen."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.clock import day_start, local_time
from passes.sale.models import Order, Payment, PaymentEvent, Refund

COLUMNS = (
    "at",
    "account",
    "currency",
    "order",
    "fact",
    "method",
    "payment",
    "provider_payment",
    "refund",
    "provider_refund",
    "actor",
    "amount_fen",
    "balance_fen",
    "test",
)
Purse = tuple[str, str]  # account, currency


@dataclass(frozen=True)
class LedgerRow:
    """One movement; balance_fen: of its account and currency, after it."""

    at: datetime
    purse: Purse
    order: Order
    event: PaymentEvent
    payment: Payment | None
    refund: Refund | None
    balance_fen: int


@dataclass(frozen=True)
class DayLedger:
    """The movements of some local days, and what every account held before and after them."""

    opening: dict[Purse, int]
    rows: Sequence[LedgerRow]
    closing: dict[Purse, int]


def get_ledger(session: Session, first_on: date, last_on: date) -> DayLedger:
    """The days are local, both included."""
    start, end = day_start(first_on), day_start(last_on + timedelta(days=1))
    purse = (PaymentEvent.account, PaymentEvent.currency)
    before = session.execute(
        select(*purse, func.sum(PaymentEvent.moved_fen)).where(PaymentEvent.at < start).group_by(*purse)
    )
    opening = {(account, currency): int(fen) for account, currency, fen in before}
    balance: defaultdict[Purse, int] = defaultdict(int, opening)
    rows = []
    found = session.execute(
        select(PaymentEvent, Order, Payment, Refund)
        .join(Order, Order.id == PaymentEvent.order_id)
        .outerjoin(Payment, Payment.id == PaymentEvent.payment_id)
        .outerjoin(Refund, Refund.id == PaymentEvent.refund_id)
        .where(PaymentEvent.moved_fen != 0, PaymentEvent.at >= start, PaymentEvent.at < end)
        .order_by(PaymentEvent.at, PaymentEvent.id)
    )
    for event, order, payment, refund in found:
        key = (event.account, event.currency)
        balance[key] += event.moved_fen
        rows.append(LedgerRow(event.at, key, order, event, payment, refund, balance[key]))
    return DayLedger(opening, rows, dict(balance))


def csv_of(ledger: DayLedger) -> bytes:
    """UTF-8 with a mark for spreadsheets: the opening balances, every movement, the closing balances."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for (account, currency), fen in sorted(ledger.opening.items()):
        writer.writerow(["", account, currency, "", "opening", *[""] * 6, 0, fen, ""])
    for row in ledger.rows:
        writer.writerow(_line(row))
    for (account, currency), fen in sorted(ledger.closing.items()):
        writer.writerow(["", account, currency, "", "closing", *[""] * 6, 0, fen, ""])
    return "\ufeff".encode() + written.getvalue().encode()


def _line(row: LedgerRow) -> list[object]:
    payment, refund = row.payment, row.refund
    return [
        f"{local_time(row.at):%Y-%m-%d %H:%M:%S}",
        *row.purse,
        row.order.number,
        f"refund_{row.event.fact}" if refund else row.event.fact,
        payment.method if payment else "",
        payment.uid if payment else "",
        payment.provider_intent_id if payment else "",
        refund.uid if refund else "",
        refund.provider_refund_id if refund else "",
        row.event.actor,
        row.event.moved_fen,
        row.balance_fen,
        "" if row.order.livemode else "test",
    ]
