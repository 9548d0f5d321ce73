"""What is left of a letter whose reader's data were erased: its kind, what it was about, and when it went."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.orm import Session

from passes.mail.models import Letter
from passes.mail.service import is_about
from passes.mail.words import without_lines

BLANK = "–"


def erase_letters_about(session: Session, subjects: Sequence[str], *, now: datetime) -> int:
    """Letters about these (order:<id>, pass:<id>): one that waits is sent no more. Returns how many.

    One that is about others as well stays for them, and no longer says that it was about these.
    """
    shared = select(Letter).where(is_about(subjects), Letter.also_about != [], Letter.erased_at.is_(None))
    for letter in session.scalars(shared.with_for_update()).all():
        left = [subject for subject in (letter.about or "", *letter.also_about) if subject not in subjects]
        if left:
            letter.about, letter.also_about = left[0], left[1:]
    session.flush()
    return _erase(session, is_about(subjects), now)


def cut_lines(session: Session, subject: str, words: Sequence[str]) -> int:
    """Take the lines that hold any of these words, with those indented below, out of the letters about this one.

    For a letter about several people of whom one is forgotten; one that waits goes without these lines. Returns how
    many letters.
    """
    about = select(Letter).where(is_about([subject]), Letter.erased_at.is_(None))
    cut = 0
    for letter in session.scalars(about.with_for_update()).all():
        left = without_lines(letter.body, words)
        if left != "\n".join(letter.body.splitlines()):
            letter.body = left
            cut += 1
    session.flush()
    return cut


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
