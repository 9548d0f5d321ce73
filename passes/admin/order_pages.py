"""Orders and their payments."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin import queries
from passes.admin.desk import blueprint
from passes.admin.words import ATTENTION, ORDER_STATES, PAYMENT_STATES, translated
from passes.db import transaction
from passes.http import Page, page_request


@blueprint.get("/orders")
@guard.staff(ADMIN)
def orders() -> ResponseReturnValue:
    """Orders of every state, newest first."""
    state = request.args.get("state")
    state = state if state in ORDER_STATES else None
    paging = page_request()
    with transaction() as session:
        rows, total = queries.list_orders(session, state, limit=paging.limit, offset=paging.offset)
    return render_template(
        "admin/orders.html",
        page=Page(rows, total, paging),
        states=translated(ORDER_STATES),
        payment_states=translated(PAYMENT_STATES),
        attention=translated(ATTENTION),
        state=state,
    )
