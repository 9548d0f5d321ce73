"""Versions of the terms: who loaded each, when, and what it changed, in words."""

from collections.abc import Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin import catalogue_queries
from passes.admin.case_words import ENTRY_HOWS, ENTRY_KINDS
from passes.admin.desk import blueprint
from passes.admin.words import translated
from passes.catalogue.differences import Entry
from passes.db import transaction
from passes.http import Page, page_request


@blueprint.get("/catalogue")
@guard.staff(ADMIN)
def catalogue_versions() -> ResponseReturnValue:
    """Every version, newest first, with how much it changed."""
    paging = page_request(limit=20)
    with transaction() as session:
        rows, total = catalogue_queries.list_versions(session, limit=paging.limit, offset=paging.offset)
    return render_template("admin/catalogue.html", page=Page(rows, total, paging))


@blueprint.get("/catalogue/<int:version>")
@guard.staff(ADMIN)
def catalogue_version(version: int) -> ResponseReturnValue:
    """One version against the one before it, or against ?against=N."""
    raw = request.args.get("against", "")
    with transaction() as session:
        found = catalogue_queries.get_version(session, version, int(raw) if raw.isdecimal() and len(raw) < 7 else None)
    kinds = {kind: gettext(words) for kind, words in ENTRY_KINDS.items()}
    return render_template(
        "admin/catalogue_version.html",
        found=found,
        groups=[(words, of_kind(found.entries, kind)) for kind, words in kinds.items()],
        hows=translated(ENTRY_HOWS),
    )


def of_kind(entries: Sequence[Entry], kind: str) -> list[Entry]:
    return [entry for entry in entries if entry.kind == kind]
