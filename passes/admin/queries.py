"""What the back office shows of the rooms below: read here, changed only through their services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from passes.errors import N_, NotFound
from passes.events import queries as event_queries
from passes.events.models import DeadLetter
from passes.mail.models import Letter
from passes.sale.models import Order, Payment, WebhookEvent

LATE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order and where its last payment stands. attention: what somebody has to look at."""

    number: str
    state: str
    total_fen: int
    placed_at: datetime
    paid_at: datetime | None
    attention: tuple[str, ...]
    payment_state: str | None
    method: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """What should be zero or young. events_since: the oldest event that has not left, None when all have."""

    events_waiting: int
    events_since: datetime | None
    dead_letters: int
    letters_waiting: int
    letters_failed: int
    webhooks_dead: int
    orders_to_look_at: int

    def is_late(self, now: datetime) -> bool:
        return self.events_since is not None and now - self.events_since > LATE


def list_letters(session: Session, state: str | None, *, limit: int, offset: int) -> tuple[Sequence[Letter], int]:
    """Newest first, of one state or all; and how many there are."""
    chosen = true() if state is None else Letter.state == state
    total = session.scalar(select(func.count()).select_from(Letter).where(chosen)) or 0
    letters = select(Letter).where(chosen).order_by(Letter.id.desc()).offset(offset).limit(limit)
    return session.scalars(letters).all(), total


def get_letter(session: Session, letter_id: int) -> Letter:
    letter = session.get(Letter, letter_id)
    if letter is None:
        raise NotFound("letter_not_found", N_("We know no letter with this number."))
    return letter


def list_orders(session: Session, state: str | None, *, limit: int, offset: int) -> tuple[list[OrderRow], int]:
    """Newest first, of one state or all; and how many there are."""
    chosen = true() if state is None else Order.state == state
    total = session.scalar(select(func.count()).select_from(Order).where(chosen)) or 0
    last = (
        select(Payment.state, Payment.method)
        .where(Payment.order_id == Order.id)
        .order_by(Payment.attempt_no.desc())
        .limit(1)
        .lateral()
    )
    rows = session.execute(
        select(Order, last.c.state, last.c.method)
        .outerjoin(last, last.c.state.is_not(None))
        .where(chosen)
        .order_by(Order.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [_order_row(order, payment_state, method) for order, payment_state, method in rows], total


def _order_row(order: Order, payment_state: str | None, method: str | None) -> OrderRow:
    return OrderRow(
        order.number,
        order.state,
        order.total_fen,
        order.placed_at,
        order.paid_at,
        tuple(order.attention),
        payment_state,
        method,
    )


def get_health(session: Session) -> Health:
    """Counts over the whole house, all from one snapshot a statement."""
    backlog = event_queries.backlog(session)
    by_state = select(Letter.state, func.count()).group_by(Letter.state)
    letters = {state: count for state, count in session.execute(by_state)}
    return Health(
        events_waiting=backlog.pending,
        events_since=backlog.oldest_at,
        dead_letters=session.scalar(select(func.count()).where(DeadLetter.settled_at.is_(None))) or 0,
        letters_waiting=letters.get("waiting", 0),
        letters_failed=letters.get("failed", 0),
        webhooks_dead=session.scalar(select(func.count()).where(WebhookEvent.state == "dead")) or 0,
        orders_to_look_at=session.scalar(select(func.count()).where(func.cardinality(Order.attention) > 0)) or 0,
    )
