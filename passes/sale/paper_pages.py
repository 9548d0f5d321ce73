"""What a buyer needs for the books: the receipt as PDF, and the data of an invoice (fapiao)."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import rates
from passes.access.guard import secret_link
from passes.db import transaction
from passes.errors import Conflict
from passes.http import language, load_form
from passes.sale import queries
from passes.sale.invoice_rules import normalised
from passes.sale.invoices import InvoiceData, find_invoice, keep_invoice
from passes.sale.paper_schemas import InvoiceForm
from passes.sale.receipt_queries import get_receipt
from passes.sale.receipts import receipt_pdf

blueprint = Blueprint("papers", __name__)

_FORM = InvoiceForm()
RECEIPTS = 20  # in ten minutes, of one order


@blueprint.get("/orders/<token>/receipt.pdf")
@secret_link("order")
def receipt(token: str) -> ResponseReturnValue:
    """The receipt in the reader's language, or in the one that is asked for."""
    now = clock.now()
    with transaction() as session:
        order = queries.get_order_by_token(session, token)
        # Drawing takes the better part of a second: nobody keeps the machine busy with one link.
        rates.spend(session, f"receipt:{order.id}", limit=RECEIPTS, seconds=600, now=now)
        found = get_receipt(session, order)
    answer = Response(receipt_pdf(found, language(), now=now), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="receipt-{found.number}.pdf"'
    return answer


@blueprint.get("/orders/<token>/invoice")
@secret_link("order")
def invoice(token: str) -> ResponseReturnValue:
    """What the buyer gave, to be changed."""
    return _page(token, {}, 200)


@blueprint.post("/orders/<token>/invoice")
@secret_link("order")
def post_invoice(token: str) -> ResponseReturnValue:
    """Keep it: 303 to the page that shows it; or the form again with what is wrong."""
    data, errors = load_form(_FORM)
    if errors:
        return _page(token, errors, 422)
    is_company = data["buyer_kind"] == "company"
    number = normalised(data["tax_number"]) if is_company else None
    given = InvoiceData(data["buyer_kind"], data["title"], number, data["email"])
    try:
        with transaction() as session:
            order = queries.get_order_by_token(session, token)
            keep_invoice(session, order.id, given, now=clock.now())
    except Conflict as refused:
        return _page(token, {"": [gettext(refused.message)]}, 409)
    return redirect(url_for("papers.invoice", token=token, kept=1), 303)


def _page(token: str, errors: dict[str, list[str]], status: int) -> ResponseReturnValue:
    with transaction() as session:
        order = queries.get_order_by_token(session, token)
        kept = find_invoice(session, order.id)
    form: object = request.form if errors else kept or {"buyer_kind": "person", "email": order.email or ""}
    page = render_template(
        "sale/invoice.html",
        order=order,
        token=token,
        kept=kept,
        saved="kept" in request.args,
        form=form,
        errors=errors,
        kinds=[("person", gettext("A person")), ("company", gettext("A company or organisation"))],
    )
    return page, status
