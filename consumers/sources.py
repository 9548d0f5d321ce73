"""Where a worker reads from: the outbox itself, or Kafka (kafka_source.py). One protocol, one contract test."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from threading import Event as Flag
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from consumers.faults import SourceFault
from passes.clock import seconds_running
from passes.db import lead, make_engine, transaction_on
from passes.events.outbox import OutboxRow
from passes.events.queries import DIRECT_PARTITION, list_pending, server_time
from passes.events.service import mark_sent, note_direct
from passes.events.wire import Record, encode

BUSY_SECONDS = 0.01
# Between two batches that were not full: at a busy gate each then holds many events and costs one acknowledgement.
GATHER_SECONDS = 0.1
IDLE_SECONDS = 0.25
SPARE_SECONDS = 1.0
# "youyou relay": one leader per database, whatever it is called and wherever it runs.
LEADER_LOCK = 0x596F_7559_6F75_0001


@dataclass(frozen=True)
class Batch:
    """Records of one partition, in order and never empty."""

    records: tuple[Record, ...]


class Source(Protocol):
    """read → transaction(handlers, checkpoint) → moved; or rewind, and the same records come again."""

    def read(self) -> Batch | None:
        """The next batch, or None after a short wait. No transaction is open afterwards. Raises SourceFault, Stop."""

    def transaction(self) -> AbstractContextManager[Session]:
        """The transaction in which this source's checkpoint can be moved."""

    def checkpoint(self, session: Session, batch: Batch, as_of: datetime | None) -> bool:
        """Move past the batch. False: another owner was faster, the caller must roll back."""

    def moved(self, batch: Batch) -> None:
        """The transaction is committed."""

    def rewind(self) -> None:
        """Nothing moved: whatever has been read and not been moved past is read again."""

    def close(self) -> None:
        """Give everything up. May be called twice."""


class OutboxSource:
    """Pending outbox rows in order of id, read by one leader.

    The leader is who holds the advisory lock; it marks the rows on the connection that holds it, so a leader that
    lost its connection can mark nothing. Others wait as hot spares.
    consumers: whose freshness to note, where no broker stands between.
    """

    def __init__(self, url: str, stopping: Flag, *, consumers: Sequence[str] = (), limit: int = 1_000) -> None:
        self._engine = make_engine(url, pool_size=1)
        self._stopping = stopping
        self._consumers = tuple(consumers)
        self._limit = limit
        self._connection: Connection | None = None
        self._wait_seconds = BUSY_SECONDS
        self._read_at: datetime | None = None
        self._next_read = 0.0
        self._next_note = 0.0

    def read(self) -> Batch | None:
        if self._connection is None:
            self._connection = lead(self._engine, LEADER_LOCK)
        if self._connection is None:
            self._stopping.wait(SPARE_SECONDS)
            return None
        self._stopping.wait(max(0.0, self._next_read - seconds_running()))
        with self.transaction() as session:
            if self._consumers:
                self._read_at = server_time(session)
            records = tuple(_record(row) for row in list_pending(session, self._limit))
            if not records:
                self._note_freshness(session)
        if records:
            self._wait_seconds = BUSY_SECONDS
            self._next_read = seconds_running() + (GATHER_SECONDS if len(records) < self._limit else 0.0)
            return Batch(records)
        self._stopping.wait(self._wait_seconds)
        self._wait_seconds = min(IDLE_SECONDS, self._wait_seconds * 2)
        return None

    def transaction(self) -> AbstractContextManager[Session]:
        if self._connection is None:
            raise SourceFault("the leader's connection is gone")
        return transaction_on(self._connection)

    def checkpoint(self, session: Session, batch: Batch, as_of: datetime | None) -> bool:
        last = batch.records[-1].position
        if self._consumers:
            # A batch that was not full held everything that was there when it was read.
            fresh = self._read_at if len(batch.records) < self._limit else as_of
            note_direct(session, self._consumers, last, fresh or as_of or server_time(session))
        return mark_sent(session, [record.position for record in batch.records])

    def moved(self, batch: Batch) -> None:
        """Nothing to tell anybody: sent_at is the checkpoint."""

    def rewind(self) -> None:
        """Unmarked rows are pending still. The connection may be the fault: lead anew on another."""
        self._let_go()

    def close(self) -> None:
        self._let_go()
        self._engine.dispose()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _note_freshness(self, session: Session) -> None:
        """Nothing waits: say so of the consumers, now and then."""
        now = seconds_running()
        if self._read_at is not None and now >= self._next_note:
            self._next_note = now + 1.0
            note_direct(session, self._consumers, 0, self._read_at)


def _record(row: OutboxRow) -> Record:
    return Record(row.topic, DIRECT_PARTITION, row.id, row.key, row.traceparent, encode(row.event, row.id))
