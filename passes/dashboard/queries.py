"""What marketing asks: visits, unique passes, refusals, satisfaction, and how fresh the answer is."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pyroaring import BitMap
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.dashboard.projections import (
    ALL,
    RefusalsDaily,
    SatisfactionDaily,
    UniquePasses,
    VisitsByHour,
    VisitsDaily,
)
from passes.dashboard.rules import Satisfaction
from passes.events.queries import as_of

DAYS = 30
TOP = 10
HOURS = 24


@dataclass(frozen=True)
class Overview:
    """One look at the projections. by_hour: {venue id: 24 counts of today}; by_day: the last 30 days, today last.

    benefits, refusals and satisfaction are of those 30 days. as_of: everything that happened before is counted;
    None means that the counting has never caught up.
    """

    today: date
    as_of: datetime | None
    answers_as_of: datetime | None
    by_hour: dict[str, list[int]]
    by_day: list[tuple[date, int]]
    unique_today: int
    unique_month: int
    benefits: list[tuple[str, int]]
    refusals: list[tuple[str, int]]
    satisfaction: dict[str, Satisfaction]

    @property
    def visits_today(self) -> int:
        return self.by_day[-1][1]

    @property
    def all_satisfaction(self) -> Satisfaction:
        scores = self.satisfaction.values()
        return Satisfaction(sum(one.answers for one in scores), sum(one.good for one in scores))


def overview(session: Session, today: date, *, direct: bool) -> Overview:
    """today: the local day. direct: whether the counting runs without a broker, which tells whose as_of to read."""
    since = today - timedelta(days=DAYS - 1)
    return Overview(
        today=today,
        as_of=as_of(session, "analytics", direct=direct),
        answers_as_of=as_of(session, "satisfaction", direct=direct),
        by_hour=_by_hour(session, today),
        by_day=_by_day(session, since),
        unique_today=unique_passes(session, "day", today),
        unique_month=unique_passes(session, "month", today.replace(day=1)),
        benefits=_top_benefits(session, since, today),
        refusals=_refusals(session, since, today),
        satisfaction=_satisfaction(session, since, today),
    )


def unique_passes(session: Session, period: str, starts_on: date, venue_id: str = ALL) -> int:
    """How many different passes were admitted in the period: the union over the partitions."""
    bitmaps = select(UniquePasses.passes).where(
        UniquePasses.period == period, UniquePasses.starts_on == starts_on, UniquePasses.venue_id == venue_id
    )
    found = [BitMap.deserialize(passes) for passes in session.scalars(bitmaps)]
    return len(BitMap.union(*found)) if found else 0


def _by_hour(session: Session, today: date) -> dict[str, list[int]]:
    hours: dict[str, list[int]] = defaultdict(lambda: [0] * HOURS)
    rows = select(VisitsByHour.venue_id, VisitsByHour.hour, VisitsByHour.visits).where(VisitsByHour.day == today)
    for venue_id, hour, visits in session.execute(rows):
        hours[venue_id][hour] = visits
    return dict(sorted(hours.items(), key=lambda item: (-sum(item[1]), item[0])))


def _by_day(session: Session, since: date) -> list[tuple[date, int]]:
    total = (VisitsDaily.venue_id == ALL, VisitsDaily.benefit_id == ALL, VisitsDaily.product_id == ALL)
    rows = select(VisitsDaily.day, VisitsDaily.visits).where(VisitsDaily.day >= since, *total)
    counted = {day: visits for day, visits in session.execute(rows)}
    return [(day, counted.get(day, 0)) for day in (since + timedelta(days=number) for number in range(DAYS))]


def _top_benefits(session: Session, since: date, today: date) -> list[tuple[str, int]]:
    visits = func.sum(VisitsDaily.visits)
    rows = (
        select(VisitsDaily.benefit_id, visits)
        .where(VisitsDaily.day.between(since, today), VisitsDaily.benefit_id != ALL)
        .group_by(VisitsDaily.benefit_id)
        .order_by(visits.desc(), VisitsDaily.benefit_id)
        .limit(TOP)
    )
    return [(benefit_id, int(count)) for benefit_id, count in session.execute(rows)]


def _refusals(session: Session, since: date, today: date) -> list[tuple[str, int]]:
    refusals = func.sum(RefusalsDaily.refusals)
    rows = (
        select(RefusalsDaily.refusal_code, refusals)
        .where(RefusalsDaily.day.between(since, today))
        .group_by(RefusalsDaily.refusal_code)
        .order_by(refusals.desc(), RefusalsDaily.refusal_code)
    )
    return [(code, int(count)) for code, count in session.execute(rows)]


def _satisfaction(session: Session, since: date, today: date) -> dict[str, Satisfaction]:
    answers = func.sum(SatisfactionDaily.answers)
    good = func.coalesce(answers.filter(SatisfactionDaily.score == 3), 0)
    rows = (
        select(SatisfactionDaily.venue_id, answers, good)
        .where(SatisfactionDaily.day.between(since, today))
        .group_by(SatisfactionDaily.venue_id)
        .order_by(answers.desc(), SatisfactionDaily.venue_id)
    )
    return {venue_id: Satisfaction(int(count), int(best)) for venue_id, count, best in session.execute(rows)}
