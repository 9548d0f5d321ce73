"""Without a broker: the same consumers, in the transaction that marks the events sent."""

from pathlib import Path
from threading import Event as Flag

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text

from consumers.sources import OutboxSource
from consumers.wiring import CONSUMERS
from consumers.worker import Worker, run
from passes.db import transaction
from passes.events.failpoints import WORKER_BEFORE_CHECKPOINT, Failpoint
from tests.consumers.conftest import Processes, admitted, ask, eventually, refused, tell
from tests.consumers.rivers import drain_directly


def test_what_happened_is_counted_once_and_marked_sent(database: str) -> None:
    tell(*(admitted(number) for number in range(10)), refused(1), refused(2, "daily_limit"))
    drain_directly(database)
    tell(admitted(3), refused(1))
    drain_directly(database)
    assert ask("SELECT visits FROM visits_daily WHERE venue_id = ''") == 10
    assert ask("SELECT sum(visits) FROM visits_by_hour") == 10
    assert ask("SELECT count(*) FROM visits_daily WHERE benefit_id <> ''") == 3
    assert ask("SELECT sum(refusals) FROM refusals_daily") == 2
    assert ask("SELECT count(*) FROM survey_invitation") == 10
    assert ask("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0


def test_a_worker_killed_between_its_writes_and_the_mark_counts_everything_once_and_measures_it(
    direct_processes: Processes, tmp_path: Path
) -> None:
    tell(*(admitted(number) for number in range(20)))
    assert direct_processes.start("direct", YOUYOU_FAILPOINT=WORKER_BEFORE_CHECKPOINT).wait(60) == -9
    assert ask("SELECT count(*) FROM redemption_fact") == 0
    measured = tmp_path / "metrics"
    measured.mkdir()
    with direct_processes.running("direct", PROMETHEUS_MULTIPROC_DIR=str(measured)):
        eventually(lambda: ask("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0)
    assert ask("SELECT visits FROM visits_daily WHERE venue_id = ''") == 20
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(measured))
    of_analytics = {"consumer": "analytics"}
    handled = of_analytics | {"type": "redemption.admitted.v1", "outcome": "handled"}
    assert registry.get_sample_value("youyou_consumer_events_total", handled) == 20
    assert registry.get_sample_value("youyou_event_end_to_end_seconds_count", of_analytics) == 40


def test_a_second_worker_waits_as_a_spare_and_takes_over(database: str) -> None:
    leader = OutboxSource(database, Flag(), consumers=list(CONSUMERS))
    spare = OutboxSource(database, Flag(), consumers=list(CONSUMERS))
    assert leader.read() is None
    tell(admitted(1))
    assert spare.read() is None
    leader.close()
    assert spare.read() is not None
    spare.close()


def test_a_lost_connection_moves_nothing_and_the_batch_comes_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(*(admitted(number) for number in range(5)))
    stopping = Flag()
    source = OutboxSource(database, stopping, consumers=list(CONSUMERS))
    worker = Worker(source, list(CONSUMERS.values()), failpoint=Failpoint())
    batches = []
    read = source.read

    def cut_after_reading() -> object:
        batch = read()
        if batch is not None:
            batches.append(batch)
        if len(batches) == 1 and batch is not None:
            with transaction() as session:
                session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
        return batch

    monkeypatch.setattr(source, "read", cut_after_reading)
    run(worker.step, source, stopping, finished=lambda: ask("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0)
    source.close()
    assert len(batches) == 3  # the lost one, the same again, and the invitations
    assert ask("SELECT visits FROM visits_daily WHERE venue_id = ''") == 5
