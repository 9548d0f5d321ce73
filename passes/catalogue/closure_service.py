"""Switching closures on and off, by staff or by a feed, and counting the people in a venue."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.catalogue.closure_models import ClosureRow, Occupancy
from passes.catalogue.closure_queries import ClosureFound, closure_found, forget
from passes.catalogue.closure_rules import KINDS, REFERENCE
from passes.catalogue.queries import get_current_terms
from passes.errors import N_, Conflict, Invalid, NotFound

MOST_AHEAD = timedelta(days=366)
CLOCKS_DIFFER = timedelta(minutes=1)
MOST_PEOPLE = 10_000_000


@dataclass(frozen=True, slots=True)
class ClosureRequest:
    """What is closed and where. starts_at None: now; ends_at None: until somebody ends it; reference: a feed's own."""

    kind: str
    venue_ids: Collection[str]
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    note: str | None = None
    reference: str | None = None


def close_venues(session: Session, request: ClosureRequest, *, by: str, now: datetime) -> list[ClosureFound]:
    """Switch something on at one or several venues at once; one row a venue.

    Invalid("closure_not_valid") names the field that is wrong.
    """
    starts_at = request.starts_at or now
    _refuse_faults(session, request, starts_at, now)
    made = [
        ClosureRow(
            venue_id=venue_id,
            kind=request.kind,
            starts_at=starts_at,
            ends_at=request.ends_at,
            note=request.note,
            reference=request.reference,
            made_by=by,
            made_at=now,
        )
        for venue_id in sorted(set(request.venue_ids))
    ]
    session.add_all(made)
    session.flush()
    forget(session)
    return [closure_found(row) for row in made]


def report_closure(session: Session, request: ClosureRequest, *, by: str, now: datetime) -> list[ClosureFound]:
    """The same for a feed that says it again and again: under its reference it is made once.

    A repeat may set another end or note, and does nothing more; one that has ended stays so. Another kind, start or
    other venues under the same reference are Conflict("reference_reused").
    """
    if request.reference is None:
        raise _wrong("reference", N_("Please fill this in."))
    # Two repeats at once: the second waits, and finds what the first has made.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"closure {by} {request.reference}", 0))))
    kept = _of_reference(session, by, request.reference)
    if not kept:
        return close_venues(session, request, by=by, now=now)
    first = kept[0]
    same_start = request.starts_at in (None, first.starts_at)
    if (first.kind, {row.venue_id for row in kept}) != (request.kind, set(request.venue_ids)) or not same_start:
        raise Conflict(
            "reference_reused",
            N_("This reference was used for something else. End that, and take another reference."),
        )
    lasting = [row for row in kept if row.ended_at is None and (row.ends_at is None or row.ends_at > now)]
    changed = [row for row in lasting if (row.ends_at, row.note) != (request.ends_at, request.note)]
    if changed:
        _refuse_faults(session, request, first.starts_at, now)
        for row in changed:
            row.ends_at, row.note = request.ends_at, request.note
        session.flush()
        forget(session)
    return [closure_found(row) for row in kept]


def end_closure(session: Session, closure_id: int, *, by: str, now: datetime) -> ClosureFound:
    """Switch one off now, whoever switched it on. Conflict where it is over already."""
    row = session.get(ClosureRow, closure_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("closure_not_found", N_("We know no closure with this number."))
    if not _end(row, by, now):
        raise Conflict("closure_over", N_("This has ended already."))
    session.flush()
    forget(session)
    return closure_found(row)


def end_reported(session: Session, reference: str, *, by: str, now: datetime) -> list[ClosureFound]:
    """Switch off what this feed switched on under its reference; twice changes nothing. NotFound where it never did."""
    kept = _of_reference(session, by, reference) if REFERENCE.fullmatch(reference) else ()
    if not kept:
        raise NotFound("closure_not_found", N_("You switched nothing on under this reference."))
    for row in kept:
        _end(row, by, now)
    session.flush()
    forget(session)
    return [closure_found(row) for row in kept]


def _end(row: ClosureRow, by: str, now: datetime) -> bool:
    """Whether it was not over yet."""
    if row.ended_at is not None or (row.ends_at is not None and row.ends_at <= now):
        return False
    row.ended_by, row.ended_at = by, now
    return True


def _of_reference(session: Session, by: str, reference: str) -> Sequence[ClosureRow]:
    return session.scalars(
        select(ClosureRow)
        .where(ClosureRow.made_by == by, ClosureRow.reference == reference)
        .order_by(ClosureRow.venue_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _refuse_faults(session: Session, request: ClosureRequest, starts_at: datetime, now: datetime) -> None:
    if request.kind not in KINDS:
        raise _wrong("kind", N_("Choose one of the list."))
    if not request.venue_ids:
        raise _wrong("venue_ids", N_("Choose at least one venue."))
    if not set(request.venue_ids) <= get_current_terms(session).venues.keys():
        raise _wrong("venue_ids", N_("One of these is no venue of ours."))
    if starts_at > now + MOST_AHEAD:
        raise _wrong("starts_at", N_("This is more than a year ahead."))
    if request.ends_at is None:
        return
    if request.ends_at <= starts_at:
        raise _wrong("ends_at", N_("The end must be after the start."))
    if request.ends_at <= now:
        raise _wrong("ends_at", N_("The end must not be over already."))


def _wrong(field: str, message: str) -> Invalid:
    return Invalid("closure_not_valid", message, fields={field: [message]})


def report_people(
    session: Session, venue_id: str, *, people: int, source: str, now: datetime, measured_at: datetime | None = None
) -> bool:
    """Keep how many people are in a venue; False where a later count is known already.

    NotFound for no venue of ours; Invalid("count_not_valid") for a count from the future, or out of all measure.
    """
    if venue_id not in get_current_terms(session).venues:
        raise NotFound("venue_not_found", N_("We know no venue “%(venue_id)s”."), venue_id=venue_id)
    measured_at = measured_at or now
    if not 0 <= people <= MOST_PEOPLE:
        fault = N_("This number is out of range.")
        raise Invalid("count_not_valid", fault, fields={"people": [fault]})
    if measured_at > now + CLOCKS_DIFFER:
        fault = N_("This moment is still to come. Look at the clock of what counts.")
        raise Invalid("count_not_valid", fault, fields={"measured_at": [fault]})
    new = insert(Occupancy).values(venue_id=venue_id, people=people, measured_at=measured_at, source=source)
    kept = session.scalar(
        new.on_conflict_do_update(
            index_elements=[Occupancy.venue_id],
            set_={name: new.excluded[name] for name in ("people", "measured_at", "source")},
            where=Occupancy.measured_at <= new.excluded.measured_at,
        ).returning(Occupancy.venue_id)
    )
    forget(session)
    return kept is not None
