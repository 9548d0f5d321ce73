"""Orders and their payments: find one, see every try to pay it, deal with what it was marked for."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard
from passes.access.rules import ADMIN, CARE, FINANCE
from passes.admin import order_queries, service
from passes.admin.case_schemas import NoteForm
from passes.admin.case_words import (
    LETTER_KINDS,
    MESSAGE_STATES,
    REFUND_CAUSES,
    REFUND_REASONS,
    REFUND_STATES,
)
from passes.admin.desk import Errors, blueprint, chosen, marks, searched
from passes.admin.pass_queries import MOST_FOUND
from passes.admin.refundable import list_overtaken, list_stranded, refundable_of
from passes.admin.rules import sought
from passes.admin.shown import Line, lines_of
from passes.admin.words import ATTENTION, LETTER_STATES, ORDER_STATES, PAYMENT_STATES, translated
from passes.db import transaction
from passes.errors import N_, Problem
from passes.http import Page, page_request, read_form
from passes.sale.desk_flows import ask_provider
from passes.sale.refund_quotes import list_quotes
from passes.sale.refund_words import CASES
from passes.sale.rules import METHOD_NAMES
from passes.sale.stripe_gateway import current_provider

_NOTE = NoteForm()
# What to do about what an order was marked for, beside its name.
ADVICE = {
    "amount_mismatch": N_(
        "The provider took another amount, currency or mode than was asked."
        " Compare both below, then accept it or send it back."
    ),
    "duplicate_payment": N_("The second payment is being refunded by itself. Check below that the refund has arrived."),
    "idempotency_conflict": N_("The provider refused a repeated request. Ask an admin to read the log of that moment."),
    "foreign_checkout": N_("A message named a payment page of another order. Nothing was booked; ask an admin."),
    "late_payment": N_("Money came after the order had ended and is being refunded. Check below that it has arrived."),
    "late_payment_accepted": N_("Money came late, but the pass could still be issued. Nothing to do."),
    "payment_in_doubt": N_(
        "The provider said something that cannot be. Ask it again below; if it stays, ask an admin."
    ),
    "refund_failed": N_(
        "The refund did not arrive; its pass stays on hold. Pay it back in another way below, and note how."
    ),
    "refund_by_hand": N_("Transfer the amount to the buyer, then record the transfer below."),
    "transferred_anyway": N_(
        "A transfer was made that should not be, or not yet. Compare below what came with what went back, and ask for"
        " the return of what went back twice."
    ),
    "refund_waits": N_(
        "The provider keeps a refund waiting. If it lacks money there, top up the account; else ask the provider."
    ),
    "refund_in_doubt": N_("The provider says of a refund what cannot be. Compare with its own pages; ask an admin."),
    "external_refund": N_(
        "Somebody refunded this at the provider. The money is counted; decide below what becomes of the passes."
    ),
    "disputed": N_(
        "The passes are on hold. Download the evidence below and send it to the provider before the day it names."
    ),
    "dispute_asked": N_("No money is taken yet. Answer the bank at the provider; the evidence below helps."),
    "dispute_lost": N_("The money is gone and the passes are cancelled. Nothing more to do than to know."),
    "methods_missing": N_("The provider offers fewer ways to pay than were asked for. Look at the account's settings."),
    "unknown_to_provider": N_("The provider does not know this payment. Check that the right account is set."),
}


@blueprint.get("/orders")
@guard.staff(CARE, FINANCE, ADMIN)
def orders() -> ResponseReturnValue:
    """Orders by number, holder or state, newest first."""
    text, state = searched("q") or "", chosen("state", ORDER_STATES)
    marked = chosen("marked", ["yes"]) is not None
    wanted, paging = sought(text), page_request(limit=25)
    with transaction() as session:
        ids = order_queries.find_orders(session, wanted) if wanted is not None else None
        rows, total = order_queries.list_orders(
            session, ids, state, marked=marked, limit=paging.limit, offset=paging.offset
        )
        waiting = order_queries.count_marked(session)
    return render_template(
        "admin/orders.html",
        page=Page(rows, total, paging),
        q=text,
        too_many=ids is not None and len(ids) > MOST_FOUND,
        state=state,
        marked=marked,
        waiting=waiting,
        states=translated(ORDER_STATES),
        payment_states=translated(PAYMENT_STATES),
        methods=translated(METHOD_NAMES),
        attention=translated(ATTENTION),
    )


@blueprint.get("/orders/<int:order_id>")
@guard.staff(CARE, FINANCE, ADMIN)
def order(order_id: int) -> ResponseReturnValue:
    """One order, whole."""
    return show_order(order_id)


@blueprint.post("/orders/<int:order_id>/flags/<flag>")
@guard.staff(CARE, FINANCE, ADMIN)
def post_flag(order_id: int, flag: str) -> ResponseReturnValue:
    """Somebody has dealt with what the order was marked for."""
    data, errors = read_form(_NOTE)
    if errors:
        return show_order(order_id, flag, errors, 422)
    try:
        with transaction() as session:
            order_queries.get_order(session, order_id)
            service.clear_flag(session, guard.current_staff(), order_id, flag, note=data["note"], now=clock.now())
    except Problem as problem:
        return show_order(order_id, "", marks(problem), 409)
    flash(gettext("The mark is gone from the order. Your reason is kept in its journal."))
    return redirect(url_for("admin.order", order_id=order_id), 303)


@blueprint.post("/orders/<int:order_id>/ask")
@guard.staff(CARE, FINANCE, ADMIN)
def post_ask(order_id: int) -> ResponseReturnValue:
    """Ask the payment provider how the last payment stands, now."""
    staff, now = guard.current_staff(), clock.now()
    with transaction() as session:
        order_queries.get_order(session, order_id)
        service.note_question(session, staff, order_id, now=now)
    try:
        state = ask_provider(current_provider(), settings.current(), order_id, actor=staff.login, now=now)
    except Problem as problem:
        return show_order(order_id, "", marks(problem), 409)
    flash(gettext("The provider says: %(state)s.", state=gettext(PAYMENT_STATES[state])))
    return redirect(url_for("admin.order", order_id=order_id), 303)


def show_order(order_id: int, flag: str = "", errors: Errors | None = None, status: int = 200) -> ResponseReturnValue:
    """flag: whose form was sent and is open again with its errors and its input."""
    with transaction() as session:
        found = order_queries.get_order_page(session, order_id)
        quotes = list_quotes(session, [*found.passes.values()], now=clock.now())
    journal: list[Line] = lines_of(found.journal)
    page = render_template(
        "admin/order.html",
        found=found,
        states=translated(ORDER_STATES),
        payment_states=translated(PAYMENT_STATES),
        refund_states=translated(REFUND_STATES),
        refund_reasons=translated(REFUND_REASONS),
        letter_states=translated(LETTER_STATES),
        letter_kinds=translated(LETTER_KINDS),
        message_states=translated(MESSAGE_STATES),
        methods=translated(METHOD_NAMES),
        attention=translated(ATTENTION),
        advice=translated(ADVICE),
        may_open=guard.current_staff().role in (CARE, ADMIN),
        may_pay=guard.current_staff().role in (FINANCE, ADMIN),
        refundable=refundable_of(found, quotes, clock.now()),
        stranded=list_stranded(found, clock.now()),
        overtaken=list_overtaken(found),
        pass_numbers={pass_.id: pass_.number for pass_ in found.passes.values()},
        refund_causes=translated(REFUND_CAUSES),
        cases=CASES,
        journal=journal,
        sent=flag,
        errors=errors or {},
        form=request.form if errors else {},
    )
    return page, status
