"""The home of the back office. Every subject has a file of its own."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin import (
    account_pages,
    audit_pages,
    catalogue_pages,
    clerk_pages,
    component_pages,
    dead_letter_pages,
    device_pages,
    health_pages,
    lane_pages,
    letter_pages,
    member_pages,
    order_pages,
    pass_pages,
    queries,
    staff_pages,
)
from passes.admin.desk import blueprint
from passes.admin.queries import Health
from passes.db import transaction
from passes.http.languages import show_moment

__all__ = [
    "account_pages",
    "audit_pages",
    "clerk_pages",
    "blueprint",
    "catalogue_pages",
    "component_pages",
    "dead_letter_pages",
    "device_pages",
    "health_pages",
    "lane_pages",
    "letter_pages",
    "member_pages",
    "order_pages",
    "pass_pages",
    "staff_pages",
]


@blueprint.get("")
@guard.staff()
def home() -> ResponseReturnValue:
    """What this account may open; and for an admin, what is not well."""
    not_well = []
    if guard.current_staff().role == ADMIN:
        with transaction() as session:
            not_well = _not_well(queries.get_health(session))
    return render_template("admin/home.html", not_well=not_well)


def _not_well(health: Health) -> list[tuple[str, str]]:
    """[(what, how it stands)] of what should be zero or young, and is not."""
    since = show_moment(health.events_since) if health.events_since else ""
    lines = [
        (gettext("Events that have not left yet, the oldest"), since, health.is_late(clock.now())),
        (gettext("Events a worker could not take"), str(health.dead_letters), health.dead_letters > 0),
        (gettext("Letters that failed"), str(health.letters_failed), health.letters_failed > 0),
        (gettext("Payment messages given up"), str(health.webhooks_dead), health.webhooks_dead > 0),
        (gettext("Orders somebody must look at"), str(health.orders_to_look_at), health.orders_to_look_at > 0),
    ]
    return [(words, value) for words, value, bad in lines if bad]
