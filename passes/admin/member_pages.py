"""One account: what it is, what it did, and every change an admin may make."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import accounts, guard, second_factor, sessions
from passes.access import queries as access_queries
from passes.access.rules import ADMIN, Staff
from passes.admin.audit import AuditSearch, list_audit
from passes.admin.audit_pages import shown_entries
from passes.admin.desk import Errors, blueprint, marks
from passes.admin.invitations import find_link_letter, send_or_show
from passes.admin.schemas import StaffChangeForm
from passes.admin.words import LETTER_STATES, ROLE_NAMES, STAFF_STATES, translated
from passes.db import transaction
from passes.errors import N_, Problem
from passes.http import language, load_form

_CHANGE = StaffChangeForm()
_LATEST = 10


@blueprint.get("/staff/<int:staff_id>")
@guard.staff(ADMIN)
def staff_member(staff_id: int) -> ResponseReturnValue:
    """The account with its open sessions and the latest entries of the audit log about it or by it."""
    return _member_page(staff_id, {}, status=200)


@blueprint.post("/staff/<int:staff_id>")
@guard.staff(ADMIN)
def post_staff_member(staff_id: int) -> ResponseReturnValue:
    """Change name, role, e-mail."""
    data, errors = load_form(_CHANGE)
    if errors:
        return _member_page(staff_id, errors, status=422)
    try:
        with transaction() as session:
            changed = accounts.update_staff(session, staff_id, **data, by=guard.current_staff(), now=clock.now())
    except Problem as problem:
        return _member_page(staff_id, marks(problem), status=422)
    flash(gettext("The account was changed.") if changed else gettext("Nothing differed, so nothing was changed."))
    return _back(staff_id)


@blueprint.post("/staff/<int:staff_id>/link")
@guard.staff(ADMIN)
def post_staff_link(staff_id: int) -> ResponseReturnValue:
    """A link to choose a new password; the old one stops working."""
    now = clock.now()
    try:
        with transaction() as session:
            email = access_queries.get_staff(session, staff_id).email
            made = accounts.make_link(session, staff_id, by=guard.current_staff(), now=now)
            path = url_for("access.welcome", token=made.token)
            given = send_or_show(session, made, path, email=email, locale=language(), now=now)
    except Problem as problem:
        return _refused(staff_id, problem)
    if given is not None:
        return render_template("admin/staff_link.html", given=given)
    flash(gettext("A letter with the link is on its way to %(email)s.", email=email))
    return _back(staff_id)


@blueprint.post("/staff/<int:staff_id>/disable")
@guard.staff(ADMIN)
def post_disable(staff_id: int) -> ResponseReturnValue:
    """Shut an account; its sessions end at their next request."""
    return _change(staff_id, accounts.disable_staff, N_("The account was disabled and signed out everywhere."))


@blueprint.post("/staff/<int:staff_id>/enable")
@guard.staff(ADMIN)
def post_enable(staff_id: int) -> ResponseReturnValue:
    """Open a disabled account again."""
    return _change(staff_id, accounts.enable_staff, N_("The account may sign in again."))


@blueprint.post("/staff/<int:staff_id>/sign-out")
@guard.staff(ADMIN)
def post_sign_out_everywhere(staff_id: int) -> ResponseReturnValue:
    """End every session of the account."""
    return _change(staff_id, accounts.sign_out_everywhere, N_("The account was signed out everywhere."))


@blueprint.post("/staff/<int:staff_id>/remove-second-factor")
@guard.staff(ADMIN)
def post_remove_second_factor(staff_id: int) -> ResponseReturnValue:
    """For a colleague's lost phone: the password alone opens the account until a new one is set up.

    One's own goes only with password and code, like everywhere: a browser left open is not enough.
    """
    if staff_id == guard.current_staff().id:
        return redirect(url_for("admin.second_factor_removal"), 303)
    return _change(staff_id, second_factor.remove_second_factor, N_("The second factor was removed."))


def _change(staff_id: int, change: Callable[..., object], done: str) -> ResponseReturnValue:
    """One change without a form of its own: a refusal is shown on the account's page."""
    by: Staff = guard.current_staff()
    try:
        with transaction() as session:
            change(session, staff_id, by=by, now=clock.now())
    except Problem as problem:
        return _refused(staff_id, problem)
    flash(gettext(done))
    return _back(staff_id)


def _refused(staff_id: int, problem: Problem) -> ResponseReturnValue:
    return _member_page(staff_id, {}, status=409, refusal=" ".join(marks(problem).get("", [])))


def _back(staff_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.staff_member", staff_id=staff_id), 303)


def _member_page(staff_id: int, errors: Errors, *, status: int, refusal: str | None = None) -> ResponseReturnValue:
    now = clock.now()
    with transaction() as session:
        row = access_queries.get_staff(session, staff_id)
        letter = find_link_letter(session, staff_id)
        open_sessions = sessions.list_sessions(session, staff_id, now=now)
        entries, _ = list_audit(session, AuditSearch(about_staff_id=staff_id), limit=_LATEST, offset=0)
    form = request.form if errors else {"name": row.name, "role": row.role, "email": row.email or ""}
    page = render_template(
        "admin/staff_member.html",
        row=row,
        letter=letter,
        letter_states=translated(LETTER_STATES),
        sessions=open_sessions,
        entries=shown_entries(entries),
        roles=translated(ROLE_NAMES),
        states=translated(STAFF_STATES),
        errors=errors,
        form=form,
        refusal=refusal,
    )
    return page, status
