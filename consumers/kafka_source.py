"""The broker as a source. PostgreSQL holds the checkpoints; Kafka's own commits are for lag dashboards only."""

import logging
import threading
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    AuthorizationError,
    IncompatibleBrokerVersion,
    KafkaError,
    LogTruncationError,
    OffsetOutOfRangeError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)
from kafka.structs import OffsetAndMetadata
from sqlalchemy.orm import Session

from consumers.faults import SourceFault, Stop
from consumers.sources import Batch
from passes.clock import seconds_running
from passes.db import transaction
from passes.events.models import ConsumerCheckpoint
from passes.events.queries import complete_until
from passes.events.service import Place, move_checkpoint, note_caught_up, open_checkpoint
from passes.events.topics import create_topics
from passes.events.wire import Record, fingerprint

log = logging.getLogger(__name__)

POLL_MILLISECONDS = 500
# The broker gathers for half a second before it answers: every partition's batch is a transaction, and a busy gate
# must not pay for one each event. A dashboard that asks every few seconds does not notice.
GATHER_MILLISECONDS, GATHER_BYTES = 500, 1024 * 1024
NOTE_SECONDS = 1.0
WE_ARE_REFUSED = (
    AuthorizationError,
    IncompatibleBrokerVersion,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)
TOPIC_CUT = (LogTruncationError, OffsetOutOfRangeError)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Runs on the client's own thread and may not block: it pauses what arrives and takes notes."""

    def __init__(self) -> None:
        self.consumer: Any = None
        self._lock = threading.Lock()
        self._arrived: set[TopicPartition] = set()
        self._gone: set[TopicPartition] = set()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.consumer.pause(*assigned)
        with self._lock:
            self._arrived |= set(assigned)
            self._gone -= set(assigned)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        with self._lock:
            self._gone |= set(revoked)
            self._arrived -= set(revoked)

    def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        self.on_partitions_revoked(lost)

    def notes(self) -> tuple[set[TopicPartition], set[TopicPartition]]:
        """What arrived and what went since the last call."""
        with self._lock:
            notes = self._arrived, self._gone
            self._arrived, self._gone = set(), set()
        return notes


