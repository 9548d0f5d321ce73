"""What closes a place for a while: by staff, by a feed, and by the number of people in it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from passes import clock
from passes.catalogue.closure_models import ClosureRow
from passes.catalogue.closure_queries import (
    REMEMBERED_SECONDS,
    ClosureSearch,
    closures_of,
    closures_on,
    get_closure,
    list_closures,
)
from passes.catalogue.closure_rules import KINDS
from passes.catalogue.closure_service import (
    ClosureRequest,
    close_venues,
    end_closure,
    end_reported,
    report_closure,
    report_people,
)
from passes.db import transaction
from passes.entitlement.facts import Closure
from passes.errors import Conflict, Invalid, NotFound
from tests.factories import city

HOUR = timedelta(hours=1)
FEED = "feed:weather"


@pytest.fixture(autouse=True)
def town(session: Session, now: datetime) -> None:
    city(session, now=now)


def wind(now: datetime, **changes: object) -> ClosureRequest:
    facts: dict[str, object] = {"kind": "wind", "venue_ids": ["S01", "S02"], "starts_at": now} | changes
    return ClosureRequest(**facts)  # type: ignore[arg-type]


def test_what_is_on_or_comes_is_told_by_its_start_and_what_is_over_is_not(session: Session, now: datetime) -> None:
    close_venues(session, wind(now, starts_at=now + 2 * HOUR, ends_at=now + 3 * HOUR), by="li.wei", now=now)
    close_venues(session, ClosureRequest("venue_closed", ["S01"], ends_at=now + HOUR), by="li.wei", now=now)
    shut, storm = Closure("venue_closed", now, now + HOUR), Closure("wind", now + 2 * HOUR, now + 3 * HOUR)
    assert closures_of(session, "S01", now=now) == (shut, storm)
    assert closures_of(session, "S01", now=now + HOUR) == (storm,)
    assert closures_of(session, "S01", now=now + 3 * HOUR) == ()
    assert closures_of(session, "S02", now=now) == (storm,)
    assert closures_of(session, "S03", now=now) == ()
    assert closures_on(session, now=now) == {"S01": (shut,)}
    assert closures_on(session, now=now + 2 * HOUR) == {"S01": (storm,), "S02": (storm,)}


def test_ending_one_opens_that_venue_and_no_other(session: Session, now: datetime) -> None:
    first, second = close_venues(session, wind(now), by="li.wei", now=now)
    ended = end_closure(session, first.id, by="wang", now=now + HOUR)
    assert (ended.ended_by, ended.ended_at, ended.state(now + HOUR)) == ("wang", now + HOUR, "over")
    assert closures_of(session, "S01", now=now + HOUR) == ()
    assert closures_of(session, "S02", now=now + HOUR) == (Closure("wind", now),)
    assert get_closure(session, second.id).state(now) == "on"
    with pytest.raises(Conflict) as again:
        end_closure(session, first.id, by="wang", now=now + HOUR)
    assert again.value.code == "closure_over"
    with pytest.raises(NotFound):
        end_closure(session, 10**9, by="wang", now=now)


def test_one_that_was_to_come_can_be_called_off(session: Session, now: datetime) -> None:
    (made,) = close_venues(session, wind(now, venue_ids=["S01"], starts_at=now + HOUR), by="li.wei", now=now)
    assert made.state(now) == "coming"
    end_closure(session, made.id, by="li.wei", now=now)
    assert closures_of(session, "S01", now=now + 2 * HOUR) == ()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("kind", {"kind": "earthquake"}),
        ("venue_ids", {"venue_ids": []}),
        ("venue_ids", {"venue_ids": ["S01", "atlantis"]}),
        ("starts_at", {"starts_at": timedelta(days=367)}),
        ("ends_at", {"starts_at": HOUR, "ends_at": HOUR}),
        ("ends_at", {"starts_at": -2 * HOUR, "ends_at": -HOUR}),
        ("ends_at", {"starts_at": -2 * HOUR, "ends_at": timedelta(0)}),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(
    session: Session, now: datetime, field: str, changes: dict[str, object]
) -> None:
    moments = {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with pytest.raises(Invalid) as refused:
        close_venues(session, wind(now, **moments), by="li.wei", now=now)
    assert (refused.value.code, list(refused.value.fields)) == ("closure_not_valid", [field])
    assert session.scalars(select(ClosureRow.id)).all() == []


def test_every_kind_can_be_switched(session: Session, now: datetime) -> None:
    for kind in KINDS:
        close_venues(session, wind(now, kind=kind, venue_ids=["S01"]), by="li.wei", now=now)
    assert {one.kind for one in closures_of(session, "S01", now=now)} == set(KINDS)


def test_a_feed_that_repeats_itself_switches_on_once_and_may_move_the_end(session: Session, now: datetime) -> None:
    said = wind(now, starts_at=None, reference="W-7", ends_at=now + HOUR)
    first = report_closure(session, said, by=FEED, now=now)
    again = report_closure(session, said, by=FEED, now=now + timedelta(minutes=5))
    assert first == again and [made.venue_id for made in first] == ["S01", "S02"]
    later = report_closure(session, wind(now, reference="W-7", ends_at=now + 2 * HOUR, note="gusts"), by=FEED, now=now)
    assert {(made.id, made.ends_at, made.note) for made in later} == {
        (made.id, now + 2 * HOUR, "gusts") for made in first
    }
    for changes in ({"kind": "lightning"}, {"venue_ids": ["S01"]}, {"starts_at": now + HOUR}):
        with pytest.raises(Conflict) as refused:
            report_closure(session, wind(now, reference="W-7", **changes), by=FEED, now=now)
        assert refused.value.code == "reference_reused"
    other = report_closure(session, said, by="feed:river", now=now)
    assert {made.id for made in other} & {made.id for made in first} == set()


def test_a_feed_ends_by_its_reference_and_a_late_repeat_does_not_begin_again(session: Session, now: datetime) -> None:
    said = wind(now, reference="W-7")
    report_closure(session, said, by=FEED, now=now)
    with pytest.raises(NotFound):
        end_reported(session, "W-7", by="feed:river", now=now)
    for _ in range(2):
        ended = end_reported(session, "W-7", by=FEED, now=now + HOUR)
        assert [made.ended_at for made in ended] == [now + HOUR] * 2
    report_closure(session, said, by=FEED, now=now + HOUR)
    assert closures_on(session, now=now + HOUR) == {}
    with pytest.raises(Invalid):
        report_closure(session, wind(now), by=FEED, now=now)


def test_closures_are_found_by_state_venue_and_kind(session: Session, now: datetime) -> None:
    close_venues(session, wind(now), by="li.wei", now=now)
    close_venues(session, ClosureRequest("venue_closed", ["S01"], now + HOUR), by="li.wei", now=now)
    close_venues(session, ClosureRequest("lightning", ["S03"], now - HOUR, now + HOUR), by="li.wei", now=now)

    def found(at: datetime, **search: str) -> list[tuple[str, str]]:
        rows, total = list_closures(session, ClosureSearch(**search), now=at, limit=10)
        assert total == len(rows)
        return [(row.kind, row.venue_id) for row in rows]

    assert found(now, state="on") == [("wind", "S02"), ("wind", "S01"), ("lightning", "S03")]
    assert found(now, state="coming") == [("venue_closed", "S01")]
    assert found(now, state="over") == []
    assert found(now + HOUR, state="over") == [("lightning", "S03")]
    assert found(now, venue_id="S01", kind="wind") == [("wind", "S01")]
    assert list_closures(session, ClosureSearch(), now=now, limit=1, offset=1)[1] == 4


def test_a_venue_is_full_while_its_count_is_young_and_at_the_stop(session: Session, now: datetime) -> None:
    assert report_people(session, "S03", people=3000, source="one", now=now)
    full = Closure("venue_full", now, None)
    assert closures_of(session, "S03", now=now) == (full,)
    assert closures_on(session, now=now + timedelta(minutes=30)) == {"S03": (full,)}
    assert closures_of(session, "S03", now=now + timedelta(minutes=31)) == ()
    assert not report_people(session, "S03", people=9, source="one", now=now, measured_at=now - HOUR)
    assert closures_of(session, "S03", now=now) == (full,)
    assert report_people(session, "S03", people=2999, source="one", now=now + HOUR)
    assert closures_of(session, "S03", now=now + HOUR) == ()
    # A hotel has no capacity in the catalogue: its number is kept and closes nothing.
    assert report_people(session, "H1", people=10_000, source="one", now=now)
    assert closures_of(session, "H1", now=now) == ()


def test_a_count_that_cannot_be_is_refused(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        report_people(session, "atlantis", people=1, source="one", now=now)
    for people in (-1, 10**8):
        with pytest.raises(Invalid) as refused:
            report_people(session, "S01", people=people, source="one", now=now)
        assert list(refused.value.fields) == ["people"]
    with pytest.raises(Invalid) as refused:
        report_people(session, "S01", people=1, source="one", now=now, measured_at=now + timedelta(seconds=61))
    assert list(refused.value.fields) == ["measured_at"]


@pytest.fixture
def asked(session: Session) -> Iterator[list[str]]:
    """The statements about closures that reach the database."""
    statements: list[str] = []
    connection = session.connection()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM closure" in statement:
            statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield statements
    event.remove(connection, "before_cursor_execute", note)


def test_a_process_asks_the_database_every_two_seconds_at_most(
    session: Session, now: datetime, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = clock.seconds_running()
    monkeypatch.setattr(clock, "seconds_running", lambda: running)
    with transaction() as other:
        for venue_id in ("S01", "S02", "S03"):
            assert closures_of(other, venue_id, now=now) == ()
    assert len(asked) == 1
    with transaction() as changing:
        close_venues(changing, wind(now), by="li.wei", now=now)
        assert len(closures_of(changing, "S01", now=now)) == 1
    with transaction() as other:
        assert len(closures_of(other, "S01", now=now)) == 1
        count = len(asked)
        assert len(closures_of(other, "S01", now=now)) == 1
        assert len(asked) == count
        running += REMEMBERED_SECONDS
        closures_of(other, "S01", now=now)
        assert len(asked) == count + 1


def test_what_was_rolled_back_is_remembered_by_nobody(session: Session, now: datetime) -> None:
    with pytest.raises(RuntimeError), transaction() as changing:
        close_venues(changing, wind(now), by="li.wei", now=now)
        assert closures_of(changing, "S01", now=now) != ()
        raise RuntimeError
    with transaction() as other:
        assert closures_of(other, "S01", now=now) == ()
