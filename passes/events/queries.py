"""What is waiting, how far each consumer has come, and what was parked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from passes.errors import N_, NotFound
from passes.events.models import ConsumerCheckpoint, DeadLetter, RelayPosition
from passes.events.outbox import OutboxRow

DIRECT_TOPIC = "outbox"
DIRECT_PARTITION = -1


@dataclass(frozen=True)
class Backlog:
    """Events waiting to be sent. oldest_at is None when there are none."""

    pending: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class Behind:
    """A partition some consumer has not read to the end of what was published."""

    consumer: str
    topic: str
    partition: int
    next_offset: int
    published: int


def server_time(session: Session) -> datetime:
    """PostgreSQL's clock at the start of the transaction, which is before its first snapshot."""
    return session.execute(select(func.now())).scalar_one()


def list_pending(session: Session, limit: int) -> Sequence[OutboxRow]:
    """Unsent rows in the order in which they were written."""
    pending = select(OutboxRow).where(OutboxRow.sent_at.is_(None)).order_by(OutboxRow.id).limit(limit)
    return session.scalars(pending).all()


def backlog(session: Session) -> Backlog:
    waiting = select(func.count(), func.min(OutboxRow.recorded_at)).where(OutboxRow.sent_at.is_(None))
    count, oldest_at = session.execute(waiting).one()
    return Backlog(count, oldest_at)


def complete_until(session: Session) -> datetime:
    """The moment before which every recorded event has left the outbox."""
    oldest = select(OutboxRow.recorded_at).where(OutboxRow.sent_at.is_(None)).order_by(OutboxRow.id).limit(1)
    now, oldest_at = session.execute(select(func.now(), oldest.scalar_subquery())).one()
    return now if oldest_at is None else min(now, oldest_at)


def list_consumers(session: Session) -> Sequence[str]:
    """Everybody who has ever kept a place in what was published."""
    return session.scalars(select(ConsumerCheckpoint.consumer).distinct().order_by(ConsumerCheckpoint.consumer)).all()


def as_of(session: Session, consumer: str, *, direct: bool) -> datetime | None:
    """How fresh a consumer's projections are: everything recorded before is in them. None: nobody can tell yet.

    A partition that nobody reads keeps its old moment, so the whole ages with it; one that was never read to its end
    has none, and then the whole has none.
    """
    source = ConsumerCheckpoint.topic == DIRECT_TOPIC
    known = func.count() == func.count(ConsumerCheckpoint.as_of)
    partitions = select(case((known, func.min(ConsumerCheckpoint.as_of)))).where(
        ConsumerCheckpoint.consumer == consumer, source if direct else ~source
    )
    moment: datetime | None = session.execute(partitions).scalar_one()
    return moment


def travelled(session: Session, sequences: Collection[int]) -> dict[int, tuple[datetime, float]]:
    """{outbox id: (recorded at, age in seconds)} on PostgreSQL's clock; pruned rows are missing."""
    age = func.extract("epoch", func.clock_timestamp() - OutboxRow.recorded_at)
    rows = select(OutboxRow.id, OutboxRow.recorded_at, age).where(OutboxRow.id.in_(sequences))
    return {sequence: (moment, float(seconds)) for sequence, moment, seconds in session.execute(rows)}


def list_behind(session: Session, hearing: dict[str, tuple[str, ...]]) -> list[Behind]:
    """Where a consumer has not read all that was published. hearing: {consumer: its topics' full names}."""
    behind = []
    for consumer, topics in sorted(hearing.items()):
        checkpoint = and_(
            ConsumerCheckpoint.consumer == consumer,
            ConsumerCheckpoint.topic == RelayPosition.topic,
            ConsumerCheckpoint.partition == RelayPosition.partition,
        )
        reached = func.coalesce(ConsumerCheckpoint.next_offset, 0)
        rows = (
            select(RelayPosition.topic, RelayPosition.partition, reached, RelayPosition.next_offset)
            .outerjoin(ConsumerCheckpoint, checkpoint)
            .where(RelayPosition.topic.in_(topics), reached < RelayPosition.next_offset)
            .order_by(RelayPosition.topic, RelayPosition.partition)
        )
        behind += [Behind(consumer, *row) for row in session.execute(rows)]
    return behind


def list_dead_letters(session: Session, *, consumer: str | None = None, limit: int = 100) -> Sequence[DeadLetter]:
    """Open ones, oldest first."""
    letters = select(DeadLetter).where(DeadLetter.settled_at.is_(None)).order_by(DeadLetter.id).limit(limit)
    if consumer is not None:
        letters = letters.where(DeadLetter.consumer == consumer)
    return session.scalars(letters).all()


def page_of_dead_letters(
    session: Session, state: str, consumer: str | None, *, limit: int, offset: int
) -> tuple[Sequence[DeadLetter], int]:
    """state: open, replayed or dropped. Newest first; and how many there are."""
    settled = DeadLetter.settled_at.is_(None) if state == "open" else DeadLetter.settled_as == state
    chosen = [settled] if consumer is None else [settled, DeadLetter.consumer == consumer]
    total = session.scalar(select(func.count()).select_from(DeadLetter).where(*chosen)) or 0
    letters = select(DeadLetter).where(*chosen).order_by(DeadLetter.id.desc()).offset(offset).limit(limit)
    return session.scalars(letters).all(), total


def list_parking_consumers(session: Session) -> Sequence[str]:
    """Everybody who ever parked something."""
    return session.scalars(select(DeadLetter.consumer).distinct().order_by(DeadLetter.consumer)).all()


def count_dead_letters(session: Session, consumer: str) -> int:
    open_ones = select(func.count()).where(DeadLetter.settled_at.is_(None), DeadLetter.consumer == consumer)
    return session.execute(open_ones).scalar_one()


def get_dead_letter(session: Session, letter_id: int) -> DeadLetter:
    letter = session.get(DeadLetter, letter_id)
    if letter is None:
        raise NotFound("dead_letter_not_found", N_("There is no parked event with this number."))
    return letter
