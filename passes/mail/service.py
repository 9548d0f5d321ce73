"""Letters are written in the transaction that has something to say, and sent by a chore."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from passes.mail.models import Letter

MOST_ATTEMPTS = 8
_CLAIM = timedelta(minutes=5)


def write_letter(
    session: Session,
    kind: str,
    recipient: str | None,
    locale: str,
    subject: str,
    body: str,
    *,
    about: str | None = None,
    now: datetime,
) -> Letter:
    """Keep a letter for the chore; without a recipient, for the back office. about: "order:7" or "pass:12"."""
    letter = Letter(
        kind=kind,
        about=about,
        recipient=recipient,
        locale=locale,
        subject=subject,
        body=body,
        state="waiting" if recipient else "kept",
        next_attempt_at=now,
        created_at=now,
    )
    session.add(letter)
    session.flush()
    return letter


def keep_waiting(session: Session) -> int:
    """No mail server is set: what waits is kept for the back office, and is not sent years later. Returns how many."""
    kept = session.scalars(update(Letter).where(Letter.state == "waiting").values(state="kept").returning(Letter.id))
    return len(kept.all())


def claim_due(session: Session, *, now: datetime, limit: int) -> Sequence[Letter]:
    """Letters that are due, each ours for five minutes: a crash sends one again rather than never."""
    statement = (
        select(Letter)
        .where(Letter.state == "waiting", Letter.next_attempt_at <= now)
        .order_by(Letter.next_attempt_at, Letter.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    letters = session.scalars(statement.execution_options(populate_existing=True)).all()
    for letter in letters:
        letter.attempts += 1
        letter.next_attempt_at = now + _CLAIM
    session.flush()
    return letters


def record_sent(session: Session, letter_id: int, *, now: datetime) -> None:
    letter = session.get_one(Letter, letter_id)
    letter.state, letter.sent_at, letter.last_error = "sent", now, None


def record_failure(session: Session, letter_id: int, error: str, *, final: bool, now: datetime) -> None:
    """Try again after 1, 2, 4 … minutes; give up after eight tries, or at once where it can never succeed."""
    letter = session.get_one(Letter, letter_id)
    letter.last_error = error[:500]
    if final or letter.attempts >= MOST_ATTEMPTS:
        letter.state = "failed"
    else:
        letter.next_attempt_at = now + timedelta(minutes=2 ** (letter.attempts - 1))
