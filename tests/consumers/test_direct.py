"""Without a broker: the same consumers, in the transaction that marks the events sent."""

from threading import Event as Flag

from consumers.sources import OutboxSource
from consumers.wiring import CONSUMERS
from consumers.worker import Worker
from passes.events.failpoints import Failpoint
from tests.consumers.conftest import admitted, ask, refused, tell


def drain_directly(database: str) -> None:
    """One direct worker in this process, until the outbox is empty."""
    source = OutboxSource(database, Flag(), consumers=list(CONSUMERS))
    worker = Worker(source, list(CONSUMERS.values()), failpoint=Failpoint(), direct=True)
    try:
        while worker.step():
            pass
    finally:
        source.close()


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
