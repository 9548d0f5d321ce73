"""Entrances: the list, a new one, and changing one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard, lane_queries
from passes.access import service as access_service
from passes.access.lane_queries import DeviceRow, LaneRow, LaneSearch
from passes.access.rules import ADMIN, GATE_MANAGER
from passes.admin.desk import Errors, blueprint, chosen, marks, searched, venue_choices
from passes.admin.schemas import LaneForm
from passes.admin.words import LANE_STATES, translated
from passes.catalogue import queries as catalogue_queries
from passes.db import transaction
from passes.entitlement.terms import Terms
from passes.errors import N_, NotFound, Problem
from passes.http import Page, load_form, page_request, pick

_LANE = LaneForm()


@dataclass(frozen=True, slots=True)
class ShownLane:
    """A lane with the words of the catalogue; an id the catalogue has lost is shown as it is."""

    id: int
    name: str
    venue_id: str
    venue: str
    attended: bool
    default_benefit_id: str | None
    default_benefit: str | None
    closed_at: datetime | None
    devices: tuple[DeviceRow, ...]

    @property
    def in_use(self) -> tuple[DeviceRow, ...]:
        return tuple(device for device in self.devices if device.revoked_at is None)

    @property
    def signed_off(self) -> tuple[DeviceRow, ...]:
        return tuple(device for device in self.devices if device.revoked_at is not None)


@blueprint.get("/lanes")
@guard.staff(GATE_MANAGER, ADMIN)
def lanes() -> ResponseReturnValue:
    """Entrances by name, venue and state."""
    paging = page_request(limit=25)
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        search = LaneSearch(searched("q"), chosen("venue", terms.venues), chosen("state", LANE_STATES))
        rows, total = lane_queries.list_lanes(session, search, limit=paging.limit, offset=paging.offset)
    return render_template(
        "admin/lanes.html",
        page=Page([shown_lane(lane, terms) for lane in rows], total, paging),
        search=search,
        states=translated(LANE_STATES),
        venues=venue_choices(terms),
    )


@blueprint.get("/lanes/new")
@guard.staff(GATE_MANAGER, ADMIN)
def new_lane() -> ResponseReturnValue:
    """First the venue, then what can be offered there: the second half needs the first, and no script."""
    return _new_page({}, status=200)


@blueprint.post("/lanes/new")
@guard.staff(GATE_MANAGER, ADMIN)
def post_new_lane() -> ResponseReturnValue:
    """Add an entrance to the venue of the address."""
    data, errors = load_form(_LANE)
    if errors:
        return _new_page(errors, status=422)
    venue_id = request.args.get("venue", "")
    try:
        with transaction() as session:
            faults = _faults(catalogue_queries.get_current_terms(session), venue_id, data)
            if faults:
                return _new_page(faults, status=422)
            lane_id = access_service.create_lane(
                session, venue_id=venue_id, **_values(data), by=guard.current_staff(), now=clock.now()
            )
    except Problem as problem:
        return _new_page(marks(problem), status=422)
    flash(gettext("The lane was added. Make an enrolment code to put a tablet there."))
    return redirect(url_for("admin.lane", lane_id=lane_id), 303)


@blueprint.get("/lanes/<int:lane_id>")
@guard.staff(GATE_MANAGER, ADMIN)
def lane(lane_id: int) -> ResponseReturnValue:
    """One entrance: its devices, and what may be changed."""
    return lane_page(lane_id, {}, status=200)


@blueprint.post("/lanes/<int:lane_id>")
@guard.staff(GATE_MANAGER, ADMIN)
def post_lane(lane_id: int) -> ResponseReturnValue:
    """Rename it, or change what a scan there means."""
    data, errors = load_form(_LANE)
    if errors:
        return lane_page(lane_id, errors, status=422)
    try:
        with transaction() as session:
            venue_id = lane_queries.get_lane(session, lane_id).venue_id
            faults = _faults(catalogue_queries.get_current_terms(session), venue_id, data)
            if faults:
                return lane_page(lane_id, faults, status=422)
            changed = access_service.update_lane(
                session, lane_id, **_values(data), by=guard.current_staff(), now=clock.now()
            )
    except NotFound:
        raise
    except Problem as problem:
        return lane_page(lane_id, marks(problem), status=422)
    flash(gettext("The lane was changed.") if changed else gettext("Nothing differed, so nothing was changed."))
    return redirect(url_for("admin.lane", lane_id=lane_id), 303)


def lane_page(lane_id: int, errors: Errors, *, status: int, refusal: str | None = None) -> ResponseReturnValue:
    """The page of one entrance; errors: what is wrong with the form just sent."""
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        shown = shown_lane(lane_queries.get_lane(session, lane_id), terms)
    kept = {
        "name": shown.name,
        "default_benefit_id": shown.default_benefit_id or "",
        "attended": "yes" if shown.attended else "",
    }
    page = render_template(
        "admin/lane.html",
        lane=shown,
        benefits=_benefits(terms, shown.venue_id, kept=shown.default_benefit_id),
        errors=errors,
        form=request.form if errors else kept,
        refusal=refusal,
    )
    return page, status


def shown_lane(lane: LaneRow, terms: Terms) -> ShownLane:
    venue = terms.venues.get(lane.venue_id)
    benefit = terms.benefits.get(lane.default_benefit_id or "")
    return ShownLane(
        lane.id,
        lane.name,
        lane.venue_id,
        pick(venue.name) if venue else lane.venue_id,
        lane.attended,
        lane.default_benefit_id,
        pick(benefit.name) if benefit else lane.default_benefit_id,
        lane.closed_at,
        lane.devices,
    )


def _new_page(errors: Errors, *, status: int) -> ResponseReturnValue:
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
    venue_id = chosen("venue", terms.venues)
    page = render_template(
        "admin/lane_new.html",
        venues=venue_choices(terms),
        venue_id=venue_id,
        venue=pick(terms.venues[venue_id].name) if venue_id else None,
        benefits=_benefits(terms, venue_id) if venue_id else [],
        errors=errors,
        form=request.form if request.method == "POST" else {"attended": "yes"},
    )
    return page, status


def _faults(terms: Terms, venue_id: str, data: Mapping[str, Any]) -> Errors:
    """What the catalogue says against a lane: an unknown venue, a benefit not offered there."""
    if venue_id not in terms.venues:
        return {"": [gettext(N_("Choose the venue first."))]}
    benefit_id = data["default_benefit_id"]
    benefit = terms.benefits.get(benefit_id or "")
    if benefit_id is not None and (benefit is None or venue_id not in benefit.at):
        return {"default_benefit_id": [gettext(N_("This benefit is not offered at this venue. Choose another one."))]}
    return {}


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": data["name"],
        "attended": data["attended"] == "yes",
        "default_benefit_id": data["default_benefit_id"],
    }


def _benefits(terms: Terms, venue_id: str, *, kept: str | None = None) -> list[tuple[str, str]]:
    """What is offered at the venue; and what the lane has now, should the catalogue have lost it."""
    offered = [benefit for benefit in terms.benefits.values() if venue_id in benefit.at]
    lost = [(kept, kept)] if kept is not None and kept not in {benefit.id for benefit in offered} else []
    return [
        ("", gettext("None: ask when there are several")),
        *((benefit.id, f"{benefit.id} {pick(benefit.name)}") for benefit in offered),
        *lost,
    ]
