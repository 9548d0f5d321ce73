"""Find my pass: phone and last four of the document, a one-time code, the pass. The same answer to everybody."""

from datetime import datetime
from uuid import UUID, uuid4

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import rates
from passes.access.guard import public, secret_link
from passes.access.rules import address_block
from passes.db import transaction
from passes.errors import N_
from passes.http import language, load_form
from passes.wallet import lookups
from passes.wallet.find_schemas import CodeForm, FindForm
from passes.wallet.lookup_rules import Asked, standing

blueprint = Blueprint("find", __name__)

# (what is counted, how many, in how many seconds). Behind a proxy one address may be the whole city.
_MINUTES, _DAY = 600, 86400
BY_PHONE, BY_PHONE_DAILY, BY_ADDRESS, IN_TOTAL, TRIES_BY_ADDRESS = 3, 10, 60, 600, 120

TOO_MANY = N_(
    "There were too many requests for now. Please wait ten minutes and try again, "
    "or come to the service desk with your document."
)
OVER = {
    "used": N_("This code was used. Each code works once: ask for a new one if you need it."),
    "tried_out": N_("Five wrong codes were typed, so this code is no longer good. Please ask for a new one."),
    "late": N_("The ten minutes are over, so this code is no longer good. Please ask for a new one."),
}
_FORM, _CODE = FindForm(), CodeForm()


@blueprint.get("/find")
@public
def form() -> ResponseReturnValue:
    """An empty form. Its id makes one question of it, however often it is sent."""
    return _form_page({"form_id": str(uuid4())}, {}, 200)


@blueprint.post("/find")
@public
def ask() -> ResponseReturnValue:
    """303 to where the code is typed, whether there is such a pass or not; or the form again with what is wrong."""
    now = clock.now()
    data, errors = load_form(_FORM)
    if errors:
        return _form_page(request.form.to_dict(), errors, 422)
    phone, last4 = data["phone"], data["document_last4"]
    asked_id = lookups.lookup_id(data["form_id"], phone, last4)
    with transaction() as session:
        is_new = lookups.find_lookup(session, asked_id) is None
    if is_new:
        if not _allow(phone, now=now):
            return _form_page(request.form.to_dict(), {"": [gettext(TOO_MANY)]}, 429)
        with transaction() as session:
            lookups.ask_for_code(session, asked_id, phone, last4, locale=language(), now=now)
    return redirect(url_for("find.code_page", lookup_id=asked_id), 303)


def _allow(phone: str, *, now: datetime) -> bool:
    """The phone last: a flood from one address locks nobody else's phone out for longer than it lasts."""
    limits = (
        (f"find:{address_block(request.remote_addr)}", BY_ADDRESS, _MINUTES),
        ("find", IN_TOTAL, _MINUTES),
        (f"find:{phone}", BY_PHONE, _MINUTES),
        (f"find:{phone}:day", BY_PHONE_DAILY, _DAY),
    )
    with transaction() as session:
        return all(rates.allow(session, key, limit=limit, seconds=seconds, now=now) for key, limit, seconds in limits)


def _form_page(kept: dict[str, str], errors: dict[str, list[str]], status: int) -> ResponseReturnValue:
    if not kept.get("form_id") or "form_id" in errors:
        kept = {**kept, "form_id": str(uuid4())}
    phone = settings.current().service_phone
    return render_template("wallet/find.html", kept=kept, errors=errors, service_phone=phone), status


@blueprint.get("/find/<uuid:lookup_id>")
@secret_link("lookup")
def code_page(lookup_id: UUID) -> ResponseReturnValue:
    """Where the code is typed."""
    return _code_page(lookup_id, {}, 200)


@blueprint.post("/find/<uuid:lookup_id>")
@secret_link("lookup")
def use_code(lookup_id: UUID) -> ResponseReturnValue:
    """303 to the pass; the passes, where there are several; or what is wrong with the code."""
    now = clock.now()
    data, errors = load_form(_CODE)
    if errors:
        return _code_page(lookup_id, errors, 422)
    with transaction() as session:
        key = f"find-code:{address_block(request.remote_addr)}"
        allowed = rates.allow(session, key, limit=TRIES_BY_ADDRESS, seconds=_MINUTES, now=now)
    if not allowed:
        return _code_page(lookup_id, {"": [gettext(TOO_MANY)]}, 429)
    with transaction() as session:
        tried = lookups.try_code(session, lookup_id, data["code"], now=now)
    if tried.outcome == "wrong":
        message = gettext("This is not the code we sent. Please compare it. Tries left: %(left)s.", left=tried.left)
        return _code_page(lookup_id, {"code": [message]}, 422)
    if tried.outcome != "found":
        return _code_page(lookup_id, {}, 409)
    if len(tried.passes) == 1:
        return redirect(tried.passes[0].path, 303)
    here = url_for("find.code_page", lookup_id=lookup_id)
    return render_template("wallet/found.html", passes=tried.passes, here=here), 200


def _code_page(lookup_id: UUID, errors: dict[str, list[str]], status: int) -> ResponseReturnValue:
    now, chosen = clock.now(), settings.current()
    with transaction() as session:
        asked = lookups.get_lookup(session, lookup_id)
        how = standing(Asked(asked.expires_at, asked.tries, asked.used_at), now)
        facts = {"until": asked.expires_at, "phone_end": asked.phone[-4:]}
    page = render_template(
        "wallet/find_code.html",
        here=url_for("find.code_page", lookup_id=lookup_id),
        over=gettext(OVER[how]) if how in OVER else None,
        errors=errors,
        kept=request.form.get("code", ""),
        sends=chosen.smtp_url is not None or chosen.sms_url is not None,
        **facts,
    )
    return page, status
