"""Accounts of the back office."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access import queries as access_queries
from passes.access import rules as access_rules
from passes.access import service as access_service
from passes.access.rules import ADMIN
from passes.admin.desk import Errors, blueprint, marks
from passes.admin.schemas import StaffForm
from passes.admin.words import ROLE_NAMES
from passes.db import transaction
from passes.errors import Problem
from passes.http import Page, load_form, page_request

_STAFF = StaffForm()


@dataclass(frozen=True, slots=True)
class GivenPassword:
    """A first password, for the one page that shows it."""

    login: str
    password: str


@blueprint.get("/staff")
@guard.staff(ADMIN)
def staff() -> ResponseReturnValue:
    """All accounts, and a form for a new one."""
    return _staff_page()


@blueprint.post("/staff")
@guard.staff(ADMIN)
def post_staff() -> ResponseReturnValue:
    """Add an account and show its first password, this once."""
    data, errors = load_form(_STAFF)
    if errors:
        return _staff_page(errors, status=422)
    try:
        with transaction() as session:
            password = access_service.create_staff(session, **data, now=clock.now())
    except Problem as problem:
        return _staff_page(marks(problem), status=422)
    return _staff_page(given=GivenPassword(access_rules.normal_login(data["login"]), password))


@blueprint.post("/staff/<int:staff_id>/reset")
@guard.staff(ADMIN)
def post_reset(staff_id: int) -> ResponseReturnValue:
    """Give an account a new first password; its sessions end."""
    with transaction() as session:
        row = access_queries.get_staff(session, staff_id)
        password = access_service.reset_password(session, staff_id)
    return _staff_page(given=GivenPassword(row.login, password))


@blueprint.post("/staff/<int:staff_id>/disable")
@guard.staff(ADMIN)
def post_disable(staff_id: int) -> ResponseReturnValue:
    """Shut an account; its sessions end at their next request."""
    try:
        with transaction() as session:
            access_service.disable_staff(session, staff_id, now=clock.now())
    except Problem as problem:
        return _staff_page(refusal="".join(marks(problem).get("", [])), status=409)
    flash(gettext("The account was disabled and signed out everywhere."))
    return redirect(url_for("admin.staff"), 303)


@blueprint.post("/staff/<int:staff_id>/enable")
@guard.staff(ADMIN)
def post_enable(staff_id: int) -> ResponseReturnValue:
    """Open a disabled account again."""
    with transaction() as session:
        access_service.enable_staff(session, staff_id)
    flash(gettext("The account may sign in again."))
    return redirect(url_for("admin.staff"), 303)


def _staff_page(
    errors: Errors | None = None, *, status: int = 200, given: GivenPassword | None = None, refusal: str | None = None
) -> ResponseReturnValue:
    paging = page_request()
    with transaction() as session:
        rows, total = access_queries.list_staff(session, limit=paging.limit, offset=paging.offset)
    page = render_template(
        "admin/staff.html",
        page=Page(rows, total, paging),
        roles={role: gettext(name) for role, name in ROLE_NAMES.items()},
        errors=errors or {},
        form=request.form if errors else {},
        given=given,
        refusal=refusal,
    )
    return page, status
