"""Versions of the terms as the back office shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry
from passes.catalogue import version_queries
from passes.catalogue.differences import Entry
from passes.catalogue.publishing import list_remedies
from passes.catalogue.queries import get_calendar, get_pinned, get_terms
from passes.catalogue.remedies import remedy_words
from passes.catalogue.version_queries import Version
from passes.entitlement.calendars import Calendar
from passes.entitlement.plain import Among
from passes.entitlement.terms import Terms, Text
from passes.errors import N_, NotFound
from passes.lifecycle.models import Pass


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in the list. by: who loaded it, None where nobody noted it; entries: what it changed; passes: sold."""

    version: int
    loaded_at: datetime
    by: str | None
    current: bool
    passes: int
    entries: Sequence[Entry] | None


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """What the version takes from passes sold before it, and what makes it good."""

    benefit_id: str
    name: Text
    loss: Text
    remedy: Text
    note: str
    effective_on: date
    by: str


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A version against another, and its calendar. against: None for the first one, which has none before it."""

    row: VersionRow
    against: int | None
    others: Sequence[int]
    entries: Sequence[Entry]
    remedies: Sequence[RemedyRow]
    terms: Terms
    calendar: Calendar


def list_versions(session: Session, *, limit: int, offset: int) -> tuple[list[VersionRow], int]:
    """Newest first, each with what it changed against the one before; and how many there are."""
    versions = version_queries.list_versions(session)
    return _rows(session, versions, versions[offset : offset + limit]), len(versions)


def _rows(session: Session, versions: Sequence[Version], chosen: Sequence[Version]) -> list[VersionRow]:
    numbers = [version.version for version in versions]
    sold = session.execute(select(Pass.terms_version, func.count()).group_by(Pass.terms_version))
    passes = {version: count for version, count in sold}
    loaded = _loaders(session, [version.version for version in chosen])
    rows = []
    for version in chosen:
        earlier = [number for number in numbers if number < version.version]
        entries = version_queries.compare_versions(session, earlier[0], version.version) if earlier else None
        rows.append(
            VersionRow(
                version=version.version,
                loaded_at=version.loaded_at,
                by=loaded.get(version.version),
                current=version.version == numbers[0],
                passes=passes.get(version.version, 0),
                entries=entries,
            )
        )
    return rows


def _loaders(session: Session, versions: Sequence[int]) -> dict[int, str]:
    """Who loaded which: staff by their login, the command line by the account it ran under."""
    subjects = {f"catalogue:{version}": version for version in versions}
    rows = session.scalars(
        select(AuditEntry).where(AuditEntry.subject.in_(subjects), AuditEntry.action == "catalogue.loaded")
    )
    return {subjects[entry.subject]: entry.staff_login or str(entry.facts.get("by", "?")) for entry in rows}


def get_version(session: Session, version: int, against: int | None) -> VersionPage:
    """against: None = the one before. NotFound where there is no such version."""
    versions = version_queries.list_versions(session)
    mine = [row for row in versions if row.version == version]
    if not mine:
        raise NotFound("terms_not_found", N_("There is no terms version %(version)s."), version=version)
    others = [row.version for row in versions if row.version != version]
    if against is None:
        against = next((number for number in others if number < version), None)
    elif against not in others:
        get_pinned(session, against)
    entries = version_queries.compare_versions(session, against, version) if against is not None else ()
    return VersionPage(
        row=_rows(session, versions, mine)[0],
        against=against,
        others=others,
        entries=entries,
        remedies=_remedies(session, version),
        terms=get_terms(session, version),
        calendar=get_calendar(session, version),
    )


def _remedies(session: Session, version: int) -> list[RemedyRow]:
    """The benefits are called as in the version before, which still had them."""
    rows = list_remedies(session, after=version - 1, up_to=version)
    names = Among(get_terms(session, version - 1)) if rows else None
    return [
        RemedyRow(
            benefit_id=row.benefit_id,
            name=names.benefit(row.benefit_id),
            loss=Text(row.loss_zh, row.loss_en),
            remedy=remedy_words(row.kind, row.amount),
            note=row.note,
            effective_on=row.effective_on,
            by=row.recorded_by,
        )
        for row in rows
        if names is not None
    ]
