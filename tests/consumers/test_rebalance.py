"""Partitions come and go at any moment, also while records of theirs are on their way."""

import hashlib
from types import SimpleNamespace

from kafka import TopicPartition

from consumers.kafka_source import KafkaSource
from passes.db import transaction
from passes.events.contract import REDEMPTIONS
from passes.events.service import Place, move_checkpoint, open_checkpoint


class Lender:
    """A broker's client with one partition of ten records, which goes and comes back in the middle of every poll."""

    def __init__(self, source: KafkaSource) -> None:
        self.source = source
        self.partition = TopicPartition(REDEMPTIONS, 0)
        self.place = 0

    def poll(self, **_: object) -> dict[TopicPartition, list[SimpleNamespace]]:
        numbers = range(self.place, min(self.place + 4, 10))
        self.source._listener.on_partitions_lost([self.partition])
        self.source._listener.on_partitions_assigned([self.partition])
        self.place = numbers.stop
        return {
            self.partition: [
                SimpleNamespace(partition=0, offset=number, key=b"7", value=b"%d" % number) for number in numbers
            ]
        }

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.place = offset

    def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 10)

    def pause(self, *_: TopicPartition) -> None: ...

    def resume(self, *_: TopicPartition) -> None: ...

    def close(self, **_: object) -> None: ...


def test_a_partition_that_went_and_came_back_during_a_poll_is_read_from_its_checkpoint(database: str) -> None:
    source = KafkaSource("127.0.0.1:1", "analytics", (REDEMPTIONS,))
    lender = Lender(source)
    source._listener.consumer = source._consumer = lender
    with transaction() as session:
        place = Place("analytics", REDEMPTIONS, 0)
        open_checkpoint(session, place, 0)
        digest = "sha256:" + hashlib.sha256(b"2").hexdigest()
        assert move_checkpoint(session, place, expected=0, next_offset=3, last_event_id=digest, as_of=None)
    for _ in range(3):
        assert source.read() is None
        assert lender.place == 2, "sought to the record before the checkpoint"
    source.close()
