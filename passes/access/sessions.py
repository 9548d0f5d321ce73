"""Use cases of signed-in browsers: each is a row, so that its owner can see it and end it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select, true, update
from sqlalchemy.orm import Session

from passes.access.models import StaffAccount, StaffSession
from passes.access.queries import staff_of
from passes.access.rules import SESSION_IDLE, SESSION_LIFE, Staff, session_is_alive

SEEN_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser signed in now."""

    id: UUID
    started_at: datetime
    seen_at: datetime
    browser: str
    address: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is, and when it was last used."""

    session_id: UUID
    staff: Staff
    seen_at: datetime


def start_session(
    session: Session, staff_id: int, session_epoch: int, *, browser: str, address: str, now: datetime
) -> UUID:
    """A new signed-in browser; what the account did a month ago is forgotten."""
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.seen_at < now - _KEPT))
    made = StaffSession(
        id=uuid4(),
        staff_id=staff_id,
        session_epoch=session_epoch,
        started_at=now,
        seen_at=now,
        browser=browser[:300],
        address=address,
    )
    session.add(made)
    session.flush()
    return made.id


def find_session(session: Session, session_id: UUID, *, now: datetime) -> SignedIn | None:
    """Who uses this session; None when it was ended, has slept too long, or its account was shut or changed."""
    found = session.execute(
        select(StaffSession, StaffAccount)
        .join(StaffAccount, StaffAccount.id == StaffSession.staff_id)
        .where(
            StaffSession.id == session_id,
            StaffSession.ended_at.is_(None),
            StaffSession.session_epoch == StaffAccount.session_epoch,
            StaffAccount.disabled_at.is_(None),
        )
    ).first()
    if found is None:
        return None
    kept, account = found
    # The clock of another process may be a second behind the one that wrote the row.
    behind = now + timedelta(seconds=2)
    if not session_is_alive(started_at=kept.started_at, seen_at=kept.seen_at, now=behind):
        return None
    return SignedIn(kept.id, staff_of(account), kept.seen_at)


def note_session_seen(session: Session, session_id: UUID, *, now: datetime) -> None:
    """Somebody is there. Written at most once a minute: the idle hour needs no finer grain."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.seen_at <= now - SEEN_EVERY)
        .values(seen_at=now)
    )


def list_sessions(session: Session, staff_id: int, *, now: datetime) -> Sequence[SessionRow]:
    """The browsers signed in now, the last used first."""
    rows = session.scalars(
        select(StaffSession)
        .join(StaffAccount, StaffAccount.id == StaffSession.staff_id)
        .where(
            StaffSession.staff_id == staff_id,
            StaffSession.ended_at.is_(None),
            StaffSession.session_epoch == StaffAccount.session_epoch,
            StaffSession.seen_at > now - SESSION_IDLE,
            StaffSession.started_at > now - SESSION_LIFE,
        )
        .order_by(StaffSession.seen_at.desc(), StaffSession.id)
    )
    return [SessionRow(row.id, row.started_at, row.seen_at, row.browser, row.address) for row in rows]


def end_session(session: Session, staff_id: int, session_id: UUID, *, now: datetime) -> bool:
    """Sign one browser of this account out; whether it was signed in."""
    ended = session.scalar(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(StaffSession.id)
    )
    return ended is not None


def end_sessions(session: Session, staff_id: int, *, besides: UUID | None = None, now: datetime) -> int:
    """Sign every browser of this account out, but for one; how many there were."""
    others = true() if besides is None else StaffSession.id != besides
    ended = session.scalars(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None), others)
        .values(ended_at=now)
        .returning(StaffSession.id)
    )
    return len(ended.all())
