"""Keys of other systems: which there are, a new one, and one revoked."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard, key_service
from passes.access.key_queries import list_keys
from passes.access.rules import ADMIN
from passes.admin.desk import Errors, blueprint, marks
from passes.admin.place_schemas import KeyForm
from passes.admin.place_words import SCOPES
from passes.admin.words import translated
from passes.db import transaction
from passes.errors import Problem
from passes.http import Page, load_form, page_request

_KEY = KeyForm()


@blueprint.get("/keys")
@guard.staff(ADMIN)
def keys() -> ResponseReturnValue:
    """Keys in use, then those that were revoked."""
    paging = page_request(limit=25)
    with transaction() as session:
        rows, total = list_keys(session, limit=paging.limit, offset=paging.offset)
    return render_template("admin/keys.html", page=Page(rows, total, paging), scopes=translated(SCOPES))


@blueprint.get("/keys/new")
@guard.staff(ADMIN)
def new_key() -> ResponseReturnValue:
    """A form for one more."""
    return _new_page({}, status=200)


@blueprint.post("/keys/new")
@guard.staff(ADMIN)
def post_new_key() -> ResponseReturnValue:
    """Make a key and show it, this once."""
    data, errors = load_form(_KEY)
    if errors:
        return _new_page(errors, status=422)
    try:
        with transaction() as session:
            _, token = key_service.make_key(session, **data, by=guard.current_staff(), now=clock.now())
    except Problem as problem:
        return _new_page(marks(problem), status=422)
    return render_template("admin/key_made.html", name=data["name"], token=token)


@blueprint.post("/keys/<int:key_id>/revoke")
@guard.staff(ADMIN)
def post_revoke_key(key_id: int) -> ResponseReturnValue:
    """Refuse it from now on."""
    with transaction() as session:
        key_service.revoke_key(session, key_id, by=guard.current_staff(), now=clock.now())
    flash(gettext("The key was revoked. It opens nothing any more."))
    return redirect(url_for("admin.keys"), 303)


def _new_page(errors: Errors, *, status: int) -> ResponseReturnValue:
    page = render_template(
        "admin/key_new.html",
        scopes=translated(SCOPES).items(),
        ticked=request.form.getlist("scopes"),
        errors=errors,
        form=request.form,
    )
    return page, status
