"""Tables shaped by the page, and how events are counted into them: facts first, then only what was new is added up.

An empty venue, benefit or product id in a roll-up means "all of them".
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from pyroaring import BitMap
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    any_,
    bindparam,
    false,
    func,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes.db import Base

ALL = ""


class RedemptionFact(Base):
    """One admitted scan, once, whatever is delivered twice or late. It counts while it stands and is not voided.

    revision: of the verdict that standing is by; a later one replaces it, an earlier one that comes late does not.
    """

    __tablename__ = "redemption_fact"
    __table_args__ = (
        # Whether a pass was there at another hour, too: asked when one of its visits is taken back.
        Index("ix_redemption_fact_pass_day", "pass_id", "local_day"),
    )

    scan_ref: Mapped[str] = mapped_column(Text, primary_key=True)
    pass_id: Mapped[int] = mapped_column(BigInteger)
    venue_id: Mapped[str] = mapped_column(Text)
    benefit_id: Mapped[str] = mapped_column(Text)
    product_id: Mapped[str] = mapped_column(Text)
    local_day: Mapped[date] = mapped_column(Date)
    local_hour: Mapped[int] = mapped_column(SmallInteger)
    voided: Mapped[bool] = mapped_column(server_default=false())
    standing: Mapped[bool] = mapped_column(server_default=true())
    revision: Mapped[int] = mapped_column(Integer, server_default="0")


class RefusalFact(Base):
    """One refused scan, once; standing and revision as those of an admitted one."""

    __tablename__ = "refusal_fact"

    scan_ref: Mapped[str] = mapped_column(Text, primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text)
    refusal_code: Mapped[str] = mapped_column(Text)
    local_day: Mapped[date] = mapped_column(Date)
    standing: Mapped[bool] = mapped_column(server_default=true())
    revision: Mapped[int] = mapped_column(Integer, server_default="0")


class SurveyFact(Base):
    """One answered survey, once."""

    __tablename__ = "survey_fact"

    invitation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text)
    visited_on: Mapped[date] = mapped_column(Date)
    score: Mapped[int] = mapped_column(SmallInteger)


class VisitsByHour(Base):
    """Admitted scans of a venue in a local hour."""

    __tablename__ = "visits_by_hour"
    __table_args__ = (CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text, primary_key=True)
    hour: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    visits: Mapped[int] = mapped_column(Integer)


class VisitsDaily(Base):
    """Admitted scans of a day: in all, by venue, by venue and benefit, by venue and product."""

    __tablename__ = "visits_daily"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text, primary_key=True)
    benefit_id: Mapped[str] = mapped_column(Text, primary_key=True)
    product_id: Mapped[str] = mapped_column(Text, primary_key=True)
    visits: Mapped[int] = mapped_column(Integer)


class RefusalsDaily(Base):
    """Refused scans of a day by venue and reason."""

    __tablename__ = "refusals_daily"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text, primary_key=True)
    refusal_code: Mapped[str] = mapped_column(Text, primary_key=True)
    refusals: Mapped[int] = mapped_column(Integer)


class UniquePasses(Base):
    """Which passes were admitted in a period: a roaring bitmap of pass ids.

    One row a partition, because two workers that read, add and write one row would lose each other's additions;
    the reader takes the union.
    """

    __tablename__ = "unique_passes"
    __table_args__ = (CheckConstraint("period IN ('day', 'month')", name="period"),)

    period: Mapped[str] = mapped_column(Text, primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text, primary_key=True)
    partition: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    passes: Mapped[bytes] = mapped_column(LargeBinary)


class SatisfactionDaily(Base):
    """Answers by venue, day of the visit and score."""

    __tablename__ = "satisfaction_daily"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 3", name="score"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text, primary_key=True)
    score: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    answers: Mapped[int] = mapped_column(Integer)


def add_facts(session: Session, table: type[Base], facts: Sequence[Base]) -> set[Any]:
    """Insert what is not there yet. Returns the keys of the new ones only."""
    if not facts:
        return set()
    columns = list(table.__table__.columns)
    rows = [tuple(getattr(fact, column.name) for column in columns) for fact in facts]
    key = next(iter(table.__table__.primary_key))
    new = _insert_rows(table, [column.name for column in columns], rows).on_conflict_do_nothing()
    return set(session.scalars(new.returning(key)))


def add_counts(session: Session, table: type[Base], counts: Mapping[tuple[Any, ...], int]) -> None:
    """Add to a roll-up: {primary key: how many}. Keys are sorted, so that two workers cannot deadlock."""
    if not counts:
        return
    keys = [column.name for column in table.__table__.primary_key]
    counted = next(column.name for column in table.__table__.columns if not column.primary_key)
    rows = [(*key, count) for key, count in sorted(counts.items())]
    new = _insert_rows(table, [*keys, counted], rows)
    total = table.__table__.columns[counted] + new.excluded[counted]
    session.execute(new.on_conflict_do_update(index_elements=keys, set_={counted: total}))


def add_passes(session: Session, additions: Mapping[tuple[str, date, str, int], Iterable[int]]) -> None:
    """Add pass ids to bitmaps: {(period, starts_on, venue_id, partition): pass ids}."""
    if not additions:
        return
    keys = sorted(additions)
    key_columns = (UniquePasses.period, UniquePasses.starts_on, UniquePasses.venue_id, UniquePasses.partition)
    # Locked: a visit that is taken off may reach into the bitmap of another partition.
    present = (
        select(*key_columns, UniquePasses.passes)
        .where(tuple_(*key_columns).in_(keys))
        .order_by(*key_columns)
        .with_for_update()
    )
    bitmaps = {
        (period, starts_on, venue_id, partition): BitMap.deserialize(passes)
        for period, starts_on, venue_id, partition, passes in session.execute(present)
    }
    rows = []
    for key in keys:
        bitmap = bitmaps.get(key, BitMap())
        bitmap.update(additions[key])
        rows.append((*key, bitmap.serialize()))
    new = _insert_rows(UniquePasses, ["period", "starts_on", "venue_id", "partition", "passes"], rows)
    session.execute(new.on_conflict_do_update(index_elements=key_columns, set_={"passes": new.excluded.passes}))


def void_facts(session: Session, facts: Sequence[RedemptionFact]) -> set[str]:
    """Mark these facts voided, those not there yet included, and return the keys of those that had been counted.

    Inserted first: whoever adds the same fact at this moment waits or is waited for, and one of the two counts.
    """
    unknown = add_facts(session, RedemptionFact, facts)
    known = sorted({fact.scan_ref for fact in facts} - unknown)
    if not known:
        return set()
    marked = (
        update(RedemptionFact)
        .where(RedemptionFact.scan_ref == any_(bindparam("refs", known, type_=ARRAY(Text))), ~RedemptionFact.voided)
        .values(voided=True)
        .returning(RedemptionFact.scan_ref, RedemptionFact.standing)
        .execution_options(synchronize_session=False)
    )
    return {scan_ref for scan_ref, standing in session.execute(marked) if standing}


Fact = TypeVar("Fact", RedemptionFact, RefusalFact)


def judge_facts(session: Session, table: type[Fact], facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Let these verdicts replace earlier ones of the same scans: (what counts from now on, what did until now).

    A fact that is not there yet is kept as it is, so that its own event, coming late, changes nothing.
    """
    unknown = add_facts(session, table, facts)
    came = [fact for fact in facts if fact.scan_ref in unknown and fact.standing]
    went: list[Fact] = []
    new = {fact.scan_ref: fact for fact in facts if fact.scan_ref not in unknown}
    known = select(table).where(table.scan_ref.in_(sorted(new))).order_by(table.scan_ref).with_for_update()
    for row in session.scalars(known.execution_options(populate_existing=True)) if new else ():
        fact = new[row.scan_ref]
        if fact.revision <= row.revision:
            continue
        if _counts(row):
            went.append(_copied(row))
        row.standing, row.revision = fact.standing, fact.revision
        if isinstance(row, RefusalFact) and isinstance(fact, RefusalFact):
            row.refusal_code = fact.refusal_code
        if _counts(row):
            came.append(_copied(row))
    session.flush()
    return came, went


