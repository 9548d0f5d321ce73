"""What stands before every route. Each decorator sets `view.__guard__` (public, staff, signed_in, device, feed or
secret_link) and `view.__guard_details__` (the roles, the scope, or what the link opens).

Put the guard directly under the route: `@blueprint.post(…)` / `@device` / `@accepts(…)` / `def view`.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, after_this_request, flash, g, redirect, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from passes import clock, settings
from passes.access import key_queries, key_service, queries, rules, service, sessions
from passes.access.key_rules import SCOPES, Feed
from passes.access.rules import Gate, Staff
from passes.db import transaction
from passes.errors import N_, NotAllowed, NotSignedIn

__all__ = [
    "Feed",
    "Gate",
    "Staff",
    "current_feed",
    "current_gate",
    "current_staff",
    "device",
    "feed",
    "password_chosen",
    "polled",
    "public",
    "secret_link",
    "staff",
]

View = Callable[..., Any]

# Nobody names a browser in more words, and a forged header is no place to keep a book.
_BROWSER_CHARACTERS = 300


def public(view: View) -> View:
    """Anybody may come here."""
    return _marked(view, "public")


def secret_link(kind: str) -> Callable[[View], View]:
    """Whoever has the link. The view looks the secret up; here the page is kept from caches and search."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            after_this_request(_keep_secret)
            return view(*args, **kwargs)

        return _marked(guarded, "secret_link", kind)

    return decorate


