"""The doors of the back office. The lanes and the staff have files of their own."""

from flask import render_template
from flask.typing import ResponseReturnValue

from passes.access import guard
from passes.admin import lane_pages, staff_pages
from passes.admin.desk import blueprint

__all__ = ["blueprint", "home", "lane_pages", "staff_pages"]


@blueprint.get("")
@guard.staff()
def home() -> ResponseReturnValue:
    """What this account may open, and for an admin the state of the house."""
    return render_template("admin/home.html", health=[])
