"""One's own account: browsers signed in, and the second factor."""

from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard, passwords, queries, rates, second_factor, sessions, totp
from passes.access.rules import Staff, normal_password
from passes.admin.browsers import browser_words
from passes.admin.desk import Errors, blueprint
from passes.admin.schemas import FactorEndForm, FactorForm
from passes.credential.drawing import Drawing, draw
from passes.db import transaction
from passes.errors import N_, Conflict
from passes.http import load_form

ISSUER = "Youyou Lanzhou"
TRIES, WINDOW_SECONDS = 5, 300

_FACTOR, _FACTOR_END = FactorForm(), FactorEndForm()


@dataclass(frozen=True, slots=True)
class ShownSecret:
    """The secret as a picture for the app, and to type by hand."""

    drawing: Drawing
    typed: str


@blueprint.get("/account")
@guard.password_chosen
def account() -> ResponseReturnValue:
    """What one may change of one's own account."""
    staff, here = guard.current_staff(), guard.current_session_id()
    with transaction() as session:
        row = queries.get_staff(session, staff.id)
        rows = sessions.list_sessions(session, staff.id, now=clock.now())
        codes_left = second_factor.count_recovery_codes(session, staff.id)
    shown = [(each, browser_words(each.browser), each.id == here) for each in rows]
    return render_template("admin/account.html", row=row, sessions=shown, codes_left=codes_left)


@blueprint.post("/account/sessions/<uuid:session_id>/end")
@guard.password_chosen
def post_end_session(session_id: UUID) -> ResponseReturnValue:
    """Sign one browser out."""
    with transaction() as session:
        sessions.end_session(session, guard.current_staff().id, session_id, now=clock.now())
    flash(gettext("That browser was signed out."))
    return redirect(url_for("admin.account"), 303)


@blueprint.post("/account/sessions/end-others")
@guard.password_chosen
def post_end_other_sessions() -> ResponseReturnValue:
    """Sign all other browsers out."""
    staff, here = guard.current_staff(), guard.current_session_id()
    with transaction() as session:
        sessions.end_sessions(session, staff.id, besides=here, now=clock.now())
    flash(gettext("Every other browser was signed out."))
    return redirect(url_for("admin.account"), 303)


@blueprint.get("/account/second-factor")
@guard.password_chosen
def second_factor_page() -> ResponseReturnValue:
    """Set it up: a picture for the app, and a code to show that it works."""
    return _factor_page({}, status=200)


@blueprint.post("/account/second-factor")
@guard.password_chosen
def post_second_factor() -> ResponseReturnValue:
    """The app shows the right code: count it from now on, and show the recovery codes, this once."""
    staff, now = guard.current_staff(), clock.now()
    data, errors = load_form(_FACTOR)
    if errors:
        return _factor_page(errors, status=422)
    try:
        with transaction() as session:
            codes = second_factor.confirm_second_factor(session, staff, data["code"], now=now)
    except Conflict:
        return redirect(url_for("admin.account"), 303)
    if codes is None:
        return _factor_page(
            {"code": [gettext("This code is not right. Wait for the next one and type it.")]}, status=422
        )
    return render_template("admin/recovery_codes.html", codes=codes, fresh=True)


@blueprint.get("/account/recovery-codes")
@guard.password_chosen
def recovery_codes() -> ResponseReturnValue:
    """Ten new written codes, for whoever still has the phone: asks for password and code."""
    return _proof_page("admin/recovery_renewal.html", {}, status=200)


@blueprint.post("/account/recovery-codes")
@guard.password_chosen
def post_recovery_codes() -> ResponseReturnValue:
    """Make them, and show them this once."""
    staff = guard.current_staff()
    errors = _proof_faults(staff) if staff.has_second_factor else {}
    if errors or not staff.has_second_factor:
        return _proof_page("admin/recovery_renewal.html", errors, status=422)
    with transaction() as session:
        codes = second_factor.renew_recovery_codes(session, staff, now=clock.now())
    return render_template("admin/recovery_codes.html", codes=codes, fresh=False)


@blueprint.get("/account/second-factor/remove")
@guard.password_chosen
def second_factor_removal() -> ResponseReturnValue:
    """Remove it, or make room for another phone: asks for password and code."""
    return _proof_page("admin/factor_removal.html", {}, status=200)


@blueprint.post("/account/second-factor/remove")
@guard.password_chosen
def post_second_factor_removal() -> ResponseReturnValue:
    """Sign in with the password alone again; or with a new phone, set up next."""
    staff = guard.current_staff()
    errors = _proof_faults(staff) if staff.has_second_factor else {}
    if errors or not staff.has_second_factor:
        return _proof_page("admin/factor_removal.html", errors, status=422)
    with transaction() as session:
        second_factor.remove_second_factor(session, staff.id, by=staff, now=clock.now())
    flash(gettext("Your second factor was removed."))
    return redirect(url_for("admin.account"), 303)


def _proof_page(template: str, errors: Errors, *, status: int) -> ResponseReturnValue:
    """Asked of whoever has a second factor; others have nothing to change here."""
    if not guard.current_staff().has_second_factor:
        return redirect(url_for("admin.account"), 303)
    return render_template(template, errors=errors), status


def _proof_faults(staff: Staff) -> Errors:
    """Whoever changes the second factor shows password and code: a browser left open is not enough."""
    data, errors = load_form(_FACTOR_END)
    if errors:
        return errors
    now = clock.now()
    with transaction() as session:
        if not rates.allow(session, f"proof {staff.id}", limit=TRIES, seconds=WINDOW_SECONDS, now=now):
            return {"": [gettext(N_("Too many tries. Wait a few minutes and try again."))]}
        found = queries.find_credentials(session, staff.login)
    if not passwords.matches(found.password_hash if found else None, normal_password(data["password"])):
        return {"password": [gettext(N_("This is not your present password."))]}
    with transaction() as session:
        right = second_factor.is_second_factor(session, staff.id, data["code"], now=now)
    return {} if right else {"code": [gettext(N_("This code is not right. Wait for the next one and type it."))]}


def _factor_page(errors: Errors, *, status: int) -> ResponseReturnValue:
    staff = guard.current_staff()
    if staff.has_second_factor:
        return redirect(url_for("admin.account"), 303)
    with transaction() as session:
        secret = second_factor.begin_second_factor(session, staff.id)
    shown = ShownSecret(draw(totp.address(secret, login=staff.login, issuer=ISSUER)), totp.secret_text(secret))
    page = render_template(
        "admin/second_factor.html", secret=shown, errors=errors, required=guard.second_factor_required(staff)
    )
    return page, status
