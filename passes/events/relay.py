"""The handler that publishes: outbox records in, the broker's acknowledgements out."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaProducer
from kafka.errors import (
    AuthorizationError,
    InvalidRecordError,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerFencedError,
    RecordListTooLargeError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)

from passes import metrics
from passes.clock import seconds_running
from passes.db import in_transaction
from passes.events.failpoints import RELAY_AFTER_ACKNOWLEDGEMENT, RELAY_BEFORE_ACKNOWLEDGEMENT, Failpoint
from passes.events.topics import create_topics
from passes.events.wire import CONTENT_TYPE, Record

log = logging.getLogger(__name__)

# No retry changes these: the record itself is refused, or we are.
RECORD_REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)
WE_ARE_REFUSED = (AuthorizationError, ProducerFencedError, SaslAuthenticationFailedError, UnsupportedVersionError)


class PublishFailed(Exception):
    """The broker did not acknowledge everything in time. Nothing may be marked sent; publish the batch again."""


class PublishForbidden(Exception):
    """The broker will not take our events until someone changes something."""


@dataclass
class Published:
    """positions: {(topic, partition): last acknowledged offset + 1}; refused: {outbox id: why} never to be sent."""

    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


class KafkaPublisher:
    """One idempotent producer, thrown away whenever an acknowledgement fails or is late.

    kafka-python 3.0.12 never sends again once a sent batch has passed delivery_timeout_ms, so that is set to
    "never" and this watchdog takes its place; the outbox is the buffer.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        prefix: str = "",
        failpoint: Failpoint | None = None,
        acknowledge_seconds: float = 30.0,
    ) -> None:
        self._servers = bootstrap_servers.split(",")
        self._prefix = prefix
        self._failpoint = failpoint or Failpoint()
        self._acknowledge_seconds = acknowledge_seconds
        self._producer: Any = None

    def publish(self, records: Sequence[Record]) -> Published:
        """Send all and wait for every acknowledgement. Raises PublishFailed or PublishForbidden."""
        if in_transaction():
            raise RuntimeError("the relay ends its transaction before it publishes")
        try:
            return self._publish_together(records)
        except RECORD_REFUSED:
            # One refused record fails its whole batch: find it by sending singly. Doubles are the consumers' business.
            self._discard()
            return self._publish_singly(records)

    def close(self) -> None:
        self._discard(seconds=5)

    def _publish_together(self, records: Sequence[Record]) -> Published:
        try:
            futures = [self._send(record) for record in records]
            self._failpoint.reached(RELAY_BEFORE_ACKNOWLEDGEMENT)
            deadline = seconds_running() + self._acknowledge_seconds
            published = Published()
            for record, future in zip(records, futures, strict=True):
                acknowledged = future.get(timeout=max(0.001, deadline - seconds_running()))
                place = (record.topic, acknowledged.partition)
                published.positions[place] = max(published.positions.get(place, 0), acknowledged.offset + 1)
        except RECORD_REFUSED:
            raise
        except WE_ARE_REFUSED as fault:
            self._discard()
            raise PublishForbidden(f"the broker refuses us: {fault!r}") from fault
        except KafkaError as fault:
            self._discard()
            metrics.relay_producer_rebuilds_total.inc()
            raise PublishFailed(f"not acknowledged: {fault!r}") from fault
        self._failpoint.reached(RELAY_AFTER_ACKNOWLEDGEMENT)
        for record in records:
            metrics.relay_published_events_total.labels(record.topic).inc()
        return published

    def _publish_singly(self, records: Sequence[Record]) -> Published:
        together = Published()
        for record in records:
            try:
                one = self._publish_together([record])
                together.positions.update(one.positions)
            except RECORD_REFUSED as fault:
                self._discard()
                together.refused[record.position] = repr(fault)
        return together

    def _send(self, record: Record) -> Any:
        headers = [("content-type", CONTENT_TYPE.encode())]
        if record.traceparent:
            headers.append(("traceparent", record.traceparent.encode()))
        if self._producer is None:
            self._producer = self._make_producer()
        return self._producer.send(
            self._prefix + record.topic, value=record.body, key=record.key.encode(), headers=headers
        )

    def _make_producer(self) -> Any:
        create_topics(",".join(self._servers), prefix=self._prefix)
        return KafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            batch_size=256 * 1024,
            delivery_timeout_ms=2**31 - 1,
            request_timeout_ms=15_000,
            max_block_ms=10_000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )

    def _discard(self, seconds: float = 0) -> None:
        """Throw the producer away. Its close() may hang or raise and leave the thread: then the sender is forced."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        if seconds == 0:
            producer._sender.force_close()
        closer = threading.Thread(target=_close, args=(producer, seconds), daemon=True)
        closer.start()
        closer.join(seconds + 2)


def _close(producer: Any, seconds: float) -> None:
    try:
        producer.close(timeout=seconds)
    except Exception as fault:  # whatever it raises, the thread must not stay
        log.info("the producer did not close by itself: %r", fault)
        producer._sender.force_close()
