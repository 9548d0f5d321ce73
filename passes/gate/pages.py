"""The page of a tablet at an entrance. It holds nothing secret: the device enrols itself with a code."""

from functools import cache

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext

from passes.access import guard
from passes.entitlement.words import refusal_words
from passes.errors import N_
from passes.http.languages import LANGUAGES

blueprint = Blueprint("gate_page", __name__)

# What the screen says by itself, without the server, in both languages like everything shown to a visitor.
BOTH = {
    "waiting": N_("One moment"),
    "silent": N_("No answer: neither yes nor no"),
    "problem": N_("The server did not take this scan"),
    "next_allowed": N_("Possible again: %(when)s"),
    "elsewhere": N_("Open for this pass now: %(place)s"),
    "redeem_question": N_("Check, then confirm"),
    "today": N_("today"),
    "tomorrow": N_("tomorrow"),
}
# On what terms a visitor is let in. %(off)s is "20% off" or "half price", an amount has its unit.
TERMS = {
    "collect_off": N_("Collect at %(off)s"),
    "collect_then": N_("Uses spent: collect at %(off)s"),
    "collect_more": N_("Collect %(amount)s"),
    "collect_child": N_("Child: collect at %(off)s"),
    "collect_adult": N_("Companion: collect at %(off)s"),
    "buy_get": N_("Buy %(x)s, get %(y)s free"),
    "then_admit": N_("then let in"),
    "hand_over": N_("Hand over: %(item)s"),
    "off_best_available_rate": N_("%(off)s the best rate of the day"),
    "off_renewal_price": N_("%(off)s the price of a renewal"),
    "at_most": N_("at most %(amount)s less"),
    "deposit_back": N_("%(amount)s, returned now"),
    "along_child": N_("1 child up to %(height)s cm, %(off)s"),
    "along_childs": N_("%(people)s children up to %(height)s cm, %(off)s"),
    "along_adult": N_("1 companion, %(off)s"),
    "along_adults": N_("%(people)s companions, %(off)s"),
    "up_to_age": N_("up to age %(age)s"),
    "up_to_height": N_("up to %(height)s cm tall"),
    "children_free": N_("free %(limits)s; others need a ticket or pass of their own"),
}
EXAMPLES = {"admitted": "admitted", "pay": "admitted", "refused": "daily_limit", "needs_confirmation": "check_document"}
ONE = {
    "silent_advice": N_(
        "Do not admit on this screen alone. Ask again; if it stays silent, follow the paper procedure."
    ),
    "ask_again": N_("Ask again"),
    "what_now": N_("What now"),
    "next": N_("Next visitor"),
    "cancel": N_("Cancel: next visitor"),
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
    "price": N_("Price"),
    "due": N_("To collect"),
    "if_wanted": N_("If wanted"),
    "deposit": N_("Deposit"),
    "along": N_("Along with the holder"),
    "children": N_("Children"),
    "confirm_button": N_("I have checked this: go on"),
    "redeem": N_("Confirm and redeem"),
    "check_missing": N_("Tick this when it is so; if it is not, cancel."),
    "choice_missing": N_("Choose one."),
    "fewer": N_("Fewer nights"),
    "more": N_("More nights"),
    "night": N_("%(count)s night"),
    "nights": N_("%(count)s nights"),
    "role_front_desk": N_("By the front desk"),
    "enrol_again": N_("This device is no longer enrolled. Enrol it with a new code."),
    "enrol_silent": N_("The server does not answer. Check the network and try again."),
    "no_answer": N_("The server does not answer. Check the network and try again."),
    # today
    "as_of": N_("as of %(time)s"),
    "take_back": N_("Take back"),
    "voided": N_("Taken back"),
    "voided_why": N_("Taken back at %(time)s: %(reason)s"),
    "scanned": N_("Scanned at"),
    "until": N_("Possible until"),
    "void_choose": N_("Choose why."),
    "void_say": N_("Say why in at least three characters."),
    "void_silent": N_(
        "No answer: it is not known whether this was taken back. Try again; it is done once however often it is sent."
    ),
    # the shift
    "admitted": N_("Admitted"),
    "refused": N_("Refused"),
    "since": N_("Since"),
    "shift_figures": N_("since %(time)s · %(admitted)s admitted · %(refused)s refused"),
    "digits_typed": N_("%(count)s of 6 digits"),
    "pin_short": N_("A PIN has six digits."),
    # the camera
    "camera_number": N_("Camera %(number)s"),
    "camera_no_https": N_(
        "This page can use a camera only at an https:// address. Use the scanner, or tell the gate manager."
    ),
    "camera_denied": N_(
        "The browser does not let this page use the camera. Allow it in the browser's settings for this page, then "
        "try again."
    ),
    "camera_missing": N_("No camera was found. Connect one and try again, or use the scanner."),
    "camera_in_use": N_("The camera is used by another program. Close that one and try again."),
    "camera_no_decoder": N_("The reader of codes could not be loaded. Check the network and try again."),
    "camera_gone": N_("The camera was disconnected. Connect it and try again, or use the scanner."),
    "camera_failed": N_("The camera did not start. Try again, choose another one, or use the scanner."),
}
VOID_REASONS = (
    N_("Scanned by mistake"),
    N_("The visitor did not enter"),
    N_("The wrong benefit was chosen"),
)


@blueprint.get("/gate")
@guard.public
def gate() -> ResponseReturnValue:
    """Enrol, then scan."""
    texts = {"both": _both(), "one": {name: gettext(text) for name, text in ONE.items()}}
    return render_template("gate/gate.html", texts=texts, void_reasons=[gettext(reason) for reason in VOID_REASONS])


@cache
def _both() -> dict[str, dict[str, str]]:
    """The same for every reader: found once."""
    made = {name: {language: _in(language, text) for language in LANGUAGES} for name, text in (BOTH | TERMS).items()}
    for name, code in EXAMPLES.items():
        words = refusal_words(code)
        made[f"example_{name}"] = {"zh": words.zh, "en": words.en}
    return made


def _in(language: str, text: str) -> str:
    with force_locale(language):
        translated: str = gettext(text)
    return translated
