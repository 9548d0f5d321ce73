"""The versions of the terms, for whoever compares them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.catalogue.differences import Entry, differences
from passes.catalogue.models import TermsVersion
from passes.catalogue.queries import get_calendar, get_terms


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
        get_terms(session, old), get_terms(session, new), get_calendar(session, old), get_calendar(session, new)
    )
