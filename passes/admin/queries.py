"""What the back office shows of the rooms below: read here, changed only through their services."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.events import queries as event_queries
from passes.events.models import DeadLetter
from passes.mail.models import Letter
from passes.sale.models import Order, WebhookEvent

LATE = timedelta(minutes=2)


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
