"""The privacy notice; and for a holder: everything about me, and its erasure."""

import orjson
from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access.guard import public, secret_link
from passes.db import transaction
from passes.errors import Conflict, NotFound
from passes.http import load_form
from passes.lifecycle.queries import get_member, get_pass_by_wallet_token
from passes.sale.consents import PRIVACY_VERSION
from passes.wallet import retention_rules as kept
from passes.wallet.my_data import WHY_NOT, erase_my_data, export_of, why_not_erase
from passes.wallet.schemas import EraseForm

blueprint = Blueprint("data", __name__)

_FORM = EraseForm()


@blueprint.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    """What we keep about people, why, how long, who sees it, and what they can ask for."""
    facts = {"kept": kept, "version": PRIVACY_VERSION, "service_phone": settings.current().service_phone}
    return render_template("wallet/privacy.html", **facts), 200


@blueprint.get("/w/<token>/data")
@secret_link("wallet")
def page(token: str) -> ResponseReturnValue:
    """Take the data along, or have them erased."""
    return _page(token, {}, 200)


@blueprint.get("/w/<token>/data.json")
@secret_link("wallet")
def export(token: str) -> ResponseReturnValue:
    """Everything about me, as a file."""
    now = clock.now()
    with transaction() as session:
        pass_ = get_pass_by_wallet_token(session, token, now)
        body = orjson.dumps(export_of(session, pass_, now), option=orjson.OPT_INDENT_2)
    answer = Response(body, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{pass_.number}.json"'
    return answer


@blueprint.post("/w/<token>/data")
@secret_link("wallet")
def erase(token: str) -> ResponseReturnValue:
    """Erase: 303 to the page that says so; or the reason why not yet."""
    data, errors = load_form(_FORM)
    if errors:
        return _page(token, errors, 422)
    now = clock.now()
    try:
        with transaction() as session:
            pass_ = get_pass_by_wallet_token(session, token, now)
            erase_my_data(session, pass_, end_pass=data["end_pass"] == "yes", now=now)
    except NotFound:
        return _page(token, {}, 404)
    except Conflict as refused:
        return _page(token, {"": [gettext(refused.message)]}, 409)
    return redirect(url_for("data.page", token=token), 303)


def _page(token: str, errors: dict[str, list[str]], status: int) -> ResponseReturnValue:
    now = clock.now()
    with transaction() as session:
        try:
            pass_ = get_pass_by_wallet_token(session, token, now)
        except NotFound as problem:
            return render_template("wallet/closed.html", code=problem.code, detail=gettext(problem.message)), 404
        erased_at = get_member(session, pass_.member_id).erased_at
        reason = why_not_erase(session, pass_, now)
    html = render_template(
        "wallet/data.html",
        token=token,
        number=pass_.number,
        erased_at=erased_at,
        reason=reason,
        why_not=gettext(WHY_NOT[reason]) if reason else None,
        errors=errors,
        form=request.form if errors else {},
    )
    return html, status
