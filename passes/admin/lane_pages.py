"""Lanes, enrolment codes, devices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard, rules
from passes.access import queries as access_queries
from passes.access import service as access_service
from passes.access.queries import DeviceRow, LaneRow
from passes.access.rules import ADMIN, GATE_MANAGER
from passes.admin.desk import Errors, blueprint, marks
from passes.admin.schemas import LaneForm
from passes.catalogue import queries as catalogue_queries
from passes.db import transaction
from passes.entitlement.terms import Terms
from passes.errors import N_, Problem
from passes.http import Page, load_form, page_request, pick

_LANE = LaneForm()


@dataclass(frozen=True, slots=True)
class ShownLane:
    """A lane with the words of the catalogue; an id the catalogue has lost is shown as it is."""

    id: int
    name: str
    venue: str
    attended: bool
    default_benefit: str | None
    devices: tuple[DeviceRow, ...]


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A fresh enrolment code, for the one page that shows it."""

    lane_name: str
    shown: str
    address: str
    expires_at: datetime


@blueprint.get("/lanes")
@guard.staff(GATE_MANAGER, ADMIN)
def lanes() -> ResponseReturnValue:
    """All entrances, their devices, and a form for a new one."""
    return _lanes_page({}, status=200)


@blueprint.post("/lanes")
@guard.staff(GATE_MANAGER, ADMIN)
def post_lane() -> ResponseReturnValue:
    """Add an entrance."""
    data, errors = load_form(_LANE)
    if errors:
        return _lanes_page(errors, status=422)
    try:
        with transaction() as session:
            terms = catalogue_queries.get_current_terms(session)
            errors = _catalogue_faults(terms, data)
            if errors:
                return _lanes_page(errors, status=422)
            access_service.create_lane(
                session,
                venue_id=data["venue_id"],
                name=data["name"],
                attended=data["attended"] == "yes",
                default_benefit_id=data["default_benefit_id"],
                now=clock.now(),
            )
    except Problem as problem:
        return _lanes_page(marks(problem), status=422)
    flash(gettext("The lane was added. Make an enrolment code to put a tablet there."))
    return redirect(url_for("admin.lanes"), 303)


@blueprint.post("/lanes/<int:lane_id>/codes")
@guard.staff(GATE_MANAGER, ADMIN)
def post_code(lane_id: int) -> ResponseReturnValue:
    """Make a one-time code and show it, this once."""
    now = clock.now()
    with transaction() as session:
        lane = access_queries.get_lane(session, lane_id)
        code = access_service.make_enrolment_code(session, lane_id, staff_id=guard.current_staff().id, now=now)
    address = f"{settings.current().public_url.rstrip('/')}/gate"
    shown = ShownCode(lane.name, rules.shown_code(code), address, now + rules.ENROLMENT_CODE_LIFE)
    return _lanes_page({}, status=200, code=shown)


@blueprint.post("/devices/<uuid:enrolment_id>/revoke")
@guard.staff(GATE_MANAGER, ADMIN)
def post_revoke(enrolment_id: UUID) -> ResponseReturnValue:
    """Sign a device off: its next scan is answered 401."""
    with transaction() as session:
        access_service.revoke_device(session, enrolment_id, now=clock.now())
    flash(gettext("The device was signed off. It can scan for two seconds more at most."))
    return redirect(url_for("admin.lanes"), 303)


def _catalogue_faults(terms: Terms, data: dict[str, Any]) -> Errors:
    """What the catalogue says against a lane: an unknown venue, a benefit not offered there."""
    if data["venue_id"] not in terms.venues:
        return {"venue_id": [gettext(N_("Choose one of the list."))]}
    benefit = terms.benefits.get(data["default_benefit_id"] or "")
    if data["default_benefit_id"] is not None and (benefit is None or data["venue_id"] not in benefit.at):
        return {"default_benefit_id": [gettext(N_("This benefit is not offered at this venue. Choose another one."))]}
    return {}


def _lanes_page(errors: Errors, *, status: int, code: ShownCode | None = None) -> ResponseReturnValue:
    paging = page_request(limit=20)
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        rows, total = access_queries.list_lanes(session, limit=paging.limit, offset=paging.offset)
    page = render_template(
        "admin/lanes.html",
        page=Page([_shown(lane, terms) for lane in rows], total, paging),
        venues=[("", gettext("Choose a venue"))] + [(venue.id, pick(venue.name)) for venue in terms.venues.values()],
        benefits=[("", gettext("None: ask when there are several"))]
        + [(benefit.id, pick(benefit.name)) for benefit in terms.benefits.values()],
        errors=errors,
        form=request.form if errors else {},
        code=code,
    )
    return page, status


def _shown(lane: LaneRow, terms: Terms) -> ShownLane:
    venue = terms.venues.get(lane.venue_id)
    benefit = terms.benefits.get(lane.default_benefit_id or "")
    return ShownLane(
        lane.id,
        lane.name,
        pick(venue.name) if venue else lane.venue_id,
        lane.attended,
        pick(benefit.name) if benefit else lane.default_benefit_id,
        lane.devices,
    )
