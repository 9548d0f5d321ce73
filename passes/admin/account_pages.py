"""One's own account: password, second factor, browsers signed in."""

from flask import render_template
from flask.typing import ResponseReturnValue

from passes.access import guard
from passes.admin.desk import blueprint


@blueprint.get("/account")
@guard.staff()
def account() -> ResponseReturnValue:
    """What one may change of one's own account."""
    return render_template("admin/account.html")
