"""One contract, two sources: whatever is read comes again until it is moved past, and then never."""

from collections.abc import Callable, Iterator
from threading import Event as Flag
from time import monotonic

import pytest

from consumers.analytics import ANALYTICS
from consumers.sources import Batch, OutboxSource, Source
from passes.db import in_transaction, transaction
from passes.events.service import Place, mark_sent, move_checkpoint
from passes.events.wire import open_envelope
from tests.consumers.conftest import admitted, ask, tell
from tests.consumers.rivers import publish, source_of

LIMIT = 3


class River:
    """A kind of source, and how to fill it and to overtake its reader."""

    def __init__(self, make: Callable[[], Source], fill: Callable[[], None], overtake: Callable[[Batch], None]) -> None:
        self._make = make
        self._made: list[Source] = []
        self._fill = fill
        self.overtake = overtake

    def source(self) -> Source:
        made = self._make()
        self._made.append(made)
        return made

    def tell(self, *numbers: int) -> None:
        """Events of one pass, so that their order is promised."""
        tell(*(admitted(number, pass_id=7) for number in numbers))
        self._fill()

    def end(self) -> None:
        for source in self._made:
            source.close()


@pytest.fixture(params=["outbox", "kafka"])
def river(request: pytest.FixtureRequest, database: str) -> Iterator[River]:
    made = _outbox(database) if request.param == "outbox" else _kafka(request, database)
    yield made
    made.end()


def _outbox(database: str) -> River:
    def overtake(batch: Batch) -> None:
        with transaction() as session:
            mark_sent(session, [record.position for record in batch.records])

    return River(lambda: OutboxSource(database, Flag(), consumers=["analytics"], limit=LIMIT), lambda: None, overtake)


def _kafka(request: pytest.FixtureRequest, database: str) -> River:
    kafka, prefix = request.getfixturevalue("kafka"), request.getfixturevalue("prefix")

    def overtake(batch: Batch) -> None:
        first, last = batch.records[0], batch.records[-1]
        place = Place("analytics", last.topic, last.partition)
        event_id = open_envelope(last.body).event_id
        with transaction() as session:
            assert move_checkpoint(
                session,
                place,
                expected=first.position,
                next_offset=last.position + 1,
                last_event_id=event_id,
                as_of=None,
            )

    return River(
        lambda: source_of(kafka, prefix, ANALYTICS, max_records=LIMIT),
        lambda: publish(database, kafka, prefix),
        overtake,
    )


def read(source: Source, seconds: float = 40) -> Batch:
    """The next batch; joining a group takes a moment."""
    deadline = monotonic() + seconds
    while (batch := source.read()) is None:
        assert monotonic() < deadline, "nothing came"
    return batch


def move(source: Source, batch: Batch) -> None:
    with source.transaction() as session:
        assert source.checkpoint(session, batch, None)
    source.moved(batch)


def numbers(batch: Batch) -> list[int]:
    return [open_envelope(record.body).sequence for record in batch.records]


def test_records_come_in_order_in_batches_and_once(river: River) -> None:
    river.tell(1, 2, 3, 4)
    source = river.source()
    first = read(source)
    assert not in_transaction()
    assert numbers(first) == [1, 2, 3]
    move(source, first)
    second = read(source)
    assert numbers(second) == [4]
    move(source, second)
    assert source.read() is None


def test_what_was_rewound_comes_again(river: River) -> None:
    river.tell(1, 2)
    source = river.source()
    assert numbers(read(source)) == [1, 2]
    source.rewind()
    again = read(source)
    assert numbers(again) == [1, 2]
    move(source, again)
    assert source.read() is None


def test_the_next_reader_goes_on_where_the_last_one_moved_to(river: River) -> None:
    river.tell(1, 2, 3, 4, 5)
    source = river.source()
    move(source, read(source))
    unmoved = read(source)
    with pytest.raises(ZeroDivisionError), source.transaction() as session:
        assert source.checkpoint(session, unmoved, None)
        raise ZeroDivisionError
    source.close()
    assert numbers(read(river.source())) == [4, 5]


def test_a_reader_that_was_overtaken_cannot_move_the_checkpoint(river: River) -> None:
    river.tell(1, 2)
    source = river.source()
    batch = read(source)
    river.overtake(batch)
    with pytest.raises(ZeroDivisionError), source.transaction() as session:
        assert not source.checkpoint(session, batch, None)
        raise ZeroDivisionError
    source.rewind()
    river.tell(3)
    assert numbers(read(source)) == [3]


def test_closing_twice_is_harmless(river: River) -> None:
    source = river.source()
    source.read()
    source.close()
    source.close()


def test_an_idle_reader_says_how_fresh_it_is(river: River) -> None:
    river.tell(1)
    source = river.source()
    move(source, read(source))
    deadline = monotonic() + 40
    while not ask("SELECT coalesce(min(as_of), '-infinity') >= max(o.recorded_at) FROM consumer_checkpoint, outbox o"):
        assert monotonic() < deadline, "it does not say so"
        source.read()
