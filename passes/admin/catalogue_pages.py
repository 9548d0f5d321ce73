"""Versions of the terms: who loaded each, when, and what it changed, in words."""

from collections.abc import Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin import catalogue_queries
from passes.admin.case_words import ENTRY_HOWS, ENTRY_KINDS
from passes.admin.desk import blueprint
from passes.admin.words import translated
from passes.catalogue.differences import Entry
from passes.catalogue.draft import names_a_holiday
from passes.catalogue.outlook import named_benefits
from passes.catalogue.promises import PASSES, promises_of
from passes.clock import local_day
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
    """One version against the one before it, or against ?against=N; its promises for ?passes=N passes."""
    raw, passes = request.args.get("against", ""), number_of(request.args.get("passes", ""))
    with transaction() as session:
        found = catalogue_queries.get_version(session, version, int(raw) if raw.isdecimal() and len(raw) < 7 else None)
    kinds = {kind: gettext(words) for kind, words in ENTRY_KINDS.items()}
    return render_template(
        "admin/catalogue_version.html",
        found=found,
        groups=[(words, of_kind(found.entries, kind)) for kind, words in kinds.items()],
        hows=translated(ENTRY_HOWS),
        years=[(year, found.calendar.years[year]) for year in found.calendar.years],
        naming=named_benefits(filter(names_a_holiday, found.terms.benefits.values())),
        passes=passes,
        promises=promises_of(found.terms, found.calendar, passes=passes, starts_on=local_day(clock.now())),
    )


def number_of(raw: str) -> int:
    """The passes to check the promises for; as many as are meant to be sold where the address says nothing sensible."""
    found = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 10 else 0
    return found or PASSES


def of_kind(entries: Sequence[Entry], kind: str) -> list[Entry]:
    return [entry for entry in entries if entry.kind == kind]
