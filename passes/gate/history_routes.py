"""What a lane has done today, and taking an admission back."""

from typing import Any
from uuid import UUID

from flask import Blueprint

from passes import clock
from passes.access import guard
from passes.access.clerk_queries import find_shift
from passes.db import transaction
from passes.errors import N_
from passes.gate import history_queries, voids
from passes.gate.history_schemas import HistoryOut, HistoryQuery, PastScanOut, VoidIn
from passes.http import Example, accepts, answers, asks, explained
from passes.metrics import voids_total

blueprint = Blueprint("gate_history", __name__, url_prefix="/api/v1/gate/scans")


@blueprint.get("")
@guard.device
@asks(HistoryQuery())
@answers(HistoryOut())
@explained(
    N_("Gates"),
    N_("List the scans of this device's lane"),
    N_("One local day, the newest first. Go on with `before` = `next_before` until that is null."),
    example=Example(query={"limit": "20"}),
)
def list_scans(query: dict[str, Any]) -> dict[str, Any]:
    """A page of the day and its totals, all or of the open shift."""
    gate, now = guard.current_gate(), clock.now()
    day = query["day"] or clock.local_day(now)
    before = int(query["before"]) if query["before"] else None
    with transaction() as session:
        shift_id = None
        if query["mine"] == "1":
            shift = find_shift(session, gate.enrolment_id, now=now)
            shift_id = shift.id if shift else history_queries.NO_SHIFT
        scans, next_before = history_queries.list_lane_scans(
            session, gate.lane_id, day, shift_id=shift_id, before=before, limit=query["limit"], now=now
        )
        totals = history_queries.totals_of(session, gate.lane_id, day, shift_id=shift_id)
    return {"items": scans, "next_before": next_before, "totals": totals}


@blueprint.post("/<uuid:scan_id>/void")
@guard.device
@accepts(VoidIn())
@answers(PastScanOut())
@explained(
    N_("Gates"),
    N_("Take an admission of this lane back"),
    N_(
        "Within 10 minutes of it. Counters and figures are as if it had not been, the same code may be scanned again, "
        "and the visit is not asked about. Sent again with the same reason it is answered as the first time."
    ),
    refuses={
        "scan_not_found": (404, N_("This lane has no scan with this id.")),
        "void_not_admitted": (409, N_("The scan was refused, or asked for a confirmation.")),
        "void_done": (409, N_("It was voided before, for another reason or at another device.")),
        "void_too_late": (409, N_("More than 10 minutes have passed.")),
    },
    example=Example(path={"scan_id": "$SCAN_ID"}, body={"reason": "wrong benefit"}),
)
def void(scan_id: UUID, body: dict[str, str]) -> history_queries.PastScan:
    """The scan as it is listed from now on."""
    now = clock.now()
    with transaction() as session:
        voided = voids.void_scan(session, guard.current_gate(), scan_id, body["reason"], now=now)
    if voided.voided_at == now:
        # Else it was sent again, and counted the first time.
        voids_total.inc()
    return voided
