"""The holder's page behind its secret link, and the code it fetches every 15 seconds."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access.guard import secret_link
from passes.db import transaction
from passes.errors import N_, Conflict, Invalid, NotFound
from passes.feedback.service import answer_survey
from passes.http import answers, load_form
from passes.lifecycle.queries import get_pass_by_wallet_token
from passes.lifecycle.service import activate_pass
from passes.wallet.queries import get_wallet
from passes.wallet.schemas import CHOOSE, CodeOut, ScoreForm
from passes.wallet.service import show_code

blueprint = Blueprint("wallet", __name__)

_SCORE = ScoreForm()


# What the script says when it is left alone. {seconds} is filled by it.
TEXTS = {
    "fresh": N_("Good for {seconds} s, then a new one"),
    "still_good": N_("No connection: good for {seconds} s more"),
    "offline": N_("No network, so the code could not be renewed. Switch on mobile data or Wi-Fi."),
    "server": N_("Our server does not answer, so the code could not be renewed. It is asked again by itself."),
    "late": N_("This code ran out. A new one is on its way."),
    "closed": N_("This code is no longer good. Load the page again to see why."),
}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@blueprint.get("/w/<token>")
@secret_link("wallet")
def page(token: str) -> ResponseReturnValue:
    """The pass, its code, what is left, and questions about visits."""
    return _page(token)


def _page(token: str, *, error: str | None = None, status: int = 200) -> ResponseReturnValue:
    now = clock.now()
    with transaction() as session:
        try:
            pass_ = get_pass_by_wallet_token(session, token, now)
        except NotFound as problem:
            return render_template("wallet/closed.html", code=problem.code, detail=gettext(problem.message)), 404
        wallet = get_wallet(session, pass_, now)
        code = show_code(session, pass_, now=now)
    html = render_template(
        "wallet/page.html",
        token=token,
        wallet=wallet,
        code=code,
        error=error,
        thanks="thanks" in request.args,
        now_ms=_milliseconds(now),
        expires_ms=_milliseconds(code.expires_at) if code.expires_at else None,
        good_until=f"{clock.local_time(code.expires_at):%H:%M:%S}" if code.expires_at else None,
        texts={name: gettext(text) for name, text in TEXTS.items()},
    )
    return html, status


@blueprint.get("/w/<token>/code.json")
@secret_link("wallet")
@answers(CodeOut())
def code(token: str) -> dict[str, object]:
    """A fresh code; problem+json where the link opens nothing any more."""
    now = clock.now()
    with transaction() as session:
        shown = show_code(session, get_pass_by_wallet_token(session, token, now), now=now)
    return {
        "status": shown.status,
        "path": shown.drawing.path if shown.drawing else None,
        "size": shown.drawing.size if shown.drawing else None,
        "expires_at": _milliseconds(shown.expires_at) if shown.expires_at else None,
        "now": _milliseconds(now),
    }


@blueprint.post("/w/<token>/activate")
@secret_link("wallet")
def activate(token: str) -> ResponseReturnValue:
    """Start the pass today. A second click finds it started."""
    now = clock.now()
    try:
        with transaction() as session:
            activate_pass(session, get_pass_by_wallet_token(session, token, now).id, now=now)
    except Conflict as problem:
        return _page(token, error=gettext(problem.message, **problem.facts), status=409)
    except NotFound:
        return _page(token)
    return redirect(url_for("wallet.page", token=token), 303)


@blueprint.post("/w/<token>/surveys/<uuid:invitation_id>")
@secret_link("wallet")
def survey(token: str, invitation_id: UUID) -> ResponseReturnValue:
    """Take the tap on one of three faces."""
    data, errors = load_form(_SCORE)
    if errors:
        return _page(token, error=gettext(CHOOSE), status=422)
    now = clock.now()
    try:
        with transaction() as session:
            pass_ = get_pass_by_wallet_token(session, token, now)
            answer_survey(session, invitation_id, pass_.id, data["score"], now=now)
    except (Conflict, Invalid, NotFound) as problem:
        status = 404 if isinstance(problem, NotFound) else 409
        return _page(token, error=gettext(problem.message), status=status)
    return redirect(url_for("wallet.page", token=token, thanks=1), 303)
