"""Invoices to be made out: who wants one, for what; as a list and as CSV for whoever writes them."""

from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN, FINANCE
from passes.admin.desk import blueprint
from passes.admin.sheets import csv_answer, plain_yuan
from passes.clock import local_day, local_time
from passes.db import transaction
from passes.errors import N_
from passes.sale.invoices import list_invoices

BUYER_KINDS = {"person": N_("A person"), "company": N_("A company or organisation")}
HEADS = (
    N_("Order"),
    N_("Paid"),
    N_("Buyer"),
    N_("Made out to"),
    N_("Tax number"),
    N_("E-mail"),
    N_("Amount"),
    N_("Paid back"),
    N_("Remaining amount"),
)
_SPAN = timedelta(days=30)


@blueprint.get("/invoices")
@guard.staff(FINANCE, ADMIN)
def invoices() -> ResponseReturnValue:
    """Of orders paid between two days."""
    first, last = _days()
    with transaction() as session:
        rows = list_invoices(session, first, last)
    kinds = {kind: gettext(words) for kind, words in BUYER_KINDS.items()}
    return render_template("admin/invoices.html", rows=rows, first=first, last=last, kinds=kinds)


@blueprint.get("/invoices.csv")
@guard.staff(FINANCE, ADMIN)
def invoices_csv() -> ResponseReturnValue:
    """The same for a spreadsheet; amounts in yuan."""
    first, last = _days()
    with transaction() as session:
        rows = list_invoices(session, first, last)
    return csv_answer(
        f"invoices-{first}-{last}",
        [gettext(head) for head in HEADS],
        [
            (
                row.number,
                f"{local_time(row.paid_at):%Y-%m-%d %H:%M}",
                gettext(BUYER_KINDS[row.data.buyer_kind]),
                row.data.title,
                row.data.tax_number,
                row.data.email,
                plain_yuan(row.total_fen),
                plain_yuan(row.refunded_fen),
                plain_yuan(row.net_fen),
            )
            for row in rows
        ],
    )


def _days() -> tuple[date, date]:
    """From the address; nonsense is the last 30 days."""
    today = local_day(clock.now())
    last = _day("to") or today
    first = _day("from") or last - _SPAN
    return min(first, last), last


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2020 <= day.year <= 2100 else None
