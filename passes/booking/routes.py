"""Reservations for other systems: each sees and cancels what it made itself, and nothing else."""

from typing import Any

from flask import Blueprint

from passes import clock
from passes.access import guard
from passes.access.key_rules import RESERVATIONS
from passes.booking.queries import ReservationRow, ReservationSearch, get_reservation, list_reservations
from passes.booking.schemas import ReservationIn, ReservationOut, ReservationQuery, ReservationsOut
from passes.booking.service import cancel_reservation, make_reservation
from passes.db import transaction
from passes.errors import N_, NotFound
from passes.http import Example, accepts, answers, asks, explained
from passes.lifecycle.queries import find_pass_by_number

blueprint = Blueprint("reservations", __name__, url_prefix="/api/v1/reservations")

GROUP = N_("Reservations")
UNKNOWN = {"reservation_not_found": (404, N_("You made no reservation with this id."))}


@blueprint.post("")
@guard.feed(RESERVATIONS)
@accepts(ReservationIn())
@answers(ReservationOut(), status=201)
@explained(
    GROUP,
    N_("Reserve a slot or a stay for a pass"),
    N_(
        "Checked against the terms the pass was sold under. Sent again after a broken connection it is answered with "
        "409 reservation_exists, whose fact `reservation_id` is the one made the first time."
    ),
    refuses={
        "pass_not_found": (404, N_("There is no pass with this number.")),
        "reservation_not_valid": (422, N_("The pass, the benefit, the venue and the time do not fit one another.")),
        "reservation_exists": (409, N_("This pass has this slot already.")),
        "pass_not_active": (409, N_("The pass was not activated yet.")),
        "pass_frozen": (409, N_("The pass is on hold.")),
        "pass_expired": (409, N_("The pass has ended.")),
        "pass_void": (409, N_("The pass was cancelled.")),
    },
    example=Example(
        body={
            "pass_number": "$PASS",
            "benefit_id": "B08",
            "venue_id": "S08",
            "starts_at": "$SLOT",
            "reference": "A-1",
        }
    ),
)
def create_reservation(body: dict[str, Any]) -> ReservationRow:
    """The reservation as it is kept."""
    with transaction() as session:
        pass_ = find_pass_by_number(session, body["pass_number"])
        if pass_ is None:
            raise NotFound("pass_not_found", N_("We know no pass with this number."))
        made = make_reservation(
            session,
            pass_id=pass_.id,
            benefit_id=body["benefit_id"],
            venue_id=body["venue_id"],
            starts_at=body["starts_at"],
            nights=body["nights"],
            party_reference=body["reference"],
            by=guard.current_feed().maker,
            now=clock.now(),
        )
        return get_reservation(session, made.id)


@blueprint.get("")
@guard.feed(RESERVATIONS)
@asks(ReservationQuery())
@answers(ReservationsOut())
@explained(
    GROUP,
    N_("List the reservations you made"),
    N_("The latest made first. Go on with `before` = `next_before` until that is null."),
    example=Example(query={"venue_id": "S08", "limit": "20"}),
)
def list_own_reservations(query: dict[str, Any]) -> dict[str, Any]:
    """A page of them."""
    search = ReservationSearch(
        pass_numbers=(query["pass_number"],) if query["pass_number"] else None,
        venue_id=query["venue_id"],
        on=query["day"],
        state=query["state"],
        made_by=guard.current_feed().maker,
        before=int(query["before"]) if query["before"] else None,
    )
    with transaction() as session:
        rows, total = list_reservations(session, search, limit=query["limit"])
    return {"items": rows, "next_before": str(rows[-1].id) if rows and total > len(rows) else None}


@blueprint.get("/<int:reservation_id>")
@guard.feed(RESERVATIONS)
@answers(ReservationOut())
@explained(
    GROUP,
    N_("Show a reservation you made"),
    refuses=UNKNOWN,
    example=Example(path={"reservation_id": "$RESERVATION"}),
)
def show_reservation(reservation_id: int) -> ReservationRow:
    """One of the feed's own."""
    with transaction() as session:
        return get_reservation(session, reservation_id, made_by=guard.current_feed().maker)


@blueprint.delete("/<int:reservation_id>")
@guard.feed(RESERVATIONS)
@answers(ReservationOut())
@explained(
    GROUP,
    N_("Cancel a reservation you made"),
    N_("Sent again it changes nothing and is answered the same."),
    refuses=UNKNOWN | {"reservation_over": (409, N_("Its time is over."))},
    example=Example(path={"reservation_id": "$RESERVATION"}),
)
def delete_reservation(reservation_id: int) -> ReservationRow:
    """The reservation, cancelled."""
    maker = guard.current_feed().maker
    with transaction() as session:
        cancel_reservation(session, reservation_id, made_by=maker, now=clock.now())
        return get_reservation(session, reservation_id, made_by=maker)
