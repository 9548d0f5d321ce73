"""The versions of the terms, for whoever compares them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.catalogue.differences import Entry, differences
from passes.catalogue.holidays import read_holidays
from passes.catalogue.models import TermsVersion
from passes.catalogue.queries import get_pinned, get_terms
from passes.entitlement.nodes import Faults, node_of
from passes.entitlement.terms import Calendar


@dataclass(frozen=True, slots=True)
class Version:
    """One loaded catalogue."""

    version: int
    loaded_at: datetime
    digest: str


def list_versions(session: Session) -> Sequence[Version]:
    """Newest first: the first is the one on sale."""
    rows = session.execute(
        select(TermsVersion.version, TermsVersion.loaded_at, TermsVersion.digest).order_by(TermsVersion.version.desc())
    )
    return [Version(*row) for row in rows]


def compare_versions(session: Session, old: int, new: int) -> tuple[Entry, ...]:
    """What `new` says that `old` does not; NotFound where there is no such version."""
    return differences(
        get_terms(session, old), get_terms(session, new), _calendar_of(session, old), _calendar_of(session, new)
    )


def _calendar_of(session: Session, version: int) -> Calendar:
    """The holidays as they were loaded with this version."""
    get_pinned(session, version)
    stored = session.scalars(select(TermsVersion.holidays).where(TermsVersion.version == version)).one()
    faults = Faults()
    calendar = read_holidays(node_of(stored), faults)
    if faults.found:
        raise RuntimeError(f"the stored holidays of version {version} cannot be read: {faults.found[:3]}")
    return calendar
