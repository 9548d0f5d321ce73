"""The pieces that pages are made of, shown once each: for staff who write texts, and for whoever changes a style."""

from flask import render_template
from flask.typing import ResponseReturnValue

from passes.access.guard import staff
from passes.admin.desk import blueprint

COLOURS = [
    "ground",
    "paper",
    "raised",
    "line",
    "line-strong",
    "ink",
    "ink-soft",
    "ochre",
    "ochre-strong",
    "ochre-pale",
    "river",
    "river-strong",
    "river-pale",
    "lantern",
    "lantern-strong",
    "lantern-pale",
    "good",
    "good-pale",
    "warn",
    "warn-pale",
    "bad",
    "bad-pale",
    "series-1",
    "series-2",
    "series-3",
    "series-4",
    "series-5",
    "series-6",
]
SIZES = ("3xl", "2xl", "xl", "l", "m", "s", "xs")
SPACES = (1, 2, 3, 4, 5, 6, 7, 8)


@blueprint.route("/components", methods=["GET", "POST"])
@staff()
def components() -> ResponseReturnValue:
    """Colours, type, space and every piece, in the reader's light and language. No form here changes anything."""
    return render_template("admin/components.html", colours=COLOURS, sizes=SIZES, spaces=SPACES)
