"""The home of the back office. Every subject has a file of its own."""

from datetime import datetime

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
    closure_pages,
    component_pages,
    dead_letter_pages,
    device_pages,
    health_pages,
    health_queries,
    invoice_pages,
    key_pages,
    lane_pages,
    letter_pages,
    member_pages,
    message_pages,
    money_pages,
    order_pages,
    pass_pages,
    refund_pages,
    reservation_pages,
    rule_pages,
    staff_pages,
    stock_pages,
)
from passes.admin.desk import blueprint
from passes.admin.health_queries import Worries
from passes.admin.health_rules import by_age
from passes.db import transaction
from passes.http.languages import show_count, show_moment

__all__ = [
    "account_pages",
    "audit_pages",
    "clerk_pages",
    "blueprint",
    "catalogue_pages",
    "closure_pages",
    "component_pages",
    "dead_letter_pages",
    "device_pages",
    "health_pages",
    "key_pages",
    "invoice_pages",
    "lane_pages",
    "letter_pages",
    "member_pages",
    "message_pages",
    "money_pages",
    "order_pages",
    "pass_pages",
    "reservation_pages",
    "rule_pages",
    "refund_pages",
    "staff_pages",
    "stock_pages",
]


@blueprint.get("")
@guard.staff()
def home() -> ResponseReturnValue:
    """What this account may open; and for an admin, what is not well."""
    not_well = []
    if guard.current_staff().role == ADMIN:
        with transaction() as session:
            not_well = _not_well(health_queries.get_worries(session), clock.now())
    return render_template("admin/home.html", not_well=not_well)


def _not_well(found: Worries, now: datetime) -> list[tuple[str, str]]:
    """[(what, how it stands)] of what should be none or young, and is not."""
    lines = [
        (gettext("Events set aside"), found.dead_letters),
        (gettext("Letters that failed"), found.letters_failed),
        (gettext("Payment messages given up"), found.messages_dead),
        (gettext("Orders somebody must look at"), found.marked),
    ]
    counted = [(words, show_count(count)) for words, count in lines if count]
    if by_age(found.events_since, now) == "ok":
        return counted
    return [(gettext("Events that have not left yet, the oldest"), show_moment(found.events_since)), *counted]
