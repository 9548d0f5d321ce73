"""One question a visit, and the first answer stays."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.clock import local_day
from passes.errors import Conflict, Invalid, NotFound
from passes.events.outbox import OutboxRow
from passes.feedback.queries import list_open_invitations
from passes.feedback.service import Visit, answer_survey, invite


def visit(number: int, now: datetime, *, pass_id: int = 7, venue_id: str = "S06") -> Visit:
    return Visit(pass_id, f"gate/{number}", venue_id, local_day(now))


def told(session: Session, event_type: str) -> list[dict[str, object]]:
    session.flush()
    rows = select(OutboxRow).where(OutboxRow.type == event_type).order_by(OutboxRow.id)
    return [dict(row.event["data"]) for row in session.scalars(rows)]  # type: ignore[call-overload]


def test_a_day_at_a_spot_is_asked_about_once_however_often_it_is_entered(session: Session, now: datetime) -> None:
    assert invite(session, [visit(1, now), visit(2, now)], now=now) == 1
    assert invite(session, [visit(1, now)], now=now) == 0
    assert invite(session, [visit(3, now)], now=now + timedelta(hours=3)) == 0
    (invitation,) = list_open_invitations(session, 7)
    assert (invitation.scan_refs, invitation.venue_id) == (["gate/1", "gate/2", "gate/3"], "S06")
    assert [event["invitation_id"] for event in told(session, "survey.invited.v1")] == [str(invitation.id)]


def test_another_spot_another_day_and_another_pass_are_asked_about_too(session: Session, now: datetime) -> None:
    tomorrow = now + timedelta(days=1)
    visits = [
        visit(1, now),
        visit(2, now, venue_id="S01"),
        visit(3, tomorrow),
        visit(4, now, pass_id=8),
    ]
    assert invite(session, visits, now=now) == 4
    assert len(list_open_invitations(session, 7)) == 3
    assert len(list_open_invitations(session, 8)) == 1


def test_only_the_latest_questions_are_shown(session: Session, now: datetime) -> None:
    for days in range(5):
        moment = now + timedelta(days=days)
        invite(session, [visit(days, moment)], now=moment)
    shown = list_open_invitations(session, 7)
    assert [one.visited_on for one in shown] == [local_day(now + timedelta(days=days)) for days in (4, 3, 2)]


def test_an_answer_is_kept_told_and_closes_the_question(session: Session, now: datetime) -> None:
    invite(session, [visit(1, now)], now=now)
    (open_one,) = list_open_invitations(session, 7)
    answered = answer_survey(session, open_one.id, 7, 3, now=now)
    assert (answered.score, answered.answered_at) == (3, now)
    session.flush()
    assert list_open_invitations(session, 7) == []
    (event,) = told(session, "survey.answered.v1")
    assert (event["score"], event["venue_id"], event["pass_id"]) == (3, "S06", 7)


def test_the_same_answer_again_changes_nothing_and_another_is_refused(session: Session, now: datetime) -> None:
    invite(session, [visit(1, now)], now=now)
    (open_one,) = list_open_invitations(session, 7)
    answer_survey(session, open_one.id, 7, 2, now=now)
    session.flush()
    answer_survey(session, open_one.id, 7, 2, now=now + timedelta(minutes=1))
    with pytest.raises(Conflict) as refusal:
        answer_survey(session, open_one.id, 7, 3, now=now + timedelta(minutes=2))
    assert refusal.value.code == "survey_answered"
    assert len(told(session, "survey.answered.v1")) == 1


@pytest.mark.parametrize("score", [0, 4, -1, 2**40])
def test_only_the_three_faces_count(session: Session, now: datetime, score: int) -> None:
    invite(session, [visit(1, now)], now=now)
    (open_one,) = list_open_invitations(session, 7)
    with pytest.raises(Invalid) as refusal:
        answer_survey(session, open_one.id, 7, score, now=now)
    assert (refusal.value.code, list(refusal.value.fields)) == ("score_unknown", ["score"])


def test_a_pass_cannot_answer_for_another(session: Session, now: datetime) -> None:
    invite(session, [visit(1, now)], now=now)
    (open_one,) = list_open_invitations(session, 7)
    for invitation_id, pass_id in ((open_one.id, 8), (uuid4(), 7)):
        with pytest.raises(NotFound) as refusal:
            answer_survey(session, invitation_id, pass_id, 3, now=now)
        assert refusal.value.code == "survey_not_found"
