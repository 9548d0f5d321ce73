"""What is to leave the house, written in the transaction in which it happened."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, Uuid, func, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes.db import Base
from passes.events.contract import Event, envelope
from passes.logs import traceparent


class OutboxRow(Base):
    """An event waiting to be sent (sent_at is null) or kept a week as a trace. Its id grows along each key."""

    __tablename__ = "outbox"
    __table_args__ = (
        # The relay's only question: what is pending, in order.
        Index("ix_outbox_pending", "id", postgresql_where=text("sent_at IS NULL")),
        Index("ix_outbox_sent", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), comment="the server's clock when it was added"
    )
    event_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    topic: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text, comment="the partition key; events of one key keep their order")
    traceparent: Mapped[str | None] = mapped_column(Text)
    event: Mapped[dict[str, object]] = mapped_column(JSONB, comment="CloudEvents 1.0 envelope without `sequence`")
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


_ADD = insert(OutboxRow)


def emit(session: Session, event: Event, *, now: datetime) -> None:
    """Add one event to the caller's transaction. Does nothing else: no commit, no notification, no network."""
    emit_all(session, [event], now=now)


def emit_all(session: Session, events: Sequence[Event], *, now: datetime) -> None:
    """Add events to the caller's transaction, in this order."""
    if not events:
        return
    documents = [(event, envelope(event, now=now)) for event in events]
    trace = traceparent()
    session.connection().execute(
        _ADD,
        [
            {
                "event_id": document["id"],
                "topic": event.TOPIC,
                "type": event.TYPE,
                "key": event.key,
                "traceparent": trace,
                "event": document,
            }
            for event, document in documents
        ],
    )
