"""Reservations: by pass, venue and day; one more, and one cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN, CARE, GATE_MANAGER
from passes.admin import desk_service
from passes.admin.desk import Errors, blueprint, chosen, marks, searched, venue_choices
from passes.admin.place_schemas import SlotForm
from passes.admin.place_words import RESERVATION_STATES
from passes.admin.rules import sought
from passes.admin.words import translated
from passes.booking.queries import ReservationRow, ReservationSearch, get_reservation, list_reservations
from passes.booking.rules import Slot
from passes.booking.slot_queries import Bookable, list_bookable, list_slots
from passes.catalogue import queries as catalogue_queries
from passes.clock import day_start
from passes.db import transaction
from passes.entitlement.rule_slots import MOST_NIGHTS
from passes.entitlement.terms import Terms
from passes.errors import NotFound, Problem
from passes.http import Page, load_form, page_request, pick
from passes.lifecycle.queries import find_pass_by_number

_SLOT = SlotForm()
_ROWS = 25


@dataclass(frozen=True, slots=True)
class ShownReservation:
    """A reservation with the words of the catalogue; an id the catalogue has lost is shown as it is."""

    row: ReservationRow
    benefit: str
    venue: str


@dataclass(frozen=True, slots=True)
class Steps:
    """How far the form has come: the pass, then what and on which day, then when. fault: what the address has wrong."""

    pass_id: int | None = None
    number: str = ""
    bookables: tuple[Bookable, ...] = ()
    place: Bookable | None = None
    day: date | None = None
    slots: tuple[Slot, ...] = ()
    fault: str | None = None


@blueprint.get("/reservations")
@guard.staff(CARE, GATE_MANAGER, ADMIN)
def reservations() -> ResponseReturnValue:
    """Reservations by pass, venue, day and state."""
    number, day, paging = searched("pass"), _day("day"), page_request(limit=_ROWS)
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        search = ReservationSearch(
            pass_numbers=_numbers(number) if number else None,
            venue_id=chosen("venue", terms.venues),
            on=day,
            state=chosen("state", RESERVATION_STATES),
        )
        rows, total = list_reservations(
            session, search, limit=paging.limit, offset=paging.offset, by_start=day is not None
        )
        shown = [_shown(row, terms) for row in rows]
    return render_template(
        "admin/reservations.html",
        page=Page(shown, total, paging),
        number=number,
        day=day,
        search=search,
        states=translated(RESERVATION_STATES),
        venues=venue_choices(terms),
    )


@blueprint.get("/reservations/new")
@guard.staff(CARE, GATE_MANAGER, ADMIN)
def new_reservation() -> ResponseReturnValue:
    """First the pass, then what and which day, then when: each step needs the one before, and no script."""
    return _new_page({}, status=200)


@blueprint.post("/reservations/new")
@guard.staff(CARE, GATE_MANAGER, ADMIN)
def post_new_reservation() -> ResponseReturnValue:
    """Keep the slot for the pass of the address."""
    data, errors = load_form(_SLOT)
    if errors:
        return _new_page(errors, status=422)
    now = clock.now()
    try:
        with transaction() as session:
            steps = _steps(now)
            if steps.pass_id is None or steps.place is None or steps.day is None:
                return _new_page({}, status=422)
            made = desk_service.book_from_desk(
                session,
                guard.current_staff(),
                pass_id=steps.pass_id,
                benefit_id=steps.place.benefit.id,
                venue_id=steps.place.venue.id,
                now=now,
                **_values(data, steps.place, steps.day),
            )
    except Problem as problem:
        return _new_page(_in_form(marks(problem)), status=422)
    flash(gettext("The reservation was made."))
    return redirect(url_for("admin.reservation", reservation_id=made), 303)


@blueprint.get("/reservations/<int:reservation_id>")
@guard.staff(CARE, GATE_MANAGER, ADMIN)
def reservation(reservation_id: int) -> ResponseReturnValue:
    """One reservation."""
    return _page(reservation_id)


@blueprint.post("/reservations/<int:reservation_id>/cancel")
@guard.staff(CARE, GATE_MANAGER, ADMIN)
def post_cancel_reservation(reservation_id: int) -> ResponseReturnValue:
    """Give the place back."""
    try:
        with transaction() as session:
            desk_service.cancel_from_desk(session, guard.current_staff(), reservation_id, now=clock.now())
    except NotFound:
        raise
    except Problem as problem:
        return _page(reservation_id, refusal=" ".join(marks(problem)[""]))
    flash(gettext("The reservation was cancelled."))
    return redirect(url_for("admin.reservation", reservation_id=reservation_id), 303)


def _page(reservation_id: int, *, refusal: str | None = None) -> ResponseReturnValue:
    now = clock.now()
    with transaction() as session:
        row = get_reservation(session, reservation_id)
        shown = _shown(row, catalogue_queries.get_terms(session, row.terms_version))
    page = render_template(
        "admin/reservation.html",
        shown=shown,
        row=row,
        states=translated(RESERVATION_STATES),
        is_over=row.ends_at <= now,
        sees_passes=guard.current_staff().role in (CARE, ADMIN),
        refusal=refusal,
    )
    return page, 409 if refusal else 200


def _new_page(errors: Errors, *, status: int) -> ResponseReturnValue:
    page = render_template(
        "admin/reservation_new.html",
        steps=_steps(clock.now()),
        most_nights=MOST_NIGHTS,
        errors=errors,
        form=request.form,
    )
    return page, status


def _steps(now: datetime) -> Steps:
    """What the address says so far; the first thing that is wrong with it ends the reading."""
    number = searched("pass")
    if number is None:
        return Steps()
    with transaction() as session:
        found = (find_pass_by_number(session, one) for one in _numbers(number))
        pass_ = next((one for one in found if one is not None), None)
        if pass_ is None:
            return Steps(fault=gettext("No pass fits “%(text)s”.", text=number))
        bookables = tuple(list_bookable(session, pass_))
        place = next((one for one in bookables if one.id == request.args.get("place")), None)
        day = _day("day")
        slots = tuple(list_slots(session, place, day, now=now)) if place and day else ()
    fault = gettext("Choose what is to be reserved, and a day.") if "place" in request.args else None
    if place is None or day is None:
        return Steps(pass_.id, pass_.number, bookables, place, day, fault=fault)
    if not slots and not place.is_stay:
        fault = gettext("Nothing can be reserved there on this day. Choose another day.")
        return Steps(pass_.id, pass_.number, bookables, place, None, fault=fault)
    return Steps(pass_.id, pass_.number, bookables, place, day, slots)


def _values(data: Mapping[str, Any], place: Bookable, day: date) -> dict[str, Any]:
    """A stay begins with its day, whatever slot a form claims; no slot chosen is none that begins at midnight."""
    starts_at = day_start(day) if place.is_stay or data["starts_at"] is None else data["starts_at"]
    return {"starts_at": starts_at, "nights": data["nights"], "party_reference": data["party_reference"]}


def _in_form(errors: Errors) -> Errors:
    """What belongs to no field of the last step is told above it."""
    other = [text for name, texts in errors.items() if name not in _SLOT.fields for text in texts]
    kept = {name: texts for name, texts in errors.items() if name in _SLOT.fields}
    return kept | ({"": other} if other else {})


def _numbers(text: str) -> tuple[str, ...]:
    meant = sought(text)
    return meant.pass_numbers if meant else ()


def _day(name: str) -> date | None:
    """A day of the address; nonsense is none."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year < 3000 else None


def _shown(row: ReservationRow, terms: Terms) -> ShownReservation:
    benefit, venue = terms.benefits.get(row.benefit_id), terms.venues.get(row.venue_id)
    return ShownReservation(
        row, pick(benefit.name) if benefit else row.benefit_id, pick(venue.name) if venue else row.venue_id
    )
