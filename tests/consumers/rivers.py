"""Relay and consumers inside the test's own process, stepped until nothing is left."""

from collections.abc import Sequence
from threading import Event as Flag
from time import monotonic

from consumers.dead_letters import Consumer
from consumers.kafka_source import KafkaSource
from consumers.sources import OutboxSource, Source
from consumers.wiring import CONSUMERS
from consumers.worker import Relay, Worker
from passes.db import transaction
from passes.events.failpoints import Failpoint
from passes.events.queries import list_behind
from passes.events.relay import KafkaPublisher


def drain_directly(database: str, consumers: Sequence[Consumer] = tuple(CONSUMERS.values())) -> None:
    """One direct worker, until the outbox is empty: what it writes itself is read too."""
    source = OutboxSource(database, Flag(), consumers=[consumer.name for consumer in consumers])
    worker = Worker(source, consumers, failpoint=Failpoint())
    try:
        while worker.step():
            pass
    finally:
        source.close()


def publish(database: str, kafka: str, prefix: str) -> None:
    """Relay until the outbox is empty."""
    source = OutboxSource(database, Flag())
    publisher = KafkaPublisher(kafka, prefix=prefix)
    try:
        relay = Relay(source, publisher)
        while relay.step():
            pass
    finally:
        publisher.close()
        source.close()


def source_of(kafka: str, prefix: str, consumer: Consumer, *, max_records: int = 2_000) -> KafkaSource:
    return KafkaSource(kafka, consumer.name, consumer.topics, prefix=prefix, max_records=max_records)


def drain(source: Source, consumer: Consumer, *, seconds: float = 60) -> None:
    """Step until this consumer has read all that was published."""
    worker = Worker(source, [consumer], failpoint=Failpoint())
    deadline = monotonic() + seconds
    while is_behind(consumer):
        assert monotonic() < deadline, "not everything was read in time"
        worker.step()


def is_behind(consumer: Consumer) -> bool:
    with transaction() as session:
        return bool(list_behind(session, {consumer.name: consumer.topics}))


def drain_kafka(database: str, kafka: str, prefix: str) -> None:
    """Publish and count everything, also what the consumers themselves say."""
    publish(database, kafka, prefix)
    for consumer in CONSUMERS.values():
        source = source_of(kafka, prefix, consumer)
        try:
            drain(source, consumer)
        finally:
            source.close()
    publish(database, kafka, prefix)
