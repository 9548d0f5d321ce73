"""Reading the audit log. It is written by access.service.write_audit, in the transaction of each change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry
from passes.access.rules import HOLDER
from passes.clock import day_start


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """Which entries. None: any.

    who: a part of the login, or "-" for the command line. kind: of subject, like "pass"; subject: the whole, "pass:7".
    from_day, to_day: local days, both included. about_staff_id: what this account did, or what was done to it.
    """

    who: str | None = None
    action: str | None = None
    kind: str | None = None
    subject: str | None = None
    from_day: date | None = None
    to_day: date | None = None
    about_staff_id: int | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry as it was written. staff_login None: the command line, or by a holder where the facts say so."""

    id: int
    happened_at: datetime
    staff_login: str | None
    action: str
    subject: str
    facts: Mapping[str, Any]


def list_audit(session: Session, search: AuditSearch, *, limit: int, offset: int) -> tuple[Sequence[LogEntry], int]:
    """Newest first, and how many there are."""
    wanted = and_(true(), *_conditions(search))
    total = session.scalar(select(func.count()).select_from(AuditEntry).where(wanted)) or 0
    columns = (
        AuditEntry.id,
        AuditEntry.happened_at,
        AuditEntry.staff_login,
        AuditEntry.action,
        AuditEntry.subject,
        AuditEntry.facts,
    )
    rows = session.execute(select(*columns).where(wanted).order_by(AuditEntry.id.desc()).offset(offset).limit(limit))
    return [LogEntry(*row) for row in rows], total


def _conditions(search: AuditSearch) -> Iterator[ColumnElement[bool]]:
    if search.who == "-":
        by = AuditEntry.facts["by"].astext
        yield and_(AuditEntry.staff_id.is_(None), by.is_distinct_from(HOLDER))
    elif search.who is not None:
        yield AuditEntry.staff_login.icontains(search.who, autoescape=True)
    if search.action is not None:
        yield AuditEntry.action == search.action
    if search.kind is not None:
        yield AuditEntry.subject.startswith(f"{search.kind}:", autoescape=True)
    if search.subject is not None:
        yield AuditEntry.subject == search.subject
    if search.from_day is not None:
        yield AuditEntry.happened_at >= day_start(search.from_day)
    if search.to_day is not None:
        yield AuditEntry.happened_at < day_start(search.to_day + timedelta(days=1))
    if search.about_staff_id is not None:
        yield or_(AuditEntry.staff_id == search.about_staff_id, AuditEntry.subject == f"staff:{search.about_staff_id}")
