"""Messages of the payment provider nobody could act on: one is laid aside. The money page lists them."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN, FINANCE
from passes.admin import service
from passes.admin.desk import blueprint
from passes.db import transaction


@blueprint.post("/money/messages/<event_id>/dismiss")
@guard.staff(FINANCE, ADMIN)
def post_dismiss_message(event_id: str) -> ResponseReturnValue:
    """Somebody has seen that there is nothing to do about it."""
    with transaction() as session:
        service.dismiss_message(session, guard.current_staff(), event_id.replace("\x00", ""), now=clock.now())
    flash(gettext("The message was laid aside."))
    return redirect(url_for("admin.money"), 303)
