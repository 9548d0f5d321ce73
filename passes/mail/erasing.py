"""What is left of a letter whose reader's data were erased: its kind, what it was about, and when it went."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.orm import Session

from passes.mail.models import Letter

BLANK = "–"


def erase_letters_about(session: Session, subjects: Sequence[str], *, now: datetime) -> int:
    """Letters about these (order:<id>, pass:<id>): one that waits is sent no more. Returns how many."""
    return _erase(session, Letter.about.in_(subjects), now)


def erase_old_letters(session: Session, created_before: datetime, limit: int, *, now: datetime) -> int:
    """Those written before this moment; returns how many."""
    old = select(Letter.id).where(Letter.created_at < created_before, Letter.erased_at.is_(None)).limit(limit)
    return _erase(session, Letter.id.in_(old) & (Letter.state != "waiting"), now)


def _erase(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    statement = (
        update(Letter)
        .where(which, Letter.erased_at.is_(None))
        .values(
            state=case((Letter.state == "waiting", "kept"), else_=Letter.state),
            recipient=case((Letter.state == "sent", BLANK), else_=None),
            body=BLANK,
            # A stranger's server likes to repeat the address.
            last_error=None,
            erased_at=now,
        )
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(statement).all())
