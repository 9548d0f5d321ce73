"""What scans count as changes when a late report or a void tells more of their pass: computed anew, told once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from passes import clock
from passes.access.rules import Gate
from passes.booking.queries import Kept, kept_for
from passes.catalogue.queries import get_venue
from passes.catalogue.sheets import day_sheet
from passes.entitlement.daysheet import Opening
from passes.entitlement.facts import Booked
from passes.events.contract import RedemptionAdjudicated
from passes.events.outbox import emit_all
from passes.gate.attempts import Attempt
from passes.gate.models import Scan
from passes.gate.uses import Order, ScanKey, Use, verdicts
from passes.lifecycle.queries import Frozen, LockedPass, list_frozen


def list_uses(session: Session, pass_ids: Collection[int]) -> dict[int, list[Use]]:
    """All uses of each pass so far. Ask under the pass lock."""
    found: dict[int, list[Use]] = {pass_id: [] for pass_id in pass_ids}
    if found:
        went_in = select(Scan).where(Scan.pass_id.in_(found), Scan.shown == "admitted", Scan.verdict != "voided")
        for scan in session.scalars(went_in.execution_options(populate_existing=True)):
            assert scan.pass_id is not None
            found[scan.pass_id].append(_use(scan))
    return found


@dataclass(frozen=True, slots=True)
class Past:
    """What a report of a pass is held against: all its uses, when it was frozen, and what was booked when."""

    uses: list[Use]
    frozen: list[Frozen]
    kept: list[Kept]

    def was_held(self, moment: datetime) -> bool:
        return any(since <= moment and (until is None or moment < until) for since, until in self.frozen)

    def booked_at(self, moment: datetime) -> tuple[Booked, ...]:
        return tuple(one.booked for one in self.kept if one.stood(moment))


def list_past(session: Session, pass_ids: Collection[int], since: datetime) -> dict[int, Past]:
    """Of each pass; since: the moment of the first report. Ask under the pass lock."""
    if not pass_ids:
        return {}
    uses, frozen = list_uses(session, pass_ids), list_frozen(session, pass_ids)
    kept = kept_for(session, pass_ids, since=since)
    return {pass_id: Past(uses[pass_id], frozen[pass_id], kept[pass_id]) for pass_id in pass_ids}


def _use(scan: Scan) -> Use:
    used = scan.used_up or {}
    return Use(
        key=(scan.enrolment_id, scan.scan_id),
        at=scan.scanned_at,
        sequence=scan.sequence,
        venue_id=scan.venue_id,
        benefit_id=scan.benefit_id or "",
        day=scan.local_day,
        ruled=used.get("ruled"),
        moves=tuple((name, period) for name, period in used.get("counters", ())),
        code=used.get("code"),
        item_id=used.get("item"),
        verdict=scan.verdict,
        revision=scan.revision,
    )


def use_of(attempt: Attempt, gate: Gate) -> Use:
    """The use an attempt is that went in just now, before it is kept."""
    assert attempt.used is not None
    return Use(
        key=(gate.enrolment_id, attempt.scan.scan_id),
        at=attempt.moment,
        sequence=attempt.scan.sequence,
        venue_id=gate.venue_id,
        benefit_id=attempt.used.benefit_id or "",
        day=clock.local_day(attempt.moment),
        ruled=attempt.ruled,
        moves=tuple(move.key for move in attempt.used.moves),
        code=attempt.use and attempt.use[1],
        item_id=attempt.scan.item_id,
    )


def judge(session: Session, pass_: LockedPass, uses: Sequence[Use], since: Order) -> dict[ScanKey, str]:
    """The verdicts of the pass's uses from `since` on, each by the day sheet of its own day."""

    def opening_of(use: Use) -> Opening | None:
        offer = day_sheet(session, pass_.terms_version, use.day).offers.get(use.benefit_id)
        offered = offer.at.get(use.venue_id) if offer else None
        return offered.opening if offered else None

    return verdicts(uses, since, opening_of, pass_.valid_from)


def change_verdicts(
    session: Session, pass_: LockedPass, uses: Sequence[Use], found: Mapping[ScanKey, str], *, now: datetime
) -> None:
    """Keep the verdicts that differ from those recorded before, and tell each difference."""
    changed = {use.key: found[use.key] for use in uses if use.key in found and found[use.key] != use.verdict}
    if not changed:
        return
    rows = session.scalars(
        select(Scan).where(tuple_(Scan.enrolment_id, Scan.scan_id).in_(sorted(changed))).order_by(Scan.id)
    ).all()
    events = []
    for scan in rows:
        before, scan.verdict = scan.verdict, changed[scan.enrolment_id, scan.scan_id]
        scan.revision += 1
        parts = admission_of(session, scan, pass_)
        events.append(
            RedemptionAdjudicated(
                **parts, before=before, after=scan.verdict, revision=scan.revision, adjudicated_at=now
            )
        )
    session.flush()
    emit_all(session, events, now=now)


def admission_of(session: Session, scan: Scan, pass_: LockedPass) -> dict[str, Any]:
    """All dimensions of an admission, so that whoever added it up can take it off without having kept it."""
    assert scan.benefit_id is not None
    return {
        "pass_id": pass_.id,
        "scan_ref": f"{scan.enrolment_id}/{scan.scan_id}",
        "venue_id": scan.venue_id,
        "venue_kind": get_venue(session, scan.venue_id).kind,
        "benefit_id": scan.benefit_id,
        "product_id": pass_.product_id,
        "terms_version": pass_.terms_version,
        "holder_class": pass_.holder_class,
        "lane_id": scan.lane_id,
        "scanned_at": scan.scanned_at,
        "local_day": scan.local_day,
        "local_hour": clock.local_time(scan.scanned_at).hour,
    }
