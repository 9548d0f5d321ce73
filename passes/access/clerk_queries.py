"""Reading clerks and their shifts."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from passes import settings
from passes.access.models import Clerk, Device, Enrolment, Lane, Shift
from passes.access.rules import SHIFT_LIFE
from passes.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class ClerkRow:
    """A line of the clerks page. last_shift_at: when this clerk last began one."""

    id: int
    venue_id: str
    name: str
    created_at: datetime
    disabled_at: datetime | None
    last_shift_at: datetime | None

    @property
    def state(self) -> str:
        """active or disabled."""
        return "active" if self.disabled_at is None else "disabled"


@dataclass(frozen=True, slots=True)
class ClerkSearch:
    """Which clerks: a part of the name; a venue; "active" or "disabled". None: any."""

    text: str | None = None
    venue_id: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift as the clerk's page shows it; ended_at None: it is open. It ends with its device, too."""

    started_at: datetime
    ended_at: datetime | None
    lane_name: str
    device_name: str


@dataclass(frozen=True, slots=True)
class OpenShift:
    """Who stands at a device now."""

    id: int
    clerk_id: int
    clerk_name: str
    started_at: datetime


_ROWS = select(
    Clerk.id,
    Clerk.venue_id,
    Clerk.name,
    Clerk.created_at,
    Clerk.disabled_at,
    select(func.max(Shift.started_at)).where(Shift.clerk_id == Clerk.id).correlate(Clerk).scalar_subquery(),
)


def find_shift(session: Session, enrolment_id: UUID, *, now: datetime) -> OpenShift | None:
    """The open shift of a device; one whose longest time is over has ended by itself."""
    row = session.execute(
        select(Shift.id, Clerk.id, Clerk.name, Shift.started_at)
        .join(Clerk, Clerk.id == Shift.clerk_id)
        .where(Shift.enrolment_id == enrolment_id, Shift.ended_at.is_(None), Shift.started_at > now - SHIFT_LIFE)
    ).first()
    return OpenShift(*row) if row else None


def has_clerks(session: Session, venue_id: str) -> bool:
    """Whether anybody could begin a shift at this venue."""
    enabled = select(Clerk.id).where(Clerk.venue_id == venue_id, Clerk.disabled_at.is_(None))
    return session.scalar(select(enabled.exists())) or False


def list_clerks(
    session: Session, search: ClerkSearch | None = None, *, limit: int, offset: int
) -> tuple[list[ClerkRow], int]:
    """A part of the clerks searched for, by venue and name; and how many there are."""
    wanted = and_(true(), *_conditions(search or ClerkSearch()))
    total = session.scalar(select(func.count()).select_from(Clerk).where(wanted)) or 0
    rows = session.execute(
        _ROWS.where(wanted).order_by(Clerk.venue_id, Clerk.name, Clerk.id).offset(offset).limit(limit)
    )
    return [ClerkRow(*row) for row in rows], total


def get_clerk_row(session: Session, clerk_id: int) -> ClerkRow:
    """One line of the clerks page, or NotFound."""
    row = session.execute(_ROWS.where(Clerk.id == clerk_id)).first()
    if row is None:
        raise _not_found()
    return ClerkRow(*row)


def list_shifts(session: Session, clerk_id: int, *, now: datetime, limit: int = 20) -> list[ShiftRow]:
    """The latest shifts of a clerk, newest first."""
    rows = session.execute(
        select(Shift.started_at, Shift.ended_at, Enrolment.revoked_at, Lane.name, Device.name)
        .join(Enrolment, Enrolment.id == Shift.enrolment_id)
        .join(Lane, Lane.id == Enrolment.lane_id)
        .join(Device, Device.id == Enrolment.device_id)
        .where(Shift.clerk_id == clerk_id)
        .order_by(Shift.started_at.desc(), Shift.id.desc())
        .limit(limit)
    )
    return [
        ShiftRow(started_at, _end_of(started_at, (ended_at, revoked_at), now), lane_name, device_name)
        for started_at, ended_at, revoked_at, lane_name, device_name in rows
    ]


def _end_of(started_at: datetime, noted: Iterable[datetime | None], now: datetime) -> datetime | None:
    """The first of what was noted and the end of its longest time, which nobody notes; None: it goes on."""
    ends = (*noted, started_at + SHIFT_LIFE)
    return min((moment for moment in ends if moment is not None and moment <= now), default=None)


def _conditions(search: ClerkSearch) -> Iterator[ColumnElement[bool]]:
    if search.text is not None:
        yield Clerk.name.icontains(search.text, autoescape=True)
    if search.venue_id is not None:
        yield Clerk.venue_id == search.venue_id
    if search.state is not None:
        yield Clerk.disabled_at.is_(None) if search.state == "active" else Clerk.disabled_at.is_not(None)


def get_clerk(session: Session, clerk_id: int, *, lock: bool = False) -> Clerk:
    """The clerk, or NotFound."""
    clerk = session.get(Clerk, clerk_id, with_for_update={"key_share": True} if lock else None, populate_existing=lock)
    if clerk is None:
        raise _not_found()
    return clerk


def _not_found() -> NotFound:
    return NotFound("clerk_not_found", N_("We know no clerk with this number."))


def find_clerk_by_pin(session: Session, venue_id: str, pin: str, *, lock: bool = False) -> Clerk | None:
    """Whose PIN it is at this venue; None also where the clerk may no longer begin a shift.

    lock: nobody disables the clerk, or draws another PIN, before this transaction ends.
    """
    whose = select(Clerk).where(
        Clerk.venue_id == venue_id, Clerk.pin_hash == pin_hash(venue_id, pin), Clerk.disabled_at.is_(None)
    )
    return session.scalars(whose.with_for_update(read=True) if lock else whose).first()


def pin_hash(venue_id: str, pin: str) -> bytes:
    """Keyed: a million PINs are tried in a second by whoever has the table, and this key is not in it."""
    return hmac.digest(settings.current().derive("clerk-pin"), f"{venue_id}\x1f{pin}".encode(), hashlib.sha256)
