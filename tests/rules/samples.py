"""Terms for tests of the rule language: the sample catalogue, and small ones with one benefit."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from passes import catalogue, clock
from passes.catalogue.reading import Reading, read_files
from passes.entitlement import daysheet
from passes.entitlement.calendars import HOLIDAYS, Calendar, Holiday, Year
from passes.entitlement.daysheet import DaySheet
from passes.entitlement.facts import Facts
from passes.entitlement.nodes import Faults, Text, node_of
from passes.entitlement.rule_terms import Settle
from passes.entitlement.rules import parse_rules
from passes.entitlement.spans import WEEKDAYS, TimeSpan, Window
from passes.entitlement.terms import Benefit, Product, Terms, Venue

DATA = Path(catalogue.__file__).parent / "data"
SAMPLE = (DATA / "catalog.sample.yaml").read_text()
SAMPLE_HOLIDAYS = (DATA / "holidays.sample.yaml").read_text()


def sample() -> Reading:
    reading, faults = read_files(SAMPLE, SAMPLE_HOLIDAYS)
    assert reading is not None and faults == ()
    return reading


def named(id_: str) -> Text:
    return Text(f"名称 {id_}", f"name {id_}")


def small_terms(*rules: dict[str, Any], hours: str = "00:00-24:00", closed: str = "", **more: list[Any]) -> Terms:
    """Benefit B1 with these rules at venue V1, open in `hours` and closed on the weekdays; more: further benefits."""
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))
    closed_weekdays = tuple(WEEKDAYS.index(name) for name in closed.split())
    faults = Faults()
    benefits = {
        id_: Benefit(id_, False, ("V1",), named(id_), 100, parse_rules(node_of(own), id_, faults), Settle(0))
        for id_, own in {"B1": list(rules), **more}.items()
    }
    assert faults.found == []
    window = Window((), TimeSpan(opens, closes))
    return Terms(
        1,
        "digest",
        {
            id_: Venue(id_, n, "spot", named(id_), (window,), closed_weekdays=closed_weekdays)
            for n, id_ in enumerate(("V1", "V2"), start=1)
        },
        benefits,
        {
            "P1": Product("P1", named("P1"), 100, True, holder="adult", validity_days=365, benefits=tuple(benefits)),
            "P2": Product("P2", named("P2"), 100, True, holder="adult", validity_days=365, benefits=()),
        },
    )


def small_calendar(*years: int) -> Calendar:
    """National Day on 1 October, every other holiday on 1 January."""
    days = {key: Holiday(((date(2000, 1, 1), date(2000, 1, 1)),), ()) for key in HOLIDAYS}
    return Calendar(
        {
            year: Year(False, days | {"national_day": Holiday(((date(year, 10, 1), date(year, 10, 3)),), ())})
            for year in years
        }
    )


def local(words: str) -> datetime:
    """A moment from local words: 2026-05-01 10:00:00."""
    naive = datetime.fromisoformat(words)
    return naive.replace(tzinfo=clock.SHANGHAI).astimezone(UTC)


def sheet_at(terms: Terms, moment: datetime, calendar: Calendar | None = None) -> DaySheet:
    return daysheet.compile(terms, calendar or small_calendar(2026, 2027), clock.local_day(moment))


def facts_at(moment: datetime, **changes: Any) -> Facts:
    """An adult's active pass at V1 in its term of 2026."""
    usual: dict[str, Any] = {
        "now": moment,
        "venue_id": "V1",
        "product_id": "P1",
        "holder_class": "adult",
        "state": "active",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 1, 1),
    }
    return Facts(**usual | changes)
