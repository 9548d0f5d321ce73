"""Over a real broker: whatever is killed, frozen or sent twice, and whenever, the counts are exact."""

import signal
from threading import Event as Flag

import psutil
import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError
from prometheus_client import REGISTRY
from sqlalchemy import text

from consumers.analytics import ANALYTICS
from consumers.dead_letters import replay_dead_letter
from consumers.faults import SourceFault, Stop
from consumers.satisfaction import SATISFACTION
from consumers.sources import Batch, OutboxSource
from consumers.wiring import CONSUMERS
from consumers.worker import Relay, Worker
from passes.db import transaction
from passes.events.contract import REDEMPTIONS
from passes.events.failpoints import (
    RELAY_AFTER_ACKNOWLEDGEMENT,
    RELAY_BEFORE_ACKNOWLEDGEMENT,
    WORKER_BEFORE_CHECKPOINT,
    Failpoint,
)
from passes.events.models import DeadLetter
from passes.events.relay import KafkaPublisher
from tests.conftest import MORNING
from tests.consumers.conftest import Processes, admitted, answered, ask, eventually, refused, tell
from tests.consumers.rivers import drain, drain_directly, drain_kafka, publish, source_of

PENDING = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"


def counted() -> object:
    return ask("SELECT visits FROM visits_daily WHERE venue_id = ''")


def consistent() -> bool:
    """Every roll-up adds up to the facts."""
    facts = ask("SELECT count(*) FROM redemption_fact")
    sums = [
        ask("SELECT sum(visits) FROM visits_by_hour"),
        ask("SELECT sum(visits) FROM visits_daily WHERE venue_id = ''"),
        ask("SELECT sum(visits) FROM visits_daily WHERE benefit_id <> ''"),
    ]
    return sums == [facts] * 3


@pytest.mark.parametrize("failpoint", [RELAY_BEFORE_ACKNOWLEDGEMENT, RELAY_AFTER_ACKNOWLEDGEMENT])
def test_a_relay_killed_beside_the_acknowledgement_loses_and_doubles_nothing(
    kafka_processes: Processes, failpoint: str
) -> None:
    tell(*(admitted(number) for number in range(50)))
    assert kafka_processes.start("relay", YOUYOU_FAILPOINT=failpoint).wait(60) == -9
    assert ask(PENDING) == 50
    with kafka_processes.running("relay"), kafka_processes.running("analytics"):
        eventually(lambda: ask(PENDING) == 0)
        tell(admitted(50))
        eventually(lambda: counted() == 51)
    assert consistent()


def test_a_worker_killed_between_its_writes_and_its_checkpoint_counts_everything_once(
    database: str, kafka: str, prefix: str, kafka_processes: Processes
) -> None:
    tell(*(admitted(number) for number in range(50)), refused(1))
    publish(database, kafka, prefix)
    killed = [
        kafka_processes.start(name, YOUYOU_FAILPOINT=WORKER_BEFORE_CHECKPOINT) for name in ("analytics", "satisfaction")
    ]
    assert [process.wait(60) for process in killed] == [-9, -9]
    assert counted() is None
    with kafka_processes.running("analytics"), kafka_processes.running("satisfaction"):
        eventually(lambda: counted() == 50)
        eventually(lambda: ask("SELECT count(*) FROM survey_invitation") == 50)
        eventually(lambda: ask("SELECT sum(refusals) FROM refusals_daily") == 1)
    assert consistent()


def test_a_worker_frozen_until_others_took_over_changes_nothing_when_it_thaws(
    database: str, kafka: str, prefix: str, kafka_processes: Processes
) -> None:
    first = kafka_processes.start("analytics")
    tell(*(admitted(number) for number in range(20)))
    publish(database, kafka, prefix)
    eventually(lambda: counted() == 20)
    first.send_signal(signal.SIGSTOP)
    tell(*(admitted(number) for number in range(20, 40)))
    publish(database, kafka, prefix)
    with kafka_processes.running("analytics"):
        eventually(lambda: counted() == 40)
        first.send_signal(signal.SIGCONT)
        tell(*(admitted(number) for number in range(40, 60)))
        publish(database, kafka, prefix)
        eventually(lambda: counted() == 60)
        assert kafka_processes.stop(first) == 0
    assert consistent()


