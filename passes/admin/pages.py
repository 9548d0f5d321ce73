"""The doors of the back office. The lanes and the staff have files of their own."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin import lane_pages, queries, staff_pages
from passes.admin.desk import blueprint
from passes.admin.queries import Health
from passes.db import transaction
from passes.errors import N_
from passes.http import Page, page_request
from passes.http.languages import show_moment

__all__ = ["blueprint", "lane_pages", "staff_pages"]

LETTER_STATES = {"waiting": N_("waiting"), "sent": N_("sent"), "failed": N_("failed"), "kept": N_("kept")}
ORDER_STATES = {
    "pending": N_("to be paid"),
    "paid": N_("paid"),
    "expired": N_("hold ended"),
    "canceled": N_("cancelled"),
}
PAYMENT_STATES = {
    "creating": N_("being opened"),
    "open": N_("open"),
    "processing": N_("with the bank"),
    "review": N_("needs a look"),
    "succeeded": N_("succeeded"),
    "failed": N_("failed"),
    "expired": N_("ran out"),
}

ATTENTION = {
    "amount_mismatch": N_("amount differs"),
    "duplicate_payment": N_("paid twice, the second goes back"),
    "idempotency_conflict": N_("the provider refused a repeated request"),
    "foreign_checkout": N_("payment page of another order"),
    "late_payment": N_("paid after its end, goes back"),
    "late_payment_accepted": N_("paid late, accepted"),
    "payment_in_doubt": N_("payment in doubt"),
    "refund_failed": N_("refund failed"),
    "unknown_to_provider": N_("the provider does not know this payment"),
}


@blueprint.get("")
@guard.staff()
def home() -> ResponseReturnValue:
    """What this account may open, and for an admin the state of the house."""
    health = []
    if guard.current_staff().role == ADMIN:
        with transaction() as session:
            found = queries.get_health(session)
        health = _health_lines(found)
    return render_template("admin/home.html", health=health)


@blueprint.get("/letters")
@guard.staff(ADMIN)
def letters() -> ResponseReturnValue:
    """Mail of every state, newest first. Admins only: a letter may hold a secret link."""
    state = _chosen(LETTER_STATES)
    paging = page_request()
    with transaction() as session:
        rows, total = queries.list_letters(session, state, limit=paging.limit, offset=paging.offset)
    states = _translated(LETTER_STATES)
    return render_template("admin/letters.html", page=Page(rows, total, paging), states=states, state=state)


@blueprint.get("/letters/<int:letter_id>")
@guard.staff(ADMIN)
def letter(letter_id: int) -> ResponseReturnValue:
    """One letter as it was, or would be, sent."""
    with transaction() as session:
        found = queries.get_letter(session, letter_id)
    return render_template("admin/letter.html", letter=found, states=_translated(LETTER_STATES))


@blueprint.get("/orders")
@guard.staff(ADMIN)
def orders() -> ResponseReturnValue:
    """Orders of every state, newest first."""
    state = _chosen(ORDER_STATES)
    paging = page_request()
    with transaction() as session:
        rows, total = queries.list_orders(session, state, limit=paging.limit, offset=paging.offset)
    return render_template(
        "admin/orders.html",
        page=Page(rows, total, paging),
        states=_translated(ORDER_STATES),
        payment_states=_translated(PAYMENT_STATES),
        attention=_translated(ATTENTION),
        state=state,
    )


def _chosen(states: dict[str, str]) -> str | None:
    """The ?state= of a list; nonsense is all."""
    state = request.args.get("state")
    return state if state in states else None


def _translated(words: dict[str, str]) -> dict[str, str]:
    return {key: gettext(text) for key, text in words.items()}


def _health_lines(health: Health) -> list[tuple[str, str, bool]]:
    """(what, how it stands, whether that is well)."""
    since = show_moment(health.events_since) if health.events_since else gettext("none waiting")
    late = health.is_late(clock.now())
    return [
        (gettext("Events that have not left yet"), str(health.events_waiting), not late),
        (gettext("The oldest of them"), since, not late),
        (gettext("Events a worker could not take"), str(health.dead_letters), health.dead_letters == 0),
        (gettext("Letters waiting"), str(health.letters_waiting), True),
        (gettext("Letters that failed"), str(health.letters_failed), health.letters_failed == 0),
        (gettext("Payment messages given up"), str(health.webhooks_dead), health.webhooks_dead == 0),
        (gettext("Orders somebody must look at"), str(health.orders_to_look_at), health.orders_to_look_at == 0),
    ]
