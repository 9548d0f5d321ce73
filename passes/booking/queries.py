"""Reading reservations."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, and_, any_, bindparam, func, select, true
from sqlalchemy.orm import Session

from passes.booking.models import Reservation
from passes.clock import day_start
from passes.entitlement.facts import Booked
from passes.errors import N_, NotFound
from passes.lifecycle.models import Pass

_MOMENT = DateTime(timezone=True)
_STANDING = (
    Reservation.pass_id == any_(bindparam("pass_ids", type_=ARRAY(BigInteger))),
    Reservation.state == "booked",
    Reservation.starts_at < bindparam("booked_until", type_=_MOMENT),
    Reservation.ends_at > bindparam("booked_since", type_=_MOMENT),
)
_COLUMNS = (
    Reservation.pass_id,
    Reservation.id,
    Reservation.benefit_id,
    Reservation.venue_id,
    Reservation.starts_at,
    Reservation.ends_at,
)
# Of the passes :pass_ids, what is reserved and touches [:booked_since, :booked_until). Built once.
BOOKED = select(*_COLUMNS).where(*_STANDING).order_by(Reservation.starts_at, Reservation.id)
# The same as one JSON value, for a statement of a room above that asks for several things at once: read_booked.
BOOKED_JSON = select(func.jsonb_agg(func.jsonb_build_array(*_COLUMNS))).where(*_STANDING)


def booked_for(
    session: Session, pass_ids: Iterable[int], *, since: datetime, until: datetime
) -> dict[int, tuple[Booked, ...]]:
    """The standing reservations of these passes that touch [since, until), each pass's by their start.

    A pass that has none is left out.
    """
    wanted = {"pass_ids": list(pass_ids), "booked_since": since, "booked_until": until}
    found: dict[int, list[Booked]] = {}
    for row in session.connection().execute(BOOKED, wanted) if wanted["pass_ids"] else ():
        found.setdefault(row.pass_id, []).append(
            Booked(str(row.id), row.benefit_id, row.venue_id, row.starts_at, row.ends_at)
        )
    return {pass_id: tuple(booked) for pass_id, booked in found.items()}


@dataclass(frozen=True, slots=True)
class Kept:
    """A reservation and when it stood: from made_at until it was cancelled, if it was."""

    booked: Booked
    made_at: datetime
    cancelled_at: datetime | None

    def stood(self, moment: datetime) -> bool:
        return self.made_at <= moment and (self.cancelled_at is None or moment < self.cancelled_at)


def kept_for(session: Session, pass_ids: Iterable[int], *, since: datetime) -> dict[int, list[Kept]]:
    """The reservations of each of these passes that were not over at `since`, whatever became of them: for reports."""
    found: dict[int, list[Kept]] = {pass_id: [] for pass_id in pass_ids}
    if found:
        rows = select(*_COLUMNS, Reservation.made_at, Reservation.cancelled_at).where(
            Reservation.pass_id.in_(found), Reservation.ends_at > since
        )
        for row in session.execute(rows.order_by(Reservation.starts_at, Reservation.id)):
            booked = Booked(str(row.id), row.benefit_id, row.venue_id, row.starts_at, row.ends_at)
            found[row.pass_id].append(Kept(booked, row.made_at, row.cancelled_at))
    return found


def read_booked(value: list[tuple[int, int, str, str, str, str]] | None) -> dict[int, tuple[Booked, ...]]:
    """What BOOKED_JSON gave, as booked_for answers."""
    found: dict[int, list[Booked]] = {}
    for pass_id, id_, benefit_id, venue_id, starts_at, ends_at in value or ():
        starts, ends = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
        found.setdefault(pass_id, []).append(Booked(str(id_), benefit_id, venue_id, starts, ends))
    return {
        pass_id: tuple(sorted(booked, key=lambda one: (one.starts_at, int(one.id))))
        for pass_id, booked in found.items()
    }


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """A reservation with the printed number of its pass."""

    id: int
    pass_id: int
    pass_number: str
    terms_version: int
    benefit_id: str
    venue_id: str
    starts_at: datetime
    ends_at: datetime
    nights: int | None
    state: str
    party_reference: str | None
    made_at: datetime
    made_by: str
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReservationSearch:
    """Which reservations. None: any. pass_numbers: as printed; on: a local day they touch; before: ids below it."""

    pass_numbers: tuple[str, ...] | None = None
    venue_id: str | None = None
    benefit_id: str | None = None
    on: date | None = None
    state: str | None = None
    made_by: str | None = None
    before: int | None = None


_ROW = select(
    Reservation.id,
    Reservation.pass_id,
    Pass.number,
    Pass.terms_version,
    Reservation.benefit_id,
    Reservation.venue_id,
    Reservation.starts_at,
    Reservation.ends_at,
    Reservation.nights,
    Reservation.state,
    Reservation.party_reference,
    Reservation.made_at,
    Reservation.made_by,
    Reservation.cancelled_at,
).join(Pass, Pass.id == Reservation.pass_id)


def list_reservations(
    session: Session, search: ReservationSearch, *, limit: int, offset: int = 0, by_start: bool = False
) -> tuple[list[ReservationRow], int]:
    """A part of those searched for, the latest made first or the earliest to begin; and how many there are."""
    wanted = and_(true(), *_conditions(search))
    of_all = select(func.count()).select_from(Reservation).join(Pass, Pass.id == Reservation.pass_id)
    total = session.scalar(of_all.where(wanted)) or 0
    order = (Reservation.starts_at, Reservation.id) if by_start else (Reservation.id.desc(),)
    rows = session.execute(_ROW.where(wanted).order_by(*order).offset(offset).limit(limit))
    return [ReservationRow(*tuple(row)) for row in rows], total


def get_reservation(session: Session, reservation_id: int, *, made_by: str | None = None) -> ReservationRow:
    """One reservation; NotFound where there is none, or where another than made_by made it."""
    statement = _ROW.where(Reservation.id == reservation_id)
    if made_by is not None:
        statement = statement.where(Reservation.made_by == made_by)
    row = session.execute(statement).first()
    if row is None:
        raise NotFound("reservation_not_found", N_("We know no reservation with this number."))
    return ReservationRow(*tuple(row))


def _conditions(search: ReservationSearch) -> Iterator[ColumnElement[bool]]:
    if search.pass_numbers is not None:
        yield Pass.number.in_(search.pass_numbers)
    if search.venue_id is not None:
        yield Reservation.venue_id == search.venue_id
    if search.benefit_id is not None:
        yield Reservation.benefit_id == search.benefit_id
    if search.on is not None:
        yield Reservation.starts_at < day_start(search.on + timedelta(days=1))
        yield Reservation.ends_at > day_start(search.on)
    if search.state is not None:
        yield Reservation.state == search.state
    if search.made_by is not None:
        yield Reservation.made_by == search.made_by
    if search.before is not None:
        yield Reservation.id < search.before
