"""Passes at the service desk: find one, see all that happened to it, hold and release it, send a new link."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard
from passes.access.rules import ADMIN, CARE
from passes.admin import pass_queries, service
from passes.admin.case_schemas import HoldForm, NoteForm
from passes.admin.case_words import (
    DOCUMENTS,
    HAPPENING_KINDS,
    HOLD_REASONS,
    HOLDERS,
    PASS_STATES,
    PASS_TONES,
    REFUND_STATES,
)
from passes.admin.desk import Errors, blueprint, chosen, marks, searched
from passes.admin.rules import DESK_HOLDS, may_release, shown_phone, sought
from passes.admin.shown import lines_of
from passes.admin.timeline import list_happenings
from passes.admin.words import translated
from passes.db import transaction
from passes.errors import N_, Conflict, Problem
from passes.http import Page, page_request, read_form
from passes.lifecycle.reissue import replace_codes
from passes.sale.refund_quotes import find_quote
from passes.sale.refund_words import CASES

_HOLD, _NOTE = HoldForm(), NoteForm()
_ROWS = 25
# How long a hold may last, in days; "" = until somebody releases it.
DURATIONS = {
    "": N_("until somebody releases it"),
    "1": N_("1 day"),
    "3": N_("3 days"),
    "7": N_("7 days"),
    "30": N_("30 days"),
}


@blueprint.get("/passes")
@guard.staff(CARE, ADMIN)
def passes() -> ResponseReturnValue:
    """Passes by number, phone, last four or name; newest first."""
    text, state = searched("q") or "", chosen("state", PASS_STATES)
    wanted, paging = sought(text), page_request(limit=_ROWS)
    with transaction() as session:
        ids = pass_queries.find_passes(session, wanted) if wanted is not None else None
        rows, total = pass_queries.list_passes(
            session, ids, state, now=clock.now(), limit=paging.limit, offset=paging.offset
        )
    return render_template(
        "admin/passes.html",
        page=Page(rows, total, paging),
        q=text,
        too_many=ids is not None and len(ids) > pass_queries.MOST_FOUND,
        state=state,
        states=translated(PASS_STATES),
        tones=PASS_TONES,
    )


@blueprint.get("/passes/<int:pass_id>")
@guard.staff(CARE, ADMIN)
def pass_page(pass_id: int) -> ResponseReturnValue:
    """One pass, whole."""
    return _pass_page(pass_id)


@blueprint.post("/passes/<int:pass_id>/hold")
@guard.staff(CARE, ADMIN)
def post_hold(pass_id: int) -> ResponseReturnValue:
    """Freeze the pass: gates refuse it at once."""
    data, errors = read_form(_HOLD)
    if errors:
        return _pass_page(pass_id, "hold", errors)
    try:
        with transaction() as session:
            service.hold_from_desk(
                session,
                guard.current_staff(),
                pass_id,
                reason=data["reason"],
                days=int(data["days"]) if data["days"] else None,
                note=data["note"],
                now=clock.now(),
            )
    except Problem as problem:
        return _pass_page(pass_id, "hold", marks(problem), problem)
    flash(gettext("The pass is on hold. Every gate refuses it from now on."))
    return _back(pass_id)


@blueprint.post("/passes/<int:pass_id>/holds/<int:hold_id>/release")
@guard.staff(CARE, ADMIN)
def post_release(pass_id: int, hold_id: int) -> ResponseReturnValue:
    """End one hold."""
    data, errors = read_form(_NOTE)
    if errors:
        return _pass_page(pass_id, f"release-{hold_id}", errors)
    try:
        with transaction() as session:
            service.release_from_desk(
                session, guard.current_staff(), pass_id, hold_id, note=data["note"], now=clock.now()
            )
            left = pass_queries.list_open_holds(session, pass_id, clock.now())
    except Problem as problem:
        return _pass_page(pass_id, "release", marks(problem), problem)
    flash(
        gettext("The hold is released. Another hold still stands, so gates go on refusing the pass.")
        if left
        else gettext("The hold is released. Gates take the pass again.")
    )
    return _back(pass_id)


@blueprint.post("/passes/<int:pass_id>/link")
@guard.staff(CARE, ADMIN)
def post_link(pass_id: int) -> ResponseReturnValue:
    """A new link to the holder; the old one closes."""
    public_url = settings.current().public_url
    with transaction() as session:
        letter = service.send_new_link(session, guard.current_staff(), pass_id, public_url=public_url, now=clock.now())
    if letter.recipient:
        flash(gettext("The old link is closed. A letter with the new one goes to %(to)s.", to=letter.recipient))
        return _back(pass_id)
    flash(gettext("The old link is closed. The holder gave no e-mail address: read the new link out from this letter."))
    return redirect(url_for("admin.letter", letter_id=letter.id), 303)


@blueprint.post("/passes/<int:pass_id>/codes")
@guard.staff(CARE, ADMIN)
def post_codes(pass_id: int) -> ResponseReturnValue:
    """Every code drawn or printed before is refused from now on."""
    try:
        with transaction() as session:
            replace_codes(session, pass_id, now=clock.now(), by=guard.current_staff())
    except Conflict as problem:
        return _pass_page(pass_id, "codes", marks(problem), problem)
    flash(
        gettext(
            "Every earlier code is worthless now."
            " The holder's phone shows a new one by itself; a card must be printed anew."
        )
    )
    return _back(pass_id)


def _back(pass_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.pass_page", pass_id=pass_id), 303)


def _pass_page(
    pass_id: int, form: str = "", errors: Errors | None = None, problem: Problem | None = None
) -> ResponseReturnValue:
    """form: which of the page's forms was sent and is open again with its errors and its input."""
    kind, now = chosen("show", HAPPENING_KINDS), clock.now()
    with transaction() as session:
        found = pass_queries.get_pass_page(session, pass_id, now=now)
        happenings = list_happenings(session, found.pass_, found.order, now=now)
        money_back = find_quote(session, found.pass_, now=now)
        at_fault = find_quote(session, found.pass_, now=now, cause="operator")
    lines = lines_of(happening for happening in happenings if kind is None or happening.kind == kind)
    paging = page_request(limit=50)
    page = render_template(
        "admin/pass.html",
        found=found,
        phone=shown_phone(found.member.phone),
        state_words=gettext(PASS_STATES[found.state]),
        tone=PASS_TONES.get(found.state, ""),
        documents=translated(DOCUMENTS),
        holders=translated(HOLDERS),
        reasons=translated(HOLD_REASONS),
        desk_reasons=[(code, gettext(HOLD_REASONS[code])) for code in DESK_HOLDS],
        durations=translated(DURATIONS).items(),
        releasable={hold.id for hold in found.open_holds if may_release(guard.current_staff().role, hold.reason)},
        money_back=money_back,
        at_fault=at_fault,
        cases=CASES,
        refund_states=translated(REFUND_STATES),
        kinds=translated(HAPPENING_KINDS),
        kind=kind,
        timeline=Page(lines[paging.offset : paging.offset + paging.limit], len(lines), paging),
        sent=form,
        errors=errors or {},
        form=request.form if errors else {},
    )
    return page, _status(errors, problem)


def _status(errors: Errors | None, problem: Problem | None) -> int:
    if problem is not None:
        return 409
    return 422 if errors else 200
