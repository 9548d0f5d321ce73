"""Enrolment codes with their QR picture, devices signed off, lanes closed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard, lane_queries, rules
from passes.access import service as access_service
from passes.access.rules import ADMIN, GATE_MANAGER
from passes.admin.desk import blueprint, marks
from passes.admin.lane_pages import ShownLane, lane_page, shown_lane
from passes.catalogue import queries as catalogue_queries
from passes.credential.drawing import Drawing, draw
from passes.db import transaction
from passes.errors import Conflict


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A fresh enrolment code, for the one page that shows it. drawing: the gate page's address with the code in it."""

    lane: ShownLane
    shown: str
    address: str
    drawing: Drawing
    expires_at: datetime


@blueprint.post("/lanes/<int:lane_id>/codes")
@guard.staff(GATE_MANAGER, ADMIN)
def post_code(lane_id: int) -> ResponseReturnValue:
    """Make a one-time code and show it, this once."""
    now = clock.now()
    try:
        with transaction() as session:
            code = access_service.make_enrolment_code(session, lane_id, by=guard.current_staff(), now=now)
            terms = catalogue_queries.get_current_terms(session)
            lane = shown_lane(lane_queries.get_lane(session, lane_id), terms)
    except Conflict as closed:
        return lane_page(lane_id, {}, status=409, refusal=" ".join(marks(closed)[""]))
    address = f"{settings.current().public_url}/gate"
    shown = rules.shown_code(code)
    # The code stands behind the #, so that no server and no log on the way sees it.
    made = ShownCode(lane, shown, address, draw(f"{address}#enrol={shown}"), now + rules.ENROLMENT_CODE_LIFE)
    return render_template("admin/lane_code.html", code=made)


@blueprint.post("/lanes/<int:lane_id>/close")
@guard.staff(GATE_MANAGER, ADMIN)
def post_close_lane(lane_id: int) -> ResponseReturnValue:
    """Shut the entrance; its devices are signed off."""
    with transaction() as session:
        count = access_service.close_lane(session, lane_id, by=guard.current_staff(), now=clock.now())
    flash(gettext("The lane is closed. Devices signed off: %(count)s.", count=count))
    return redirect(url_for("admin.lane", lane_id=lane_id), 303)


@blueprint.post("/lanes/<int:lane_id>/reopen")
@guard.staff(GATE_MANAGER, ADMIN)
def post_reopen_lane(lane_id: int) -> ResponseReturnValue:
    """Open it again; devices have to be enrolled anew."""
    with transaction() as session:
        access_service.reopen_lane(session, lane_id, by=guard.current_staff(), now=clock.now())
    flash(gettext("The lane is open again. Make an enrolment code to put a tablet there."))
    return redirect(url_for("admin.lane", lane_id=lane_id), 303)


@blueprint.post("/devices/<uuid:enrolment_id>/revoke")
@guard.staff(GATE_MANAGER, ADMIN)
def post_revoke(enrolment_id: UUID) -> ResponseReturnValue:
    """Sign a device off: its next scan is answered 401."""
    with transaction() as session:
        lane_id = access_service.revoke_device(session, enrolment_id, by=guard.current_staff(), now=clock.now())
    flash(gettext("The device was signed off. It can scan for two seconds more at most."))
    return redirect(url_for("admin.lane", lane_id=lane_id), 303)
