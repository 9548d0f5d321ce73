"""Taking an admission back: the scan stays as it was shown and answered, and counts as nothing from now on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, case, delete, exists, func, update
from sqlalchemy.orm import Session

from passes.access.rules import Gate
from passes.errors import N_, Conflict
from passes.events.contract import RedemptionVoided
from passes.events.outbox import emit
from passes.gate import rules
from passes.gate.adjudication import admission_of, change_verdicts, judge, list_uses
from passes.gate.history_queries import PastScan, get_past_scan, get_scan_of_lane
from passes.gate.models import CodeUse, PassCounter, Scan, ScanVoid, StockCounter
from passes.gate.uses import order_of
from passes.lifecycle.queries import lock_for_scans


def void_scan(session: Session, gate: Gate, scan_id: UUID, reason: str, *, now: datetime) -> PastScan:
    """Take back an admission of this device's lane, within ten minutes: counters and code are as if it had not been.

    NotFound("scan_not_found"), Conflict("void_not_admitted" | "void_done" | "void_too_late"). Sent again by the same
    device with the same reason it is answered as the first time.
    """
    scan = get_scan_of_lane(session, gate, scan_id)
    if scan.pass_id is None or scan.shown != "admitted":
        raise _not_admitted()
    # Like every scan: the pass first. What other voids and scans did before is read behind its lock.
    pass_ = lock_for_scans(session, [scan.pass_id])[scan.pass_id]
    session.refresh(scan)
    done = session.get(ScanVoid, scan.id, populate_existing=True)
    if done is not None:
        if (done.enrolment_id, done.reason) == (gate.enrolment_id, reason):
            return get_past_scan(session, scan.id, now=now)
        raise Conflict("void_done", N_("This admission was voided already."))
    if scan.verdict != "admitted":
        raise _not_admitted()
    if rules.voidable_until(scan.verdict, scan.recorded_at, now) is None or scan.used_up is None:
        raise Conflict(
            "void_too_late",
            N_("More than 10 minutes have passed since this admission. Ask the gate manager what to do."),
        )
    session.add(
        ScanVoid(
            scan_row_id=scan.id, enrolment_id=gate.enrolment_id, shift_id=gate.shift_id, reason=reason, voided_at=now
        )
    )
    scan.verdict = "voided"
    session.flush()
    _give_back(session, scan, scan.used_up)
    emit(session, RedemptionVoided(**admission_of(session, scan, pass_), voided_at=now), now=now)
    # What came after it may be within the limits now.
    uses = list_uses(session, [pass_.id])[pass_.id]
    since = order_of(scan.scanned_at, (scan.enrolment_id, scan.scan_id), scan.sequence)
    change_verdicts(session, pass_, uses, judge(session, pass_, uses, since), now=now)
    return get_past_scan(session, scan.id, now=now)


def _not_admitted() -> Conflict:
    return Conflict("void_not_admitted", N_("Only an admission can be voided."))


def _give_back(session: Session, scan: Scan, used_up: dict[str, Any]) -> None:
    """Relatively, as they were moved. What was admitted beyond a limit is given back first: it was one too many."""
    names, periods = zip(*used_up["counters"], strict=True) if used_up["counters"] else ((), ())
    wanted = func.unnest(
        bindparam("names", list(names), type_=ARRAY(Text)), bindparam("periods", list(periods), type_=ARRAY(Text))
    )
    counter = wanted.table_valued("name", "period").render_derived()
    session.execute(
        update(PassCounter)
        .where(
            PassCounter.pass_id == scan.pass_id,
            PassCounter.name == counter.c.name,
            PassCounter.period == counter.c.period,
        )
        .values(
            used=case((PassCounter.overdrawn > 0, PassCounter.used), else_=PassCounter.used - 1),
            overdrawn=func.greatest(PassCounter.overdrawn - 1, 0),
        )
        .execution_options(synchronize_session=False)
    )
    for name, period in sorted(used_up.get("stock", ())):
        _give_back_stock(session, name, period)
    # A code is used up by an admission that stands: the visitor who was scanned by mistake need not wait for the next.
    another = exists().where(
        Scan.pass_id == scan.pass_id,
        Scan.benefit_id == scan.benefit_id,
        Scan.shown == "admitted",
        Scan.verdict != "voided",
        Scan.used_up["code"].as_integer() == used_up["code"],
    )
    session.execute(
        delete(CodeUse).where(
            CodeUse.pass_id == scan.pass_id,
            CodeUse.moment == used_up["code"],
            CodeUse.benefit_id == scan.benefit_id,
            ~another,
        )
    )


def _give_back_stock(session: Session, name: str, period: str) -> None:
    row = session.get(StockCounter, (name, period), with_for_update=True, populate_existing=True)
    assert row is not None
    if row.overdrawn:
        row.overdrawn -= 1
    else:
        row.used -= 1
    session.flush()
