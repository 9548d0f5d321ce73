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
    """What this account may open, and for an admin the state of the house."""
    health = []
    if guard.current_staff().role == ADMIN:
        with transaction() as session:
            found = queries.get_health(session)
        health = _health_lines(found)
    return render_template("admin/home.html", health=health)


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
