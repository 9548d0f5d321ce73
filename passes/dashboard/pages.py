"""Marketing's page: figures, charts with a table behind each, kept fresh by polling."""

from hashlib import blake2b

import orjson
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from passes import clock, settings
from passes.access import guard
from passes.catalogue.queries import get_current_terms
from passes.clock import local_day
from passes.dashboard.queries import overview
from passes.dashboard.shown import show_overview
from passes.db import transaction
from passes.entitlement.words import WORDS
from passes.errors import NotFound
from passes.http.languages import language

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/dashboard")
@guard.staff("marketing", "admin")
def dashboard() -> ResponseReturnValue:
    """Complete without a script; the script draws the charts and keeps the figures fresh."""
    return render_template("dashboard/dashboard.html", shown=_shown())


@blueprint.get("/dashboard/data.json")
@guard.staff("marketing", "admin")
def data() -> ResponseReturnValue:
    """The same figures for the script; 304 while nothing has changed."""
    body = orjson.dumps(_shown())
    response = Response(body, content_type="application/json; charset=utf-8")
    response.set_etag(blake2b(body + language().encode(), digest_size=12).hexdigest())
    return response.make_conditional(request)


def _shown() -> dict[str, object]:
    now = clock.now()
    with transaction() as session:
        seen = overview(session, local_day(now), direct=settings.current().events == "direct")
        try:
            terms = get_current_terms(session)
            venues, benefits = terms.venues, terms.benefits
        except NotFound:
            venues, benefits = {}, {}
    return show_overview(seen, venues=venues, benefits=benefits, words=WORDS, now=now)
