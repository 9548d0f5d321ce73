"""Accounts of the back office: the list, and inviting somebody."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import accounts, guard
from passes.access import queries as access_queries
from passes.access.queries import StaffRow, StaffSearch
from passes.access.rules import ADMIN, normal_login
from passes.admin.desk import Errors, blueprint, chosen, marks, searched
from passes.admin.invitations import send_or_show
from passes.admin.schemas import StaffForm
from passes.admin.words import ROLE_NAMES, STAFF_STATES, translated
from passes.db import transaction
from passes.errors import Problem
from passes.http import Page, language, load_form, page_request

_STAFF = StaffForm()


@blueprint.get("/staff")
@guard.staff(ADMIN)
def staff() -> ResponseReturnValue:
    """Accounts by name, role and state."""
    search = StaffSearch(searched("q"), chosen("role", ROLE_NAMES), chosen("state", STAFF_STATES))
    paging = page_request(limit=25)
    with transaction() as session:
        rows, total = access_queries.list_staff(session, search, limit=paging.limit, offset=paging.offset)
    return render_template(
        "admin/staff.html",
        page=Page(rows, total, paging),
        search=search,
        roles=translated(ROLE_NAMES),
        states=translated(STAFF_STATES),
    )


@blueprint.get("/staff/new")
@guard.staff(ADMIN)
def new_staff() -> ResponseReturnValue:
    """A form for somebody new."""
    return _new_page({}, status=200)


@blueprint.post("/staff/new")
@guard.staff(ADMIN)
def post_new_staff() -> ResponseReturnValue:
    """Make the account; the link goes by letter, or is shown this once."""
    data, errors = load_form(_STAFF)
    if errors:
        return _new_page(errors, status=422)
    now = clock.now()
    try:
        with transaction() as session:
            made = accounts.invite_staff(session, **data, by=guard.current_staff(), now=now)
            path = url_for("access.welcome", token=made.token)
            given = send_or_show(session, made, path, email=data["email"], locale=language(), now=now)
    except Problem as problem:
        taken = _account_called(data["login"]) if problem.code == "login_taken" else None
        return _new_page(marks(problem), status=422, taken=taken)
    if given is not None:
        return render_template("admin/staff_link.html", given=given)
    flash(gettext("A letter with the link is on its way to %(email)s.", email=data["email"]))
    return redirect(url_for("admin.staff_member", staff_id=made.staff_id), 303)


def _account_called(login: str) -> StaffRow | None:
    """Who has this name already: perhaps the very account of a form sent twice."""
    with transaction() as session:
        found = access_queries.find_staff_id(session, normal_login(login))
        return access_queries.get_staff(session, found) if found is not None else None


def _new_page(errors: Errors, *, status: int, taken: StaffRow | None = None) -> ResponseReturnValue:
    page = render_template(
        "admin/staff_new.html",
        errors=errors,
        form=request.form,
        roles=translated(ROLE_NAMES),
        taken=taken,
        by_letter=settings.current().smtp_url is not None,
    )
    return page, status
