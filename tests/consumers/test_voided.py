"""An admission taken back is counted nowhere, in whatever order and however often its two events come."""

import itertools
import threading
from collections.abc import Sequence
from datetime import datetime

import pytest
from pyroaring import BitMap
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consumers.analytics import ANALYTICS, count_admitted, count_voided
from consumers.satisfaction import SATISFACTION
from passes.dashboard.projections import (
    RedemptionFact,
    SatisfactionDaily,
    UniquePasses,
    VisitsByHour,
    VisitsDaily,
)
from passes.db import transaction
from passes.errors import Conflict
from passes.events.contract import Event, RedemptionAdmitted, RedemptionVoided, SurveyInvited
from passes.events.outbox import OutboxRow
from passes.feedback.models import SurveyInvitation
from passes.feedback.queries import list_open_invitations
from passes.feedback.service import answer_survey
from tests.conftest import MORNING
from tests.consumers.conftest import admitted, ask, received, tell
from tests.consumers.rivers import drain_directly, drain_kafka


def voided(admission: RedemptionAdmitted) -> RedemptionVoided:
    return RedemptionVoided(**vars(admission), voided_at=MORNING)


# One pass: the entry and the ride at one spot, the entry at another. And somebody else at the first.
ENTRY = admitted(1, pass_id=7, benefit_id="B06")
RIDE = admitted(2, pass_id=7, benefit_id="B40")
OTHER_SPOT = admitted(3, pass_id=7, venue_id="S01", benefit_id="B01")
SOMEBODY = admitted(4, pass_id=8, benefit_id="B06")


def handle(session: Session, events: Sequence[Event], *, partitions: Sequence[int] = (0,)) -> None:
    """One by one, as far apart as deliveries can be; the partitions in turn."""
    for event, partition in zip(events, itertools.cycle(partitions), strict=False):
        for consumer in (ANALYTICS, SATISFACTION):
            if event.TYPE in consumer.handlers:
                consumer.handlers[event.TYPE](session, received(event, partition=partition), MORNING)


def figures(session: Session) -> dict[str, object]:
    """All that a reader could be shown; what is zero is as if it were not there."""
    uniques: dict[tuple[str, str], list[int]] = {}
    for row in session.scalars(select(UniquePasses)):
        passes = set(uniques.get((row.period, row.venue_id), ())) | set(BitMap.deserialize(row.passes))
        uniques[row.period, row.venue_id] = sorted(passes)
    hours = session.execute(select(VisitsByHour.venue_id, VisitsByHour.hour, VisitsByHour.visits)).all()
    days = session.execute(
        select(VisitsDaily.venue_id, VisitsDaily.benefit_id, VisitsDaily.product_id, VisitsDaily.visits)
    ).all()
    asked = [*list_open_invitations(session, 7), *list_open_invitations(session, 8)]
    return {
        "hours": sorted(tuple(row) for row in hours if row.visits),
        "days": sorted(tuple(row) for row in days if row.visits),
        "uniques": {key: passes for key, passes in uniques.items() if passes},
        "asked": sorted((invitation.pass_id, invitation.venue_id) for invitation in asked),
    }


def expected(session: Session, standing: Sequence[Event]) -> dict[str, object]:
    with session.begin_nested() as tried:
        handle(session, standing)
        found = figures(session)
        tried.rollback()
    session.expire_all()
    return found


@pytest.mark.parametrize("partitions", [(0,), (-1, 3, -2)])
def test_every_order_and_repetition_ends_alike(session: Session, partitions: tuple[int, ...]) -> None:
    pair = (ENTRY, voided(ENTRY))
    standing = expected(session, [RIDE, OTHER_SPOT, SOMEBODY])
    for order in itertools.permutations((*pair, RIDE)):
        with session.begin_nested() as tried:
            handle(session, [OTHER_SPOT, *order, SOMEBODY, *pair, *reversed(pair)], partitions=partitions)
            assert figures(session) == standing, [event.TYPE for event in order]
            tried.rollback()
        session.expire_all()


def test_when_the_last_visit_is_taken_back_nothing_is_left(session: Session) -> None:
    nothing = expected(session, [])
    visits = [ENTRY, RIDE, OTHER_SPOT, SOMEBODY]
    handle(session, [*visits, *(voided(visit) for visit in visits)])
    assert figures(session) == nothing
    assert session.scalar(select(func.count()).select_from(RedemptionFact).where(RedemptionFact.voided)) == 4


