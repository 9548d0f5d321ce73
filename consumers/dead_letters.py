"""What to do with a record that cannot be handled: park it and go on; when there are too many, stop: it is us."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consumers.faults import Stop, is_database_fault
from passes.events.contract import Event
from passes.events.models import DeadLetter
from passes.events.service import lock_dead_letter, park, send_again
from passes.events.wire import CLASSES, Envelope, Received, Record, Unreadable, known, open_envelope, read_event

log = logging.getLogger(__name__)

Handler = Callable[[Session, Sequence[Received], datetime], None]
TRIES = 5
RECENT = 2_000
SHARE = 0.01
IN_A_ROW = 20
REPLAY_PARTITION = -2
REPLAY_LOCK = 0x596F_7559_6F75_0002


@dataclass(frozen=True)
class Consumer:
    """A name and its table: event type → function of (session, events of that type in order, now)."""

    name: str
    handlers: Mapping[str, Handler]

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({CLASSES[event_type].TOPIC for event_type in self.handlers}))


@dataclass(frozen=True)
class Opened:
    """A record and what was found in it."""

    record: Record
    content: Envelope | Unreadable

    @property
    def type(self) -> str:
        return self.content.type if isinstance(self.content, Envelope) else "?"


@dataclass(frozen=True)
class Patience:
    """How much of what lately arrived was parked. More than 1 % of the last 2 000, or 20 in a row, and it is us."""

    recent: tuple[bool, ...] = ()
    in_a_row: int = 0

    def after(self, outcomes: Sequence[bool]) -> "Patience":
        """outcomes: True where a record was parked. Raises Stop."""
        in_a_row = self.in_a_row
        for parked in outcomes:
            in_a_row = in_a_row + 1 if parked else 0
            if in_a_row >= IN_A_ROW:
                raise Stop(f"{in_a_row} events in a row could not be handled: stopped, and nothing of them is parked")
        recent = (self.recent + tuple(outcomes))[-RECENT:]
        if sum(recent) > RECENT * SHARE:
            raise Stop(f"{sum(recent)} of the last {len(recent)} events could not be handled: more than 1 %")
        return Patience(recent, in_a_row)


@dataclass
class Handled:
    """What became of a batch: (event type, outcome) of every record, and the patience left."""

    patience: Patience
    outcomes: list[tuple[str, str]] = field(default_factory=list)


def open_record(record: Record) -> Opened:
    try:
        return Opened(record, open_envelope(record.body))
    except Unreadable as reason:
        return Opened(record, reason)


def handle_batch(
    session: Session, consumer: Consumer, batch: Sequence[Opened], patience: Patience, now: datetime
) -> Handled:
    """Handle what this consumer hears, park what can never succeed. Raises Stop, or the database's fault."""
    heard: list[tuple[Opened, Received]] = []
    faults: dict[int, Unreadable] = {}
    mine = [opened for opened in batch if opened.record.topic in consumer.topics]
    for opened in mine:
        try:
            event = _read(consumer, opened)
        except Unreadable as reason:
            faults[opened.record.position] = reason
        else:
            if event is not None:
                heard.append((opened, _received(opened, event)))
    faults |= _run(session, consumer, heard, now)
    handled = Handled(patience.after([opened.record.position in faults for opened in mine]))
    told = {opened.record.position for opened, _ in heard}
    for opened in mine:
        fault = faults.get(opened.record.position)
        if fault is not None:
            park(session, _letter(consumer.name, opened, fault))
        handled.outcomes.append((opened.type, fault.reason if fault else _outcome(opened.record.position in told)))
    return handled


def _outcome(told: bool) -> str:
    return "handled" if told else "unheard"


def _read(consumer: Consumer, opened: Opened) -> Event | None:
    """The event, None where this consumer has no use for it. Raises Unreadable."""
    content = opened.content
    if isinstance(content, Unreadable):
        raise content
    if known(content.type) and content.type not in consumer.handlers:
        return None
    return read_event(content)


def _received(opened: Opened, event: Event) -> Received:
    assert isinstance(opened.content, Envelope)
    return Received(event, opened.content.event_id, opened.content.sequence, opened.record.partition)


def _run(
    session: Session, consumer: Consumer, heard: Sequence[tuple[Opened, Received]], now: datetime
) -> dict[int, Unreadable]:
    """All in one savepoint; if that fails, one by one. Returns what failed, by its position."""
    try:
        with session.begin_nested():
            for event_type, run in groupby(heard, key=lambda pair: pair[0].type):
                consumer.handlers[event_type](session, [received for _, received in run], now)
        return {}
    except Exception as error:
        if is_database_fault(error):
            raise
        log.warning("%s: a batch failed, now one by one: %r", consumer.name, error)
    faults = {}
    for opened, received in heard:
        error_text = _try_alone(session, consumer.handlers[opened.type], received, now)
        if error_text is not None:
            faults[opened.record.position] = Unreadable("handler_failed", error_text)
    return faults


def _try_alone(session: Session, handler: Handler, received: Received, now: datetime) -> str | None:
    """None, or what the last of five tries died of."""
    text = ""
    for _ in range(TRIES):
        try:
            with session.begin_nested():
                handler(session, [received], now)
            return None
        except Exception as error:
            if is_database_fault(error):
                raise
            text = repr(error)
    return text


def _letter(consumer: str, opened: Opened, fault: Unreadable) -> DeadLetter:
    record, content = opened.record, opened.content
    log.error("%s: parked %s/%s/%s: %s", consumer, record.topic, record.partition, record.position, fault)
    return DeadLetter(
        consumer=consumer,
        topic=record.topic,
        partition=record.partition,
        position=record.position,
        event_id=content.event_id if isinstance(content, Envelope) else None,
        type=content.type if isinstance(content, Envelope) else None,
        reason=fault.reason,
        error=fault.detail.replace("\x00", "\\0")[:2_000],
        body=record.body,
    )


def refused_letter(record: Record, why: str) -> DeadLetter:
    """A record the broker would not take."""
    return _letter("relay", open_record(record), Unreadable("broker_refused", why))


def replay_dead_letter(session: Session, consumers: Mapping[str, Consumer], letter_id: int, now: datetime) -> None:
    """Hand a parked record to its consumer once more. Whatever it raises leaves the letter parked."""
    letter = lock_dead_letter(session, letter_id)
    if letter.reason == "broker_refused":
        send_again(session, letter.position)
    else:
        # Replays go one at a time and under a partition of their own: the worker may be writing its own bitmaps now.
        session.execute(select(func.pg_advisory_xact_lock(REPLAY_LOCK)))
        record = Record(letter.topic, REPLAY_PARTITION, letter.position, "", None, letter.body)
        consumer = consumers[letter.consumer]
        opened = open_record(record)
        event = _read(consumer, opened)
        if event is not None:
            consumer.handlers[opened.type](session, [_received(opened, event)], now)
    letter.settled_at, letter.settled_as = now, "replayed"
