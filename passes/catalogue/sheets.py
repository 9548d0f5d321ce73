"""Day sheets, compiled once a process for each (terms version, holidays, day) and kept while they are in use."""

from collections import OrderedDict
from datetime import date
from threading import Lock

from sqlalchemy.orm import Session

from passes.catalogue.queries import get_calendar, get_current, get_pinned, get_terms
from passes.entitlement import daysheet
from passes.entitlement.daysheet import DaySheet

MOST_SHEETS = 200

_lock = Lock()
_sheets: OrderedDict[tuple[int, str, str, date], DaySheet] = OrderedDict()


def day_sheet(session: Session, version: int, day: date) -> DaySheet:
    """The sheet of a terms version on a local day; NotFound for a version that does not exist."""
    key = (version, get_pinned(session, version).digest, get_current(session).holidays_digest, day)
    with _lock:
        sheet = _sheets.get(key)
        if sheet is not None:
            _sheets.move_to_end(key)
            return sheet
    sheet = daysheet.compile(get_terms(session, version), get_calendar(session), day)
    with _lock:
        kept = _sheets.setdefault(key, sheet)
        while len(_sheets) > MOST_SHEETS:
            _sheets.popitem(last=False)
        return kept
