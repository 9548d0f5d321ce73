"""The codes a wallet shows and prints."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from passes.credential.drawing import PAPER, Drawing, draw
from passes.credential.service import PassFacts, card_code, timed_code
from passes.lifecycle.models import Pass
from passes.wallet.queries import pass_status


@dataclass(frozen=True)
class ShownCode:
    """A drawn T code and when it runs out; or, with no drawing, the status that forbids one (rules.status_of)."""

    status: str
    drawing: Drawing | None
    expires_at: datetime | None


def show_code(session: Session, pass_: Pass, *, now: datetime) -> ShownCode:
    """A fresh code of the pass, good for a minute, where it may be shown."""
    status = pass_status(session, pass_, now)
    facts = _facts(pass_) if status == "ready" else None
    if facts is None:
        return ShownCode(status, None, None)
    code = timed_code(session, facts, now=now)
    return ShownCode(status, draw(code.text), code.expires_at)


def print_card(session: Session, pass_: Pass, *, now: datetime) -> Drawing | None:
    """The C code for paper; None where the pass may show none now."""
    facts = _facts(pass_) if pass_status(session, pass_, now) == "ready" else None
    return None if facts is None else draw(card_code(session, facts, now=now), PAPER)


def _facts(pass_: Pass) -> PassFacts | None:
    if pass_.valid_from is None or pass_.valid_until is None:
        return None
    return PassFacts(
        serial=pass_.id,
        generation=pass_.generation,
        product_number=pass_.product_number,
        valid_from=pass_.valid_from,
        valid_until=pass_.valid_until,
        holder_class=pass_.holder_class,
        id_tag=pass_.id_tag,
    )
