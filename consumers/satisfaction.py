"""After a visit an invitation to a survey, unless the visit is taken back; its answers as scores by spot."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from consumers.dead_letters import Consumer
from passes.dashboard.projections import SatisfactionDaily, SurveyFact, add_counts, add_facts, tally
from passes.events.contract import RedemptionAdjudicated, RedemptionAdmitted, RedemptionVoided, SurveyAnswered
from passes.events.wire import Received
from passes.feedback.service import Visit, invite, withdraw


def invite_visitors(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionAdmitted only."""
    invite(session, _visits(received), now=now)


def withdraw_invitations(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionVoided only. Nobody is asked about a visit that was a mistake."""
    withdraw(session, _visits(received), now=now)


def follow_verdicts(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionAdjudicated only. Who turns out to have come by right is asked, and nobody else."""
    last = {}
    for one in sorted(received, key=lambda one: _adjudicated(one).revision):
        last[_adjudicated(one).scan_ref] = one
    came = [one for one in last.values() if _adjudicated(one).after == "admitted"]
    invite(session, _visits(came), now=now)
    withdraw(session, _visits([one for one in last.values() if one not in came]), now=now)


def _adjudicated(received: Received) -> RedemptionAdjudicated:
    assert isinstance(received.event, RedemptionAdjudicated)
    return received.event


def _visits(received: Sequence[Received]) -> list[Visit]:
    """Those to sights: a shop or a hotel is not asked about."""
    visits = []
    for one in received:
        event = one.event
        assert isinstance(event, RedemptionAdmitted | RedemptionVoided | RedemptionAdjudicated)
        if event.venue_kind == "spot":
            visits.append(Visit(event.pass_id, event.scan_ref, event.venue_id, event.local_day))
    return visits


def count_answers(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: SurveyAnswered only."""
    facts: dict[object, SurveyFact] = {}
    for one in received:
        event = one.event
        assert isinstance(event, SurveyAnswered)
        facts[event.invitation_id] = SurveyFact(
            invitation_id=event.invitation_id,
            venue_id=event.venue_id,
            visited_on=event.visited_on,
            score=event.score,
        )
    new = add_facts(session, SurveyFact, list(facts.values()))
    counts = tally((facts[key].visited_on, facts[key].venue_id, facts[key].score) for key in new)
    add_counts(session, SatisfactionDaily, counts)


HANDLERS = {
    RedemptionAdmitted.TYPE: invite_visitors,
    RedemptionVoided.TYPE: withdraw_invitations,
    RedemptionAdjudicated.TYPE: follow_verdicts,
    SurveyAnswered.TYPE: count_answers,
}
SATISFACTION = Consumer("satisfaction", HANDLERS)
