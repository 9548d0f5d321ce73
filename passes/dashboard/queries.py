"""What marketing asks: visits, different passes, refusals, satisfaction, and how fresh the answer is."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, extract, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from passes.clock import local_day, local_time
from passes.dashboard.filters import WEEK, Filter
from passes.dashboard.projections import ALL, RefusalsDaily, SatisfactionDaily, VisitsByHour, VisitsDaily
from passes.dashboard.rules import Satisfaction
from passes.dashboard.uniques import Uniques, count_uniques, unique_passes
from passes.events.queries import as_of

HOURS = 24


@dataclass(frozen=True)
class Overview:
    """One look at the projections through a filter.

    today and week_ago: admissions in each of 24 hours. by_day: of the period and of what it is compared with; days
    without any are missing. by_weekday: 7 × 24, Monday first. by_venue: {id: (in the period, more than before)},
    most first. compared: the two sums a comparison may use, both up to the hour that has last ended.
    as_of: everything that happened before is counted; None means that the counting has never caught up.
    """

    asked: Filter
    now: datetime
    as_of: datetime | None
    answers_as_of: datetime | None
    anything: bool
    today: list[int]
    week_ago: list[int]
    unique_today: int
    by_day: Mapping[date, int]
    by_weekday: list[list[int]]
    by_venue: Mapping[str, tuple[int, int]]
    by_benefit: list[tuple[str, int]]
    refusals: list[tuple[str, int]]
    uniques: Uniques
    satisfaction: Mapping[str, Satisfaction]
    compared: tuple[int, int]

    @property
    def hour(self) -> int:
        """The hour of the local day that is running."""
        return local_time(self.now).hour

    @property
    def visits(self) -> int:
        first_on, last_on = self.asked.first_on, self.asked.last_on
        return sum(visits for day, visits in self.by_day.items() if first_on <= day <= last_on)

    @property
    def refused(self) -> int:
        return sum(count for _, count in self.refusals)

    @property
    def all_satisfaction(self) -> Satisfaction:
        scores = self.satisfaction.values()
        return Satisfaction(sum(one.answers for one in scores), sum(one.good for one in scores))


def overview(session: Session, asked: Filter, *, now: datetime, direct: bool) -> Overview:
    """direct: whether the counting runs without a broker, which tells whose as_of to read."""
    today = local_day(now)
    by_day = _by_day(session, asked)
    hours = _by_hour(session, {today, today - WEEK, asked.before[1]}, asked)
    return Overview(
        asked=asked,
        now=now,
        as_of=as_of(session, "analytics", direct=direct),
        answers_as_of=as_of(session, "satisfaction", direct=direct),
        anything=_anything(session),
        today=hours[today],
        week_ago=hours[today - WEEK],
        unique_today=unique_passes(session, "day", today, asked.venue_ids),
        by_day=by_day,
        by_weekday=_by_weekday(session, asked),
        by_venue=_by_venue(session, asked, now),
        by_benefit=_by_benefit(session, asked),
        refusals=_refusals(session, asked),
        uniques=count_uniques(session, asked),
        satisfaction=_satisfaction(session, asked),
        compared=_compared(asked, by_day, hours, now),
    )


def _compared(
    asked: Filter, by_day: Mapping[date, int], hours: Mapping[date, list[int]], now: datetime
) -> tuple[int, int]:
    """The period and the one before it. Where the period ends today, both end with the last full hour."""
    first, last = asked.before
    counted = sum(visits for day, visits in by_day.items() if asked.first_on <= day <= asked.last_on)
    before = sum(visits for day, visits in by_day.items() if first <= day <= last)
    if asked.last_on == local_day(now):
        hour = local_time(now).hour
        counted -= sum(hours[asked.last_on][hour:])
        before -= sum(hours[last][hour:])
    return counted, before


def _at(column: InstrumentedAttribute[str], asked: Filter) -> ColumnElement[bool]:
    return true() if asked.venue_ids is None else column.in_(sorted(asked.venue_ids))


def _anything(session: Session) -> bool:
    """Whether anything was ever counted."""
    return any(
        session.scalar(select(select(true()).select_from(table).exists()))
        for table in (VisitsDaily, RefusalsDaily, SatisfactionDaily)
    )


def _by_hour(session: Session, days: set[date], asked: Filter) -> Mapping[date, list[int]]:
    hours: dict[date, list[int]] = defaultdict(lambda: [0] * HOURS)
    rows = (
        select(VisitsByHour.day, VisitsByHour.hour, func.sum(VisitsByHour.visits))
        .where(VisitsByHour.day.in_(days), _at(VisitsByHour.venue_id, asked))
        .group_by(VisitsByHour.day, VisitsByHour.hour)
    )
    for day, hour, visits in session.execute(rows):
        hours[day][hour] = int(visits)
    return hours


def _by_weekday(session: Session, asked: Filter) -> list[list[int]]:
    weekday = extract("isodow", VisitsByHour.day)
    found = [[0] * HOURS for _ in range(WEEK.days)]
    rows = (
        select(weekday, VisitsByHour.hour, func.sum(VisitsByHour.visits))
        .where(VisitsByHour.day.between(asked.first_on, asked.last_on), _at(VisitsByHour.venue_id, asked))
        .group_by(weekday, VisitsByHour.hour)
    )
    for number, hour, visits in session.execute(rows):
        found[int(number) - 1][hour] = int(visits)
    return found


def _periods(asked: Filter) -> ColumnElement[bool]:
    """The days of the period and of what it is compared with."""
    first, last = asked.before
    return or_(VisitsDaily.day.between(asked.first_on, asked.last_on), VisitsDaily.day.between(first, last))


def _by_day(session: Session, asked: Filter) -> Mapping[date, int]:
    if asked.venue_ids is None:
        where = VisitsDaily.venue_id == ALL
    else:
        where = and_(VisitsDaily.venue_id.in_(sorted(asked.venue_ids)), VisitsDaily.product_id == ALL)
    rows = (
        select(VisitsDaily.day, func.sum(VisitsDaily.visits))
        .where(_periods(asked), where, VisitsDaily.benefit_id == ALL)
        .group_by(VisitsDaily.day)
    )
    return {day: int(visits) for day, visits in session.execute(rows)}


def _by_venue(session: Session, asked: Filter, now: datetime) -> Mapping[str, tuple[int, int]]:
    """Of each place the admissions, and how many more they are than before, by the hour that has last ended."""
    inside = VisitsDaily.day.between(asked.first_on, asked.last_on)
    visits = func.coalesce(func.sum(VisitsDaily.visits).filter(inside), 0)
    before = func.coalesce(func.sum(VisitsDaily.visits).filter(VisitsDaily.day.between(*asked.before)), 0)
    rows = (
        select(VisitsDaily.venue_id, visits, before)
        .where(
            _periods(asked),
            VisitsDaily.venue_id != ALL,
            VisitsDaily.benefit_id == ALL,
            VisitsDaily.product_id == ALL,
            _at(VisitsDaily.venue_id, asked),
        )
        .group_by(VisitsDaily.venue_id)
        .order_by(visits.desc(), VisitsDaily.venue_id)
    )
    late = _late(session, asked, now)
    found = [(venue_id, int(count), int(earlier)) for venue_id, count, earlier in session.execute(rows)]
    return {venue_id: (count, count - earlier - late.get(venue_id, 0)) for venue_id, count, earlier in found}


def _late(session: Session, asked: Filter, now: datetime) -> Mapping[str, int]:
    """Where the period ends today: by how much the hours that are not over yet differ between both last days."""
    if asked.last_on != local_day(now):
        return {}
    today = VisitsByHour.day == asked.last_on
    rows = (
        select(VisitsByHour.venue_id, func.sum(case((today, VisitsByHour.visits), else_=-VisitsByHour.visits)))
        .where(
            VisitsByHour.day.in_((asked.last_on, asked.before[1])),
            VisitsByHour.hour >= local_time(now).hour,
            _at(VisitsByHour.venue_id, asked),
        )
        .group_by(VisitsByHour.venue_id)
    )
    return {venue_id: int(visits) for venue_id, visits in session.execute(rows)}


def _by_benefit(session: Session, asked: Filter) -> list[tuple[str, int]]:
    visits = func.sum(VisitsDaily.visits)
    rows = (
        select(VisitsDaily.benefit_id, visits)
        .where(
            VisitsDaily.day.between(asked.first_on, asked.last_on),
            VisitsDaily.benefit_id != ALL,
            _at(VisitsDaily.venue_id, asked),
        )
        .group_by(VisitsDaily.benefit_id)
        .having(visits > 0)
        .order_by(visits.desc(), VisitsDaily.benefit_id)
    )
    return [(benefit_id, int(count)) for benefit_id, count in session.execute(rows)]


def _refusals(session: Session, asked: Filter) -> list[tuple[str, int]]:
    refusals = func.sum(RefusalsDaily.refusals)
    rows = (
        select(RefusalsDaily.refusal_code, refusals)
        .where(RefusalsDaily.day.between(asked.first_on, asked.last_on), _at(RefusalsDaily.venue_id, asked))
        .group_by(RefusalsDaily.refusal_code)
        .order_by(refusals.desc(), RefusalsDaily.refusal_code)
    )
    return [(code, int(count)) for code, count in session.execute(rows)]


def _satisfaction(session: Session, asked: Filter) -> Mapping[str, Satisfaction]:
    """Surest first: by what the answers prove, not by what they say."""
    answers = func.sum(SatisfactionDaily.answers)
    good = func.coalesce(answers.filter(SatisfactionDaily.score == 3), 0)
    rows = (
        select(SatisfactionDaily.venue_id, answers, good)
        .where(SatisfactionDaily.day.between(asked.first_on, asked.last_on), _at(SatisfactionDaily.venue_id, asked))
        .group_by(SatisfactionDaily.venue_id)
        .having(answers > 0)
    )
    found = {venue_id: Satisfaction(int(count), int(best)) for venue_id, count, best in session.execute(rows)}
    return dict(sorted(found.items(), key=lambda item: (-(item[1].lower or 0), item[0])))
