"""A clerk begins and ends a shift at a device."""

from typing import Any

from flask import Blueprint

from passes import clock
from passes.access import clerk_service, guard, rates
from passes.access.clerk_queries import OpenShift
from passes.db import transaction
from passes.errors import N_
from passes.gate import history_queries
from passes.gate.shift_schemas import ShiftIn, ShiftOut
from passes.http import Example, accepts, answers, explained

blueprint = Blueprint("gate_shifts", __name__, url_prefix="/api/v1/gate/shifts")

PINS_BY_DEVICE = 10
PIN_WINDOW_SECONDS = 600


@blueprint.post("")
@guard.device
@accepts(ShiftIn())
@answers(ShiftOut(), status=201)
@explained(
    N_("Gates"),
    N_("Begin a clerk's shift at this device"),
    N_(
        "Scans are never refused for lack of a shift; with one they are listed and counted under the clerk. Another "
        "clerk's shift at this device ends, the same clerk's goes on. A shift ends by itself after 14 hours."
    ),
    refuses={
        "pin_wrong": (422, N_("No clerk of this venue has this PIN.")),
        "too_many_tries": (429, N_("Too many PINs were tried at this device. Retry-After says when to go on.")),
    },
    example=Example(body={"pin": "$PIN"}),
)
def create_shift(body: dict[str, str]) -> dict[str, Any]:
    """Whose PIN it is stands here from now on.

    A good PIN pays for no bad one: whoever has a PIN could try out a colleague's between two of the own.
    """
    gate, now = guard.current_gate(), clock.now()
    tries = f"pin device {gate.enrolment_id}"
    with transaction() as session:
        rates.spend(session, tries, limit=PINS_BY_DEVICE, seconds=PIN_WINDOW_SECONDS, now=now)
    with transaction() as session:
        shift = clerk_service.start_shift(session, gate, body["pin"], now=now)
        return shown_shift(shift, history_queries.shift_totals(session, gate.lane_id, shift, now=now))


@blueprint.delete("/current")
@guard.device
@answers(None, status=204)
@explained(N_("Gates"), N_("End the shift at this device"), N_("Where none is open nothing changes."))
def end_shift() -> None:
    """The clerk leaves."""
    with transaction() as session:
        clerk_service.end_shift(session, guard.current_gate().enrolment_id, now=clock.now())


def shown_shift(shift: OpenShift, totals: dict[str, int]) -> dict[str, Any]:
    """ShiftOut's shape."""
    return {"clerk": {"id": shift.clerk_id, "name": shift.clerk_name}, "started_at": shift.started_at, **totals}
