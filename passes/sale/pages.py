"""The shop: the form, the order's page, and the way to the payment page and back."""

import logging
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
from passes.catalogue.value import value_of
from passes.db import transaction
from passes.errors import N_, Conflict, Invalid, NotFound, TooMany, Unavailable
from passes.http import answers, language, read_form
from passes.lifecycle.documents import DOCUMENT_TYPES
from passes.sale import flows, queries, service, stock
from passes.sale.refund_promise import promise_of
from passes.sale.rules import METHOD_NAMES, Document
from passes.sale.schemas import OrderForm, OrderStateOut
from passes.sale.stripe_gateway import current_provider

log = logging.getLogger(__name__)

blueprint = Blueprint("shop", __name__)

# Behind a proxy one address may be the whole city: it only stops a flood. One phone buys for a coach party at most.
ORDERS_BY_ADDRESS, ORDERS_BY_PHONE, ORDERS_SECONDS = 1200, 60, 600

FEW_LEFT = 50  # from here on the shop says how many

DOCUMENT_NAMES = {
    "CN_ID": N_("Chinese resident ID card, or residence permit for Hong Kong, Macao or Taiwan residents"),
    "CN_HMT_PERMIT": N_("Mainland travel permit for Hong Kong and Macao residents"),
    "CN_TW_PERMIT": N_("Mainland travel permit for Taiwan residents"),
    "PASSPORT": N_("Passport"),
    "CN_PR_CARD": N_("Foreigner's permanent residence card"),
}

# What the script says beside a field before the form is sent.
TEXTS = {
    "id_shape": N_("An ID card or residence permit number has 18 digits, the last may be X."),
    "id_check": N_("The last character does not fit the other 17: please compare every digit with the card."),
    "phone": N_("This is no complete phone number. Outside mainland China, begin with + and the country code."),
    "email": N_("This is no complete e-mail address."),
}

_FORM = OrderForm()


@blueprint.get("/buy")
@public
def form() -> ResponseReturnValue:
    """First which pass; then its form. The form's id makes one order of it, however often it is sent."""
    chosen, again = request.args.get("product", ""), request.args.get("again", "")
    if again:
        return _form_again(again)
    with transaction() as session:
        products = catalogue.list_products_on_sale(session)
        terms = catalogue.get_current_terms(session)
        available = stock.list_availabilities(session, [product.id for product in products], clock.now())
    if chosen not in available or available[chosen].standing != "on_sale":
        page = render_template(
            "sale/choose.html",
            products=products,
            terms=terms,
            worth={product.id: value_of(terms, product) for product in products},
            available=available,
            few_left=FEW_LEFT,
            unknown=bool(chosen) and chosen not in available,
            refused=available.get(chosen),
        )
        return page, 200
    return _form_page({"form_id": str(uuid4()), "product_id": chosen, "document_type": "CN_ID"}, {}, 200)


def _form_again(token: str) -> ResponseReturnValue:
    """The form of an unpaid order, to correct something. The document's number is typed again: it was not kept."""
    with transaction() as session:
        page = queries.get_order_page(session, token)
    if page.order.state == "paid" or not page.lines:
        return redirect(url_for("shop.order_page", token=page.token), 303)
    line = page.lines[0]
    kept = {
        "form_id": str(uuid4()),
        "instead_of": page.token,
        "product_id": line.product_id,
        "holder_name": line.holder_name,
        "phone": line.holder_phone,
        "email": line.holder_email or "",
        "document_type": line.document_type,
        "birth_on": "" if line.document_type == "CN_ID" else line.birth_on.isoformat(),
    }
    return _form_page(kept, {}, 200)


@blueprint.post("/buy")
@public
def place_order() -> ResponseReturnValue:
    """303 to the order, or the form again with what was typed and what is wrong."""
    now, chosen = clock.now(), settings.current()
    if request.form.get("only") == "language":
        return _form_page(request.form.to_dict(), {}, 200)
    data, errors = read_form(_FORM)
    if errors:
        return _form_page(request.form.to_dict(), _more_faults(data, now=now) | errors, 422)
    _refuse_flood(data["phone"], now=now)
    instead_of = data.pop("instead_of")
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
    except Conflict as refused:
        text = gettext(refused.message, **refused.facts)
        return _form_page(request.form.to_dict(), {"product_id": [text]}, 409)
    except Invalid as refused:
        fields = refused.fields or {"": [refused.message]}
        return _form_page(request.form.to_dict(), _in_words(fields), 422)
    token = queries.order_token(order.public_id)
    if instead_of and instead_of != token:
        _give_up(instead_of, now=now)
    return redirect(url_for("shop.order_page", token=token), 303)


def _give_up(token: str, *, now: datetime) -> None:
    """End the order that was corrected. One that cannot end now is paid, or ends by itself when its time is over."""
    try:
        flows.cancel_order(current_provider(), settings.current(), token, now=now)
    except (Conflict, NotFound, Unavailable) as kept:
        log.info("a corrected order stays: %s", kept.code)


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
        available = stock.list_availabilities(session, [product.id for product in products], clock.now())
    if not kept.get("form_id") or "form_id" in errors:
        kept = {**kept, "form_id": str(uuid4())}
    documents = [(name, gettext(DOCUMENT_NAMES[name])) for name in DOCUMENT_TYPES]
    by_id = {product.id: product for product in products}
    shown = by_id.get(kept.get("product_id", "")) or next(iter(products), None)
    page = render_template(
        "sale/form.html",
        products=products,
        terms=terms,
        promise=promise_of(terms, shown, clock.local_day(clock.now())) if shown else None,
        available=available,
        documents=documents,
        kept=kept,
        errors=errors,
        texts={name: gettext(text) for name, text in TEXTS.items()},
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
    methods = {name: gettext(text) for name, text in METHOD_NAMES.items()}
    html = render_template(
        "sale/order.html",
        page=page,
        notice=notice,
        waiting=waiting,
        documents=document_names,
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
