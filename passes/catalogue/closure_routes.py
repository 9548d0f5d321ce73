"""Closures and counts of people for other systems: weather and river services, counters at the entrances."""

from typing import Any

from flask import Blueprint

from passes import clock
from passes.access import guard
from passes.access.key_rules import CLOSURES, OCCUPANCY
from passes.catalogue.closure_queries import ClosureFound, ClosureSearch, list_closures
from passes.catalogue.closure_schemas import ClosureIn, ClosuresOut, CountIn, CountOut, CountsOut
from passes.catalogue.closure_service import ClosureRequest, end_reported, report_closure, report_people
from passes.catalogue.occupancy import Fullness, list_fullness
from passes.db import transaction
from passes.errors import N_
from passes.http import Example, accepts, answers, explained

blueprint = Blueprint("closures", __name__, url_prefix="/api/v1")

GROUP = N_("Closures and crowds")
MOST_LISTED = 500


@blueprint.post("/closures")
@guard.feed(CLOSURES)
@accepts(ClosureIn())
@answers(ClosuresOut())
@explained(
    GROUP,
    N_("Switch a closure on"),
    N_(
        "At one or several venues, now or later. Gates follow within two seconds. Send it again as often as you like: "
        "under one reference it is made once, and a repeat may move its end or change its note. What has ended stays "
        "ended."
    ),
    refuses={
        "closure_not_valid": (422, N_("The kind, the venues and the times do not fit one another.")),
        "reference_reused": (409, N_("You used this reference for another kind, start, or other venues.")),
    },
    example=Example(
        body={"reference": "wind-7", "kind": "wind", "venue_ids": ["S01", "S02"], "note": "gusts of 20 m/s"}
    ),
)
def create_closures(body: dict[str, Any]) -> dict[str, list[ClosureFound]]:
    """What is kept under the reference, one item a venue."""
    with transaction() as session:
        made = report_closure(session, ClosureRequest(**body), by=guard.current_feed().maker, now=clock.now())
    return {"items": made}


@blueprint.get("/closures")
@guard.feed(CLOSURES)
@answers(ClosuresOut())
@explained(
    GROUP,
    N_("List the closures you switched on"),
    N_("Those that are on, and those to come: at most 500."),
)
def list_own_closures() -> dict[str, list[ClosureFound]]:
    """What this feed has on, and what comes."""
    now, maker = clock.now(), guard.current_feed().maker
    found: list[ClosureFound] = []
    with transaction() as session:
        for state in ("on", "coming"):
            rows, _ = list_closures(session, ClosureSearch(state=state, made_by=maker), now=now, limit=MOST_LISTED)
            found += rows
    return {"items": found[:MOST_LISTED]}


@blueprint.delete("/closures/<reference>")
@guard.feed(CLOSURES)
@answers(ClosuresOut())
@explained(
    GROUP,
    N_("End a closure you switched on"),
    N_("At all its venues, by your reference. Sent again it changes nothing and is answered the same."),
    refuses={"closure_not_found": (404, N_("You switched nothing on under this reference."))},
    example=Example(path={"reference": "wind-7"}),
)
def delete_closures(reference: str) -> dict[str, list[ClosureFound]]:
    """What was ended."""
    with transaction() as session:
        ended = end_reported(session, reference, by=guard.current_feed().maker, now=clock.now())
    return {"items": ended}


@blueprint.put("/venues/<venue_id>/occupancy")
@guard.feed(OCCUPANCY)
@accepts(CountIn())
@answers(CountOut())
@explained(
    GROUP,
    N_("Say how many people are in a venue"),
    N_(
        "At the stop of the pass rules, which is the venue's capacity unless the catalogue says otherwise, nobody more "
        "is let in. A count holds for 30 minutes, so send one at least as often. An older one than the last known "
        "changes nothing: the answer is the last known."
    ),
    refuses={
        "venue_not_found": (404, N_("There is no venue with this id.")),
        "count_not_valid": (422, N_("The count is out of range, or from the future.")),
    },
    example=Example(path={"venue_id": "S01"}, body={"people": 3200}),
)
def put_occupancy(venue_id: str, body: dict[str, Any]) -> Fullness:
    """The last count known of the venue."""
    now = clock.now()
    with transaction() as session:
        report_people(session, venue_id, source=guard.current_feed().maker, now=now, **body)
        return next(one for one in list_fullness(session, now=now) if one.venue_id == venue_id)


@blueprint.get("/occupancy")
@guard.feed(OCCUPANCY)
@answers(CountsOut())
@explained(GROUP, N_("List how full the venues are"), N_("Every venue that was ever counted, with its last count."))
def list_occupancy() -> dict[str, list[Fullness]]:
    """The counts known."""
    with transaction() as session:
        return {"items": [one for one in list_fullness(session, now=clock.now()) if one.people is not None]}
