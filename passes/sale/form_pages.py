"""The way to an order: which pass, then the form, for one holder or a family."""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import uuid4

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import rates
from passes.access.guard import public
from passes.catalogue import queries as catalogue
from passes.catalogue.value import value_of
from passes.db import transaction
from passes.entitlement.terms import Product, Terms
from passes.errors import N_, Conflict, Invalid, NotFound, TooMany, Unavailable
from passes.http import language
from passes.http.problems import said
from passes.lifecycle.documents import DOCUMENT_TYPES
from passes.sale import flows, order_form, placing, placing_flows, queries, stock
from passes.sale.order_form import Errors, Typed
from passes.sale.party_rules import MOST_PASSES
from passes.sale.placing import OrderRequest, PassWanted
from passes.sale.refund_promise import promise_of
from passes.sale.stripe_gateway import current_provider
from passes.sale.words import document_names

log = logging.getLogger(__name__)

blueprint = Blueprint("shop", __name__)

# Behind a proxy one address may be the whole city: it only stops a flood. One phone buys for a coach party at most.
ORDERS_BY_ADDRESS, ORDERS_BY_PHONE, ORDERS_SECONDS = 1200, 60, 600

FEW_LEFT = 50  # from here on the shop says how many

# What the script says beside a field before the form is sent.
TEXTS = {
    "id_shape": N_("An ID card or residence permit number has 18 digits, the last may be X."),
    "id_check": N_("The last character does not fit the other 17: please compare every digit with the card."),
    "phone": N_("This is no complete phone number. Outside mainland China, begin with + and the country code."),
    "email": N_("This is no complete e-mail address."),
}


@blueprint.get("/buy")
@public
def form() -> ResponseReturnValue:
    """First which pass; then its form, for as many holders as the address says. The form's id makes one order of it."""
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
            most=MOST_PASSES,
            unknown=bool(chosen) and chosen not in available,
            refused=available.get(chosen),
        )
        return page, 200
    return _form_page(Typed({"form_id": str(uuid4())}, _first_holders(terms, chosen)), {}, 200)


def _first_holders(terms: Terms, chosen: str) -> list[dict[str, str]]:
    """The passes of a form that was just opened: the chosen one, after the one it needs, and room for others."""
    needed = terms.products[chosen].requires
    holders = [order_form.NEW_HOLDER | {"product_id": id_} for id_ in (needed, chosen) if id_ is not None]
    return holders + [order_form.NEW_HOLDER] * (_wanted(len(holders)) - len(holders))


def _wanted(usual: int) -> int:
    """How many passes the form of this address is for."""
    return max(1, min(request.args.get("passes", usual, type=int), MOST_PASSES))


def _form_again(token: str) -> ResponseReturnValue:
    """The form of an unpaid order, to correct something. The documents' numbers are typed again: they were not kept."""
    with transaction() as session:
        page = queries.get_order_page(session, token)
    if page.order.state == "paid" or not page.lines:
        return redirect(url_for("shop.order_page", token=page.token), 303)
    first = page.lines[0]
    buyer = {"form_id": str(uuid4()), "instead_of": page.token, "phone": first.holder_phone}
    holders = [
        {
            "product_id": line.product_id,
            "name": line.holder_name,
            "document_type": line.document_type,
            "birth_on": "" if line.document_type == "CN_ID" else line.birth_on.isoformat(),
        }
        for line in page.lines
    ]
    wanted = _wanted(len(holders))
    holders = [*holders, *[order_form.NEW_HOLDER] * wanted][:wanted]
    return _form_page(Typed(buyer | {"email": first.holder_email or ""}, holders), {}, 200)


