"""How far the events have been sent and read, and what could not be handled."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

REASONS = ("undecodable", "unknown_type", "schema_refused", "handler_failed", "broker_refused")


class ConsumerCheckpoint(Base):
    """The twin of the outbox: how far a consumer has read, moved in the transaction that writes its projections."""

    __tablename__ = "consumer_checkpoint"
    __table_args__ = (CheckConstraint("next_offset >= 0", name="next_offset"),)

    consumer: Mapped[str] = mapped_column(Text, primary_key=True)
    topic: Mapped[str] = mapped_column(Text, primary_key=True, comment="`outbox` where no broker stands between")
    partition: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, comment="-1 for the outbox")
    next_offset: Mapped[int] = mapped_column(BigInteger, comment="the first record not yet handled")
    last_event_id: Mapped[str | None] = mapped_column(Text, comment="of the record before next_offset")
    as_of: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="every event recorded before this moment has been handled"
    )


class RelayPosition(Base):
    """What the broker has acknowledged; direct mode may start only when every consumer has read so far."""

    __tablename__ = "relay_position"
    __table_args__ = (CheckConstraint("next_offset >= 0", name="next_offset"),)

    topic: Mapped[str] = mapped_column(Text, primary_key=True)
    partition: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    next_offset: Mapped[int] = mapped_column(BigInteger)


class DeadLetter(Base):
    """A record that could not be handled, kept with its bytes until someone replays or drops it."""

    __tablename__ = "dead_letter"
    __table_args__ = (
        CheckConstraint("reason IN ('" + "', '".join(REASONS) + "')", name="reason"),
        CheckConstraint("settled_as IN ('replayed', 'dropped')", name="settled_as"),
        CheckConstraint("(settled_at IS NULL) = (settled_as IS NULL)", name="settled_whole"),
        # The list and the gauge ask for what is still open.
        Index("ix_dead_letter_open", "consumer", "id", postgresql_where=text("settled_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    consumer: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    partition: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(BigInteger, comment="Kafka offset, or outbox id where partition is -1")
    event_id: Mapped[str | None] = mapped_column(Text)
    type: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    error: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    parked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_as: Mapped[str | None] = mapped_column(Text)
