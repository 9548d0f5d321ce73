"""The web service: opens the doors of every room, decides nothing."""

import logging
import os
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from passes import clock, db, logs, metrics, settings
from passes.access import guard
from passes.access import pages as access_pages
from passes.admin import pages as admin_pages
from passes.booking import routes as booking_routes
from passes.catalogue import closure_routes
from passes.catalogue import pages as place_pages
from passes.dashboard import pages as dashboard_pages
from passes.events.measures import measure
from passes.gate import history_routes, lane_routes, shift_routes
from passes.gate import pages as gate_pages
from passes.gate import routes as scan_routes
from passes.http import assets, description, docs, headers, languages, openapi, problems
from passes.sale import flows, paper_pages
from passes.sale import pages as shop_pages
from passes.sale import routes as payment_routes
from passes.settings import Settings
from passes.wallet import data_pages, find_pages, refund_pages
from passes.wallet import pages as wallet_pages

log = logging.getLogger(__name__)

DOORS: tuple[Blueprint, ...] = (
    access_pages.blueprint,
    admin_pages.blueprint,
    booking_routes.blueprint,
    closure_routes.blueprint,
    dashboard_pages.blueprint,
    gate_pages.blueprint,
    history_routes.blueprint,
    lane_routes.blueprint,
    payment_routes.blueprint,
    place_pages.blueprint,
    scan_routes.blueprint,
    shift_routes.blueprint,
    shop_pages.blueprint,
    paper_pages.blueprint,
    data_pages.blueprint,
    find_pages.blueprint,
    refund_pages.blueprint,
    wallet_pages.blueprint,
)


def create_app(given: Settings | None = None) -> Flask:
    """The application, from the environment unless settings are given."""
    chosen = given or Settings.read(os.environ)
    settings.use(chosen)
    if given is None:
        logs.set_up("web")
        db.connect(chosen.database_url, pool_size=8)
        flows.check_installation(chosen, now=clock.now())
    app = Flask("passes", static_folder=None, template_folder="web/templates")
    app.json = openapi.Orjson(app)
    app.secret_key = chosen.derive("session")
    app.config.update(
        SESSION_COOKIE_NAME="youyou",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=chosen.public_url.startswith("https://"),
        MAX_CONTENT_LENGTH=4 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
    )
    if chosen.proxies:
        # Behind a proxy every visitor would have its address, and limits by address would count them as one.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=chosen.proxies, x_proto=0)  # type: ignore[method-assign]
    assets.set_up(app)
    headers.set_up(app, chosen)
    languages.set_up(app)
    problems.set_up(app)
    app.context_processor(lambda: {"payments_mode": chosen.payments, "livemode": chosen.livemode})
    for blueprint in DOORS:
        app.register_blueprint(blueprint)
    _add_health(app)
    _add_description(app)
    return app


def _add_description(app: Flask) -> None:
    document: dict[str, Any] = {}

    def described() -> dict[str, Any]:
        if not document:
            document.update(description.document(app))
        return document

    @app.get("/api/openapi.json")
    @guard.public
    def describe() -> Response:
        """This document."""
        return jsonify(described())

    @app.get("/api/docs")
    @guard.public
    def explain() -> str:
        """The same for people."""
        return docs.show(described(), settings.current().public_url)


def _add_health(app: Flask) -> None:
    @app.get("/healthz")
    @guard.public
    def healthz() -> Mapping[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    @guard.public
    def readyz() -> Response:
        """The process can serve: the database answers."""
        with db.transaction() as session:
            session.execute(text("SELECT 1"))
        return jsonify({"status": "ready", "payments": settings.current().payments})

    @app.get("/metrics")
    @guard.public
    def scrape() -> Response:
        """Prometheus text; keep it inside the house by the reverse proxy."""
        try:
            with db.transaction() as session:
                measure(session, direct=settings.current().events == "direct")
        except SQLAlchemyError as fault:
            log.error("the queues could not be measured: %r", fault)
        return Response(metrics.render(), content_type=metrics.CONTENT_TYPE)
