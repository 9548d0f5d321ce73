"""Events that a worker could not take: read one, hand it to its consumer again, or discard it."""

import json

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin import service
from passes.admin.case_schemas import NoteForm
from passes.admin.case_words import CONSUMERS, PARKED_STATES, PARKING_REASONS
from passes.admin.desk import Errors, blueprint, chosen, marks
from passes.admin.words import translated
from passes.db import transaction
from passes.errors import Problem
from passes.events import queries
from passes.events.replays import replay
from passes.http import Page, page_request, read_form

_NOTE = NoteForm()
_SHOWN_CHARACTERS = 20_000


@blueprint.get("/dead-letters")
@guard.staff(ADMIN)
def dead_letters() -> ResponseReturnValue:
    """Parked events, open or settled, of one consumer or all, newest first."""
    state = chosen("state", PARKED_STATES) or "open"
    paging = page_request(limit=25)
    with transaction() as session:
        consumers = queries.list_parking_consumers(session)
        consumer = chosen("consumer", consumers)
        rows, total = queries.page_of_dead_letters(session, state, consumer, limit=paging.limit, offset=paging.offset)
    return render_template(
        "admin/dead_letters.html",
        page=Page(rows, total, paging),
        state=state,
        states=translated(PARKED_STATES),
        consumer=consumer,
        consumers={name: gettext(CONSUMERS.get(name, name)) for name in consumers},
        reasons=translated(PARKING_REASONS),
    )


@blueprint.get("/dead-letters/<int:number>")
@guard.staff(ADMIN)
def dead_letter(number: int) -> ResponseReturnValue:
    """One parked event with its bytes."""
    return _letter_page(number)


@blueprint.post("/dead-letters/<int:number>/replay")
@guard.staff(ADMIN)
def post_replay(number: int) -> ResponseReturnValue:
    """Hand it to its consumer once more, after the cause is gone."""
    data, errors = read_form(_NOTE)
    if errors:
        return _letter_page(number, "replay", errors, 422)
    with transaction() as session:
        queries.get_dead_letter(session, number)
    fault = replay(number)
    if fault is not None:
        text = gettext("It failed again and stays set aside: %(fault)s", fault=fault)
        return _letter_page(number, "replay", {"": [text]}, 409)
    with transaction() as session:
        service.note_replay(session, guard.current_staff(), number, note=data["note"], now=clock.now())
    flash(gettext("The event was taken this time."))
    return redirect(url_for("admin.dead_letter", number=number), 303)


@blueprint.post("/dead-letters/<int:number>/drop")
@guard.staff(ADMIN)
def post_drop(number: int) -> ResponseReturnValue:
    """It shall never be handled; its bytes are kept."""
    data, errors = read_form(_NOTE)
    if errors:
        return _letter_page(number, "drop", errors, 422)
    try:
        with transaction() as session:
            service.drop_from_desk(session, guard.current_staff(), number, note=data["note"], now=clock.now())
    except Problem as problem:
        return _letter_page(number, "", marks(problem), 409)
    flash(gettext("The event was discarded. Its text is kept here."))
    return redirect(url_for("admin.dead_letter", number=number), 303)


def _letter_page(number: int, form: str = "", errors: Errors | None = None, status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        found = queries.get_dead_letter(session, number)
    page = render_template(
        "admin/dead_letter.html",
        letter=found,
        body=readable(found.body),
        consumer=gettext(CONSUMERS.get(found.consumer, found.consumer)),
        reason=gettext(PARKING_REASONS[found.reason]),
        states=translated(PARKED_STATES),
        sent=form,
        errors=errors or {},
        form=request.form if errors else {},
    )
    return page, status


def readable(body: bytes) -> str:
    """JSON as one reads it; anything else as text with its odd bytes spelt out. Long ones are cut."""
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        text = body.decode(errors="backslashreplace")
    text = text.replace("\x00", "\\0")
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + " …"
