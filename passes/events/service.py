"""Moving checkpoints and parking what cannot be handled. Only ever in the caller's transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Update, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict
from passes.events.models import ConsumerCheckpoint, DeadLetter, RelayPosition
from passes.events.outbox import OutboxRow
from passes.events.queries import DIRECT_PARTITION, DIRECT_TOPIC, get_dead_letter


@dataclass(frozen=True)
class Place:
    """A consumer's place in one partition."""

    consumer: str
    topic: str
    partition: int


def mark_sent(session: Session, ids: Collection[int]) -> bool:
    """False: somebody else has marked one of them, so this leader is none any more."""
    marked = (
        update(OutboxRow)
        .where(OutboxRow.id.in_(ids), OutboxRow.sent_at.is_(None))
        .values(sent_at=func.clock_timestamp())
        .returning(OutboxRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.execute(marked).all()) == len(ids)


def prune_outbox(session: Session, *, now: datetime, limit: int = 5000) -> int:
    """Delete events sent more than a week ago, the oldest first; returns how many."""
    old = (
        select(OutboxRow.id).where(OutboxRow.sent_at < now - timedelta(days=7)).order_by(OutboxRow.sent_at).limit(limit)
    )
    return len(session.execute(delete(OutboxRow).where(OutboxRow.id.in_(old)).returning(OutboxRow.id)).all())


def record_positions(session: Session, positions: Mapping[tuple[str, int], int]) -> None:
    """Keep the highest acknowledged offset + 1 of each (topic, partition)."""
    if not positions:
        return
    rows = [
        {"topic": topic, "partition": partition, "next_offset": offset}
        for (topic, partition), offset in sorted(positions.items())
    ]
    new = insert(RelayPosition).values(rows)
    highest = func.greatest(RelayPosition.next_offset, new.excluded.next_offset)
    session.execute(new.on_conflict_do_update(constraint="pk_relay_position", set_={"next_offset": highest}))


def open_checkpoint(session: Session, place: Place, first_offset: int) -> ConsumerCheckpoint:
    """The consumer's checkpoint, made where there is none yet."""
    row = insert(ConsumerCheckpoint).values(
        consumer=place.consumer, topic=place.topic, partition=place.partition, next_offset=first_offset
    )
    session.execute(row.on_conflict_do_nothing())
    key = (place.consumer, place.topic, place.partition)
    return session.get_one(ConsumerCheckpoint, key, populate_existing=True)


def move_checkpoint(
    session: Session, place: Place, *, expected: int, next_offset: int, last_event_id: str, as_of: datetime | None
) -> bool:
    """Compare and set. False: another owner has moved on, and this transaction must be rolled back."""
    moved = (
        _at(place, expected)
        .values(
            next_offset=next_offset,
            last_event_id=last_event_id,
            as_of=func.greatest(ConsumerCheckpoint.as_of, as_of),
        )
        .returning(ConsumerCheckpoint.partition)
    )
    return session.execute(moved).first() is not None


def note_caught_up(session: Session, place: Place, next_offset: int, as_of: datetime) -> None:
    """An idle consumer says how fresh it is; a zombie whose partition has moved on changes nothing."""
    session.execute(_at(place, next_offset).values(as_of=func.greatest(ConsumerCheckpoint.as_of, as_of)))


def note_direct(session: Session, consumers: Collection[str], last_id: int, as_of: datetime) -> None:
    """The same where the outbox is read without a broker; its rows' sent_at is the checkpoint there."""
    rows = [
        {
            "consumer": consumer,
            "topic": DIRECT_TOPIC,
            "partition": DIRECT_PARTITION,
            "next_offset": last_id + 1,
            "as_of": as_of,
        }
        for consumer in sorted(consumers)
    ]
    new = insert(ConsumerCheckpoint).values(rows)
    values = {
        "next_offset": func.greatest(ConsumerCheckpoint.next_offset, new.excluded.next_offset),
        "as_of": func.greatest(ConsumerCheckpoint.as_of, new.excluded.as_of),
    }
    session.execute(new.on_conflict_do_update(constraint="pk_consumer_checkpoint", set_=values))


def _at(place: Place, offset: int) -> Update:
    return (
        update(ConsumerCheckpoint)
        .where(
            ConsumerCheckpoint.consumer == place.consumer,
            ConsumerCheckpoint.topic == place.topic,
            ConsumerCheckpoint.partition == place.partition,
            ConsumerCheckpoint.next_offset == offset,
        )
        .execution_options(synchronize_session=False)
    )


def park(session: Session, letter: DeadLetter) -> None:
    """Keep a record that cannot be handled, in the transaction that moves past it."""
    session.add(letter)


def lock_dead_letter(session: Session, letter_id: int) -> DeadLetter:
    """The open letter, locked. Raises NotFound, or Conflict where it is settled already."""
    session.execute(select(DeadLetter.id).where(DeadLetter.id == letter_id).with_for_update())
    letter = get_dead_letter(session, letter_id)
    if letter.settled_at is not None:
        raise Conflict("dead_letter_settled", N_("This parked event has been replayed or dropped already."))
    return letter


def drop_dead_letter(session: Session, letter_id: int, *, now: datetime) -> None:
    """It will never be handled; its bytes are kept."""
    letter = lock_dead_letter(session, letter_id)
    letter.settled_at, letter.settled_as = now, "dropped"


def send_again(session: Session, outbox_id: int) -> None:
    """Put a row the broker refused back among the pending ones."""
    session.execute(update(OutboxRow).where(OutboxRow.id == outbox_id).values(sent_at=None))
