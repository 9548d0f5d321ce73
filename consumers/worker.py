"""The loop: read a batch, one transaction for projections and checkpoint, go on; stop cleanly when told."""

import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Event as Flag

from sqlalchemy.exc import SQLAlchemyError

from consumers.dead_letters import Consumer, Handled, Patience, handle_batch, open_record, refused_letter
from consumers.faults import Fenced, SourceFault, Stop, is_database_fault
from consumers.sources import Batch, Source
from passes import clock, metrics
from passes.events.failpoints import WORKER_BEFORE_CHECKPOINT, Failpoint
from passes.events.queries import travelled
from passes.events.relay import KafkaPublisher, PublishFailed, PublishForbidden
from passes.events.service import park, record_positions
from passes.events.wire import Envelope

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 10.0


class Worker:
    """One source, and the consumers whose projections move with its checkpoint."""

    def __init__(self, source: Source, consumers: Sequence[Consumer], *, failpoint: Failpoint) -> None:
        self._source = source
        self._consumers = tuple(consumers)
        self._failpoint = failpoint
        self._patience = {consumer.name: Patience() for consumer in consumers}

    def step(self) -> bool:
        """Handle one batch. False: there was nothing to do. Raises SourceFault, Stop, or the database's fault."""
        batch = self._source.read()
        if batch is None:
            return False
        try:
            handled, seconds = self._handle(batch)
        except Fenced:
            for consumer in self._consumers:
                metrics.consumer_fenced_batches_total.labels(consumer.name).inc()
            self._source.rewind()
            return True
        self._source.moved(batch)
        self._tell(handled, seconds)
        return True

    def _handle(self, batch: Batch) -> tuple[Mapping[str, Handled], list[float]]:
        opened = [open_record(record) for record in batch.records]
        sequences = [one.content.sequence for one in opened if isinstance(one.content, Envelope)]
        with self._source.transaction() as session:
            handled = {
                consumer.name: handle_batch(session, consumer, opened, self._patience[consumer.name], clock.now())
                for consumer in self._consumers
            }
            session.flush()
            self._failpoint.reached(WORKER_BEFORE_CHECKPOINT)
            times = travelled(session, sequences)
            last_recorded_at = max((recorded_at for recorded_at, _ in times.values()), default=None)
            if not self._source.checkpoint(session, batch, last_recorded_at):
                raise Fenced
        return handled, [seconds for _, seconds in times.values()]

    def _tell(self, handled: Mapping[str, Handled], seconds: list[float]) -> None:
        for consumer, result in handled.items():
            self._patience[consumer] = result.patience
            for event_type, outcome in result.outcomes:
                metrics.consumer_events_total.labels(consumer, event_type, outcome).inc()
            for age in seconds:
                metrics.event_end_to_end_seconds.labels(consumer).observe(age)


class Relay:
    """The outbox as a source, Kafka as the handler; the transaction ends before anything is published."""

    def __init__(self, source: Source, publisher: KafkaPublisher) -> None:
        self._source = source
        self._publisher = publisher

    def step(self) -> bool:
        batch = self._source.read()
        if batch is None:
            return False
        try:
            published = self._publisher.publish(batch.records)
        except PublishFailed as fault:
            raise SourceFault(str(fault)) from fault
        except PublishForbidden as fault:
            raise Stop(str(fault)) from fault
        with self._source.transaction() as session:
            for record in batch.records:
                if record.position in published.refused:
                    park(session, refused_letter(record, published.refused[record.position]))
            record_positions(session, published.positions)
            if not self._source.checkpoint(session, batch, None):
                raise SourceFault("another relay has marked these events sent")
        return True


def run(
    step: Callable[[], bool], source: Source, stopping: Flag, *, finished: Callable[[], bool] | None = None
) -> None:
    """Step until told to stop, or until finished() after an idle step.

    A fault of database or broker moves nothing: wait, with growing pauses, and read the same again. Raises Stop.
    """
    pause_seconds = 0.1
    while not stopping.is_set():
        try:
            busy = step()
            pause_seconds = 0.1
            if not busy and finished is not None and finished():
                return
        except (SourceFault, SQLAlchemyError) as fault:
            if isinstance(fault, SQLAlchemyError) and not is_database_fault(fault):
                raise
            log.warning("nothing moved, again in %.1f s: %s", pause_seconds, fault)
            stopping.wait(pause_seconds)
            pause_seconds = min(LONGEST_PAUSE_SECONDS, pause_seconds * 2)
            source.rewind()
