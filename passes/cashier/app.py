"""The cashier's own little web application."""

import re
from pathlib import Path

from flask import Flask, Response, g, request
from flask_babel import Babel

from passes.cashier import api, helper_api, list_api, pages, panel_pages
from passes.cashier.till import Till
from passes.money import yuan

_WEB = Path(__file__).parents[1] / "web"


def create_cashier(till: Till) -> Flask:
    app = Flask("cashier", template_folder=str(_WEB / "templates"), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_WEB / "translations")
    app.extensions["till"] = till
    Babel(app, default_locale="en", locale_selector=_reader_locale)
    (blueprint,) = {module.blueprint for module in (api, list_api, helper_api)}
    app.register_blueprint(blueprint)
    (shown,) = {module.blueprint for module in (pages, panel_pages)}
    app.register_blueprint(shown)
    app.after_request(_close_the_page)
    app.add_template_global(_reader_locale, "reader_locale")
    app.add_template_filter(yuan)
    return app


def _reader_locale() -> str:
    """The shop's language where it sent the visitor here; else Chinese unless the browser asks for English first."""
    if g.get("shop_locale") in ("zh", "en"):
        return str(g.shop_locale)
    first = re.split("[,;]", request.headers.get("Accept-Language", "zh"))[0].strip().lower()
    return "en" if first.startswith("en") else "zh"


def _close_the_page(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", pages.POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
