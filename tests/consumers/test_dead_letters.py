"""What can never succeed is parked and the rest goes on; when it is too much, it is us, and the worker stops."""

from datetime import datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from consumers.dead_letters import Consumer, Handled, Patience, handle_batch, open_record
from consumers.faults import Stop, is_database_fault
from passes import db
from passes.cli import youyou
from passes.db import transaction
from passes.events.contract import REDEMPTIONS, RedemptionAdmitted, envelope
from passes.events.models import DeadLetter
from passes.events.wire import Received, Record, encode
from tests.conftest import MORNING
from tests.consumers.conftest import admitted, ask, tell, worker_environ
from tests.consumers.rivers import drain_directly


def record(number: int, body: bytes | None = None) -> Record:
    sent = encode(envelope(admitted(number), now=MORNING), number) if body is None else body
    return Record(REDEMPTIONS, 0, number, str(number), None, sent)


def fails_at(*numbers: int) -> Consumer:
    """A consumer that cannot handle the visits of these passes, and counts its tries."""

    def count(session: Session, received: list[Received], now: datetime) -> None:
        for one in received:
            assert isinstance(one.event, RedemptionAdmitted)
            session.execute(text("INSERT INTO tries (pass_id) VALUES (:pass_id)"), {"pass_id": one.event.pass_id})
            if one.event.pass_id in numbers:
                raise ArithmeticError(f"cannot count {one.event.pass_id}")

    return Consumer("analytics", {RedemptionAdmitted.TYPE: count})  # type: ignore[dict-item]


def handle(session: Session, consumer: Consumer, *records: Record, patience: Patience | None = None) -> Handled:
    opened = [open_record(one) for one in records]
    return handle_batch(session, consumer, opened, patience or Patience(), MORNING)


@pytest.fixture
def tries(session: Session) -> Session:
    session.execute(text("CREATE TEMPORARY TABLE tries (pass_id bigint)"))
    return session


def test_bytes_that_are_no_event_are_parked_and_the_others_handled(tries: Session) -> None:
    bad = [record(2, b"\xff\x00"), record(3, b'{"specversion":"1.0"}')]
    handled = handle(tries, fails_at(), record(1), *bad, record(4))
    assert [outcome for _, outcome in handled.outcomes] == ["handled", "undecodable", "undecodable", "handled"]
    letters = tries.scalars(select(DeadLetter).order_by(DeadLetter.position)).all()
    assert [(one.position, one.reason, one.body) for one in letters] == [
        (one.position, "undecodable", one.body) for one in bad
    ]


def test_one_poisoned_event_is_tried_five_times_and_parked_alone(tries: Session) -> None:
    handled = handle(tries, fails_at(2), record(1), record(2), record(3))
    assert [outcome for _, outcome in handled.outcomes] == ["handled", "handler_failed", "handled"]
    assert tries.execute(text("SELECT array_agg(pass_id ORDER BY pass_id) FROM tries")).scalar_one() == [1, 3]
    letter = tries.scalars(select(DeadLetter)).one()
    assert (letter.position, letter.type, "cannot count 2" in letter.error) == (2, RedemptionAdmitted.TYPE, True)


def test_an_unknown_major_version_is_parked_and_a_deaf_ear_is_not(tries: Session) -> None:
    document = envelope(admitted(1), now=MORNING)
    newer = record(1, encode(document | {"type": "redemption.admitted.v2"}, 1))
    unheard = record(2, encode(document | {"type": "redemption.refused.v1"}, 2))
    handled = handle(tries, fails_at(), newer, unheard)
    assert [outcome for _, outcome in handled.outcomes] == ["unknown_type", "unheard"]


def test_a_database_fault_is_never_the_records(tries: Session) -> None:
    def deadlocked(session: Session, received: list[Received], now: datetime) -> None:
        session.execute(text("DO $$ BEGIN RAISE 'deadlock' USING ERRCODE = '40P01'; END $$"))

    consumer = Consumer("analytics", {RedemptionAdmitted.TYPE: deadlocked})  # type: ignore[dict-item]
    with pytest.raises(Exception, match="deadlock") as fault, tries.begin_nested():
        handle(tries, consumer, record(1))
    assert is_database_fault(fault.value)
    assert tries.scalars(select(DeadLetter)).all() == []


@pytest.mark.parametrize(
    ("state", "is_fault"),
    [("40001", True), ("57P01", True), ("08006", True), ("53300", True), ("23505", False), ("22003", False)],
)
def test_only_the_databases_own_troubles_are_its_faults(session: Session, state: str, is_fault: bool) -> None:
    with pytest.raises(Exception, match="trouble") as fault, session.begin_nested():
        session.execute(text(f"DO $$ BEGIN RAISE 'trouble' USING ERRCODE = '{state}'; END $$"))
    assert is_database_fault(fault.value) is is_fault


def test_twenty_in_a_row_stop_the_worker_and_park_nothing_of_the_batch(tries: Session) -> None:
    nineteen = handle(tries, fails_at(), *(record(number, b"rubbish") for number in range(19)))
    with pytest.raises(Stop, match="20 events in a row"), tries.begin_nested():
        handle(tries, fails_at(), record(20, b"rubbish"), record(21), patience=nineteen.patience)
    handle(tries, fails_at(), record(20), record(21, b"rubbish"), patience=nineteen.patience)


def test_more_than_one_percent_stops_the_worker() -> None:
    patience = Patience().after([False] * 1_900)
    for _ in range(10):
        patience = patience.after([True, False, True])
    with pytest.raises(Stop, match="21 of the last"):
        patience.after([True])


def test_a_parked_event_is_listed_shown_replayed_and_dropped(
    database: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    for name, value in (worker_environ(database) | {"EVENTS": "direct"}).items():
        monkeypatch.setenv(name, value)
    tell(*(admitted(number, pass_id=2**40 if number < 2 else number) for number in range(4)))
    drain_directly(database)
    assert ask("SELECT count(*) FROM dead_letter WHERE consumer = 'analytics' AND reason = 'handler_failed'") == 2
    assert ask("SELECT visits FROM visits_daily WHERE venue_id = ''") == 2

    def dead_letters(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(youyou, ["dead-letters", *arguments])
        request.addfinalizer(db.connect(database).dispose)
        return done.exit_code, done.output

    first, second = (line.split("\t")[0] for line in dead_letters("list")[1].splitlines())
    assert "redemption.admitted.v1" in dead_letters("show", first)[1]
    assert dead_letters("replay", first)[0] == 1
    with transaction() as session:
        letter = session.get_one(DeadLetter, int(first))
        letter.body = letter.body.replace(str(2**40).encode(), b"99")
    assert dead_letters("replay", first) == (0, "")
    assert dead_letters("replay", first)[0] == 1
    assert dead_letters("drop", second) == (0, f"{second}: dropped\n")
    assert dead_letters("drop", second)[0] == 1
    assert dead_letters("list")[1] == "No parked events.\n"
    assert ask("SELECT visits FROM visits_daily WHERE venue_id = ''") == 3
    assert ask("SELECT count(*) FROM dead_letter WHERE settled_as = 'replayed'") == 1
