"""Our payments and refunds beside the provider's lines and payouts. What differs is written down and mended by nobody
but people: see MoneyException."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict, NotFound
from passes.sale import stock
from passes.sale.models import Payment, PaymentEvent, Refund
from passes.sale.money_models import BalanceLine, MoneyException, Payout, ReconciliationRun
from passes.sale.money_rules import CHARGES, DISPUTES, GONE, PAYOUTS, REFUNDS, REVERSALS
from passes.sale.provider import LineSnapshot, PayoutSnapshot

# A line may come a little after the payment it is of.
_SPARE = timedelta(hours=1)
BY_ITSELF = "reconciliation"


@dataclass(frozen=True)
class Finding:
    """Something that does not agree. subject: payment:<id>, refund:<id>, window:<id> or the provider's id."""

    kind: str
    subject: str
    order_id: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def keep_payout(session: Session, found: PayoutSnapshot) -> bool:
    """The payout as it stands now; True when its lines can be read and were not yet."""
    values = {
        "state": found.status,
        "amount_minor": found.amount_minor,
        "currency": found.currency,
        "automatic": found.automatic,
        "arrives_at": found.arrives_at,
        "created_at": found.created_at,
    }
    statement = insert(Payout).values(id=found.id, **values).on_conflict_do_update(constraint="pk_payout", set_=values)
    itemised_at = session.scalar(statement.returning(Payout.itemised_at))
    return found.itemised and itemised_at is None


def keep_lines(
    session: Session, lines: Iterable[LineSnapshot], *, payout_id: str | None = None, now: datetime | None = None
) -> None:
    """Movements of the balance, each once; those of a payout belong to it from now on."""
    for line in lines:
        values: dict[str, object] = {
            "id": line.id,
            "payout_id": payout_id,
            "category": line.category,
            "source_id": line.source_id,
            "amount_minor": line.amount_minor,
            "fee_minor": line.fee_minor,
            "net_minor": line.net_minor,
            "currency": line.currency,
            "exchange_rate": line.exchange_rate,
            "source_fen": line.source_fen,
            "available_at": line.available_at,
            "created_at": line.created_at,
            "payment_id": _payment_of(session, line),
            "refund_id": _refund_of(session, line),
        }
        known: dict[str, object] = {"payout_id": func.coalesce(payout_id, BalanceLine.payout_id)}
        known |= {name: values[name] for name in ("payment_id", "refund_id") if values[name] is not None}
        new = insert(BalanceLine).values(values)
        session.execute(new.on_conflict_do_update(constraint="pk_balance_line", set_=known))
    if payout_id is not None:
        session.execute(update(Payout).where(Payout.id == payout_id).values(itemised_at=now))


def _payment_of(session: Session, line: LineSnapshot) -> int | None:
    if line.intent_id is None:
        return None
    return session.scalar(select(Payment.id).where(Payment.provider_intent_id == line.intent_id))


def _refund_of(session: Session, line: LineSnapshot) -> int | None:
    if line.category not in (*REFUNDS, *REVERSALS):
        return None
    return session.scalar(select(Refund.id).where(Refund.provider_refund_id == line.source_id))


def list_payments_behind(session: Session, since: datetime) -> Sequence[int]:
    """Payments of which the provider booked a refund or a dispute that we have not heard of."""
    unknown_refund = BalanceLine.category.in_(REFUNDS) & BalanceLine.refund_id.is_(None)
    unknown_dispute = BalanceLine.category.in_(DISPUTES) & Payment.dispute_id.is_(None)
    failed = BalanceLine.category.in_(REVERSALS) & Refund.state.in_(GONE)
    statement = (
        select(BalanceLine.payment_id)
        .join(Payment, Payment.id == BalanceLine.payment_id)
        .outerjoin(Refund, Refund.id == BalanceLine.refund_id)
        .where(BalanceLine.created_at >= since, unknown_refund | unknown_dispute | failed)
        .distinct()
    )
    return [payment_id for payment_id in session.scalars(statement) if payment_id is not None]


def find_differences(session: Session, *, since: datetime, now: datetime) -> list[Finding]:
    """All that does not agree, of what moved since then."""
    return [
        *_payouts_that_do_not_sum(session, since),
        *_lines_of_nobody(session, since),
        *_amounts_that_differ(session, since),
        *_payments_without_line(session, since, now - _SPARE),
        *_refunds_without_line(session, since, now - _SPARE),
        *ledger_faults(session),
        *_stock_faults(session),
    ]


