"""Signing in by password and, where it is set up, a code; signing out; changing one's own password."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import accounts, guard, passwords, queries, rates, rules, second_factor
from passes.access.queries import Credentials
from passes.access.schemas import CodeForm, NewPasswordForm, PasswordForm, SignInForm
from passes.db import transaction
from passes.errors import N_
from passes.http import load_form

blueprint = Blueprint("access", __name__)

WINDOW_SECONDS = 300
TRIES_BY_LOGIN = 5
TRIES_BY_ADDRESS = 20

_SIGN_IN, _CODE, _PASSWORD, _NEW_PASSWORD = SignInForm(), CodeForm(), PasswordForm(), NewPasswordForm()

_HALF = "half"
_HALF_SECONDS = 300


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
        return _sign_in_page({"": [_too_many()]}, status=429)
    password = rules.normal_password(data["password"])
    with transaction() as database:
        found = queries.find_credentials(database, login)
    if not passwords.matches(found.password_hash if found else None, password) or found is None:
        return _sign_in_page({"": [gettext(N_("Name or password is wrong."))]}, status=422)
    with transaction() as database:
        rates.forget(database, _login_key(login))
        accounts.renew_hash(database, found.staff.id, password=password)
    target = rules.local_target(data["next"], otherwise=url_for("admin.home"))
    if found.staff.has_second_factor:
        return _ask_for_code(found, target, now=now)
    return _signed_in(found.staff.id, found.session_epoch, target, now=now)


def _signed_in(staff_id: int, epoch: int, target: str, *, now: datetime) -> ResponseReturnValue:
    """Every step is taken."""
    with transaction() as database:
        accounts.record_sign_in(database, staff_id, now=now)
    guard.start_session(staff_id, epoch, now=now)
    return redirect(target, 303)


def _ask_for_code(found: Credentials, target: str, *, now: datetime) -> ResponseReturnValue:
    """The password was right: remember that in the signed cookie for five minutes, and nothing more."""
    session.clear()
    session[_HALF] = {
        "id": found.staff.id,
        "epoch": found.session_epoch,
        "at": int(now.timestamp()),
        "next": target,
    }
    return redirect(url_for("access.code"), 303)


@blueprint.get("/admin/sign-in/code")
@guard.public
def code() -> ResponseReturnValue:
    """The second step, for whoever took the first."""
    if _half_signed_in(clock.now()) is None:
        return redirect(url_for("access.sign_in"), 303)
    return _code_page({}, status=200)


@blueprint.post("/admin/sign-in/code")
@guard.public
def post_code() -> ResponseReturnValue:
    """Six digits of the app, or a written code; each counts once."""
    now = clock.now()
    half = _half_signed_in(now)
    if half is None:
        flash(gettext(N_("That took more than five minutes. Sign in again.")))
        return redirect(url_for("access.sign_in"), 303)
    data, errors = load_form(_CODE)
    if errors:
        return _code_page(errors, status=422)
    if not _may_try_code(half["id"], now=now):
        return _code_page({"": [_too_many()]}, status=429)
    with transaction() as database:
        right = second_factor.is_second_factor(database, half["id"], data["code"], now=now)
    if not right:
        return _code_page({"code": [gettext(N_("This code is not right. Wait for the next one and type it."))]}, 422)
    with transaction() as database:
        rates.forget(database, _code_key(half["id"]))
    return _signed_in(half["id"], half["epoch"], half["next"], now=now)


def _half_signed_in(now: datetime) -> dict[str, Any] | None:
    """What the first step left in the cookie, while it is fresh."""
    half = session.get(_HALF)
    if not isinstance(half, dict) or not -2 <= now.timestamp() - half["at"] <= _HALF_SECONDS:
        return None
    return half


@blueprint.post("/admin/sign-out")
@guard.signed_in
def sign_out() -> ResponseReturnValue:
    """End the session of this browser."""
    guard.end_session(now=clock.now())
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
        return _password_page({"": [_too_many()]}, status=429)
    current, new, again = (rules.normal_password(data[name]) for name in ("current", "new", "again"))
    with transaction() as database:
        found = queries.find_credentials(database, staff.login)
    if not passwords.matches(found.password_hash if found else None, current):
        return _password_page({"current": [gettext(N_("This is not your present password."))]}, status=422)
    faults = _password_faults(new, again, login=staff.login, old=current)
    if faults:
        return _password_page(faults, status=422)
    with transaction() as database:
        rates.forget(database, _login_key(staff.login))
        epoch = accounts.change_password(database, staff.id, password=new, now=now)
    guard.start_session(staff.id, epoch, now=now)
    flash(gettext(N_("Your password was changed. Other browsers with your account are signed out.")))
    return redirect(url_for("admin.home"), 303)


@blueprint.get("/admin/welcome/<token>")
@guard.secret_link("staff account")
def welcome(token: str) -> ResponseReturnValue:
    """Where an invitation leads: choose a password."""
    return _welcome_page(token, {}, status=200)


@blueprint.post("/admin/welcome/<token>")
@guard.secret_link("staff account")
def post_welcome(token: str) -> ResponseReturnValue:
    """Choose the password, once; then sign in with it."""
    data, errors = load_form(_NEW_PASSWORD)
    if errors:
        return _welcome_page(token, errors, status=422)
    now = clock.now()
    with transaction() as database:
        found = accounts.find_open_link(database, token, now=now)
    if found is None:
        return _welcome_page(token, {}, status=404)
    new, again = (rules.normal_password(data[name]) for name in ("new", "again"))
    faults = _password_faults(new, again, login=found.login)
    if faults:
        return _welcome_page(token, faults, status=422)
    with transaction() as database:
        login = accounts.use_link(database, token, password=new, now=now)
    flash(gettext(N_("Your password is set. Sign in as %(login)s."), login=login))
    return redirect(url_for("access.sign_in"), 303)


def _password_faults(new: str, again: str, *, login: str, old: str | None = None) -> dict[str, list[str]]:
    faults = {"new": [gettext(text) for text in rules.password_faults(new, login=login, old=old)]}
    if new != again:
        faults["again"] = [gettext(N_("This is not the same as above."))]
    return {name: texts for name, texts in faults.items() if texts}


def _login_key(login: str) -> str:
    return f"sign-in login {login}"


def _code_key(staff_id: int) -> str:
    return f"sign-in code {staff_id}"


def _too_many() -> str:
    return str(gettext(N_("Too many tries. Wait a few minutes and try again.")))


def _may_try_code(staff_id: int, *, now: datetime) -> bool:
    with transaction() as database:
        return rates.allow(database, _code_key(staff_id), limit=TRIES_BY_LOGIN, seconds=WINDOW_SECONDS, now=now)


def _may_try(login: str, *, now: datetime) -> bool:
    """Counted in a transaction of its own, before the password is looked at: no failure goes uncounted."""
    address = f"sign-in address {rules.address_block(request.remote_addr)}"
    with transaction() as database:
        return rates.allow(database, address, limit=TRIES_BY_ADDRESS, seconds=WINDOW_SECONDS, now=now) and rates.allow(
            database, _login_key(login), limit=TRIES_BY_LOGIN, seconds=WINDOW_SECONDS, now=now
        )


def _sign_in_page(errors: dict[str, list[str]], *, status: int) -> ResponseReturnValue:
    target = request.values.get("next", "")
    page = render_template("access/sign_in.html", errors=errors, next=target, login=request.form.get("login", ""))
    return page, status, _retry(status)


def _code_page(errors: dict[str, list[str]], status: int) -> ResponseReturnValue:
    return render_template("access/code.html", errors=errors), status, _retry(status)


def _password_page(errors: dict[str, list[str]], *, status: int) -> ResponseReturnValue:
    staff = guard.current_staff()
    page = render_template("access/password.html", errors=errors, first=staff.must_change_password)
    return page, status, _retry(status)


def _welcome_page(token: str, errors: dict[str, list[str]], *, status: int) -> ResponseReturnValue:
    """The form; or, for a link that is used, too old or no link, what to do."""
    with transaction() as database:
        found = accounts.find_open_link(database, token, now=clock.now())
    page = render_template("access/welcome.html", found=found, token=token, errors=errors)
    return page, status if found else 404


def _retry(status: int) -> dict[str, str]:
    return {"Retry-After": str(WINDOW_SECONDS // TRIES_BY_LOGIN)} if status == 429 else {}
