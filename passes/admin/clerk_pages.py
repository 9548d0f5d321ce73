"""Clerks of the venues: the list, a new one, and one with a new PIN, disabled or enabled."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import clerk_service, guard
from passes.access.clerk_queries import ClerkRow, ClerkSearch, get_clerk_row, list_clerks, list_shifts
from passes.access.rules import ADMIN, GATE_MANAGER
from passes.admin.desk import Errors, blueprint, chosen, marks, searched, venue_choices
from passes.admin.schemas import ClerkForm
from passes.admin.words import CLERK_STATES, translated
from passes.catalogue import queries as catalogue_queries
from passes.db import transaction
from passes.entitlement.terms import Terms
from passes.errors import Conflict, Problem
from passes.http import Page, load_form, page_request, pick

_CLERK = ClerkForm()


@dataclass(frozen=True, slots=True)
class ShownClerk:
    """A clerk with the venue in the reader's language."""

    id: int
    name: str
    venue: str
    state: str
    created_at: datetime
    last_shift_at: datetime | None


@blueprint.get("/clerks")
@guard.staff(GATE_MANAGER, ADMIN)
def clerks() -> ResponseReturnValue:
    """Clerks by name, venue and state."""
    paging = page_request(limit=25)
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        search = ClerkSearch(searched("q"), chosen("venue", terms.venues), chosen("state", CLERK_STATES))
        rows, total = list_clerks(session, search, limit=paging.limit, offset=paging.offset)
    return render_template(
        "admin/clerks.html",
        page=Page([_shown(row, terms) for row in rows], total, paging),
        search=search,
        states=translated(CLERK_STATES),
        venues=venue_choices(terms),
    )


@blueprint.get("/clerks/new")
@guard.staff(GATE_MANAGER, ADMIN)
def new_clerk() -> ResponseReturnValue:
    """A form for one more."""
    return _new_page({}, status=200)


@blueprint.post("/clerks/new")
@guard.staff(GATE_MANAGER, ADMIN)
def post_new_clerk() -> ResponseReturnValue:
    """Add a clerk and show the PIN, this once."""
    data, errors = load_form(_CLERK)
    if errors:
        return _new_page(errors, status=422)
    try:
        with transaction() as session:
            if data["venue_id"] not in catalogue_queries.get_current_terms(session).venues:
                return _new_page({"venue_id": [gettext("Choose one of the list.")]}, status=422)
            clerk_id, pin = clerk_service.add_clerk(session, **data, by=guard.current_staff(), now=clock.now())
    except Problem as problem:
        return _new_page(marks(problem), status=422)
    return _pin_page(clerk_id, pin)


@blueprint.get("/clerks/<int:clerk_id>")
@guard.staff(GATE_MANAGER, ADMIN)
def clerk(clerk_id: int) -> ResponseReturnValue:
    """One clerk, the latest shifts, and what may be changed."""
    return _clerk_page(clerk_id)


@blueprint.post("/clerks/<int:clerk_id>/pin")
@guard.staff(GATE_MANAGER, ADMIN)
def post_clerk_pin(clerk_id: int) -> ResponseReturnValue:
    """Draw another PIN and show it, this once."""
    return _with_new_pin(clerk_id, clerk_service.renew_pin)


@blueprint.post("/clerks/<int:clerk_id>/enable")
@guard.staff(GATE_MANAGER, ADMIN)
def post_enable_clerk(clerk_id: int) -> ResponseReturnValue:
    """Let the clerk begin shifts again, with a new PIN."""
    return _with_new_pin(clerk_id, clerk_service.enable_clerk)


@blueprint.post("/clerks/<int:clerk_id>/disable")
@guard.staff(GATE_MANAGER, ADMIN)
def post_disable_clerk(clerk_id: int) -> ResponseReturnValue:
    """Refuse the PIN and end the shift."""
    with transaction() as session:
        clerk_service.disable_clerk(session, clerk_id, by=guard.current_staff(), now=clock.now())
    flash(gettext("The clerk was disabled. The PIN no longer begins a shift."))
    return redirect(url_for("admin.clerk", clerk_id=clerk_id), 303)


def _with_new_pin(clerk_id: int, change: Callable[..., str]) -> ResponseReturnValue:
    try:
        with transaction() as session:
            pin = change(session, clerk_id, by=guard.current_staff(), now=clock.now())
    except Conflict as refusal:
        return _clerk_page(clerk_id, refusal=" ".join(text for texts in marks(refusal).values() for text in texts))
    return _pin_page(clerk_id, pin)


def _clerk_page(clerk_id: int, *, refusal: str | None = None) -> ResponseReturnValue:
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        row = get_clerk_row(session, clerk_id)
        shifts = list_shifts(session, clerk_id, now=clock.now())
    page = render_template(
        "admin/clerk.html",
        clerk=_shown(row, terms),
        states=translated(CLERK_STATES),
        shifts=shifts,
        refusal=refusal,
    )
    return page, 409 if refusal else 200


def _pin_page(clerk_id: int, pin: str) -> ResponseReturnValue:
    with transaction() as session:
        shown = _shown(get_clerk_row(session, clerk_id), catalogue_queries.get_current_terms(session))
    return render_template("admin/clerk_pin.html", clerk=shown, pin=pin)


def _new_page(errors: Errors, *, status: int) -> ResponseReturnValue:
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
    kept = {"venue_id": chosen("venue", terms.venues) or ""}
    form = request.form if request.method == "POST" else kept
    page = render_template("admin/clerk_new.html", venues=venue_choices(terms), errors=errors, form=form)
    return page, status


def _shown(row: ClerkRow, terms: Terms) -> ShownClerk:
    venue = terms.venues.get(row.venue_id)
    name = pick(venue.name) if venue else row.venue_id
    return ShownClerk(row.id, row.name, name, row.state, row.created_at, row.last_shift_at)