@blueprint.post("/buy")
@public
def place_order() -> ResponseReturnValue:
    """303 to the order, or the form again with what was typed and what is wrong, or with one pass more or less."""
    now, typed = clock.now(), order_form.typed_of(request.form)
    if "only" in request.form:
        return _form_page(order_form.after(typed, request.form["only"]), {}, 200)
    data, errors = order_form.read(request.form)
    if errors:
        with transaction() as session:
            drafts, agreed = order_form.drafts_of(data), data.get("guardian_consent") == "yes"
            more = placing.draft_faults(session, drafts, guardian_consent=agreed, now=now)
        return _form_page(typed, order_form.in_words(more) | errors, 422)
    _refuse_flood(data["phone"], now=now)
    wanted = OrderRequest(
        form_id=data["form_id"],
        locale=language(),
        terms_version=data["terms_version"],
        phone=data["phone"],
        email=data["email"],
        holders=tuple(PassWanted(**holder) for holder in data["holders"]),
        guardian_consent=data["guardian_consent"] == "yes",
    )
    try:
        token = placing_flows.place(current_provider(), settings.current(), wanted, data["instead_of"], now=now)
    except Conflict as refused:
        field = order_form.first_of(typed, str(refused.facts.get("product_id", "")))
        return _form_page(typed, {field: [said(refused.message, refused)]}, 409)
    except Invalid as refused:
        return _form_page(typed, order_form.in_words(refused.fields or {"": [refused.message]}), 422)
    if data["instead_of"] and data["instead_of"] != token:
        _give_up(data["instead_of"], now=now)
    return redirect(url_for("shop.order_page", token=token), 303)


def _give_up(token: str, *, now: datetime) -> None:
    """End the order that was corrected. One that cannot end now is paid, or ends by itself when its time is over."""
    try:
        flows.cancel_order(current_provider(), settings.current(), token, now=now)
    except (Conflict, NotFound, Unavailable) as kept:
        log.info("a corrected order stays: %s", kept.code)


def _refuse_flood(phone: str, *, now: datetime) -> None:
    limits = ((f"order:{request.remote_addr}", ORDERS_BY_ADDRESS), (f"order:{phone}", ORDERS_BY_PHONE))
    with transaction() as session:
        allowed = [rates.allow(session, key, limit=limit, seconds=ORDERS_SECONDS, now=now) for key, limit in limits]
    if not all(allowed):
        raise TooMany("too_many_orders", N_("Too many orders from here. Please wait a minute and try again."))


def _form_page(typed: Typed, errors: Errors, status: int) -> ResponseReturnValue:
    with transaction() as session:
        products = catalogue.list_products_on_sale(session)
        terms = catalogue.get_current_terms(session)
        available = stock.list_availabilities(session, [product.id for product in products], clock.now())
    buyer = dict(typed.buyer)
    if not buyer.get("form_id") or "form_id" in errors:
        buyer["form_id"] = str(uuid4())
    if buyer.get("terms_version", str(terms.version)) != str(terms.version):
        buyer.pop("accept_terms", None)  # what was accepted were other terms
    chosen = _chosen(products, typed)
    shown = next((product for product in chosen if product is not None), next(iter(products), None))
    page = render_template(
        "sale/form.html",
        products=products,
        terms=terms,
        promise=promise_of(terms, shown, clock.local_day(clock.now())) if shown else None,
        shown=shown,
        chosen=chosen,
        available=available,
        documents=[(name, document_names()[name]) for name in DOCUMENT_TYPES],
        buyer=buyer,
        holders=typed.holders,
        focus=typed.focus,
        address=partial(_address, chosen, buyer.get("instead_of")),
        most=MOST_PASSES,
        field_name=order_form.field_name,
        errors=errors,
        texts={name: gettext(text) for name, text in TEXTS.items()},
    )
    return page, status


def _chosen(products: Sequence[Product], typed: Typed) -> list[Product | None]:
    """The product of each pass of the form; None where none was chosen yet."""
    by_id = {product.id: product for product in products}
    return [by_id.get(holder.get("product_id", "")) for holder in typed.holders]


def _address(chosen: Sequence[Product | None], again: str | None, *, more: int = 0) -> str:
    """Where a form of so many passes lives: whoever comes back there finds room for all that was typed."""
    passes = len(chosen) + more
    if again:
        return url_for("shop.place_order", again=again, passes=passes)
    first = chosen[0].id if chosen[0] is not None else None
    return url_for("shop.place_order", product=first, passes=passes if passes > 1 else None)