def test_an_overtaken_worker_is_fenced_by_the_checkpoint(
    database: str, kafka: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(*(admitted(number, pass_id=7) for number in range(5)))
    publish(database, kafka, prefix)
    zombie = source_of(kafka, prefix, ANALYTICS)
    read, overtaken = zombie.read, []

    def read_and_be_overtaken() -> Batch | None:
        batch = read()
        if batch is not None and not overtaken:
            overtaken.append(batch)
            zombie._consumer.close(autocommit=False)
            successor = source_of(kafka, prefix, ANALYTICS)
            drain(successor, ANALYTICS)
            successor.close()
        return batch

    monkeypatch.setattr(zombie, "read", read_and_be_overtaken)
    worker = Worker(zombie, [ANALYTICS], failpoint=Failpoint())
    fenced_before = fenced()
    while not overtaken:
        worker.step()
    zombie.close()
    assert fenced() == fenced_before + 1
    assert counted() == 5
    assert consistent()


def fenced() -> float:
    return REGISTRY.get_sample_value("youyou_consumer_fenced_batches_total", {"consumer": "analytics"}) or 0.0


def test_events_delivered_twice_are_counted_once_in_both_modes_alike(database: str, kafka: str, prefix: str) -> None:
    visits = [admitted(number, pass_id=number % 9 + 1, venue_id=f"S0{number % 4}") for number in range(60)]
    tell(*visits, *(refused(number) for number in range(7)), *(answered(number, score=3) for number in range(4)))
    publish(database, kafka, prefix)
    with transaction() as session:
        session.execute(text("UPDATE outbox SET sent_at = NULL"))
    drain_kafka(database, kafka, prefix)
    assert counted() == 60
    assert consistent()
    by_kafka = projections()
    with transaction() as session:
        names = "redemption_fact, refusal_fact, survey_fact, visits_by_hour, visits_daily, refusals_daily"
        session.execute(text(f"TRUNCATE {names}, unique_passes, satisfaction_daily, survey_invitation"))
        session.execute(text("DELETE FROM outbox WHERE type = 'survey.invited.v1'"))
        session.execute(text("UPDATE outbox SET sent_at = NULL"))
    drain_directly(database)
    assert projections() == by_kafka


def projections() -> dict[str, object]:
    """Every projection as text; bitmaps without their partition."""
    tables = ("redemption_fact", "visits_by_hour", "visits_daily", "refusals_daily", "satisfaction_daily")
    texts: dict[str, object] = {
        table: ask(f"SELECT string_agg(t::text, ';' ORDER BY t::text) FROM {table} t") for table in tables
    }
    invited = "string_agg(concat(id, pass_id, venue_id, visited_on), ';' ORDER BY id)"
    texts["invitations"] = ask(f"SELECT {invited} FROM survey_invitation")
    return texts


def test_rubbish_in_a_topic_is_parked_with_its_place_and_does_not_hold_up_the_rest(
    database: str, kafka: str, prefix: str
) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka, metrics_enabled=False)
    for body in (b"\xff", None, b'{"specversion":"1.0"}'):
        producer.send(prefix + REDEMPTIONS, value=body, key=b"7", partition=0).get(timeout=10)
    producer.close()
    tell(*(admitted(number) for number in range(12)))
    drain_kafka(database, kafka, prefix)
    assert counted() == 12
    with transaction() as session:
        letters = session.query(DeadLetter).filter_by(consumer="analytics").order_by(DeadLetter.position).all()
        assert [(one.partition, one.position, one.reason) for one in letters] == [
            (0, position, "undecodable") for position in range(3)
        ]
    tell(admitted(12))
    drain_kafka(database, kafka, prefix)
    assert counted() == 13


@pytest.mark.parametrize("change", ["next_offset = next_offset + 100", "last_event_id = 'another'"])
def test_a_topic_that_was_cut_or_made_anew_stops_the_worker_in_words(
    database: str, kafka: str, prefix: str, change: str
) -> None:
    tell(*(admitted(number) for number in range(10)))
    publish(database, kafka, prefix)
    source = source_of(kafka, prefix, ANALYTICS)
    drain(source, ANALYTICS)
    source.close()
    with transaction() as session:
        session.execute(text(f"UPDATE consumer_checkpoint SET {change}"))
    again = source_of(kafka, prefix, ANALYTICS)
    worker = Worker(again, [ANALYTICS], failpoint=Failpoint())
    with pytest.raises(Stop, match="cut or made anew"):
        for _ in range(200):
            worker.step()
    again.close()
    assert counted() == 10


def test_direct_mode_refuses_to_start_before_the_broker_is_read_to_its_end(
    database: str, kafka: str, prefix: str, kafka_processes: Processes
) -> None:
    tell(admitted(1))
    publish(database, kafka, prefix)
    environ = {"EVENTS": "direct", "KAFKA_BOOTSTRAP_SERVERS": ""}
    assert kafka_processes.start("direct", **environ).wait(60) == 1
    said = kafka_processes.said()
    assert "python -m consumers analytics --drain" in said
    assert "python -m consumers satisfaction --drain" in said
    drained = [kafka_processes.start(name, "--drain") for name in ("analytics", "satisfaction")]
    assert [process.wait(60) for process in drained] == [0, 0]
    with kafka_processes.running("direct", **environ):
        eventually(lambda: ask(PENDING) == 0)
    assert counted() == 1


