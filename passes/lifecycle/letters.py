"""What a holder is written about a pass."""

from datetime import datetime

from sqlalchemy.orm import Session

from passes.errors import N_
from passes.lifecycle.queries import get_member, get_pass, wallet_path
from passes.mail.models import Letter
from passes.mail.service import write_letter
from passes.mail.words import in_language

LINK_SUBJECT = N_("The new link to your pass %(number)s")
LINK_BODY = N_(
    "Hello,\n\n"
    "as you asked, here is a new link to your pass %(number)s:\n\n"
    "%(url)s\n\n"
    "The link you had before no longer opens. Whoever has this link can use the pass: please keep it to yourself.\n\n"
    "You did not ask for it? Then tell the service desk at once.\n\n"
    "Youyou Lanzhou"
)


def write_link(session: Session, pass_id: int, *, locale: str, public_url: str, now: datetime) -> Letter:
    """The letter with the pass's open link; to the desk where the holder gave no address."""
    pass_ = get_pass(session, pass_id)
    member = get_member(session, pass_.member_id)
    facts = {"number": pass_.number, "url": public_url + wallet_path(session, pass_id)}
    subject, body = (in_language(locale, text, **facts) for text in (LINK_SUBJECT, LINK_BODY))
    return write_letter(session, "pass_link", member.email, locale, subject, body, about=f"pass:{pass_id}", now=now)
