"""What a scrape asks the database. Asked from outside, the figures grow also while a worker is dead."""

from math import inf

from sqlalchemy.orm import Session

from passes import metrics
from passes.events.queries import as_of, backlog, count_dead_letters, list_consumers, server_time


def measure(session: Session, *, direct: bool) -> None:
    """Set the gauges of the outbox and of every consumer. direct: whether the counting runs without a broker."""
    now, waiting = server_time(session), backlog(session)
    age = (now - waiting.oldest_at).total_seconds() if waiting.oldest_at else 0.0
    metrics.outbox_pending.set(waiting.pending)
    metrics.outbox_oldest_pending_seconds.set(max(0.0, age))
    consumers = list_consumers(session)
    for consumer in consumers:
        fresh = as_of(session, consumer, direct=direct)
        lag = max(0.0, (now - fresh).total_seconds()) if fresh else inf
        metrics.consumer_lag_seconds.labels(consumer).set(lag)
    for parker in (*consumers, "relay"):
        metrics.dead_letters.labels(parker).set(count_dead_letters(session, parker))
