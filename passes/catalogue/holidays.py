"""The holidays file: for each year, the days off and the days worked instead."""

import re
from datetime import date

from passes.entitlement.calendars import HOLIDAYS, Calendar, Holiday, Year
from passes.entitlement.nodes import Fault, Faults, Node, fields, iso_day, mapping, sequence, truth, words

LONGEST_HOLIDAY_DAYS = 20


def read_holidays(node: Node, faults: Faults) -> Calendar:
    """The calendar the file means; faults name year and key. Years that cannot be read are left out."""
    years: dict[int, Year] = {}
    with faults.of("holidays"):
        for key, value in mapping(fields(node, "years")["years"]).items():
            with faults.of(f"holidays {key}"):
                if not re.fullmatch(r"20\d\d", key):
                    raise Fault(value.line, f"“{key}”不是年份", f"“{key}” is no year")
                years[int(key)] = read_year(value, int(key), faults)
    return Calendar(dict(sorted(years.items())))


def read_year(node: Node, year: int, faults: Faults) -> Year:
    parts = fields(node, "provisional days")
    days = fields(parts["days"], " ".join(HOLIDAYS))
    found: dict[str, Holiday] = {}
    for key in HOLIDAYS:
        with faults.of(f"holidays {year} {key}"):
            found[key] = read_holiday(days[key], year)
    return Year(truth(parts["provisional"]), found)


def read_holiday(node: Node, year: int) -> Holiday:
    parts = fields(node, "off work")
    off = tuple(read_stretch(entry, year) for entry in sequence(parts["off"], most=10))
    work = tuple(read_day(entry, year) for entry in sequence(parts["work"], least=0, most=10))
    holiday = Holiday(off, work)
    for day in work:
        if holiday.holds(day):
            raise Fault(node.line, f"{day} 既是休息日又是上班日", f"{day} is both a day off and a day worked")
    return holiday


def read_stretch(node: Node, year: int) -> tuple[date, date]:
    first_words, dots, last_words = words(node).partition("..")
    if not dots:
        raise Fault(node.line, "应为“YYYY-MM-DD..YYYY-MM-DD”", "“YYYY-MM-DD..YYYY-MM-DD” is expected")
    first, last = (read_day(Node(node.line, part), year) for part in (first_words, last_words))
    if not 0 <= (last - first).days < LONGEST_HOLIDAY_DAYS:
        raise Fault(
            node.line,
            f"假期应为 1 至 {LONGEST_HOLIDAY_DAYS} 天",
            f"a holiday lasts 1 to {LONGEST_HOLIDAY_DAYS} days",
        )
    return first, last


def read_day(node: Node, year: int) -> date:
    """A day of the year, or of the December before, where New Year's days off may begin."""
    day = iso_day(node)
    if day.year != year and (day.year, day.month) != (year - 1, 12):
        raise Fault(node.line, f"{day} 不属于 {year} 年", f"{day} is no day of {year}")
    return day
