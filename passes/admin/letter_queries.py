"""Letters as the back office looks for them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from passes.errors import N_, NotFound
from passes.lifecycle.models import Pass
from passes.mail.models import Letter
from passes.sale.models import Order

# A link to an account is nobody's business but its owner's: such letters are not among those of the service desk.
_OF_VISITORS = or_(Letter.about.is_(None), ~Letter.about.startswith("staff:"))


def list_letters(
    session: Session, q: str, state: str | None, kind: str | None, *, limit: int, offset: int
) -> tuple[Sequence[Letter], int]:
    """Newest first: by recipient or subject, of one state or all, of one kind or all; and how many there are."""
    chosen: list[ColumnElement[bool]] = [_OF_VISITORS]
    if state is not None:
        chosen.append(Letter.state == state)
    if kind is not None:
        chosen.append(Letter.kind == kind)
    if q:
        wanted = q.lower()
        chosen.append(
            or_(
                func.lower(Letter.recipient).contains(wanted, autoescape=True),
                func.lower(Letter.subject).contains(wanted, autoescape=True),
            )
        )
    total = session.scalar(select(func.count()).select_from(Letter).where(*chosen)) or 0
    letters = select(Letter).where(*chosen).order_by(Letter.id.desc()).offset(offset).limit(limit)
    return session.scalars(letters).all(), total


def list_kinds(session: Session) -> Sequence[str]:
    """Every kind of letter there is."""
    return session.scalars(select(Letter.kind).where(_OF_VISITORS).distinct().order_by(Letter.kind)).all()


def get_letter(session: Session, letter_id: int) -> Letter:
    letter = session.scalars(select(Letter).where(Letter.id == letter_id, _OF_VISITORS)).first()
    if letter is None:
        raise NotFound("letter_not_found", N_("We know no letter with this number."))
    return letter


def find_subject(session: Session, letter: Letter) -> tuple[str, int, str] | None:
    """("pass" or "order", its id, its number) of what the letter is about."""
    room, _, number = (letter.about or "").partition(":")
    if room not in ("pass", "order") or not number.isdigit():
        return None
    model = Pass if room == "pass" else Order
    printed = session.scalar(select(model.number).where(model.id == int(number)))
    return (room, int(number), printed) if printed else None
