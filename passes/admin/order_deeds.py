"""One form of an order's page, from what was sent to what is told of it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from sqlalchemy.orm import Session

from passes.admin import order_queries
from passes.admin.desk import marks
from passes.admin.order_pages import show_order
from passes.db import transaction
from passes.errors import Invalid, Problem
from passes.http import read_form

Made = TypeVar("Made")


def do_with_order(
    order_id: int,
    form: str,
    schema: Schema,
    deed: Callable[[Session, Mapping[str, Any]], Made],
    told: Callable[[Made], str],
) -> ResponseReturnValue:
    """The deed in one transaction, and the page that tells of it; or the page with the form open and its errors.

    form: its name on the page. deed: one use case with what the form says. told: what the reader hears of its result.
    """
    data, errors = read_form(schema)
    if errors:
        return show_order(order_id, form, errors, 422)
    try:
        with transaction() as session:
            order_queries.get_order(session, order_id)
            words = told(deed(session, data))
    except Invalid as problem:
        return show_order(order_id, form, marks(problem), 422)
    except Problem as problem:
        # The order has moved on and the form may be gone with it; one that asks for another amount is still there.
        still = problem.code in ("over_refund", "amount_changed")
        return show_order(order_id, form if still else "", marks(problem), 409)
    flash(words)
    return redirect(url_for("admin.order", order_id=order_id), 303)
