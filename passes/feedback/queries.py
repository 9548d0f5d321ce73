"""Which visits a holder may still be asked about."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.errors import N_, NotFound
from passes.feedback.models import SurveyInvitation

SHOWN = 3


def list_open_invitations(session: Session, pass_id: int) -> Sequence[SurveyInvitation]:
    """The latest unanswered ones, newest first; few, because a wallet that nags is closed."""
    open_ones = (
        select(SurveyInvitation)
        .where(
            SurveyInvitation.pass_id == pass_id,
            SurveyInvitation.answered_at.is_(None),
            ~SurveyInvitation.scan_refs.contained_by(SurveyInvitation.voided_refs),
        )
        .order_by(SurveyInvitation.invited_at.desc(), SurveyInvitation.id)
        .limit(SHOWN)
    )
    return session.scalars(open_ones).all()


def get_invitation(session: Session, invitation_id: UUID, pass_id: int, *, lock: bool = False) -> SurveyInvitation:
    """A pass sees only its own invitations."""
    mine = select(SurveyInvitation).where(SurveyInvitation.id == invitation_id, SurveyInvitation.pass_id == pass_id)
    if lock:
        mine = mine.with_for_update()
    invitation = session.scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if invitation is None:
        raise NotFound("survey_not_found", N_("There is no such question about a visit with this pass."))
    return invitation
