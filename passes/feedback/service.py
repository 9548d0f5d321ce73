"""Asking after a visit, and taking the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict, Invalid
from passes.events.contract import SurveyAnswered, SurveyInvited
from passes.events.outbox import emit, emit_all
from passes.feedback.models import SurveyInvitation
from passes.feedback.queries import get_invitation

# An invitation's id follows from what it asks about, so a visit delivered twice makes the same one.
NAMESPACE = UUID("0e3f7d0c-6f0a-5c6e-9a47-51a8d1b6c9e2")
SCORES = (1, 2, 3)


@dataclass(frozen=True)
class Visit:
    """An admitted scan at a spot."""

    pass_id: int
    scan_ref: str
    venue_id: str
    visited_on: date


def invite(session: Session, visits: Sequence[Visit], *, now: datetime) -> int:
    """One invitation for each pass, venue and day; returns how many are new. Emits SurveyInvited for those."""
    rows = {_invitation_id(visit): visit for visit in reversed(visits)}
    if not rows:
        return 0
    new = insert(SurveyInvitation).values(
        [
            {
                "id": invitation_id,
                "pass_id": visit.pass_id,
                "scan_ref": visit.scan_ref,
                "venue_id": visit.venue_id,
                "visited_on": visit.visited_on,
                "invited_at": now,
            }
            for invitation_id, visit in sorted(rows.items())
        ]
    )
    made = set(session.scalars(new.on_conflict_do_nothing().returning(SurveyInvitation.id)))
    invited = [
        SurveyInvited(
            pass_id=rows[invitation_id].pass_id,
            invitation_id=invitation_id,
            venue_id=rows[invitation_id].venue_id,
            visited_on=rows[invitation_id].visited_on,
        )
        for invitation_id in sorted(made)
    ]
    emit_all(session, invited, now=now)
    return len(made)


def answer_survey(
    session: Session, invitation_id: UUID, pass_id: int, score: int, *, now: datetime
) -> SurveyInvitation:
    """Take a holder's score. The same answer again changes nothing; another one is refused: the first stays."""
    if score not in SCORES:
        raise Invalid(
            "score_unknown",
            N_("Choose one of the three faces."),
            fields={"score": [N_("Choose one of the three faces.")]},
        )
    invitation = get_invitation(session, invitation_id, pass_id, lock=True)
    if invitation.score == score:
        return invitation
    if invitation.score is not None:
        raise Conflict("survey_answered", N_("You have answered this question already. Your first answer stays."))
    invitation.score, invitation.answered_at = score, now
    event = SurveyAnswered(
        pass_id=pass_id,
        invitation_id=invitation.id,
        venue_id=invitation.venue_id,
        visited_on=invitation.visited_on,
        score=score,
    )
    emit(session, event, now=now)
    return invitation


def _invitation_id(visit: Visit) -> UUID:
    return uuid5(NAMESPACE, f"{visit.pass_id}/{visit.venue_id}/{visit.visited_on}")