def _stock_faults(session: Session) -> Iterable[Finding]:
    """What was sold is money, too: windows that sold more than there was, or do not come to their own ledger."""
    kinds = {"oversold": "stock_oversold", "ledger differs": "stock_differs"}
    for window_id, fault in stock.list_faults(session):
        yield Finding(kinds[fault], f"window:{window_id}")


def _payouts_that_do_not_sum(session: Session, since: datetime) -> Iterable[Finding]:
    total = func.coalesce(func.sum(BalanceLine.net_minor), 0)
    rows = session.execute(
        select(Payout, total)
        .outerjoin(BalanceLine, (BalanceLine.payout_id == Payout.id) & BalanceLine.category.not_in(PAYOUTS))
        .where(Payout.created_at >= since, Payout.itemised_at.is_not(None))
        .group_by(Payout.id)
        .having(total != Payout.amount_minor)
    )
    for payout, lines in rows:
        facts: dict[str, object] = {"payout": payout.amount_minor, "lines": int(lines), "currency": payout.currency}
        yield Finding("payout_sum", payout.id, facts=facts)


def _lines_of_nobody(session: Session, since: datetime) -> Iterable[Finding]:
    ours = (BalanceLine.category.in_((*CHARGES, *DISPUTES)) & BalanceLine.payment_id.is_not(None)) | (
        BalanceLine.category.in_((*REFUNDS, *REVERSALS)) & BalanceLine.refund_id.is_not(None)
    )
    statement = select(BalanceLine).where(BalanceLine.created_at >= since, BalanceLine.category.not_in(PAYOUTS), ~ours)
    for line in session.scalars(statement):
        yield Finding(
            "unknown_line",
            line.id,
            facts={
                "category": line.category,
                "source": line.source_id,
                "amount": line.amount_minor,
                "currency": line.currency,
            },
        )


def _amounts_that_differ(session: Session, since: datetime) -> Iterable[Finding]:
    charged = (
        select(BalanceLine, Payment)
        .join(Payment, Payment.id == BalanceLine.payment_id)
        .where(BalanceLine.category.in_(CHARGES), BalanceLine.created_at >= since)
        .where(BalanceLine.source_fen != Payment.amount_received_fen)
    )
    for line, payment in session.execute(charged):
        facts = {"ours": payment.amount_received_fen, "provider": line.source_fen}
        yield Finding("amount_differs", f"payment:{payment.id}", payment.order_id, facts)
    back = (
        select(BalanceLine, Refund)
        .join(Refund, Refund.id == BalanceLine.refund_id)
        .where(BalanceLine.created_at >= since, func.abs(BalanceLine.source_fen) != Refund.amount_fen)
    )
    for line, refund in session.execute(back):
        facts = {"ours": refund.amount_fen, "provider": line.source_fen}
        yield Finding("amount_differs", f"refund:{refund.id}", refund.order_id, facts)


def _payments_without_line(session: Session, since: datetime, before: datetime) -> Iterable[Finding]:
    charged = select(BalanceLine.id).where(BalanceLine.payment_id == Payment.id, BalanceLine.category.in_(CHARGES))
    statement = select(Payment).where(
        Payment.provider == "stripe",
        Payment.amount_received_fen > 0,
        Payment.created_at >= since,
        Payment.last_synced_at < before,
        ~charged.exists(),
    )
    for payment in session.scalars(statement):
        facts: dict[str, object] = {"ours": payment.amount_received_fen}
        yield Finding("payment_without_line", f"payment:{payment.id}", payment.order_id, facts)


def _refunds_without_line(session: Session, since: datetime, before: datetime) -> Iterable[Finding]:
    booked = select(BalanceLine.id).where(BalanceLine.refund_id == Refund.id, BalanceLine.category.in_(REFUNDS))
    came_back = select(BalanceLine.id).where(BalanceLine.refund_id == Refund.id, BalanceLine.category.in_(REVERSALS))
    ours = select(Refund).where(Refund.channel == "provider", Refund.created_at >= since)
    for refund in session.scalars(ours.where(Refund.state.in_(GONE), Refund.submitted_at < before, ~booked.exists())):
        yield Finding("refund_without_line", f"refund:{refund.id}", refund.order_id, {"ours": refund.amount_fen})
    for refund in session.scalars(ours.where(Refund.state.in_(GONE), came_back.exists())):
        yield Finding("refund_came_back", f"refund:{refund.id}", refund.order_id, {"ours": refund.amount_fen})


