"""Asking after a visit, and taking the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy import Text, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import InstrumentedAttribute, Session

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
    found = _by_invitation(visits)
    made = _make(session, [_row(visits, [v.scan_ref for v in visits], now) for visits in found.values()])
    known = {invitation_id: visits for invitation_id, visits in found.items() if invitation_id not in made}
    refs_of = _add_refs(session, SurveyInvitation.scan_refs, known)
    # A row that only a void had made until now is an invitation from its first visit on.
    made |= {invitation_id for invitation_id, refs in refs_of.items() if len(refs) == len(known[invitation_id])}
    invited = [
        SurveyInvited(
            pass_id=found[invitation_id][0].pass_id,
            invitation_id=invitation_id,
            venue_id=found[invitation_id][0].venue_id,
            visited_on=found[invitation_id][0].visited_on,
        )
        for invitation_id in sorted(made)
    ]
    emit_all(session, invited, now=now)
    return len(made)


def withdraw(session: Session, voided: Sequence[Visit], *, now: datetime) -> None:
    """These admissions were taken back: nobody is asked about a day of which no other is left.

    Whatever the order and however often; a void that overtakes its visit leaves a row that asks nobody.
    """
    found = _by_invitation(voided)
    _make(session, [_row(visits, [], now) for visits in found.values()])
    _add_refs(session, SurveyInvitation.voided_refs, found)


def _by_invitation(visits: Sequence[Visit]) -> dict[UUID, list[Visit]]:
    found: dict[UUID, dict[str, Visit]] = {}
    for visit in visits:
        found.setdefault(_invitation_id(visit), {}).setdefault(visit.scan_ref, visit)
    return {invitation_id: list(found[invitation_id].values()) for invitation_id in sorted(found)}


def _row(visits: Sequence[Visit], scan_refs: Sequence[str], now: datetime) -> dict[str, object]:
    return {
        "id": _invitation_id(visits[0]),
        "pass_id": visits[0].pass_id,
        "scan_refs": scan_refs,
        "venue_id": visits[0].venue_id,
        "visited_on": visits[0].visited_on,
        "invited_at": now,
    }


def _make(session: Session, rows: Sequence[dict[str, object]]) -> set[UUID]:
    """Insert what is not there yet; the ids of the new ones."""
    if not rows:
        return set()
    new = insert(SurveyInvitation).values(list(rows)).on_conflict_do_nothing()
    return set(session.scalars(new.returning(SurveyInvitation.id)))


def _add_refs(
    session: Session, column: InstrumentedAttribute[list[str]], visits: Mapping[UUID, Sequence[Visit]]
) -> dict[UUID, list[str]]:
    """Add the visits to that set of their invitations; the sets that grew, as they are now."""
    if not visits:
        return {}
    ids = [invitation_id for invitation_id, found in visits.items() for _ in found]
    refs = [visit.scan_ref for found in visits.values() for visit in found]
    given = func.unnest(bindparam("ids", ids, type_=ARRAY(Uuid)), bindparam("refs", refs, type_=ARRAY(Text)))
    pairs = given.table_valued("id", "ref").render_derived()
    added = select(pairs.c.id, func.array_agg(pairs.c.ref, type_=ARRAY(Text)).label("refs")).group_by(pairs.c.id)
    new = added.subquery()
    statement = (
        update(SurveyInvitation)
        .where(SurveyInvitation.id == new.c.id, ~column.contains(new.c.refs))
        .values({column: func.array_cat(column, new.c.refs)})
        .returning(SurveyInvitation.id, column)
        .execution_options(synchronize_session=False)
    )
    return {invitation_id: refs for invitation_id, refs in session.execute(statement)}


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
    if invitation.is_withdrawn:
        raise Conflict("survey_withdrawn", N_("This visit was taken back at the gate, so there is nothing to answer."))
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
