"""Reading closures and counts of people. What a gate asks is remembered for two seconds in each process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, func, or_, select, true
from sqlalchemy.orm import Session

from passes import clock
from passes.catalogue.closure_models import ClosureRow, Moment, Occupancy
from passes.catalogue.closure_rules import VENUE_FULL, Counted, level_of, thresholds_of
from passes.catalogue.queries import get_current_terms
from passes.entitlement.facts import Closure
from passes.errors import N_, NotFound

REMEMBERED_SECONDS = 2.0
CHANGES_CLOSURES = "catalogue.changes_closures"


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a database was seen to hold: by venue, what is on or comes, and the count."""

    closures: dict[str, tuple[Closure, ...]]
    counts: dict[str, Counted]


_lock = Lock()
_remembered: WeakKeyDictionary[Engine | Connection, tuple[float, _Standing]] = WeakKeyDictionary()
# Built once: at a busy gate this is asked every other second.
_OPEN = (
    select(ClosureRow.venue_id, ClosureRow.kind, ClosureRow.starts_at, ClosureRow.ends_at)
    .where(
        ClosureRow.ended_at.is_(None),
        or_(ClosureRow.ends_at.is_(None), ClosureRow.ends_at > bindparam("now", type_=Moment)),
    )
    .order_by(ClosureRow.starts_at, ClosureRow.id)
)
_COUNTS = select(Occupancy.venue_id, Occupancy.people, Occupancy.measured_at, Occupancy.source).order_by(
    Occupancy.venue_id
)


def closures_of(session: Session, venue_id: str, *, now: datetime) -> tuple[Closure, ...]:
    """All that closes something at the venue now or later, by its start; at most two seconds old.

    A venue whose last count reaches the stop of its pass rules is full from that count on.
    """
    standing = _standing(session, now)
    found = standing.closures.get(venue_id, ())
    counted = standing.counts.get(venue_id)
    if not found and counted is None:
        return ()
    full = _full(session, counted, now)
    return (*full, *(one for one in found if one.until is None or one.until > now))


def closures_since(session: Session, venue_id: str, first: datetime) -> tuple[Closure, ...]:
    """All that closed something at the venue at `first` or later, until it really ended: what a late report asks."""
    until = func.least(ClosureRow.ends_at, ClosureRow.ended_at)
    rows = session.execute(
        select(ClosureRow.kind, ClosureRow.starts_at, until)
        .where(ClosureRow.venue_id == venue_id, or_(until.is_(None), until > first))
        .order_by(ClosureRow.starts_at, ClosureRow.id)
    )
    return tuple(Closure(*row) for row in rows)


def closures_on(session: Session, *, now: datetime) -> dict[str, tuple[Closure, ...]]:
    """What closes something now, by venue; a venue where nothing does is left out."""
    standing = _standing(session, now)
    found = {}
    for venue_id in standing.closures.keys() | standing.counts.keys():
        holding = tuple(one for one in closures_of(session, venue_id, now=now) if one.holds(now))
        if holding:
            found[venue_id] = holding
    return found


def _full(session: Session, counted: Counted | None, now: datetime) -> tuple[Closure, ...]:
    if counted is None:
        return ()
    terms = get_current_terms(session)
    venue = terms.venues.get(counted.venue_id)
    capacity = venue.capacity_instant_people if venue else None
    if level_of(counted, capacity, thresholds_of(terms), now) != "stop":
        return ()
    return (Closure(VENUE_FULL, counted.measured_at, None),)


def forget(session: Session) -> None:
    """Ask this database again what is closed.

    What this very session sees from now on is not kept: it may have changed what is rolled back yet.
    """
    session.info[CHANGES_CLOSURES] = True
    with _lock:
        _remembered.pop(session.get_bind(), None)


def _standing(session: Session, now: datetime) -> _Standing:
    bind = session.get_bind()
    kept = None if CHANGES_CLOSURES in session.info else _remembered.get(bind)
    running = clock.seconds_running()
    if kept is not None and running < kept[0]:
        return kept[1]
    closures: dict[str, list[Closure]] = {}
    for row in session.execute(_OPEN, {"now": now}):
        closures.setdefault(row.venue_id, []).append(Closure(row.kind, row.starts_at, row.ends_at))
    counts = {counted.venue_id: counted for counted in list_counts(session)}
    found = _Standing({venue_id: tuple(several) for venue_id, several in closures.items()}, counts)
    if CHANGES_CLOSURES not in session.info:
        with _lock:
            _remembered[bind] = (running + REMEMBERED_SECONDS, found)
    return found


@dataclass(frozen=True, slots=True)
class ClosureFound:
    """A closure as it is listed."""

    id: int
    venue_id: str
    kind: str
    starts_at: datetime
    ends_at: datetime | None
    note: str | None
    reference: str | None
    made_by: str
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None

    def state(self, now: datetime) -> str:
        """on, coming or over."""
        if self.ended_at is not None or (self.ends_at is not None and self.ends_at <= now):
            return "over"
        return "on" if self.starts_at <= now else "coming"


@dataclass(frozen=True, slots=True)
class ClosureSearch:
    """Which closures. None: any. state: on, coming or over."""

    state: str | None = None
    venue_id: str | None = None
    kind: str | None = None
    made_by: str | None = None
    reference: str | None = None


def list_closures(
    session: Session, search: ClosureSearch, *, now: datetime, limit: int, offset: int = 0
) -> tuple[list[ClosureFound], int]:
    """A part of those searched for, the latest to begin first; and how many there are."""
    wanted = and_(true(), *_conditions(search, now))
    total = session.scalar(select(func.count()).select_from(ClosureRow).where(wanted)) or 0
    rows = session.scalars(
        select(ClosureRow)
        .where(wanted)
        .order_by(ClosureRow.starts_at.desc(), ClosureRow.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [closure_found(row) for row in rows], total


def get_closure(session: Session, closure_id: int) -> ClosureFound:
    """One closure, or NotFound."""
    row = session.get(ClosureRow, closure_id)
    if row is None:
        raise NotFound("closure_not_found", N_("We know no closure with this number."))
    return closure_found(row)


def list_counts(session: Session) -> Sequence[Counted]:
    """The last count of every venue that was ever counted."""
    return [Counted(row.venue_id, row.people, row.measured_at, row.source) for row in session.execute(_COUNTS)]


def closure_found(row: ClosureRow) -> ClosureFound:
    return ClosureFound(
        row.id,
        row.venue_id,
        row.kind,
        row.starts_at,
        row.ends_at,
        row.note,
        row.reference,
        row.made_by,
        row.made_at,
        row.ended_by,
        row.ended_at,
    )


def _conditions(search: ClosureSearch, now: datetime) -> Iterator[ColumnElement[bool]]:
    over = or_(ClosureRow.ended_at.is_not(None), func.coalesce(ClosureRow.ends_at <= now, False))
    if search.state == "over":
        yield over
    elif search.state is not None:
        yield ~over
        yield ClosureRow.starts_at <= now if search.state == "on" else ClosureRow.starts_at > now
    if search.venue_id is not None:
        yield ClosureRow.venue_id == search.venue_id
    if search.kind is not None:
        yield ClosureRow.kind == search.kind
    if search.made_by is not None:
        yield ClosureRow.made_by == search.made_by
    if search.reference is not None:
        yield ClosureRow.reference == search.reference