def staff(*roles: str) -> Callable[[View], View]:
    """Signed-in staff of one of the roles (none named = any), whose first password has been changed."""
    unknown = set(roles) - set(rules.ROLES)
    if unknown:
        raise ValueError(f"no such role: {unknown}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            after_this_request(_not_stored)
            found = _signed_in()
            if isinstance(found, AnyResponse):
                return found
            if found.must_change_password:
                return _to_password_page()
            if not found.has_second_factor and second_factor_required(found):
                return _to_second_factor_page()
            if roles and found.role not in roles:
                raise NotAllowed("role_not_allowed", N_("Your account may not open this page. Ask an admin."))
            return view(*args, **kwargs)

        return _marked(guarded, "staff", *roles)

    return decorate


def polled(view: View) -> View:
    """A script asks here by itself, and that alone keeps nobody signed in. Put it above `staff`.

    The script says `X-Attended: 1` when somebody has touched the page since it last asked.
    """

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Any:
        g.by_itself = request.headers.get("X-Attended") != "1"
        return view(*args, **kwargs)

    return asked


def signed_in(view: View) -> View:
    """Staff of any role, also before the first password is changed: only for changing it and signing out."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        after_this_request(_not_stored)
        found = _signed_in()
        return found if isinstance(found, AnyResponse) else view(*args, **kwargs)

    return _marked(guarded, "signed_in")


def password_chosen(view: View) -> View:
    """Staff of any role who chose a password, also before the second factor is set up that their role must have."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        after_this_request(_not_stored)
        found = _signed_in()
        if isinstance(found, AnyResponse):
            return found
        return _to_password_page() if found.must_change_password else view(*args, **kwargs)

    return _marked(guarded, "password_chosen")


def device(view: View) -> View:
    """An enrolled gate device, by its bearer token. 401 device_token_missing, device_unknown or device_revoked.

    The look-up is remembered for two seconds in each process, so a revoked device may scan for two seconds more.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.gate = _gate_of_token(bearer_token(), now=clock.now())
        return view(*args, **kwargs)

    return _marked(guarded, "device")


def feed(scope: str) -> Callable[[View], View]:
    """Another system, by its key, which must open `scope`. 401 key_missing, key_unknown or key_revoked."""
    if scope not in SCOPES:
        raise ValueError(f"no such scope: {scope}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            found = _feed_of_token(bearer_token(), now=clock.now())
            if scope not in found.scopes:
                raise NotAllowed("scope_missing", N_("This key does not open this part of the API."))
            g.feed = found
            return view(*args, **kwargs)

        return _marked(guarded, "feed", scope)

    return decorate


def current_feed() -> Feed:
    """The other system of this request; only in views guarded by `feed`."""
    return cast(Feed, g.feed)


def current_gate() -> Gate:
    """The device of this request; only in views guarded by `device`."""
    return cast(Gate, g.gate)


def current_staff() -> Staff:
    """The staff of this request; only in views guarded by `staff` or `signed_in`."""
    return cast(Staff, g.staff)


def find_current_staff() -> Staff | None:
    """Who is signed in, also on public pages; None when nobody is."""
    if "staff" not in g:
        found = _staff_of_session(clock.now())
        if found is None:
            return None
        g.staff = found
    return cast(Staff, g.staff)


def current_session_id() -> UUID:
    """Which of the account's sessions this request belongs to; only where `current_staff` may be called."""
    return cast(UUID, g.session_id)


def second_factor_required(found: Staff) -> bool:
    """Whether this installation asks this account for a second factor."""
    return rules.second_factor_required(found.role, policy=settings.current().second_factor)


def start_session(staff_id: int, session_epoch: int, *, now: datetime) -> None:
    """Sign in: a new session that shares nothing with the one before it."""
    session.clear()
    browser = request.headers.get("User-Agent", "")[:_BROWSER_CHARACTERS].replace("\x00", "")
    address = rules.address_block(request.remote_addr)
    with transaction() as database:
        made = sessions.start_session(database, staff_id, session_epoch, browser=browser, address=address, now=now)
    session["session"] = made.hex


def end_session(*, now: datetime) -> None:
    """Sign out of this browser."""
    with transaction() as database:
        sessions.end_session(database, current_staff().id, current_session_id(), now=now)
    session.clear()
    g.pop("staff", None)


def bearer_token() -> str | None:
    """The token of the Authorization header, None without one. Basic and others count as none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _marked(view: View, kind: str, *details: str) -> View:
    vars(view)["__guard__"] = kind
    vars(view)["__guard_details__"] = details
    return view


def _gate_of_token(token: str | None, *, now: datetime) -> Gate:
    if token is None:
        raise NotSignedIn(
            "device_token_missing", N_("This device is not enrolled. Enrol it with a code from the back office.")
        )
    unknown = NotSignedIn(
        "device_unknown", N_("We do not know this device. Enrol it with a code from the back office.")
    )
    if not rules.is_token(token):
        raise unknown
    token_hash = rules.secret_hash(token)
    found = queries.remembered_gate(token_hash, now=now)
    if found is None:
        with transaction() as database:
            found = queries.find_gate(database, token_hash, now=now)
            seen_at = found.last_seen_at if found else None
            if found and not found.revoked and (seen_at is None or now - seen_at > service.SEEN_EVERY):
                service.note_seen(database, found.gate.enrolment_id, now=now)
    if found is None:
        raise unknown
    if found.revoked:
        raise NotSignedIn(
            "device_revoked", N_("This device was signed off. Enrol it again with a code from the back office.")
        )
    return found.gate


def _feed_of_token(token: str | None, *, now: datetime) -> Feed:
    if token is None:
        raise NotSignedIn("key_missing", N_("Send the key: Authorization: Bearer …"))
    with transaction() as database:
        found = key_queries.find_key(database, rules.secret_hash(token)) if rules.is_token(token) else None
        used_at = found.last_used_at if found else None
        if found and not found.revoked and (used_at is None or now - used_at > key_service.USED_EVERY):
            key_service.note_used(database, found.feed.key_id, now=now)
    if found is None:
        raise NotSignedIn("key_unknown", N_("We do not know this key. The back office makes new ones."))
    if found.revoked:
        raise NotSignedIn("key_revoked", N_("This key was revoked. The back office makes new ones."))
    return found.feed


def _signed_in() -> Staff | AnyResponse:
    found = find_current_staff()
    if found is not None:
        return found
    if request.path.startswith("/api/"):
        raise NotSignedIn("not_signed_in", N_("Sign in first."))
    if request.method == "GET":
        return redirect(url_for("access.sign_in", next=request.full_path.rstrip("?")), 303)
    flash(gettext(N_("You are no longer signed in, so nothing was saved. Sign in and try again.")))
    return redirect(url_for("access.sign_in", next=_page_before()), 303)


def _page_before() -> str | None:
    """The page whose form was sent: where to go on after signing in."""
    before = urlsplit(request.referrer or "")
    path = f"{before.path}?{before.query}" if before.query else before.path
    return path if before.netloc == request.host and before.path else None


def _to_password_page() -> AnyResponse:
    if request.path.startswith("/api/"):
        raise NotAllowed("password_change_required", N_("Choose your own password first."))
    return redirect(url_for("access.password"), 303)


def _to_second_factor_page() -> AnyResponse:
    if request.path.startswith("/api/"):
        raise NotAllowed("second_factor_required", N_("Set up your second factor first."))
    return redirect(url_for("admin.second_factor_page"), 303)


def _staff_of_session(now: datetime) -> Staff | None:
    kept = session.get("session")
    if not isinstance(kept, str):
        return None
    with transaction() as database:
        found = sessions.find_session(database, UUID(kept), now=now)
        if found is not None and now - found.seen_at >= sessions.SEEN_EVERY and not g.get("by_itself", False):
            sessions.note_session_seen(database, found.session_id, now=now)
    if found is None:
        session.clear()
        return None
    g.session_id = found.session_id
    return found.staff


def _not_stored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _keep_secret(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
