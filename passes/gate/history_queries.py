"""What a lane has done: its scans with their voids and clerks, and how they count."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from passes import clock
from passes.access.clerk_queries import OpenShift
from passes.access.models import Clerk, Enrolment, Shift
from passes.access.rules import Gate
from passes.errors import N_, NotFound
from passes.gate import rules
from passes.gate.models import Scan, ScanVoid

Named = Mapping[str, object]
NO_SHIFT = 0
"""The id no shift has: asked for, it finds nothing."""


@dataclass(frozen=True, slots=True)
class PastScan:
    """One scan as the gate answered it, and whether it was taken back since. clerk: {id, name}."""

    row_id: int
    scan_id: UUID
    scanned_at: datetime
    outcome: str
    refusal_code: str | None
    words: Named
    benefit: Named | None
    holder: Named | None
    clerk: Named | None
    voidable_until: datetime | None
    voided_at: datetime | None
    void_reason: str | None


_PAST = (
    select(
        Scan.id,
        Scan.scan_id,
        Scan.scanned_at,
        Scan.recorded_at,
        Scan.shown,
        Scan.answer,
        Scan.verdict,
        Scan.response,
        Clerk.id.label("clerk_id"),
        Clerk.name.label("clerk_name"),
        ScanVoid.voided_at,
        ScanVoid.reason,
    )
    .outerjoin(Shift, Shift.id == Scan.shift_id)
    .outerjoin(Clerk, Clerk.id == Shift.clerk_id)
    .outerjoin(ScanVoid, ScanVoid.scan_row_id == Scan.id)
)


def list_lane_scans(
    session: Session,
    lane_id: int,
    day: date,
    *,
    shift_id: int | None,
    before: int | None,
    limit: int,
    now: datetime,
) -> tuple[list[PastScan], int | None]:
    """A page of one lane's local day, the newest first, and where the next page begins. shift_id: only of that one."""
    rows = session.execute(
        _PAST.where(_of_day(lane_id, day, shift_id), true() if before is None else Scan.id < before)
        .order_by(Scan.id.desc())
        .limit(limit + 1)
    ).all()
    scans = [_past(row, now) for row in rows[:limit]]
    return scans, scans[-1].row_id if len(rows) > limit else None


def get_past_scan(session: Session, row_id: int, *, now: datetime) -> PastScan:
    return _past(session.execute(_PAST.where(Scan.id == row_id)).one(), now)


def totals_of(session: Session, lane_id: int, day: date, *, shift_id: int | None) -> dict[str, int]:
    """How the scans of one lane's local day count now."""
    return _counted(session, _of_day(lane_id, day, shift_id))


def shift_totals(session: Session, lane_id: int, shift: OpenShift, *, now: datetime) -> dict[str, int]:
    """How the scans of an open shift count now; it may have begun before midnight."""
    days = Scan.local_day.between(clock.local_day(shift.started_at), clock.local_day(now))
    return _counted(session, (Scan.lane_id == lane_id) & days & (Scan.shift_id == shift.id))


def get_scan_of_lane(session: Session, gate: Gate, scan_id: UUID) -> Scan:
    """The scan with this id at the device's lane, its own before a neighbour's; NotFound("scan_not_found")."""
    enrolments = select(Enrolment.id).where(Enrolment.lane_id == gate.lane_id)
    scan = session.scalars(
        select(Scan)
        .where(Scan.enrolment_id.in_(enrolments), Scan.scan_id == scan_id, Scan.lane_id == gate.lane_id)
        .order_by((Scan.enrolment_id == gate.enrolment_id).desc(), Scan.id)
        .limit(1)
    ).first()
    if scan is None:
        raise NotFound("scan_not_found", N_("This lane has no scan with this id."))
    return scan


def count_admissions(session: Session, pass_ids: Iterable[int]) -> dict[int, int]:
    """How often each of these passes was let in; what was taken back does not count."""
    wanted = sorted(set(pass_ids))
    statement = select(Scan.pass_id, func.count()).where(Scan.pass_id.in_(wanted), Scan.verdict == "admitted")
    found = {pass_id: times for pass_id, times in session.execute(statement.group_by(Scan.pass_id))} if wanted else {}
    return {pass_id: found.get(pass_id, 0) for pass_id in wanted}


def _of_day(lane_id: int, day: date, shift_id: int | None) -> ColumnElement[bool]:
    of_day = (Scan.lane_id == lane_id) & (Scan.local_day == day)
    return of_day if shift_id is None else of_day & (Scan.shift_id == shift_id)


def _counted(session: Session, which: ColumnElement[bool]) -> dict[str, int]:
    kind = func.split_part(Scan.verdict, "/", 1)
    counts: dict[str, int] = dict(session.execute(select(kind, func.count()).where(which).group_by(kind)).all())
    return {name: counts.get(name, 0) for name in ("admitted", "refused", "needs_confirmation", "voided")}


def _past(row: Any, now: datetime) -> PastScan:
    response: Mapping[str, Any] = row.response
    outcome, _, code = row.shown.partition("/")
    holder = response["holder"]
    return PastScan(
        row_id=row.id,
        scan_id=row.scan_id,
        scanned_at=row.scanned_at,
        outcome=outcome,
        refusal_code=code or None,
        words=response["words"] if row.shown == row.answer else rules.plain_words(code or outcome),
        benefit=response["benefit"],
        holder=holder and {"name_masked": holder["name"], "holder_class": holder["holder_class"]},
        clerk=None if row.clerk_id is None else {"id": row.clerk_id, "name": row.clerk_name},
        voidable_until=rules.voidable_until(row.verdict, row.recorded_at, now),
        voided_at=row.voided_at,
        void_reason=row.reason,
    )
