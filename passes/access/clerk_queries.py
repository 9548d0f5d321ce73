"""Reading clerks and their shifts."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from passes import settings
from passes.access.models import Clerk, Shift
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


@dataclass(frozen=True, slots=True)
class OpenShift:
    """Who stands at a device now."""

    id: int
    clerk_id: int
    clerk_name: str
    started_at: datetime


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


def list_clerks(session: Session, venue_id: str | None, *, limit: int, offset: int) -> tuple[list[ClerkRow], int]:
    """A part of the clerks of a venue or of all, those who may begin a shift first; and how many there are."""
    chosen = true() if venue_id is None else Clerk.venue_id == venue_id
    total = session.scalar(select(func.count()).select_from(Clerk).where(chosen)) or 0
    last_shift = select(func.max(Shift.started_at)).where(Shift.clerk_id == Clerk.id).scalar_subquery()
    rows = session.execute(
        select(Clerk.id, Clerk.venue_id, Clerk.name, Clerk.created_at, Clerk.disabled_at, last_shift)
        .where(chosen)
        .order_by(Clerk.disabled_at.is_not(None), Clerk.venue_id, Clerk.name, Clerk.id)
        .offset(offset)
        .limit(limit)
    )
    return [ClerkRow(*row) for row in rows], total


def get_clerk(session: Session, clerk_id: int, *, lock: bool = False) -> Clerk:
    """The clerk, or NotFound."""
    clerk = session.get(Clerk, clerk_id, with_for_update={"key_share": True} if lock else None, populate_existing=lock)
    if clerk is None:
        raise NotFound("clerk_not_found", N_("We know no clerk with this number."))
    return clerk


def find_clerk_by_pin(session: Session, venue_id: str, pin: str) -> Clerk | None:
    """Whose PIN it is at this venue; None also where the clerk may no longer begin a shift."""
    return session.scalars(
        select(Clerk).where(
            Clerk.venue_id == venue_id, Clerk.pin_hash == pin_hash(venue_id, pin), Clerk.disabled_at.is_(None)
        )
    ).first()


def pin_hash(venue_id: str, pin: str) -> bytes:
    """Keyed: a million PINs are tried in a second by whoever has the table, and this key is not in it."""
    return hmac.digest(settings.current().derive("clerk-pin"), f"{venue_id}\x1f{pin}".encode(), hashlib.sha256)
