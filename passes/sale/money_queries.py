"""What finance has to look at: differences, messages nobody could act on, payouts with their fees and rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.sale.models import WebhookEvent
from passes.sale.money_models import BalanceLine, MoneyException, Payout, ReconciliationRun
from passes.sale.money_rules import PAYOUTS


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout and what its lines come to. rate: the mean of the lines that have one."""

    payout: Payout
    lines: int
    gross_minor: int
    fee_minor: int
    rate: Decimal | None


def list_differences(session: Session, *, settled: bool, limit: int) -> Sequence[MoneyException]:
    """Open ones, oldest first; or settled ones, newest first."""
    statement = select(MoneyException)
    if settled:
        statement = statement.where(MoneyException.settled_at.is_not(None)).order_by(MoneyException.settled_at.desc())
    else:
        statement = statement.where(MoneyException.settled_at.is_(None)).order_by(MoneyException.id)
    return session.scalars(statement.limit(limit)).all()


def count_differences(session: Session) -> int:
    return session.scalar(select(func.count()).where(MoneyException.settled_at.is_(None))) or 0


def list_stray_messages(session: Session, limit: int) -> Sequence[WebhookEvent]:
    """Given up, or about nothing of ours; newest first."""
    statement = select(WebhookEvent).where(WebhookEvent.state.in_(("dead", "unmatched")))
    return session.scalars(statement.order_by(WebhookEvent.received_at.desc()).limit(limit)).all()


def list_payouts(session: Session, limit: int) -> list[PayoutRow]:
    """Newest first."""
    rows = session.execute(
        select(
            Payout,
            func.count(BalanceLine.id),
            func.coalesce(func.sum(BalanceLine.amount_minor), 0),
            func.coalesce(func.sum(BalanceLine.fee_minor), 0),
            func.avg(BalanceLine.exchange_rate),
        )
        .outerjoin(BalanceLine, (BalanceLine.payout_id == Payout.id) & BalanceLine.category.not_in(PAYOUTS))
        .group_by(Payout.id)
        .order_by(Payout.created_at.desc())
        .limit(limit)
    )
    return [PayoutRow(payout, lines, int(gross), int(fee), rate) for payout, lines, gross, fee, rate in rows]


def last_run(session: Session) -> ReconciliationRun | None:
    return session.scalars(select(ReconciliationRun).order_by(ReconciliationRun.day.desc()).limit(1)).first()
