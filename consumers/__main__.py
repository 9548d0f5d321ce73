"""python -m consumers relay | analytics | satisfaction | direct | replay NUMBER…"""

import logging
import os
import signal
import sys
from collections.abc import Callable
from threading import Event as Flag

import click

from consumers.dead_letters import replay_dead_letter
from consumers.faults import Stop
from consumers.kafka_source import KafkaSource
from consumers.sources import OutboxSource, Source
from consumers.wiring import CONSUMERS, HEARING
from consumers.worker import Relay, Worker, run
from passes import clock, db, logs, settings
from passes.errors import Problem
from passes.events.failpoints import Failpoint
from passes.events.queries import list_behind
from passes.events.relay import KafkaPublisher
from passes.settings import Settings, SettingsRefused

log = logging.getLogger("consumers")

# Someone has to look: starting again at once would only stop again.
EXIT_STOPPED = 3


@click.group()
def main() -> None:
    """The workers: each reads, handles in one transaction, and moves its checkpoint."""


def _start(process: str, *, events: str | None = None) -> Settings:
    """Logs, settings and database of this process. events: the mode this worker belongs to."""
    logs.set_up(process)
    try:
        chosen = Settings.read(os.environ)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from refused
    if events is not None and chosen.events != events:
        raise click.ClickException(f"EVENTS={chosen.events}: this worker runs where EVENTS={events}")
    settings.use(chosen)
    db.connect(chosen.database_url, pool_size=2)
    return chosen


def _stop_flag() -> Flag:
    """Set by SIGTERM and SIGINT: the batch at hand is finished first."""
    stopping = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _go(
    step: Callable[[], bool], source: Source, stopping: Flag, *, finished: Callable[[], bool] | None = None
) -> None:
    log.info("started")
    try:
        run(step, source, stopping, finished=finished)
    except Stop as reason:
        log.critical("stopped: %s", reason)
        sys.exit(EXIT_STOPPED)
    finally:
        source.close()
    log.info("ended")


def _broker(chosen: Settings) -> str:
    assert chosen.kafka_bootstrap_servers is not None, "Settings refuses this"
    return chosen.kafka_bootstrap_servers


@main.command()
def relay() -> None:
    """Publish the outbox to Kafka. One leads; others wait as hot spares."""
    chosen = _start("relay", events="kafka")
    stopping = _stop_flag()
    source = OutboxSource(chosen.database_url, stopping)
    publisher = KafkaPublisher(_broker(chosen), prefix=chosen.topic_prefix, failpoint=Failpoint(chosen.failpoint))
    try:
        _go(Relay(source, publisher).step, source, stopping)
    finally:
        publisher.close()


def _consume(name: str, drain: bool) -> None:
    chosen = _start(name, events="kafka")
    stopping = _stop_flag()
    consumer = CONSUMERS[name]
    source = KafkaSource(_broker(chosen), name, consumer.topics, prefix=chosen.topic_prefix)
    worker = Worker(source, [consumer], failpoint=Failpoint(chosen.failpoint))

    def drained() -> bool:
        with db.transaction() as session:
            return not list_behind(session, {name: consumer.topics})

    _go(worker.step, source, stopping, finished=drained if drain else None)


@main.command()
@click.option("--drain", is_flag=True, help="End when everything published is handled.")
def analytics(drain: bool) -> None:
    """Count visits, refusals and unique passes."""
    _consume("analytics", drain)


@main.command()
@click.option("--drain", is_flag=True, help="End when everything published is handled.")
def satisfaction(drain: bool) -> None:
    """Invite visitors to a survey and count its answers."""
    _consume("satisfaction", drain)


@main.command()
def direct() -> None:
    """All consumers straight from the outbox, for an operator without a broker."""
    chosen = _start("direct", events="direct")
    with db.transaction() as session:
        behind = list_behind(session, HEARING)
    if behind:
        raise click.ClickException(_say_behind(sorted({one.consumer for one in behind})))
    stopping = _stop_flag()
    consumers = list(CONSUMERS.values())
    source = OutboxSource(chosen.database_url, stopping, consumers=[consumer.name for consumer in consumers])
    worker = Worker(source, consumers, failpoint=Failpoint(chosen.failpoint))
    _go(worker.step, source, stopping)


def _say_behind(names: list[str]) -> str:
    commands = "\n".join(
        f"  EVENTS=kafka KAFKA_BOOTSTRAP_SERVERS=… python -m consumers {name} --drain" for name in names
    )
    return (
        f"EVENTS=direct is refused: {' and '.join(names)} have not read all that was published to Kafka. "
        f"Have them read it first, with the broker still there:\n{commands}"
    )


@main.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
def replay(numbers: tuple[int, ...]) -> None:
    """Hand parked events to their consumers once more."""
    _start("replay")
    failed = 0
    for number in numbers:
        try:
            with db.transaction() as session:
                replay_dead_letter(session, CONSUMERS, number, clock.now())
            click.echo(f"{number}: replayed")
        except Problem as problem:
            failed += 1
            click.echo(f"{number}: {problem.message % problem.facts}", err=True)
        except Exception as error:
            failed += 1
            log.exception("replay of %s", number)
            click.echo(f"{number}: failed again and stays parked: {error!r}", err=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(prog_name="python -m consumers")
