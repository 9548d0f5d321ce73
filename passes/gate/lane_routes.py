"""A device learns where it stands."""

from typing import Any

from flask import Blueprint, request

from passes import clock
from passes.access import guard, rates, rules
from passes.access import service as access_service
from passes.access.clerk_queries import find_shift, has_clerks
from passes.access.rules import Gate
from passes.catalogue import queries as catalogue_queries
from passes.db import transaction
from passes.entitlement.terms import Benefit, Terms, Venue
from passes.errors import N_
from passes.gate.history_queries import shift_totals
from passes.gate.lane_schemas import EnrolmentIn, EnrolmentOut, LaneOut
from passes.gate.shift_routes import shown_shift
from passes.http import Example, accepts, answers, explained

blueprint = Blueprint("gate_lanes", __name__, url_prefix="/api/v1")

CODES_BY_ADDRESS = 10
CODE_WINDOW_SECONDS = 600


@blueprint.post("/enrolments")
@guard.public
@accepts(EnrolmentIn())
@answers(EnrolmentOut(), status=201)
@explained(
    N_("Devices"),
    N_("Enrol a device with a one-time code"),
    N_(
        "The device gets its token, told this once. A token it already has ends when it is sent as Authorization: so a "
        "tablet moves to another lane."
    ),
    refuses={
        "enrolment_code_unknown": (404, N_("No lane has this code.")),
        "enrolment_code_used": (409, N_("A device was enrolled with it already.")),
        "enrolment_code_expired": (409, N_("It is older than 15 minutes.")),
        "device_not_valid": (422, N_("The name of the device is empty or too long.")),
        "too_many_tries": (429, N_("Too many codes were tried from this address. Retry-After says when to go on.")),
        "catalogue_missing": (404, N_("No catalogue has been loaded yet.")),
    },
    example=Example(body={"code": "$ENROLMENT_CODE", "device_name": "tablet 1"}),
)
def create_enrolment(body: dict[str, str]) -> dict[str, Any]:
    """Use a one-time code: the device gets its token. A token it already has ends, sent as Authorization.

    A good code pays for the bad ones before it: a venue may enrol all its tablets in a row from one address.
    """
    now = clock.now()
    address = f"enrol address {rules.address_block(request.remote_addr)}"
    with transaction() as session:
        rates.spend(session, address, limit=CODES_BY_ADDRESS, seconds=CODE_WINDOW_SECONDS, now=now)
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        made = access_service.enrol_device(
            session, code=body["code"], device_name=body["device_name"], replaces=guard.bearer_token(), now=now
        )
        rates.forget(session, address)
        clerks = has_clerks(session, made.gate.venue_id)
    lane = _lane(terms, made.gate, clerks=clerks)
    return {"enrolment_id": made.enrolment_id, "token": made.token, "lane": lane}


@blueprint.get("/gate/lane")
@guard.device
@answers(LaneOut())
@explained(
    N_("Devices"),
    N_("Tell this device where it stands"),
    N_("Its lane, the venue and what is offered there, and whose shift it is. Ask at the start, and after a refusal."),
    refuses={"catalogue_missing": (404, N_("No catalogue has been loaded yet."))},
)
def show_lane() -> dict[str, Any]:
    """The lane of this device, its venue, and what is offered there."""
    gate, now = guard.current_gate(), clock.now()
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        clerks = has_clerks(session, gate.venue_id)
        shift = find_shift(session, gate.enrolment_id, now=now)
        totals = shift_totals(session, gate.lane_id, shift, now=now) if shift else {}
    return _lane(terms, gate, clerks=clerks) | {"shift": shown_shift(shift, totals) if shift else None}


def _lane(terms: Terms, gate: Gate, *, clerks: bool) -> dict[str, Any]:
    """LaneOut's shape, before any shift. clerks: whether the venue has any."""
    benefits = {benefit.id: _named(benefit) for benefit in terms.benefits.values() if gate.venue_id in benefit.at}
    venue = terms.venues.get(gate.venue_id)
    return {
        "id": gate.lane_id,
        "name": gate.name,
        "venue": _named(venue) if venue else {"id": gate.venue_id, "zh": gate.venue_id, "en": gate.venue_id},
        "venue_kind": venue.kind if venue else "spot",
        "attended": gate.attended,
        "default_benefit": benefits.get(gate.default_benefit_id or ""),
        "benefits": list(benefits.values()),
        "clerks_required": gate.attended and clerks,
        "shift": None,
    }


def _named(thing: Venue | Benefit) -> dict[str, str]:
    return {"id": thing.id, "zh": thing.name.zh, "en": thing.name.en}
