"""The shop's other half: the order's page, and the way to the payment page and back."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access.guard import secret_link
from passes.db import transaction
from passes.errors import Conflict, Unavailable
from passes.http import answers
from passes.sale import flows, queries
from passes.sale.form_pages import blueprint
from passes.sale.rules import METHOD_NAMES
from passes.sale.schemas import OrderStateOut
from passes.sale.stripe_gateway import current_provider
from passes.sale.words import document_names

__all__ = ["blueprint"]


@blueprint.get("/orders/<token>")
@secret_link("order")
def order_page(token: str) -> ResponseReturnValue:
    """Where the order stands, and what can be done now."""
    return _order_page(token, None, 200)


def _order_page(token: str, notice: str | None, status: int) -> ResponseReturnValue:
    with transaction() as session:
        page = queries.get_order_page(session, token)
    waiting = page.order.state == "pending" and page.payment is not None and page.payment.state == "processing"
    methods = {name: gettext(text) for name, text in METHOD_NAMES.items()}
    html = render_template(
        "sale/order.html",
        page=page,
        notice=notice,
        waiting=waiting,
        documents=document_names(),
        methods=methods,
        offered=gettext(", ").join(methods[name] for name in page.methods),
        service_phone=settings.current().service_phone,
    )
    return html, status


@blueprint.get("/orders/<token>/state.json")
@secret_link("order")
@answers(OrderStateOut())
def order_state(token: str) -> dict[str, object]:
    """Where the order stands, for the page that waits for a payment."""
    with transaction() as session:
        page = queries.get_order_page(session, token)
    return {"order": page.order.state, "payment": page.payment.state if page.payment else None}


@blueprint.post("/orders/<token>/pay")
@secret_link("order")
def pay(token: str) -> ResponseReturnValue:
    """303 to the payment page; twice clicked, the same page."""
    now = clock.now()
    with transaction() as session:
        order_id = queries.get_order_by_token(session, token).id
    try:
        address = flows.start_payment(current_provider(), settings.current(), order_id, now=now)
    except (Conflict, Unavailable) as refused:
        return _order_page(token, gettext(refused.message), 503 if isinstance(refused, Unavailable) else 409)
    return redirect(address, 303)


@blueprint.post("/orders/<token>/cancel")
@secret_link("order")
def cancel(token: str) -> ResponseReturnValue:
    """303 to the order, cancelled; or its page with the reason why not."""
    try:
        flows.cancel_order(current_provider(), settings.current(), token, now=clock.now())
    except (Conflict, Unavailable) as refused:
        return _order_page(token, gettext(refused.message), 503 if isinstance(refused, Unavailable) else 409)
    return redirect(url_for("shop.order_page", token=token), 303)


@blueprint.get("/pay/return")
@secret_link("order")
def come_back() -> ResponseReturnValue:
    """Back from the payment page: look at once, then show the order. The state never comes from this address."""
    token = request.args.get("order", "")
    checkout_id = request.args.get("session_id", "").replace("\x00", "")
    flows.return_from_checkout(current_provider(), settings.current(), token, checkout_id, now=clock.now())
    return redirect(url_for("shop.order_page", token=token), 303)
