"""Letters are written in the transaction that has something to say, and sent by a chore."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, text, update
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict, Invalid, NotFound
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
    also_about: Sequence[str] = (),
    channel: str = "mail",
    good_until: datetime | None = None,
    now: datetime,
) -> Letter:
    """Keep a letter for the chore; without a recipient, for the back office. about: "order:7", "pass:12" or "staff:3".

    also_about: the others, where one letter is about several. channel: mail, or sms with a telephone number as its
    recipient. good_until: of no use later, so not sent then.
    """
    letter = Letter(
        kind=kind,
        about=about,
        also_about=list(also_about),
        channel=channel,
        recipient=recipient,
        locale=locale,
        subject=subject,
        body=body,
        state="waiting" if recipient else "kept",
        next_attempt_at=now,
        created_at=now,
        good_until=good_until,
    )
    session.add(letter)
    session.flush()
    return letter


def is_about(subjects: Sequence[str]) -> ColumnElement[bool]:
    """Of a letter in a statement: that it is about any of these, among others or alone."""
    # With the condition of its index said, which the overlap alone does not imply.
    among_others = and_(text("letter.also_about <> '{}'"), Letter.also_about.overlap(list(subjects)))
    return or_(Letter.about.in_(subjects), among_others)


def keep_waiting(session: Session, channels: Collection[str]) -> int:
    """Nothing is set that could send these: they are kept for the back office, not sent years later. How many."""
    waiting = update(Letter).where(Letter.state == "waiting", Letter.channel.in_(channels))
    return len(session.scalars(waiting.values(state="kept").returning(Letter.id)).all())


def give_up_late(session: Session, *, now: datetime) -> int:
    """What is of no use any more is not sent: a code that has run out would only confuse. Returns how many."""
    late = update(Letter).where(Letter.state == "waiting", Letter.good_until <= now)
    given_up = late.values(state="failed", last_error="too late to be of use").returning(Letter.id)
    return len(session.scalars(given_up).all())


def claim_due(session: Session, *, now: datetime, limit: int) -> Sequence[Letter]:
    """Letters that are due, each ours for five minutes: a crash sends one again rather than never.

    What is of no use later goes first: a code does not wait behind a mail server that hangs.
    """
    statement = (
        select(Letter)
        .where(Letter.state == "waiting", Letter.next_attempt_at <= now)
        .order_by(Letter.good_until.nulls_last(), Letter.next_attempt_at, Letter.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    letters = session.scalars(statement.execution_options(populate_existing=True)).all()
    for letter in letters:
        letter.attempts += 1
        letter.next_attempt_at = now + _CLAIM
    session.flush()
    return letters


def send_again(session: Session, letter_id: int, *, recipient: str | None, now: datetime) -> Letter:
    """Let the chore send a letter once more. recipient: a corrected address, None = the one it has.

    What was never sent waits again itself; of what was sent a copy is made, so that the first stays as it was.
    """
    letter = session.get(Letter, letter_id, with_for_update=True, populate_existing=True)
    if letter is None:
        raise NotFound("letter_not_found", N_("We know no letter with this number."))
    if letter.erased_at is not None:
        raise Conflict("letter_erased", N_("What this letter said was erased, so it cannot be sent again."))
    address = recipient or letter.recipient
    if address is None:
        raise Invalid(
            "letter_needs_an_address",
            N_("This letter has no address. Say where it shall go."),
            fields={"recipient": [N_("This letter has no address. Say where it shall go.")]},
        )
    if letter.state == "waiting":
        raise Conflict("letter_waiting", N_("This letter is waiting to be sent already."))
    if letter.good_until is not None and letter.good_until <= now:
        raise Conflict("letter_too_late", N_("What this letter says has run out. The visitor must ask for a new one."))
    if letter.state == "sent":
        return _copy(session, letter, address, now=now)
    letter.state, letter.recipient, letter.attempts = "waiting", address, 0
    letter.next_attempt_at, letter.last_error = now, None
    session.flush()
    return letter


def _copy(session: Session, letter: Letter, recipient: str, *, now: datetime) -> Letter:
    return write_letter(
        session,
        letter.kind,
        recipient,
        letter.locale,
        letter.subject,
        letter.body,
        about=letter.about,
        also_about=letter.also_about,
        channel=letter.channel,
        good_until=letter.good_until,
        now=now,
    )


def record_sent(session: Session, letter_id: int, *, now: datetime) -> None:
    """It left the house. Of one erased meanwhile, nothing is written down any more."""
    letter = _claimed(session, letter_id)
    if letter.erased_at is None:
        letter.state, letter.sent_at, letter.last_error = "sent", now, None


def record_failure(session: Session, letter_id: int, error: str, *, final: bool, now: datetime) -> None:
    """Try again after 1, 2, 4 … minutes; give up after eight tries, or at once where it can never succeed."""
    letter = _claimed(session, letter_id)
    if letter.erased_at is not None:
        return
    # The words of a stranger's server: what no text column takes must not keep the letter waiting for ever.
    letter.last_error = error[:500].replace("\x00", "")
    if final or letter.attempts >= MOST_ATTEMPTS:
        letter.state = "failed"
    else:
        letter.next_attempt_at = now + timedelta(minutes=2 ** (letter.attempts - 1))


def _claimed(session: Session, letter_id: int) -> Letter:
    """Locked and read anew: its reader's data may be erased at this moment."""
    return session.get_one(Letter, letter_id, with_for_update=True, populate_existing=True)