def test_a_visit_scanned_anew_after_a_mistake_is_asked_about_once(session: Session) -> None:
    handle(session, [ENTRY, voided(ENTRY)])
    assert list_open_invitations(session, 7) == []
    (withdrawn,) = session.scalars(select(SurveyInvitation))
    with pytest.raises(Conflict) as refusal:
        answer_survey(session, withdrawn.id, 7, 3, now=MORNING)
    assert refusal.value.code == "survey_withdrawn"
    session.expire_all()
    handle(session, [RIDE])
    (invitation,) = list_open_invitations(session, 7)
    assert answer_survey(session, invitation.id, 7, 3, now=MORNING).score == 3
    # What a visitor has said stays said.
    handle(session, [voided(RIDE)])
    session.expire_all()
    assert session.scalars(select(SurveyInvitation.score)).all() == [3]
    invited = select(func.count()).where(OutboxRow.type == SurveyInvited.TYPE)
    assert session.scalar(invited) == 1
    assert session.scalar(select(func.count()).select_from(SatisfactionDaily)) == 0


def test_an_invitation_is_told_of_at_its_first_visit_even_if_a_void_came_before_it(session: Session) -> None:
    handle(session, [voided(ENTRY), RIDE, ENTRY, RIDE])
    assert session.scalar(select(func.count()).where(OutboxRow.type == SurveyInvited.TYPE)) == 1
    assert [invitation.venue_id for invitation in list_open_invitations(session, 7)] == ["S06"]


def test_an_admission_and_its_void_handled_at_the_same_moment_cancel_each_other(database: str, now: datetime) -> None:
    """As when a parked admission is replayed while the worker reads its void."""
    visits = [admitted(number, pass_id=7) for number in range(12)]
    barrier = threading.Barrier(2, timeout=60)
    faults: list[BaseException] = []

    def run(handler: object, events: Sequence[Event], partition: int) -> None:
        for event in events:
            barrier.wait()
            try:
                with transaction() as session:
                    handler(session, received(event, partition=partition), now)  # type: ignore[operator]
            except Exception as fault:  # collected, because a thread's exception is lost
                faults.append(fault)

    threads = [
        threading.Thread(target=run, args=(count_admitted, visits, -2)),
        threading.Thread(target=run, args=(count_voided, [voided(visit) for visit in visits], 0)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert ask("SELECT coalesce(sum(abs(visits)), 0) FROM visits_by_hour") == 0
    assert ask("SELECT coalesce(sum(abs(visits)), 0) FROM visits_daily") == 0
    assert ask("SELECT count(*) FROM redemption_fact WHERE voided") == len(visits)
    with transaction() as session:
        assert [row.passes for row in session.scalars(select(UniquePasses)) if BitMap.deserialize(row.passes)] == []


def test_without_a_broker_a_void_is_subtracted(database: str) -> None:
    tell(ENTRY, RIDE, SOMEBODY, voided(SOMEBODY))
    drain_directly(database)
    tell(voided(ENTRY), voided(SOMEBODY), ENTRY)
    drain_directly(database)
    _only_the_ride_is_left()


def test_over_a_broker_a_void_is_subtracted(database: str, kafka: str, prefix: str) -> None:
    tell(ENTRY, RIDE, SOMEBODY, voided(SOMEBODY))
    drain_kafka(database, kafka, prefix)
    tell(voided(ENTRY), voided(SOMEBODY), ENTRY)
    drain_kafka(database, kafka, prefix)
    _only_the_ride_is_left()


def _only_the_ride_is_left() -> None:
    assert ask("SELECT sum(visits) FROM visits_by_hour") == 1
    assert ask("SELECT visits FROM visits_daily WHERE venue_id = ''") == 1
    assert ask("SELECT count(*) FROM redemption_fact") == 3
    with transaction() as session:
        days = session.scalars(select(UniquePasses.passes).where(UniquePasses.period == "day")).all()
        assert {number for passes in days for number in BitMap.deserialize(passes)} == {7}
        assert len(list_open_invitations(session, 7)) == 1
        assert list_open_invitations(session, 8) == []
