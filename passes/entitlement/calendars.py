"""The holidays of each year, by key. A year without data is never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

HOLIDAYS = ("new_year", "spring_festival", "qingming", "labor_day", "dragon_boat", "mid_autumn", "national_day")


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days off, each stretch first to last inclusive, and the weekend days worked instead."""

    off: tuple[tuple[date, date], ...]
    work: tuple[date, ...]

    def holds(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.off)


@dataclass(frozen=True, slots=True)
class Year:
    """A year's holidays; provisional until the State Council's notice is out."""

    provisional: bool
    holidays: Mapping[str, Holiday]


@dataclass(frozen=True, eq=False)
class Calendar:
    """All years there is data for. Compared by identity: it is loaded once and kept."""

    years: Mapping[int, Year]

    def knows(self, day: date) -> bool:
        return day.year in self.years

    def is_holiday(self, key: str, day: date) -> bool:
        """Whether the day is one of the holiday's days off; ask only of a day the calendar knows.

        A holiday of one year may begin in the last days of the year before.
        """
        near = (self.years.get(day.year + n) for n in (0, 1))
        return any(year.holidays[key].holds(day) for year in near if year is not None)
