"""Signing in, signing out, and choosing one's own password."""

from datetime import datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard, passwords, queries, rates, rules, service
from passes.access.schemas import PasswordForm, SignInForm
from passes.db import transaction
from passes.errors import N_
from passes.http import load_form

blueprint = Blueprint("access", __name__)

WINDOW_SECONDS = 300
TRIES_BY_LOGIN = 5
TRIES_BY_ADDRESS = 20

_SIGN_IN, _PASSWORD = SignInForm(), PasswordForm()


@blueprint.app_context_processor
def who() -> dict[str, object]:
    """`signed_in` in every template: the staff a guard let in, without asking the database again."""
    return {"signed_in": g.get("staff")}


@blueprint.get("/admin/sign-in")
@guard.public
def sign_in() -> ResponseReturnValue:
    """The sign-in page; whoever is signed in goes on."""
    target = rules.local_target(request.args.get("next"), otherwise=url_for("admin.home"))
    if guard.find_current_staff() is not None:
        return redirect(target, 303)
    return _sign_in_page({}, status=200)


@blueprint.post("/admin/sign-in")
@guard.public
def post_sign_in() -> ResponseReturnValue:
    """One answer for an unknown name, a disabled account and a wrong password."""
    data, errors = load_form(_SIGN_IN)
    if errors:
        return _sign_in_page(errors, status=422)
    login, now = rules.normal_login(data["login"]), clock.now()
    if not _may_try(login, now=now):
        return _sign_in_page({"": [gettext(N_("Too many tries. Wait a few minutes and try again."))]}, status=429)
    password = rules.normal_password(data["password"])
    with transaction() as session:
        found = queries.find_credentials(session, login)
    if not passwords.matches(found.password_hash if found else None, password) or found is None:
        return _sign_in_page({"": [gettext(N_("Name or password is wrong."))]}, status=422)
    with transaction() as session:
        rates.forget(session, _login_key(login))
        service.record_sign_in(session, found.staff.id, password=password, now=now)
    guard.start_session(found.staff.id, found.session_epoch, now=now)
    return redirect(rules.local_target(data["next"], otherwise=url_for("admin.home")), 303)


@blueprint.post("/admin/sign-out")
@guard.signed_in
def sign_out() -> ResponseReturnValue:
    """End the session of this browser."""
    guard.end_session()
    return redirect(url_for("access.sign_in"), 303)


@blueprint.get("/admin/password")
@guard.signed_in
def password() -> ResponseReturnValue:
    """Choose a password; the first one given out opens this page only."""
    return _password_page({}, status=200)


@blueprint.post("/admin/password")
@guard.signed_in
def post_password() -> ResponseReturnValue:
    """Change the password; all other browsers of this account are signed out."""
    staff, now = guard.current_staff(), clock.now()
    data, errors = load_form(_PASSWORD)
    if errors:
        return _password_page(errors, status=422)
    if not _may_try(staff.login, now=now):
        return _password_page({"": [gettext(N_("Too many tries. Wait a few minutes and try again."))]}, status=429)
    current, new, again = (rules.normal_password(data[name]) for name in ("current", "new", "again"))
    with transaction() as session:
        found = queries.find_credentials(session, staff.login)
    if not passwords.matches(found.password_hash if found else None, current):
        return _password_page({"current": [gettext(N_("This is not your present password."))]}, status=422)
    faults = {"new": [gettext(text) for text in rules.password_faults(new, login=staff.login, old=current)]}
    if new != again:
        faults["again"] = [gettext(N_("This is not the same as above."))]
    if any(faults.values()):
        return _password_page(faults, status=422)
    with transaction() as session:
        rates.forget(session, _login_key(staff.login))
        epoch = service.change_password(session, staff.id, password=new)
    guard.start_session(staff.id, epoch, now=now)
    flash(gettext(N_("Your password was changed. Other browsers with your account are signed out.")))
    return redirect(url_for("admin.home"), 303)


def _login_key(login: str) -> str:
    return f"sign-in login {login}"


def _may_try(login: str, *, now: datetime) -> bool:
    """Counted in a transaction of its own, before the password is looked at: no failure goes uncounted."""
    address = f"sign-in address {rules.address_block(request.remote_addr)}"
    with transaction() as session:
        return rates.allow(
            session, address, limit=TRIES_BY_ADDRESS, seconds=WINDOW_SECONDS, now=now
        ) and rates.allow(session, _login_key(login), limit=TRIES_BY_LOGIN, seconds=WINDOW_SECONDS, now=now)


def _sign_in_page(errors: dict[str, list[str]], *, status: int) -> ResponseReturnValue:
    target = request.values.get("next", "")
    page = render_template("access/sign_in.html", errors=errors, next=target, login=request.form.get("login", ""))
    headers = {"Retry-After": str(WINDOW_SECONDS // TRIES_BY_LOGIN)} if status == 429 else {}
    return page, status, headers


def _password_page(errors: dict[str, list[str]], *, status: int) -> ResponseReturnValue:
    staff = guard.current_staff()
    page = render_template("access/password.html", errors=errors, first=staff.must_change_password)
    headers = {"Retry-After": str(WINDOW_SECONDS // TRIES_BY_LOGIN)} if status == 429 else {}
    return page, status, headers
