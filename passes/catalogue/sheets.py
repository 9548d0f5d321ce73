"""Day sheets, compiled once a process for each (terms version, newest version, holidays, day) and kept while in use."""

from collections import OrderedDict
from datetime import date
from threading import Lock

from sqlalchemy.orm import Session

from passes.catalogue.queries import effective_terms, get_calendar, get_current, get_pinned
from passes.entitlement import daysheet
from passes.entitlement.daysheet import DaySheet

MOST_SHEETS = 200

_lock = Lock()
_compiling = Lock()
Key = tuple[int, str, int, str, str, date]
_sheets: OrderedDict[Key, DaySheet] = OrderedDict()


def day_sheet(session: Session, version: int, day: date) -> DaySheet:
    """The sheet of a terms version and of what was added since, on a local day; NotFound where there is no such."""
    newest = get_current(session)
    pinned = get_pinned(session, version)
    key = (version, pinned.digest, newest.version, newest.digest, newest.holidays_digest, day)
    with _lock:
        sheet = _sheets.get(key)
        if sheet is not None:
            _sheets.move_to_end(key)
            return sheet
    terms, calendar = effective_terms(session, version), get_calendar(session)
    # One at a time: after a load every gate asks for the same sheet, and one thread is enough to make it.
    with _compiling:
        with _lock:
            made = _sheets.get(key)
        sheet = made or daysheet.compile(terms, calendar, day)
    with _lock:
        kept = _sheets.setdefault(key, sheet)
        while len(_sheets) > MOST_SHEETS:
            _sheets.popitem(last=False)
        return kept
