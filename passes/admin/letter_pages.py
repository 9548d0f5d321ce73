"""Letters: what waits, what was sent, what failed."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin import queries
from passes.admin.desk import blueprint
from passes.admin.words import LETTER_STATES, translated
from passes.db import transaction
from passes.http import Page, page_request


@blueprint.get("/letters")
@guard.staff(ADMIN)
def letters() -> ResponseReturnValue:
    """Mail of every state, newest first."""
    state = request.args.get("state")
    state = state if state in LETTER_STATES else None
    paging = page_request()
    with transaction() as session:
        rows, total = queries.list_letters(session, state, limit=paging.limit, offset=paging.offset)
    states = translated(LETTER_STATES)
    return render_template("admin/letters.html", page=Page(rows, total, paging), states=states, state=state)


@blueprint.get("/letters/<int:letter_id>")
@guard.staff(ADMIN)
def letter(letter_id: int) -> ResponseReturnValue:
    """One letter as it was, or would be, sent."""
    with transaction() as session:
        found = queries.get_letter(session, letter_id)
    return render_template("admin/letter.html", letter=found, states=translated(LETTER_STATES))
