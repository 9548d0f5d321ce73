"""The page of a tablet at an entrance. It holds nothing secret: the device enrols itself with a code."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext

from passes.access import guard
from passes.errors import N_
from passes.http.languages import LANGUAGES

blueprint = Blueprint("gate_page", __name__)

# What the screen says by itself, without the server, in both languages like everything shown to a visitor.
BOTH = {
    "waiting": N_("One moment"),
    "silent": N_("No answer: neither yes nor no"),
    "problem": N_("The server did not take this scan"),
}
ONE = {
    "silent_advice": N_(
        "Do not admit on this screen alone. Ask again; if it stays silent, follow the paper procedure."
    ),
    "ask_again": N_("Ask again"),
    "what_now": N_("What now"),
    "benefit": N_("Benefit"),
    "benefit_asked": N_("asked at each scan where there are several"),
    "attended": N_("with staff"),
    "unattended": N_("without staff"),
    "holder": N_("Holder"),
    "document": N_("Document ends in"),
    "class_adult": N_("adult"),
    "class_child": N_("child"),
    "class_senior": N_("senior"),
    "uses_day": N_("Used today"),
    "uses_month": N_("Used this month"),
    "uses_term": N_("Used in the pass's term"),
    "excludes": N_("Not included"),
    "next_allowed": N_("Possible again"),
    "confirm": N_("Please confirm"),
    "confirm_button": N_("Confirmed: scan again"),
    "enrol_again": N_("This device is no longer enrolled. Enrol it with a new code."),
    "enrol_silent": N_("The server does not answer. Check the network and try again."),
}


@blueprint.get("/gate")
@guard.public
def gate() -> ResponseReturnValue:
    """Enrol, then scan."""
    texts = {
        "both": {name: {language: _in(language, text) for language in LANGUAGES} for name, text in BOTH.items()},
        "one": {name: gettext(text) for name, text in ONE.items()},
    }
    return render_template("gate/gate.html", texts=texts)


def _in(language: str, text: str) -> str:
    with force_locale(language):
        translated: str = gettext(text)
    return translated
