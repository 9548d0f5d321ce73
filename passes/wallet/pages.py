"""The holder's page behind its secret link, and the code it fetches every 15 seconds."""

import json
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import rates
from passes.access.guard import secret_link
from passes.catalogue.changes import changes_since
from passes.catalogue.closure_queries import closures_on
from passes.catalogue.closure_rules import longest
from passes.catalogue.closure_words import NOTICES
from passes.db import transaction
from passes.errors import N_, Conflict, Invalid, NotFound, TooMany
from passes.feedback.service import answer_survey
from passes.http import answers, language, load_form
from passes.http.assets import asset
from passes.lifecycle.queries import get_pass_by_wallet_token, lock_passes
from passes.lifecycle.reissue import replace_codes
from passes.lifecycle.service import activate_pass
from passes.wallet.queries import get_wallet
from passes.wallet.rules import SECTIONS, in_order
from passes.wallet.schemas import CHOOSE, STALE, CodeOut, ReplaceForm, ScoreForm
from passes.wallet.service import print_card, show_code

blueprint = Blueprint("wallet", __name__)

_SCORE = ScoreForm()
_REPLACE = ReplaceForm()
REPLACED_A_DAY = 3


# What the script says when it is left alone. {seconds} is filled by it.
TEXTS = {
    "fresh": N_("Good for {seconds} s, then a new one"),
    "still_good": N_("No connection: good for {seconds} s more"),
    "offline": N_("No network, so the code could not be renewed. Switch on mobile data or Wi-Fi."),
    "server": N_("Our server does not answer, so the code could not be renewed. It is asked again by itself."),
    "late": N_("This code ran out. A new one is on its way."),
    "closed": N_("This code is no longer good. Load the page again to see why."),
    "larger": N_("Show it large"),
    "smaller": N_("Back to the page"),
    "metres": N_("{n} m"),
    "km": N_("{n} km"),
    "sorted": N_("Sorted: the nearest place comes first. Your position stays on this phone."),
    "no_position": N_("Your phone did not say where it is, so the list stays as it was. Allow it in the settings."),
}

SECTION_NAMES = {
    "sights": N_("Sights"),
    "hotels": N_("Hotels"),
    "city": N_("About the city"),
    "experiences": N_("Experiences"),
}
HOWS = {"added": N_("new"), "removed": N_("reduced"), "changed": N_("changed")}
ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable.png", "512x512", "maskable"),
)
GROUND, PAPER = "#f7f3ec", "#fffdf9"  # --ground and --paper of tokens.css: a manifest can name no token


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
        closed = closures_on(session, now=now)
        since = changes_since(session, pass_.terms_version, pass_.product_id)
    html = render_template(
        "wallet/page.html",
        token=token,
        wallet=wallet,
        code=code,
        since=since,
        hows={how: gettext(words) for how, words in HOWS.items()},
        error=error,
        thanks="thanks" in request.args,
        now=now,
        now_ms=_milliseconds(now),
        expires_ms=_milliseconds(code.expires_at) if code.expires_at else None,
        good_until=f"{clock.local_time(code.expires_at):%H:%M:%S}" if code.expires_at else None,
        texts={name: gettext(text) for name, text in TEXTS.items()},
        closed={venue_id: [gettext(NOTICES[kind]) for kind in longest(found)] for venue_id, found in closed.items()},
        sections=[(name, gettext(SECTION_NAMES[name]), in_order(wallet.benefits, name)) for name in SECTIONS],
        service_phone=settings.current().service_phone,
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


@blueprint.get("/w/<token>/card")
@secret_link("wallet")
def card(token: str) -> ResponseReturnValue:
    """A card to print. A pass that shows no code now has none: its page says why."""
    now = clock.now()
    try:
        with transaction() as session:
            pass_ = get_pass_by_wallet_token(session, token, now)
            drawing = print_card(session, pass_, now=now)
            wallet = get_wallet(session, pass_, now) if drawing else None
    except NotFound:
        return _page(token)
    if wallet is None:
        return redirect(url_for("wallet.page", token=token), 303)
    return render_template(
        "wallet/card.html",
        token=token,
        wallet=wallet,
        drawing=drawing,
        generation=pass_.generation,
        replaced="replaced" in request.args,
        service_phone=settings.current().service_phone,
    )


@blueprint.post("/w/<token>/codes")
@secret_link("wallet")
def replace(token: str) -> ResponseReturnValue:
    """Make every card printed so far worthless. A second click finds it done."""
    data, errors = load_form(_REPLACE)
    if errors:
        return _page(token, error=gettext(STALE), status=422)
    now = clock.now()
    try:
        with transaction() as session:
            pass_ = get_pass_by_wallet_token(session, token, now)
            # Read anew under its lock: a second click waits for the first, and sees what that did.
            lock_passes(session, [pass_.id])
            meant = pass_.generation == data["generation"]
            key = f"codes of pass {pass_.id}"
            if meant and not rates.allow(session, key, limit=REPLACED_A_DAY, seconds=86_400, now=now):
                raise TooMany("too_many_tries", N_("Codes can be replaced three times a day. Try again tomorrow."))
            if meant:
                replace_codes(session, pass_.id, now=now)
    except (Conflict, TooMany) as problem:
        return _page(token, error=gettext(problem.message), status=409 if isinstance(problem, Conflict) else 429)
    except NotFound:
        return _page(token)
    return redirect(url_for("wallet.card", token=token, replaced=1), 303)


@blueprint.get("/w/<token>/app.webmanifest")
@secret_link("wallet")
def manifest(token: str) -> ResponseReturnValue:
    """What a phone needs to keep this page on its home screen: an app that opens on this very pass."""
    here = url_for("wallet.page", token=token)
    described = {
        "id": here,
        "name": gettext("Youyou Lanzhou, my pass"),
        "short_name": gettext("My pass"),
        "lang": "zh-CN" if language() == "zh" else "en",
        "start_url": here,
        "scope": here,
        "display": "standalone",
        "orientation": "portrait",
        "background_color": GROUND,
        "theme_color": PAPER,
        "icons": [
            {"src": asset(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
    }
    return Response(json.dumps(described, ensure_ascii=False), mimetype="application/manifest+json")


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
