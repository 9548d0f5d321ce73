"""What things are called in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from babel.dates import get_day_names
from flask_babel import gettext

from passes.dashboard.filters import CUSTOM, Filter
from passes.errors import N_
from passes.http import language, pick
from passes.http.languages import LOCALES, Bilingual, show_count, show_day, show_month

PERIOD_NAMES = {
    "today": N_("Today"),
    "7d": N_("7 days"),
    "30d": N_("30 days"),
    "90d": N_("90 days"),
    "52w": N_("52 weeks"),
    "month": N_("This month"),
}


class Named(Protocol):
    @property
    def name(self) -> Bilingual: ...


class NamedPlace(Named, Protocol):
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True)
class Names:
    """The catalogue's names, and the words for refusals. What the catalogue no longer holds is called by its id.

    points: where the venues stand on the map.
    """

    venues: Mapping[str, NamedPlace]
    benefits: Mapping[str, Named]
    words: Mapping[str, Bilingual]
    points: Mapping[str, tuple[float, float]]

    def venue(self, venue_id: str) -> str:
        return pick(self.venues[venue_id].name) if venue_id in self.venues else venue_id

    def benefit(self, benefit_id: str) -> str:
        return pick(self.benefits[benefit_id].name) if benefit_id in self.benefits else benefit_id

    def refusal(self, code: str) -> str:
        return pick(self.words[code]) if code in self.words else code


def weekday_name(number: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
    """Monday is 0. wide: 星期一, Monday; abbreviated: 周一, Mon."""
    names = get_day_names(width, locale=LOCALES[language()])
    return str(names[number])


def hour_name(hour: int) -> str:
    """10:00–11:00."""
    return f"{hour:02d}:00–{hour + 1:02d}:00"


def period_name(asked: Filter) -> str:
    """What stands above the figures: the 30 days up to today, one day, from … to …"""
    first_on, last_on = show_day(asked.first_on), show_day(asked.last_on)
    if asked.days == 1:
        return first_on
    if asked.period == CUSTOM:
        return str(gettext(N_("%(first)s to %(last)s"), first=first_on, last=last_on))
    days = show_count(asked.days)
    return str(gettext(N_("%(first)s to today, %(days)s days"), first=first_on, days=days))


def column_name(asked: Filter, first_on: date) -> str:
    """A day, or a month where the chart shows months."""
    return show_month(first_on) if asked.by_month else show_day(first_on, "weekday")


def before_name(asked: Filter) -> str:
    """What a period is compared with."""
    first, _ = asked.before
    if asked.days == 1:
        return str(gettext(N_("the %(weekday)s before"), weekday=weekday_name(first.weekday())))
    if asked.weeks_back == 1:
        return str(gettext(N_("the same weekdays a week before")))
    return str(gettext(N_("the same weekdays %(weeks)s weeks before"), weeks=show_count(asked.weeks_back)))
