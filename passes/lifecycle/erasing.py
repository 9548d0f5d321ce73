"""What is left of a holder whose data were erased: that there was one, and nothing that says who."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from passes.lifecycle.models import Member, Pass

# What stands where something personal stood: the columns are never empty, and no reader takes these for data.
BLANK = "–"
NO_BIRTHDAY = date(1900, 1, 1)
NO_DIGEST = bytes(32)


def erase_members(session: Session, pass_ids: Sequence[int], *, now: datetime) -> int:
    """Blank the holders of these passes; the passes stay. Returns how many were blanked now."""
    members = select(Pass.member_id).where(Pass.id.in_(pass_ids))
    blanked = session.scalars(
        update(Member)
        .where(Member.id.in_(members), Member.erased_at.is_(None))
        .values(
            name=BLANK,
            phone="",
            email=None,
            birth_on=NO_BIRTHDAY,
            document_hmac=NO_DIGEST,
            document_last4=BLANK,
            erased_at=now,
        )
        .returning(Member.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        update(Pass).where(Pass.id.in_(pass_ids)).values(id_tag=0).execution_options(synchronize_session=False)
    )
    session.expire_all()
    return len(blanked)


def list_forgotten(session: Session, ended_before: datetime, limit: int) -> Sequence[int]:
    """Passes that ended before this moment and whose holder is still known."""
    statement = (
        select(Pass.id)
        .join(Member, Member.id == Pass.member_id)
        .where(Pass.ended_at < ended_before, Member.erased_at.is_(None))
        .order_by(Pass.ended_at)
        .limit(limit)
    )
    return session.scalars(statement).all()