def _counts(fact: RedemptionFact | RefusalFact) -> bool:
    return fact.standing and not (isinstance(fact, RedemptionFact) and fact.voided)


def _copied(fact: Fact) -> Fact:
    return type(fact)(**{column.key: getattr(fact, column.key) for column in fact.__table__.columns})


def take_off_counts(session: Session, table: type[Base], counts: Mapping[tuple[Any, ...], int]) -> None:
    """The reverse of add_counts, of what was added before."""
    add_counts(session, table, {key: -count for key, count in counts.items()})


def take_off_passes(session: Session, removals: Mapping[tuple[str, date, str], Iterable[int]]) -> None:
    """Remove pass ids from {(period, starts_on, venue_id): pass ids}, unless another visit of the period stands."""
    if not removals:
        return
    key_columns = (UniquePasses.period, UniquePasses.starts_on, UniquePasses.venue_id)
    # In every partition: the admission may have come by another one, in another mode or as a replay.
    rows = session.scalars(
        select(UniquePasses)
        .where(tuple_(*key_columns).in_(sorted(removals)))
        .order_by(*key_columns, UniquePasses.partition)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    gone = {key: set(passes) - _still_there(session, key, set(passes)) for key, passes in sorted(removals.items())}
    for row in rows:
        bitmap = BitMap.deserialize(row.passes)
        left = bitmap - BitMap(gone[row.period, row.starts_on, row.venue_id])
        if left != bitmap:
            row.passes = left.serialize()
    session.flush()


def _still_there(session: Session, key: tuple[str, date, str], passes: set[int]) -> set[int]:
    """Those of the passes with a visit in the period that was not voided."""
    period, starts_on, venue_id = key
    ends_on = starts_on if period == "day" else starts_on.replace(day=monthrange(starts_on.year, starts_on.month)[1])
    standing = select(RedemptionFact.pass_id).where(
        RedemptionFact.pass_id == any_(bindparam("passes", sorted(passes), type_=ARRAY(BigInteger))),
        RedemptionFact.local_day.between(starts_on, ends_on),
        ~RedemptionFact.voided,
        RedemptionFact.standing,
    )
    return set(session.scalars(standing if venue_id == ALL else standing.where(RedemptionFact.venue_id == venue_id)))


def tally(keys: Iterable[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    return Counter(keys)


def _insert_rows(table: type[Base], names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Insert:
    """INSERT … SELECT FROM unnest(arrays): one statement and one plan, however many rows."""
    columns = table.__table__.columns
    arrays = [
        bindparam(f"array_{name}", list(values), type_=ARRAY(columns[name].type))
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]
    source = func.unnest(*arrays).table_valued(*names).render_derived()
    return insert(table).from_select(list(names), select(*source.columns))
