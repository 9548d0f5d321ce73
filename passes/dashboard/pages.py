"""Marketing's page: figures, charts with a table and a CSV behind each, kept fresh by polling."""

from hashlib import blake2b

import orjson
from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard
from passes.access.rules import ADMIN, MARKETING
from passes.catalogue.queries import get_current_terms
from passes.catalogue.shown import KINDS
from passes.catalogue.sketch import venue_points
from passes.clock import local_day
from passes.dashboard.filters import read_filter
from passes.dashboard.names import PERIOD_NAMES, Names
from passes.dashboard.panel import Panel
from passes.dashboard.queries import Overview, overview
from passes.dashboard.shown import all_panels, show_live, show_panels
from passes.dashboard.tables import csv_of
from passes.db import transaction
from passes.entitlement.words import WORDS
from passes.errors import N_, NotFound
from passes.http.languages import language

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/dashboard")
@guard.staff(MARKETING, ADMIN)
def dashboard() -> ResponseReturnValue:
    """Complete without a script; the script draws the charts and keeps the figures fresh."""
    seen, names = _look()
    if not all(request.args.values()) and not seen.asked.faults:
        # A form sends its empty fields, too; an address that is passed on says only what was chosen.
        return redirect(f"{url_for('dashboard.dashboard')}?{seen.asked.query()}".rstrip("?"), 303)
    panels = show_panels(seen, names)
    return render_template(
        "dashboard/dashboard.html",
        asked=seen.asked,
        today=local_day(seen.now),
        periods={key: gettext(text) for key, text in PERIOD_NAMES.items()},
        kinds={key: gettext(text) for key, text in KINDS.items()},
        venues={id_: names.venue(id_) for id_ in names.venues},
        faults={name: [gettext(text)] for name, text in seen.asked.faults.items()},
        panels=panels,
        live=show_live(seen, panels),
    )


@blueprint.get("/dashboard/data.json")
@guard.polled
@guard.staff(MARKETING, ADMIN)
def data() -> ResponseReturnValue:
    """The same figures for the script; 304 while nothing has changed."""
    seen, names = _look()
    body = orjson.dumps(show_live(seen, show_panels(seen, names)), option=orjson.OPT_NON_STR_KEYS)
    response = Response(body, content_type="application/json; charset=utf-8")
    response.set_etag(blake2b(body + language().encode(), digest_size=12).hexdigest())
    return response.make_conditional(request)


@blueprint.get("/dashboard/<name>.csv")
@guard.staff(MARKETING, ADMIN)
def table(name: str) -> ResponseReturnValue:
    """The table behind one chart, as the filter has it."""
    seen, names = _look()
    panel = _panel(seen, names, name)
    response = Response(csv_of(panel.table), content_type="text/csv; charset=utf-8")
    file = f"youyou-{name}-{seen.asked.first_on}-{seen.asked.last_on}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def _panel(seen: Overview, names: Names, name: str) -> Panel:
    for panel in all_panels(seen, names):
        if panel.name == name:
            return panel
    raise NotFound("table_not_found", N_("There is no such table. Choose one on the dashboard."))


def _look() -> tuple[Overview, Names]:
    """What the address asks for, from one snapshot of the projections."""
    now = clock.now()
    with transaction() as session:
        try:
            terms = get_current_terms(session)
            names = Names(terms.venues, terms.benefits, WORDS, venue_points(terms))
        except NotFound:
            names = Names({}, {}, WORDS, {})
        asked = read_filter(request.args, names.venues, today=local_day(now))
        seen = overview(session, asked, now=now, direct=settings.current().events == "direct")
    return seen, names
