"""Who changed what, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes.access import guard
from passes.access.rules import ADMIN, HOLDER
from passes.admin.audit import AuditSearch, LogEntry, list_audit
from passes.admin.audit_words import ACTIONS, FACTS, NAMING, SUBJECTS
from passes.admin.case_words import HOLD_REASONS
from passes.admin.desk import blueprint, chosen, searched
from passes.admin.place_words import SCOPES
from passes.admin.words import ROLE_NAMES, translated
from passes.catalogue.closure_words import KIND_NAMES
from passes.db import transaction
from passes.http import Page, page_request


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """A line of the log for a reader. facts: [(what, value)]."""

    id: int
    happened_at: datetime
    who: str | None
    action: str
    subject: str
    address: str | None
    facts: list[tuple[str, str]]


@blueprint.get("/audit")
@guard.staff(ADMIN)
def audit() -> ResponseReturnValue:
    """The log by who, what, to what kind of thing, and from which day to which."""
    search = AuditSearch(
        who=searched("who"),
        action=chosen("action", ACTIONS),
        kind=chosen("kind", SUBJECTS),
        subject=searched("subject"),
        from_day=_day("from"),
        to_day=_day("to"),
    )
    paging = page_request()
    with transaction() as session:
        entries, total = list_audit(session, search, limit=paging.limit, offset=paging.offset)
    return render_template(
        "admin/audit.html",
        page=Page(shown_entries(entries), total, paging),
        search=search,
        actions=sorted(translated(ACTIONS).items(), key=lambda item: item[0]),
        kinds=[(kind, gettext(words)) for kind, (words, _, _) in SUBJECTS.items()],
    )


def shown_entries(entries: Iterable[LogEntry]) -> list[ShownEntry]:
    """The entries in the reader's words; an action or fact without words is shown by its name."""
    return [
        ShownEntry(
            entry.id,
            entry.happened_at,
            _who(entry),
            gettext(ACTIONS[entry.action]) if entry.action in ACTIONS else entry.action,
            _subject(entry),
            _address(entry.subject),
            [(_fact_name(name), _value(name, value)) for name, value in entry.facts.items() if _is_told(name, value)],
        )
        for entry in entries
    ]


def _who(entry: LogEntry) -> str | None:
    """None: the command line."""
    return str(gettext("The holder")) if entry.facts.get("by") == HOLDER else entry.staff_login


def _is_told(name: str, value: object) -> bool:
    """Whether a fact is told beside the entry, not in it."""
    return name not in NAMING and (name, value) != ("by", HOLDER)


def _subject(entry: LogEntry) -> str:
    kind, _, number = entry.subject.partition(":")
    naming = ("name",) if kind == "clerk" else NAMING
    name = next((str(entry.facts[fact]) for fact in naming if fact in entry.facts), number)
    return f"{gettext(SUBJECTS[kind][0]) if kind in SUBJECTS else kind} {name}"


def _address(subject: str) -> str | None:
    """The page of what was changed, where there is one."""
    kind, _, number = subject.partition(":")
    _, endpoint, argument = SUBJECTS.get(kind, ("", "", ""))
    if endpoint not in current_app.view_functions or not (number.isascii() and number.isdigit()):
        return None
    values: dict[str, Any] = {argument: int(number)}
    return url_for(endpoint, **values)


def _fact_name(name: str) -> str:
    return str(gettext(FACTS[name])) if name in FACTS else name


def _value(name: str, value: object) -> str:
    """One value, or [before, after]."""
    if isinstance(value, list):
        if name == "scopes":
            return str(gettext(", ")).join(_value(name, each) for each in value)
        return " → ".join(_value(name, each) for each in value)
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if name == "role" and value in ROLE_NAMES:
        return str(gettext(ROLE_NAMES[str(value)]))
    if name == "kind" and value in KIND_NAMES:
        return str(gettext(KIND_NAMES[str(value)]))
    if name == "scopes" and value in SCOPES:
        return str(gettext(SCOPES[str(value)]))
    if name == "reason" and value in HOLD_REASONS:
        return str(gettext(HOLD_REASONS[str(value)]))
    return str(value)


def _day(name: str) -> date | None:
    """A day of the address, YYYY-MM-DD; nonsense is none."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year < 3000 else None
