"""What every answer carries, and which cross-site requests are turned away."""

import re
import secrets

from flask import Flask, Request, Response, g, request

from passes import logs
from passes.errors import N_, NotAllowed
from passes.settings import Settings

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def set_up(app: Flask, settings: Settings) -> None:
    # A form that ends in a redirect to the checkout needs its origin here: browsers check redirects too.
    checkout = settings.stripe_api_base if settings.payments == "sandbox" else "https://checkout.stripe.com"
    policy = (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; "
        f"form-action 'self' {checkout}; base-uri 'none'; frame-ancestors 'none'"
    )
    secure = settings.public_url.startswith("https://")

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        logs.request_id.set(g.request_id)
        logs.take_traceparent(request.headers.get("traceparent"))
        refuse_cross_site(request, settings.public_url)

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers["X-Request-Id"] = g.get("request_id", "")
        headers["Content-Security-Policy"] = policy
        headers["X-Content-Type-Options"] = "nosniff"
        # Nothing to other sites; `no-referrer` would also hide the origin of our own forms from the check below.
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=()"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        # Pages differ by person and language; only hashed static files may be kept.
        headers.setdefault("Cache-Control", "no-store")
        return response


def refuse_cross_site(incoming: Request, public_url: str) -> None:
    """A change asked for by another site is refused. No token is needed: browsers say where they come from.

    A bearer token is never sent by a browser on its own, and a request without cookies carries no authority.
    """
    if incoming.method in SAFE_METHODS or incoming.headers.get("Authorization", "").startswith("Bearer "):
        return
    site = incoming.headers.get("Sec-Fetch-Site")
    origin = incoming.headers.get("Origin")
    if site is not None:
        good = site in ("same-origin", "none")
    elif origin is not None:
        good = origin in (public_url, incoming.host_url.rstrip("/"))
    else:
        good = not incoming.cookies
    if not good:
        raise NotAllowed("cross_site", N_("This form was sent from another site. Open the page here and try again."))
