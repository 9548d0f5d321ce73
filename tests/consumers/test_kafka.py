"""Over a real broker: whatever is killed, and whenever, the counts are exact."""

from threading import Event as Flag

import pytest

from consumers.sources import OutboxSource
from consumers.worker import Relay
from passes.events.failpoints import (
    RELAY_AFTER_ACKNOWLEDGEMENT,
    RELAY_BEFORE_ACKNOWLEDGEMENT,
    WORKER_BEFORE_CHECKPOINT,
)
from passes.events.relay import KafkaPublisher
from tests.consumers.conftest import Processes, admitted, ask, eventually, refused, tell


def publish(database: str, kafka: str, prefix: str) -> None:
    """Relay in this process until the outbox is empty."""
    source = OutboxSource(database, Flag())
    publisher = KafkaPublisher(kafka, prefix=prefix)
    try:
        relay = Relay(source, publisher)
        while relay.step():
            pass
    finally:
        publisher.close()
        source.close()


def counted() -> object:
    return ask("SELECT visits FROM visits_daily WHERE venue_id = ''")


@pytest.mark.parametrize("failpoint", [RELAY_BEFORE_ACKNOWLEDGEMENT, RELAY_AFTER_ACKNOWLEDGEMENT])
def test_a_relay_killed_beside_the_acknowledgement_loses_and_doubles_nothing(
    kafka_processes: Processes, failpoint: str
) -> None:
    tell(*(admitted(number) for number in range(50)))
    killed = kafka_processes.start("relay", YOUYOU_FAILPOINT=failpoint)
    assert killed.wait(30) == -9
    assert ask("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 50
    with kafka_processes.running("relay"), kafka_processes.running("analytics"):
        eventually(lambda: ask("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0)
        eventually(lambda: counted() == 50)
        tell(admitted(50))
        eventually(lambda: counted() == 51)
    assert ask("SELECT sum(visits) FROM visits_by_hour") == 51
    assert ask("SELECT count(*) FROM redemption_fact") == 51


def test_a_worker_killed_between_its_writes_and_its_checkpoint_counts_everything_once(
    database: str, kafka: str, prefix: str, kafka_processes: Processes
) -> None:
    tell(*(admitted(number) for number in range(50)), refused(1))
    publish(database, kafka, prefix)
    for name in ("analytics", "satisfaction"):
        assert kafka_processes.start(name, YOUYOU_FAILPOINT=WORKER_BEFORE_CHECKPOINT).wait(30) == -9
    assert counted() is None
    with kafka_processes.running("analytics"), kafka_processes.running("satisfaction"):
        eventually(lambda: counted() == 50)
        eventually(lambda: ask("SELECT count(*) FROM survey_invitation") == 50)
        eventually(lambda: ask("SELECT sum(refusals) FROM refusals_daily") == 1)
    assert ask("SELECT sum(visits) FROM visits_by_hour") == 50