def test_a_broker_that_does_not_answer_costs_a_producer_and_no_event(database: str, kafka: str, prefix: str) -> None:
    tell(admitted(1))
    source = OutboxSource(database, Flag())
    publisher = KafkaPublisher(kafka, prefix=prefix, acknowledge_seconds=1)
    relay = Relay(source, publisher)
    # On a busy machine the first acknowledgement, too, may take longer than its second.
    eventually(lambda: sends(relay))
    assert ask(PENDING) == 0
    broker = broker_process(kafka)
    tell(admitted(2))
    broker.suspend()
    try:
        with pytest.raises(SourceFault, match="not acknowledged"):
            relay.step()
    finally:
        broker.resume()
    assert ask(PENDING) == 1
    eventually(lambda: sends(relay))
    assert ask(PENDING) == 0
    publisher.close()
    source.close()
    drain_kafka(database, kafka, prefix)
    assert counted() == 2


def test_kafka_python_still_needs_the_watchdog(kafka: str, prefix: str) -> None:
    """When this fails, a newer release sends again after an outage: then relay.py can be simpler."""
    producer = impatient_producer(kafka, prefix + REDEMPTIONS)
    broker = broker_process(kafka)
    broker.suspend()
    during = producer.send(prefix + REDEMPTIONS, b"during", partition=0)
    with pytest.raises(KafkaTimeoutError):
        during.get(timeout=10)
    broker.resume()
    with pytest.raises(KafkaTimeoutError):
        producer.send(prefix + REDEMPTIONS, b"after", partition=0).get(timeout=3)
    with pytest.raises(KafkaTimeoutError):
        producer.close(timeout=1)
    assert producer._sender.is_alive()
    producer._sender.force_close()
    producer._sender.join(10)
    assert not producer._sender.is_alive()


def impatient_producer(kafka: str, topic: str) -> KafkaProducer:
    """One that the broker has answered. On a busy machine a first one may give up before: then another."""
    for _ in range(20):
        limits = {"delivery_timeout_ms": 1_500, "request_timeout_ms": 1_000}
        producer = KafkaProducer(bootstrap_servers=kafka, linger_ms=0, metrics_enabled=False, **limits)
        try:
            producer.send(topic, b"before", partition=0).get(timeout=20)
            return producer
        except KafkaTimeoutError:
            producer._sender.force_close()
            producer._sender.join(10)
    raise AssertionError("the broker does not answer")


def sends(relay: Relay) -> bool:
    try:
        return relay.step()
    except SourceFault:
        return False


def broker_process(bootstrap: str) -> psutil.Process:
    port = int(bootstrap.rpartition(":")[2])
    listening = (one for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr.port == port)
    return psutil.Process(next(one.pid for one in listening if one.pid))


def test_an_event_too_large_for_the_broker_is_parked_and_the_others_sent(
    database: str, kafka: str, prefix: str
) -> None:
    tell(admitted(1), admitted(2, product_id="x" * 2_000_000), admitted(3))
    publish(database, kafka, prefix)
    assert ask(PENDING) == 0
    assert ask("SELECT reason FROM dead_letter WHERE consumer = 'relay'") == "broker_refused"
    drain_kafka(database, kafka, prefix)
    assert counted() == 2
    with transaction() as session:
        letter = session.query(DeadLetter).filter_by(consumer="relay").one()
        replay_dead_letter(session, CONSUMERS, letter.id, MORNING)
    assert ask(PENDING) == 1


def test_figures_age_while_events_wait_for_the_relay(database: str, kafka: str, prefix: str) -> None:
    tell(admitted(1))
    publish(database, kafka, prefix)
    source = source_of(kafka, prefix, SATISFACTION)
    worker = Worker(source, [SATISFACTION], failpoint=Failpoint())
    fresh = "SELECT min(as_of) >= (SELECT max(recorded_at) FROM outbox) FROM consumer_checkpoint"

    def is_fresh() -> bool:
        worker.step()
        return ask("SELECT count(as_of) FROM consumer_checkpoint") == 6 and ask(fresh) is True

    eventually(is_fresh)
    publish(database, kafka, prefix)  # the invitation
    eventually(is_fresh)
    tell(admitted(2))
    for _ in range(12):
        worker.step()
    assert ask("SELECT max(as_of) <= (SELECT max(recorded_at) FROM outbox) FROM consumer_checkpoint") is True
    source.close()
