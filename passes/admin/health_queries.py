"""What the house says of itself: queues, workers, chores, keys, gates, room, versions. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from passes import clock
from passes.access.models import Enrolment
from passes.admin.models import ChoreRun
from passes.admin.order_queries import count_marked
from passes.catalogue.outlook import YearAhead, years_ahead
from passes.catalogue.queries import get_calendar, get_current, get_terms
from passes.credential.models import IssuerKey
from passes.errors import NotFound
from passes.events import queries as event_queries
from passes.events.models import DeadLetter
from passes.mail.models import Letter
from passes.sale.inbox import refusals_since
from passes.sale.models import Payment, WebhookEvent
from passes.sale.money_queries import count_differences

_SEEN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits: how much, and since when the oldest does."""

    count: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker and the moment before which it has counted everything; None: nobody can tell yet."""

    name: str
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Key:
    """The youngest of the keys that sign these types: until when it is believed."""

    types: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Database:
    """size and tables in bytes; ahead_seconds: how far its clock is before this process's."""

    version: str
    migration: str
    size: int
    tables: Sequence[tuple[str, int]]
    ahead_seconds: float
    folder: str | None


@dataclass(frozen=True)
class Figures:
    """All that the health page judges."""

    outbox: Queue
    workers: Sequence[Worker]
    dead_letters: int
    letters: dict[str, int]
    letters_due: Queue
    messages: dict[str, int]
    messages_due: Queue
    last_message_at: datetime | None
    in_review: int
    marked: int
    refused_messages: tuple[int, int]
    differences: int
    chores: Sequence[ChoreRun]
    keys: Sequence[Key]
    devices: int
    devices_seen: int
    terms_version: int | None
    holidays_until: date | None
    years_ahead: Sequence[YearAhead]
    database: Database


@dataclass(frozen=True, slots=True)
class Worries:
    """What should be none, or young. events_since: the oldest event that has not left, None when all have."""

    events_since: datetime | None
    dead_letters: int
    letters_failed: int
    messages_dead: int
    marked: int


def get_worries(session: Session) -> Worries:
    """The few figures of the front page."""
    return Worries(
        events_since=event_queries.backlog(session).oldest_at,
        dead_letters=_dead_letters(session),
        letters_failed=_by_state(session, Letter.state).get("failed", 0),
        messages_dead=_by_state(session, WebhookEvent.state).get("dead", 0),
        marked=count_marked(session),
    )


def get_figures(session: Session, *, direct: bool, now: datetime) -> Figures:
    """One look at everything. direct: whether events are counted without a broker."""
    backlog = event_queries.backlog(session)
    consumers = event_queries.list_consumers(session)
    version, holidays_until, ahead = _catalogue(session, clock.local_day(now))
    return Figures(
        outbox=Queue(backlog.pending, backlog.oldest_at),
        workers=[Worker(name, event_queries.as_of(session, name, direct=direct)) for name in consumers],
        dead_letters=_dead_letters(session),
        letters=_by_state(session, Letter.state),
        letters_due=_due(session, Letter.state == "waiting", Letter.next_attempt_at, now),
        messages=_by_state(session, WebhookEvent.state),
        messages_due=_due(session, WebhookEvent.state.in_(("received", "failed")), WebhookEvent.next_attempt_at, now),
        last_message_at=session.scalar(select(func.max(WebhookEvent.received_at))),
        in_review=session.scalar(select(func.count()).where(Payment.state == "review")) or 0,
        marked=count_marked(session),
        refused_messages=refusals_since(session, now - _SEEN),
        differences=count_differences(session),
        chores=session.scalars(select(ChoreRun).order_by(ChoreRun.name)).all(),
        keys=_keys(session, now),
        devices=session.scalar(select(func.count()).where(Enrolment.revoked_at.is_(None))) or 0,
        devices_seen=session.scalar(
            select(func.count()).where(Enrolment.revoked_at.is_(None), Enrolment.last_seen_at > now - _SEEN)
        )
        or 0,
        terms_version=version,
        holidays_until=holidays_until,
        years_ahead=ahead,
        database=_database(session),
    )


def _dead_letters(session: Session) -> int:
    return session.scalar(select(func.count()).where(DeadLetter.settled_at.is_(None))) or 0


def _by_state(session: Session, state: InstrumentedAttribute[str]) -> dict[str, int]:
    rows = session.execute(select(state, func.count()).group_by(state))
    return {name: count for name, count in rows}


def _due(
    session: Session, waiting: ColumnElement[bool], due_at: InstrumentedAttribute[datetime], now: datetime
) -> Queue:
    """What should have been done by now, and since when the oldest is due."""
    count, since = session.execute(select(func.count(), func.min(due_at)).where(waiting, due_at <= now)).one()
    return Queue(count, since)


def _keys(session: Session, now: datetime) -> list[Key]:
    """For each use, how long there are keys."""
    rows = session.execute(
        select(IssuerKey.types, func.max(IssuerKey.not_after))
        .where(IssuerKey.not_before <= now)
        .group_by(IssuerKey.types)
    )
    return [Key("".join(types), until) for types, until in sorted(rows.all())]


def _catalogue(session: Session, today: date) -> tuple[int | None, date | None, Sequence[YearAhead]]:
    """The version on sale, how far its holidays reach, and the years that are provisional or missing."""
    try:
        version = get_current(session).version
    except NotFound:
        return None, None, ()
    calendar = get_calendar(session)
    until = date(max(calendar.years), 12, 31) if calendar.years else None
    return version, until, years_ahead(get_terms(session, version), calendar, today)


def _ahead_seconds(session: Session) -> float:
    """How far the database's clock is before ours: asked between two looks at ours."""
    before = clock.now()
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    after = clock.now()
    return (moment - before).total_seconds() - (after - before).total_seconds() / 2


def _database(session: Session) -> Database:
    tables = session.execute(
        text(
            "SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY size DESC LIMIT 5"
        )
    )
    row = session.execute(
        text(
            "SELECT current_setting('server_version'), (SELECT version_num FROM alembic_version),"
            " pg_database_size(current_database()), pg_has_role('pg_read_all_settings', 'USAGE')"
        )
    ).one()
    version, migration, size, may_ask = row
    folder = session.execute(text("SELECT current_setting('data_directory')")).scalar_one() if may_ask else None
    return Database(
        version=str(version).split(" ")[0],
        migration=migration,
        size=size,
        tables=[(name, int(bytes_)) for name, bytes_ in tables],
        ahead_seconds=_ahead_seconds(session),
        folder=folder,
    )
