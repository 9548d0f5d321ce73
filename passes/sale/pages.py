"""The shop: the front page, the form, the order's page, and the way to the payment page and back."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import rates
from passes.access.guard import public, secret_link
from passes.catalogue import queries as catalogue
from passes.db import transaction
from passes.errors import N_, Conflict, Invalid, TooMany, Unavailable
from passes.http import language, read_form
from passes.lifecycle.documents import DOCUMENT_TYPES
from passes.sale import flows, queries, service
from passes.sale.rules import Document
from passes.sale.schemas import OrderForm
from passes.sale.stripe_gateway import current_provider

blueprint = Blueprint("shop", __name__)

# Behind a proxy one address may be the whole city: it only stops a flood. One phone buys for a coach party at most.
ORDERS_BY_ADDRESS, ORDERS_BY_PHONE, ORDERS_SECONDS = 1200, 60, 600

DOCUMENT_NAMES = {
    "CN_ID": N_("Chinese resident ID card, or residence permit for Hong Kong, Macao or Taiwan residents"),
    "CN_HMT_PERMIT": N_("Mainland travel permit for Hong Kong and Macao residents"),
    "CN_TW_PERMIT": N_("Mainland travel permit for Taiwan residents"),
    "PASSPORT": N_("Passport"),
    "CN_PR_CARD": N_("Foreigner's permanent residence card"),
}

_FORM = OrderForm()


@blueprint.get("/")
@public
def front() -> ResponseReturnValue:
    """What the pass opens and what it costs."""
    with transaction() as session:
        products = catalogue.list_products_on_sale(session)
        terms = catalogue.get_current_terms(session)
        benefits = catalogue.list_benefits(terms, products[0].id) if products else []
    at_spots: dict[str, list[Any]] = {}
    elsewhere = []
    for benefit in benefits:
        if len(benefit.at) == 1:
            at_spots.setdefault(benefit.at[0], []).append(benefit)
        else:
            elsewhere.append(benefit)
    return render_template(
        "sale/front.html", products=products, venues=terms.venues, at_spots=at_spots, elsewhere=elsewhere, terms=terms
    )


@blueprint.get("/buy")
@public
def form() -> ResponseReturnValue:
    """An empty form. Its id makes one order of it, however often it is sent."""
    chosen = request.args.get("product", "")
    return _form_page({"form_id": str(uuid4()), "product_id": chosen, "document_type": "CN_ID"}, {}, 200)


@blueprint.post("/buy")
@public
def place_order() -> ResponseReturnValue:
    """303 to the order, or the form again with what was typed and what is wrong."""
    now, chosen = clock.now(), settings.current()
    data, errors = read_form(_FORM)
    if errors:
        return _form_page(request.form.to_dict(), _more_faults(data, now=now) | errors, 422)
    _refuse_flood(data["phone"], now=now)
    del data["accept_terms"]
    try:
        with transaction() as session:
            order = service.place_order(
                session,
                service.OrderRequest(locale=language(), **data),
                livemode=chosen.livemode,
                hold_minutes=chosen.hold_minutes,
                min_charge_fen=chosen.min_charge_fen,
                now=now,
            )
    except Invalid as refused:
        fields = refused.fields or {"": [refused.message]}
        return _form_page(request.form.to_dict(), _in_words(fields), 422)
    return redirect(url_for("shop.order_page", token=queries.order_token(order.public_id)), 303)


def _more_faults(data: dict[str, Any], *, now: datetime) -> dict[str, list[str]]:
    """What the catalogue and the document say of the fields that could be read."""
    document = Document(data.get("document_type"), data.get("document_number"), data.get("birth_on"))
    with transaction() as session:
        return _in_words(service.draft_faults(session, data.get("product_id", ""), document, now=now))


def _in_words(faults: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: [gettext(text) for text in texts] for name, texts in faults.items()}


def _refuse_flood(phone: str, *, now: datetime) -> None:
    limits = ((f"order:{request.remote_addr}", ORDERS_BY_ADDRESS), (f"order:{phone}", ORDERS_BY_PHONE))
    with transaction() as session:
        allowed = [rates.allow(session, key, limit=limit, seconds=ORDERS_SECONDS, now=now) for key, limit in limits]
    if not all(allowed):
        raise TooMany("too_many_orders", N_("Too many orders from here. Please wait a minute and try again."))


def _form_page(kept: dict[str, str], errors: dict[str, list[str]], status: int) -> ResponseReturnValue:
    with transaction() as session:
        products = catalogue.list_products_on_sale(session)
        terms = catalogue.get_current_terms(session)
    if not kept.get("form_id") or "form_id" in errors:
        kept = {**kept, "form_id": str(uuid4())}
    documents = [(name, gettext(DOCUMENT_NAMES[name])) for name in DOCUMENT_TYPES]
    page = render_template(
        "sale/form.html", products=products, terms=terms, documents=documents, kept=kept, errors=errors
    )
    return page, status


@blueprint.get("/orders/<token>")
@secret_link("order")
def order_page(token: str) -> ResponseReturnValue:
    """Where the order stands, and what can be done now."""
    return _order_page(token, None, 200)


def _order_page(token: str, notice: str | None, status: int) -> ResponseReturnValue:
    with transaction() as session:
        page = queries.get_order_page(session, token)
    waiting = page.order.state == "pending" and page.payment is not None and page.payment.state == "processing"
    document_names = {name: gettext(text) for name, text in DOCUMENT_NAMES.items()}
    return (
        render_template(
            "sale/order.html", page=page, notice=notice, waiting=waiting, documents=document_names, now=clock.now()
        ),
        status,
    )


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
