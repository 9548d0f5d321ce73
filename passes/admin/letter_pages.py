"""Letters: what waits, what was sent, what failed or is kept; each can be read, and sent again."""

import re

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard
from passes.access.rules import ADMIN, CARE
from passes.admin import letter_queries, service
from passes.admin.case_schemas import MailAgainForm, TextAgainForm
from passes.admin.case_words import LETTER_KINDS
from passes.admin.desk import Errors, blueprint, chosen, marks, searched
from passes.admin.words import LETTER_STATES, translated
from passes.db import transaction
from passes.errors import Problem
from passes.http import Page, page_request, read_form

_ADDRESS = re.compile(r"(https?://[A-Za-z0-9./_~:?#&=%+-]+)")
_AGAIN = {"mail": MailAgainForm(), "sms": TextAgainForm()}


@blueprint.get("/letters")
@guard.staff(CARE, ADMIN)
def letters() -> ResponseReturnValue:
    """Mail by recipient, state and kind, newest first."""
    text, state, kind = searched("q") or "", chosen("state", LETTER_STATES), chosen("kind", LETTER_KINDS)
    paging = page_request(limit=25)
    with transaction() as session:
        rows, total = letter_queries.list_letters(session, text, state, kind, limit=paging.limit, offset=paging.offset)
        kinds = letter_queries.list_kinds(session)
    return render_template(
        "admin/letters.html",
        page=Page(rows, total, paging),
        q=text,
        state=state,
        kind=kind,
        kinds={code: gettext(LETTER_KINDS.get(code, code)) for code in kinds},
        states=translated(LETTER_STATES),
        can_send=settings.current().smtp_url is not None,
    )


@blueprint.get("/letters/<int:letter_id>")
@guard.staff(CARE, ADMIN)
def letter(letter_id: int) -> ResponseReturnValue:
    """One letter as it was, or would be, sent."""
    return _letter_page(letter_id)


@blueprint.post("/letters/<int:letter_id>/send")
@guard.staff(CARE, ADMIN)
def post_send(letter_id: int) -> ResponseReturnValue:
    """Send it once more, perhaps to a corrected address."""
    with transaction() as session:
        channel = letter_queries.get_letter(session, letter_id).channel
    data, errors = read_form(_AGAIN[channel])
    if errors:
        return _letter_page(letter_id, errors, 422)
    try:
        with transaction() as session:
            again = service.send_letter_again(
                session, guard.current_staff(), letter_id, recipient=data["recipient"], now=clock.now()
            )
    except Problem as problem:
        return _letter_page(letter_id, marks(problem), 422 if problem.fields else 409)
    flash(gettext("The letter goes to %(to)s within a minute.", to=again.recipient))
    return redirect(url_for("admin.letter", letter_id=again.id), 303)


def _letter_page(letter_id: int, errors: Errors | None = None, status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        found = letter_queries.get_letter(session, letter_id)
        subject = letter_queries.find_subject(session, found)
    installed = settings.current()
    page = render_template(
        "admin/letter.html",
        letter=found,
        subject=subject,
        parts=with_links(found.body),
        kind=gettext(LETTER_KINDS.get(found.kind, found.kind)),
        states=translated(LETTER_STATES),
        can_send=(installed.sms_url if found.channel == "sms" else installed.smtp_url) is not None,
        out_of_date=found.good_until is not None and found.good_until <= clock.now(),
        errors=errors or {},
        form=request.form if errors else {},
    )
    return page, status


def with_links(body: str) -> list[tuple[str, bool]]:
    """The text in parts, each with whether it is an address to open; also where no blank stands before it."""
    return [(part, n % 2 == 1) for n, part in enumerate(_ADDRESS.split(body)) if part]
