"""What closes a place for a while, and how full each place is."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN, GATE_MANAGER
from passes.admin import desk_service
from passes.admin.desk import Errors, blueprint, chosen, marks, venue_choices
from passes.admin.place_schemas import ClosureForm, CountForm
from passes.admin.place_words import LEVEL_TONES, LEVELS
from passes.admin.words import translated
from passes.catalogue import queries as catalogue_queries
from passes.catalogue.closure_queries import ClosureFound, ClosureSearch, list_closures
from passes.catalogue.closure_rules import thresholds_of
from passes.catalogue.closure_service import ClosureRequest
from passes.catalogue.closure_words import KIND_NAMES
from passes.catalogue.occupancy import list_fullness
from passes.db import transaction
from passes.entitlement.terms import Terms
from passes.errors import Conflict, Problem
from passes.http import Page, load_form, page_request, pick

_CLOSURE, _COUNT = ClosureForm(), CountForm()
_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ShownClosure:
    """A closure with its venue in the reader's language."""

    closure: ClosureFound
    venue: str


@blueprint.get("/closures")
@guard.staff(GATE_MANAGER, ADMIN)
def closures() -> ResponseReturnValue:
    """What is on now and what comes; or, a page at a time, what is over."""
    return _closures_page()


@blueprint.get("/closures/new")
@guard.staff(GATE_MANAGER, ADMIN)
def new_closure() -> ResponseReturnValue:
    """A form to switch something on."""
    return _new_page({}, status=200)


@blueprint.post("/closures/new")
@guard.staff(GATE_MANAGER, ADMIN)
def post_new_closure() -> ResponseReturnValue:
    """Switch it on at every venue that was ticked."""
    data, errors = load_form(_CLOSURE)
    if errors:
        return _new_page(errors, status=422)
    try:
        with transaction() as session:
            asked = ClosureRequest(**data)
            count = desk_service.close_from_desk(session, guard.current_staff(), asked, now=clock.now())
    except Problem as problem:
        return _new_page(marks(problem), status=422)
    flash(gettext("It is switched on. Venues: %(count)s. Gates follow within two seconds.", count=count))
    return redirect(url_for("admin.closures"), 303)


@blueprint.post("/closures/<int:closure_id>/end")
@guard.staff(GATE_MANAGER, ADMIN)
def post_end_closure(closure_id: int) -> ResponseReturnValue:
    """Switch it off at this venue."""
    try:
        with transaction() as session:
            desk_service.end_from_desk(session, guard.current_staff(), closure_id, now=clock.now())
    except Conflict as over:
        flash(" ".join(marks(over)[""]))
    else:
        flash(gettext("It is switched off. Gates follow within two seconds."))
    return redirect(url_for("admin.closures"), 303)


@blueprint.get("/occupancy")
@guard.staff(GATE_MANAGER, ADMIN)
def occupancy() -> ResponseReturnValue:
    """How full each venue is."""
    return _occupancy_page({}, status=200)


@blueprint.post("/occupancy")
@guard.staff(GATE_MANAGER, ADMIN)
def post_occupancy() -> ResponseReturnValue:
    """Keep a number that somebody counted."""
    data, errors = load_form(_COUNT)
    if errors:
        return _occupancy_page(errors, status=422)
    try:
        with transaction() as session:
            if data["venue_id"] not in catalogue_queries.get_current_terms(session).venues:
                return _occupancy_page({"venue_id": [gettext("Choose one of the list.")]}, status=422)
            desk_service.count_from_desk(
                session, guard.current_staff(), data["venue_id"], data["people"], now=clock.now()
            )
    except Problem as problem:
        return _occupancy_page(marks(problem), status=422)
    flash(gettext("The number is kept."))
    return redirect(url_for("admin.occupancy"), 303)


def _closures_page() -> ResponseReturnValue:
    state, now, paging = chosen("state", ["over"]), clock.now(), page_request(limit=25)
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        venue_id = chosen("venue", terms.venues)

        def found(state: str, limit: int, offset: int = 0) -> tuple[list[ShownClosure], int]:
            search = ClosureSearch(state=state, venue_id=venue_id)
            rows, total = list_closures(session, search, now=now, limit=limit, offset=offset)
            return [_shown(row, terms) for row in rows], total

        over, total = found("over", paging.limit, paging.offset) if state else ([], 0)
        on, coming = ([], []) if state else (found("on", _MOST_SHOWN)[0], found("coming", _MOST_SHOWN)[0])
    return render_template(
        "admin/closures.html",
        state=state,
        on=on,
        coming=coming[::-1],
        page=Page(over, total, paging),
        venue_id=venue_id,
        venues=venue_choices(terms),
        kinds=translated(KIND_NAMES),
    )


def _new_page(errors: Errors, *, status: int) -> ResponseReturnValue:
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
    page = render_template(
        "admin/closure_new.html",
        kinds=translated(KIND_NAMES),
        venues=venue_choices(terms),
        ticked=request.form.getlist("venue_ids"),
        errors=errors,
        form=request.form,
    )
    return page, status


def _occupancy_page(errors: Errors, *, status: int) -> ResponseReturnValue:
    with transaction() as session:
        terms = catalogue_queries.get_current_terms(session)
        rows = list_fullness(session, now=clock.now())
    page = render_template(
        "admin/occupancy.html",
        rows=rows,
        limits=thresholds_of(terms),
        levels=translated(LEVELS),
        tones=LEVEL_TONES,
        venues=[("", gettext("Choose a venue")), *venue_choices(terms)],
        errors=errors,
        form=request.form,
    )
    return page, status


def _shown(closure: ClosureFound, terms: Terms) -> ShownClosure:
    venue = terms.venues.get(closure.venue_id)
    return ShownClosure(closure, pick(venue.name) if venue else closure.venue_id)
