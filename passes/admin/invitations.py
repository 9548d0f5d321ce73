"""An invitation or a new link: by letter where one can be sent, else shown once to whoever made it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import settings
from passes.access.accounts import LINK_LIFE, Invitation
from passes.errors import N_
from passes.mail.models import Letter
from passes.mail.service import write_letter
from passes.mail.words import in_language

LETTER_KIND = "staff_link"
SUBJECT = N_("Your account in the back office of Youyou Lanzhou")
BODY = N_(
    "Hello %(name)s,\n\n"
    "choose a password for your account with this link. It works once, and for %(hours)s hours:\n\n"
    "%(url)s\n\n"
    "Then sign in as %(login)s.\n\n"
    "If you did not expect this letter, leave the link alone and tell your admin.\n\n"
    "Youyou Lanzhou"
)


@dataclass(frozen=True, slots=True)
class GivenLink:
    """A link to choose a password, for the one page that shows it."""

    staff_id: int
    login: str
    address: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LinkLetter:
    """How the last letter with a link to an account stands: a state of words.LETTER_STATES."""

    recipient: str
    state: str
    written_at: datetime


def find_link_letter(session: Session, staff_id: int) -> LinkLetter | None:
    """The last one, without its words: they hold the link."""
    last = select(Letter).where(Letter.about == f"staff:{staff_id}").order_by(Letter.id.desc()).limit(1)
    letter = session.scalars(last).first()
    return LinkLetter(letter.recipient or "", letter.state, letter.created_at) if letter else None


def send_or_show(
    session: Session, made: Invitation, path: str, *, email: str | None, locale: str, now: datetime
) -> GivenLink | None:
    """None: a letter is on its way. A link that no mail server can carry is not kept in any letter."""
    address = f"{settings.current().public_url}{path}"
    if email is None or settings.current().smtp_url is None:
        return GivenLink(made.staff_id, made.login, address, made.expires_at)
    hours = LINK_LIFE.total_seconds() / 3600
    body = in_language(locale, BODY, name=made.name, login=made.login, url=address, hours=f"{hours:.0f}")
    write_letter(
        session,
        LETTER_KIND,
        email,
        locale,
        in_language(locale, SUBJECT),
        body,
        about=f"staff:{made.staff_id}",
        now=now,
    )
    return None