class KafkaSource:
    """Partitions of some topics, shared with the other workers of the group.

    A partition taken over is sought to PostgreSQL's checkpoint, and the record before it must be the one last
    handled: a topic that was cut or made anew is never read on silently.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        consumer: str,
        topics: Sequence[str],
        *,
        prefix: str = "",
        max_records: int = 2_000,
    ) -> None:
        self._servers = bootstrap_servers.split(",")
        self._name = consumer
        self._topics = tuple(topics)
        self._prefix = prefix
        self._max_records = max_records
        self._listener = _Listener()
        self._consumer: Any = None
        self._next_offsets: dict[TopicPartition, int] = {}
        self._unproved: dict[TopicPartition, str] = {}
        self._to_seek: set[TopicPartition] = set()
        self._buffer: deque[Batch] = deque()
        self._next_note = 0.0

    def read(self) -> Batch | None:
        with self._broker():
            self._follow_rebalance()
            if not self._buffer:
                self._note_freshness()
                polled = self._client().poll(timeout_ms=POLL_MILLISECONDS, max_records=self._max_records)
                sought = self._follow_rebalance()
                for partition, records in polled.items():
                    # What was taken over after this poll is polled again from its checkpoint.
                    if partition in self._next_offsets and partition not in sought:
                        self._accept(partition, records)
            return self._buffer.popleft() if self._buffer else None

    def transaction(self) -> AbstractContextManager[Session]:
        return transaction()

    def checkpoint(self, session: Session, batch: Batch, as_of: datetime | None) -> bool:
        first, last = batch.records[0], batch.records[-1]
        return move_checkpoint(
            session,
            self._place(last.topic, last.partition),
            expected=first.position,
            next_offset=last.position + 1,
            last_event_id=fingerprint(last.body),
            as_of=as_of,
        )

    def moved(self, batch: Batch) -> None:
        last = batch.records[-1]
        partition = TopicPartition(self._prefix + last.topic, last.partition)
        if partition in self._next_offsets:
            self._next_offsets[partition] = last.position + 1
        if self._consumer is not None:
            self._consumer.commit_async({partition: OffsetAndMetadata(last.position + 1, "", -1)})

    def rewind(self) -> None:
        self._buffer.clear()
        self._to_seek |= set(self._next_offsets)

    def close(self) -> None:
        """Leave the group, so that the others take over at once."""
        consumer, self._consumer = self._consumer, None
        self._next_offsets.clear()
        self._unproved.clear()
        self._to_seek.clear()
        self._buffer.clear()
        if consumer is not None:
            try:
                consumer.close(autocommit=False, timeout_ms=5_000)
            except KafkaError as fault:
                log.info("%s: leaving the group: %r", self._name, fault)

    def _client(self) -> Any:
        if self._consumer is None:
            create_topics(",".join(self._servers), prefix=self._prefix)
            self._listener = _Listener()
            self._listener.consumer = self._consumer = KafkaConsumer(
                bootstrap_servers=self._servers,
                group_id=f"{self._prefix}youyou.{self._name}",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                partition_assignment_strategy=[CooperativeStickyAssignor],
                max_poll_records=self._max_records,
                fetch_max_wait_ms=GATHER_MILLISECONDS,
                fetch_min_bytes=GATHER_BYTES,
                # A dead worker's partitions move on after six seconds; a slow one is fenced by the checkpoint.
                session_timeout_ms=6_000,
                heartbeat_interval_ms=2_000,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
            self._consumer.subscribe([self._prefix + topic for topic in self._topics], listener=self._listener)
        return self._consumer

    @contextmanager
    def _broker(self) -> Iterator[None]:
        """Name whose fault it is. A client that failed is thrown away."""
        try:
            yield
        except WE_ARE_REFUSED as fault:
            self.close()
            raise Stop(f"{self._name}: the broker refuses us: {fault!r}") from fault
        except TOPIC_CUT as fault:
            raise self._cut(str(fault)) from fault
        except KafkaError as fault:
            self.close()
            raise SourceFault(f"{self._name}: {fault!r}") from fault

    def _follow_rebalance(self) -> set[TopicPartition]:
        """Forget the partitions that went, take over and return those that came or must be read again."""
        arrived, gone = self._listener.notes()
        for partition in gone | arrived:
            self._next_offsets.pop(partition, None)
            self._unproved.pop(partition, None)
        self._to_seek = (self._to_seek - gone) | arrived
        stale = gone | self._to_seek
        if stale:
            self._buffer = deque(batch for batch in self._buffer if self._partition(batch) not in stale)
        sought = set(self._to_seek)
        if sought:
            self._take_over(sorted(sought))
            self._to_seek.clear()
        return sought

    def _take_over(self, partitions: list[TopicPartition]) -> None:
        consumer = self._client()
        first = consumer.beginning_offsets(partitions)
        ends = consumer.end_offsets(partitions)
        with transaction() as session:
            rows = {
                partition: open_checkpoint(session, self._place_of(partition), first[partition])
                for partition in partitions
            }
        for partition, row in rows.items():
            if not first[partition] <= row.next_offset <= ends[partition]:
                raise self._cut(
                    f"{partition.topic}/{partition.partition} holds {first[partition]}..{ends[partition]}, "
                    f"the checkpoint is {row.next_offset}"
                )
            self._seek(partition, row, first[partition])

    def _seek(self, partition: TopicPartition, row: ConsumerCheckpoint, first: int) -> None:
        """One record early, to see whether it is the one last handled."""
        provable = row.last_event_id is not None and row.next_offset > first
        try:
            self._consumer.seek(partition, row.next_offset - 1 if provable else row.next_offset)
            self._consumer.resume(partition)
        except (ValueError, KeyError):
            return  # it was taken away again meanwhile; the listener's notes will say so
        self._next_offsets[partition] = row.next_offset
        self._unproved.pop(partition, None)
        if provable and row.last_event_id is not None:
            self._unproved[partition] = row.last_event_id

    def _accept(self, partition: TopicPartition, polled: Sequence[Any]) -> None:
        topic = partition.topic.removeprefix(self._prefix)
        records = [
            Record(topic, polled_.partition, polled_.offset, _text(polled_.key), None, polled_.value or b"")
            for polled_ in polled
        ]
        expected = self._next_offsets[partition]
        if partition in self._unproved:
            last_event_id = self._unproved.pop(partition)
            before = records.pop(0)
            if before.position != expected - 1 or fingerprint(before.body) != last_event_id:
                raise self._cut(f"{partition.topic}/{partition.partition}@{expected - 1} is not {last_event_id}")
        if records:
            if records[0].position != expected:
                raise self._cut(f"{partition.topic}/{partition.partition} goes on at {records[0].position}")
            self._buffer.append(Batch(tuple(records)))

    def _note_freshness(self) -> None:
        """Where all that was published is handled, everything that has left the outbox is counted."""
        now = seconds_running()
        proved = sorted(set(self._next_offsets) - set(self._unproved))
        if now < self._next_note or not proved:
            return
        self._next_note = now + NOTE_SECONDS
        with transaction() as session:
            moment = complete_until(session)
        ends = self._client().end_offsets(proved)
        with transaction() as session:
            for partition in proved:
                if self._next_offsets[partition] >= ends[partition]:
                    note_caught_up(session, self._place_of(partition), ends[partition], moment)

    def _cut(self, what: str) -> Stop:
        return Stop(
            f"{self._name}: the topic was cut or made anew ({what}). Nothing was skipped. Restore the broker's data, "
            f"or delete this consumer's rows of consumer_checkpoint to read all that the topic holds now: "
            f"what was counted once is not counted again."
        )

    def _partition(self, batch: Batch) -> TopicPartition:
        return TopicPartition(self._prefix + batch.records[0].topic, batch.records[0].partition)

    def _place_of(self, partition: TopicPartition) -> Place:
        return self._place(partition.topic.removeprefix(self._prefix), partition.partition)

    def _place(self, topic: str, partition: int) -> Place:
        return Place(self._name, topic, partition)


def _text(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")
