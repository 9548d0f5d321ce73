"""Stock: when each product is sold, how many, and how many of them are taken."""

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN, FINANCE
from passes.admin.desk import Errors, blueprint, marks
from passes.admin.stock_schemas import NewWindowForm, WindowForm
from passes.catalogue import queries as catalogue
from passes.db import transaction
from passes.errors import N_, NotFound, Problem
from passes.http import load_form, pick
from passes.sale import stock, stock_windows
from passes.sale.stock_rules import Window

_NEW, _CHANGED = NewWindowForm(), WindowForm()
STANDINGS = {
    "open": N_("on sale now"),
    "sold_out": N_("sold out"),
    "later": N_("not open yet"),
    "over": N_("over"),
}
TONES = {"open": "good", "sold_out": "bad", "later": "warn"}


@blueprint.get("/stock")
@guard.staff(FINANCE, ADMIN)
def stock_list() -> ResponseReturnValue:
    """All windows by product, and a form for another one."""
    return _list_page({}, 200)


@blueprint.post("/stock")
@guard.staff(FINANCE, ADMIN)
def post_stock() -> ResponseReturnValue:
    """Add a window."""
    data, errors = load_form(_NEW)
    if errors:
        return _list_page(errors, 422)
    try:
        with transaction() as session:
            product = catalogue.get_product(session, data["product_id"])
            if product.bundle:
                raise NotFound("product_not_found", N_("A bundle has no stock of its own: set it for its passes."))
            stock_windows.add_window(session, guard.current_staff(), stock_windows.NewWindow(**data), now=clock.now())
    except NotFound as problem:
        return _list_page({"product_id": marks(problem)[""]}, 422)
    except Problem as problem:
        return _list_page(marks(problem), 422)
    flash(gettext("The sale window was added. It counts from now on; what was sold before it is not counted."))
    return redirect(url_for("admin.stock_list"), 303)


@blueprint.get("/stock/<int:window_id>")
@guard.staff(FINANCE, ADMIN)
def stock_window(window_id: int) -> ResponseReturnValue:
    """One window, to be changed."""
    return _window_page(window_id, {}, 200)


@blueprint.post("/stock/<int:window_id>")
@guard.staff(FINANCE, ADMIN)
def post_stock_window(window_id: int) -> ResponseReturnValue:
    """Move it, or change its quota."""
    data, errors = load_form(_CHANGED)
    if errors:
        return _window_page(window_id, errors, 422)
    try:
        with transaction() as session:
            changed = stock_windows.change_window(session, guard.current_staff(), window_id, **data, now=clock.now())
    except NotFound:
        raise
    except Problem as problem:
        found = marks(problem)
        return _window_page(window_id, {"quota": found[""]} if "" in found else found, 409)
    flash(gettext("The sale window was changed.") if changed else gettext("Nothing was changed."))
    return redirect(url_for("admin.stock_list"), 303)


def _list_page(errors: Errors, status: int) -> ResponseReturnValue:
    now = clock.now()
    with transaction() as session:
        terms = catalogue.get_current_terms(session)
        windows = stock.list_windows(session)
    names = {product.id: pick(product.name) for product in terms.products.values()}
    rows = [(window, names.get(window.product_id, window.product_id), _standing(window, now)) for window in windows]
    page = render_template(
        "admin/stock.html",
        windows=rows,
        standings={name: gettext(words) for name, words in STANDINGS.items()},
        tones=TONES,
        products=[(product.id, pick(product.name)) for product in terms.products.values() if not product.bundle],
        errors=errors,
        form=request.form if errors else {},
    )
    return page, status


def _window_page(window_id: int, errors: Errors, status: int) -> ResponseReturnValue:
    with transaction() as session:
        window = next((window for window in stock.list_windows(session) if window.id == window_id), None)
        if window is None:
            raise NotFound("sale_window_not_found", N_("We know no sale window with this number."))
        products = catalogue.get_current_terms(session).products
    product = products.get(window.product_id)
    kept = (
        request.form
        if errors
        else {
            "opens_at": _input(window.opens_at),
            "closes_at": _input(window.closes_at),
            "quota": str(window.quota),
        }
    )
    page = render_template(
        "admin/stock_window.html",
        window=window,
        product=pick(product.name) if product else window.product_id,
        errors=errors,
        form=kept,
    )
    return page, status


def _standing(window: Window, now: datetime) -> str:
    if window.is_open(now):
        return "open" if window.left > 0 else "sold_out"
    return "later" if window.opens_at > now else "over"


def _input(moment: datetime | None) -> str:
    """As <input type="datetime-local"> wants it."""
    return "" if moment is None else f"{clock.local_time(moment):%Y-%m-%dT%H:%M}"