def ledger_faults(session: Session) -> list[Finding]:
    """Payments whose ledger does not come to what was received, less what went back, less what a bank holds."""
    disputed = PaymentEvent.fact.in_(("disputed", "dispute_won", "dispute_lost"))
    moved = (
        select(
            PaymentEvent.payment_id.label("payment_id"),
            func.sum(PaymentEvent.moved_fen).filter(~disputed).label("moved"),
            func.coalesce(func.sum(PaymentEvent.moved_fen).filter(disputed), 0).label("disputed"),
        )
        .where(PaymentEvent.payment_id.is_not(None))
        .group_by(PaymentEvent.payment_id)
        .subquery()
    )
    gone = (
        select(Refund.payment_id.label("payment_id"), func.sum(Refund.amount_fen).label("fen"))
        .where(Refund.state.in_(GONE))
        .group_by(Refund.payment_id)
        .subquery()
    )
    back = func.coalesce(gone.c.fen, 0)
    held = func.coalesce(Payment.disputed_fen, 0)
    rows = session.execute(
        select(Payment, moved.c.moved, moved.c.disputed, back)
        .join(moved, moved.c.payment_id == Payment.id)
        .outerjoin(gone, gone.c.payment_id == Payment.id)
        .where(
            (func.coalesce(moved.c.moved, 0) != Payment.amount_received_fen - back)
            | (Payment.amount_refunded_fen != back)
            | ((held == 0) & (moved.c.disputed != 0))
            | (-moved.c.disputed > held)
        )
    )
    return [
        Finding(
            "ledger_differs",
            f"payment:{payment.id}",
            payment.order_id,
            {
                "ledger": int(total or 0),
                "disputed": int(taken),
                "received": payment.amount_received_fen,
                "back": int(gone),
            },
        )
        for payment, total, taken, gone in rows
    ]


def keep_findings(session: Session, findings: Sequence[Finding], *, now: datetime) -> int:
    """Each once while it lasts; one that is found no more is settled by itself. Returns how many are open."""
    for finding in findings:
        statement = insert(MoneyException).values(
            kind=finding.kind,
            subject=finding.subject,
            order_id=finding.order_id,
            facts=finding.facts,
            found_at=now,
            seen_at=now,
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["kind", "subject"],
                index_where=MoneyException.settled_at.is_(None),
                set_={"seen_at": now, "facts": finding.facts},
            )
        )
    gone = update(MoneyException).where(MoneyException.settled_at.is_(None), MoneyException.seen_at < now)
    session.execute(gone.values(settled_at=now, settled_by=BY_ITSELF))
    return session.scalar(select(func.count()).where(MoneyException.settled_at.is_(None))) or 0


def settle_exception(session: Session, number: int, *, by: str, note: str, now: datetime) -> MoneyException:
    """Somebody has found out. It opens anew should the next night find it again."""
    found = session.get(MoneyException, number, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("exception_not_found", N_("We know no such difference."))
    if found.settled_at is not None:
        raise Conflict("exception_settled", N_("Somebody has dealt with this already."))
    found.settled_at, found.settled_by, found.note = now, by, note
    session.flush()
    return found


def was_run(session: Session, day: date) -> bool:
    return session.get(ReconciliationRun, day) is not None


def note_run(session: Session, day: date, *, lines: int, exceptions: int, since: datetime, now: datetime) -> None:
    payments = session.scalar(select(func.count()).where(Payment.amount_received_fen > 0, Payment.created_at >= since))
    refunds = session.scalar(select(func.count()).where(Refund.created_at >= since))
    values = {
        "finished_at": now,
        "payments": payments or 0,
        "refunds": refunds or 0,
        "lines": lines,
        "exceptions": exceptions,
    }
    statement = insert(ReconciliationRun).values(day=day, **values)
    session.execute(statement.on_conflict_do_update(constraint="pk_reconciliation_run", set_=values))
