"""Money as finance sees it: what does not agree, messages nobody could act on, payouts, and the ledger of some days."""

from datetime import date, timedelta

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN, FINANCE
from passes.admin import money_service
from passes.admin.case_schemas import NoteForm
from passes.admin.case_words import DIFFERENCE_FACTS, DIFFERENCES, MESSAGE_STATES, PAYOUT_STATES
from passes.admin.desk import Errors, blueprint, chosen, marks
from passes.admin.words import translated
from passes.clock import local_day
from passes.db import transaction
from passes.errors import Problem
from passes.http import read_form
from passes.sale import ledger_queries, money_queries

_NOTE = NoteForm()
_MOST = 100
_LONGEST_DAYS = 400


@blueprint.get("/money")
@guard.staff(FINANCE, ADMIN)
def money() -> ResponseReturnValue:
    """Everything that is not as it should be, and what was paid out."""
    return _money_page()


@blueprint.post("/money/differences/<int:number>")
@guard.staff(FINANCE, ADMIN)
def post_difference(number: int) -> ResponseReturnValue:
    """Somebody has found out what it is."""
    data, errors = read_form(_NOTE)
    if errors:
        return _money_page(number, errors, 422)
    try:
        with transaction() as session:
            money_service.settle_difference(session, guard.current_staff(), number, note=data["note"], now=clock.now())
    except Problem as problem:
        return _money_page(0, marks(problem), 409)
    flash(gettext("Settled. Should the next night find it again, it stands here anew."))
    return redirect(url_for("admin.money"), 303)


@blueprint.post("/money/messages/<event_id>")
@guard.staff(FINANCE, ADMIN)
def post_message(event_id: str) -> ResponseReturnValue:
    """Act once more on a message."""
    try:
        with transaction() as session:
            money_service.retry_message(session, guard.current_staff(), event_id.replace("\x00", ""), now=clock.now())
    except Problem as problem:
        return _money_page(0, marks(problem), 409)
    flash(gettext("The message is acted on once more, within seconds."))
    return redirect(url_for("admin.money"), 303)


@blueprint.get("/money/ledger.csv")
@guard.staff(FINANCE, ADMIN)
def ledger() -> ResponseReturnValue:
    """The movements of some days, with the balance before and after. Nonsense for a day is yesterday."""
    first_on, last_on = _days()
    with transaction() as session:
        body = ledger_queries.csv_of(ledger_queries.get_ledger(session, first_on, last_on))
    response = Response(body, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="ledger-{first_on}-{last_on}.csv"'
    return response


def _days() -> tuple[date, date]:
    yesterday = local_day(clock.now()) - timedelta(days=1)
    first_on = _day("from") or yesterday
    last_on = max(first_on, _day("until") or first_on)
    return first_on, min(last_on, first_on + timedelta(days=_LONGEST_DAYS))


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2020 <= day.year <= 2100 else None


def _money_page(number: int = 0, errors: Errors | None = None, status: int = 200) -> ResponseReturnValue:
    """number: of the difference whose form is open again with its errors."""
    settled = chosen("show", ["settled"]) is not None
    with transaction() as session:
        differences = money_queries.list_differences(session, settled=settled, limit=_MOST)
        messages = money_queries.list_stray_messages(session, _MOST)
        payouts = money_queries.list_payouts(session, _MOST)
        last = money_queries.last_run(session)
    page = render_template(
        "admin/money.html",
        differences=differences,
        settled=settled,
        messages=messages,
        payouts=payouts,
        last=last,
        kinds=translated(DIFFERENCES),
        facts=translated(DIFFERENCE_FACTS),
        message_states=translated(MESSAGE_STATES),
        payout_states=translated(PAYOUT_STATES),
        yesterday=local_day(clock.now()) - timedelta(days=1),
        sent=number,
        errors=errors or {},
        form=request.form if errors else {},
    )
    return page, status
