"""Money back: what the holder would get today, line by line, and asking for it."""

from uuid import uuid4

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access.guard import secret_link
from passes.db import transaction
from passes.errors import N_, Conflict, NotFound
from passes.http import load_form
from passes.lifecycle.queries import get_pass_by_wallet_token
from passes.sale.holder_refunds import Wish, ask_refund
from passes.sale.queries import find_refund_channel
from passes.sale.refund_quotes import find_quote
from passes.sale.refund_words import CASES
from passes.wallet.schemas import STALE, RefundForm

blueprint = Blueprint("refund", __name__)

# What the last refund of the pass has come to, as its holder is told it.
STATES = {
    "requested": N_("We have your request. The money is on its way within a few minutes."),
    "pending": N_("The money is on its way. Banks and wallets take up to ten working days."),
    "succeeded": N_("The money has been paid back to where it came from. The pass is cancelled."),
    "failed": N_("The refund did not arrive. The service desk sees it and contacts you; you need do nothing."),
    "canceled": N_(
        "The refund was stopped: late reports of visits had used it up, or the service desk withdrew it. "
        "The pass is no longer on hold for it."
    ),
}
# The same where the way back is closed and somebody transfers the money.
STATES_BY_HAND = STATES | {
    "requested": N_(
        "We have your request. The way you paid takes no money back any more: the service desk contacts you and "
        "transfers it to you."
    ),
    "succeeded": N_("The money has been transferred to you. The pass is cancelled."),
}


_FORM = RefundForm()


@blueprint.get("/w/<token>/refund")
@secret_link("wallet")
def page(token: str) -> ResponseReturnValue:
    """The lines of today, the state of a refund under way, and the question."""
    return _page(token)


@blueprint.post("/w/<token>/refund")
@secret_link("wallet")
def ask(token: str) -> ResponseReturnValue:
    """Ask the money back: 303 to the page that says how it stands. A second click finds it asked."""
    data, errors = load_form(_FORM)
    if errors:
        return _page(token, gettext(STALE), 422)
    now = clock.now()
    try:
        with transaction() as session:
            pass_ = get_pass_by_wallet_token(session, token, now)
            ask_refund(session, pass_.id, Wish(str(data["key"]), data["amount_fen"]), now=now)
    except NotFound:
        return _page(token)
    except Conflict as problem:
        return _page(token, gettext(problem.message, **problem.facts), 409)
    return redirect(url_for("refund.page", token=token), 303)


def _page(token: str, error: str | None = None, status: int = 200) -> ResponseReturnValue:
    now = clock.now()
    with transaction() as session:
        try:
            pass_ = get_pass_by_wallet_token(session, token, now)
        except NotFound as problem:
            return render_template("wallet/closed.html", code=problem.code, detail=gettext(problem.message)), 404
        found = find_quote(session, pass_, now=now)
        states = STATES_BY_HAND if find_refund_channel(session, pass_.id) == "manual" else STATES
    html = render_template(
        "wallet/refund.html",
        token=token,
        number=pass_.number,
        livemode=pass_.livemode,
        found=found,
        case=CASES[found.quote.case] if found else None,
        state=gettext(states[found.refund.state]) if found and found.refund else None,
        key=str(uuid4()),
        error=error,
        now=now,
    )
    return html, status
