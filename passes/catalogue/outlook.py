"""What the calendar means for a catalogue soon: years without data, years that await their notice. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from passes.catalogue.draft import names_a_holiday
from passes.entitlement.calendars import Calendar
from passes.entitlement.nodes import Text
from passes.entitlement.terms import Benefit, Terms

WARN_AHEAD = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class YearAhead:
    """A year in which benefits that name a holiday rest on provisional data, or (missing) on none at all."""

    year: int
    missing: bool
    benefits: tuple[Benefit, ...]

    def begins_within(self, today: date, days: timedelta = WARN_AHEAD) -> bool:
        return date(self.year, 1, 1) <= today + days


def years_ahead(terms: Terms, calendar: Calendar, today: date) -> tuple[YearAhead, ...]:
    """From this year on: every provisional year, then the first one there is no data for. None where nobody asks."""
    naming = tuple(benefit for benefit in terms.benefits.values() if names_a_holiday(benefit))
    if not naming:
        return ()
    known = {year for year in calendar.years if year >= today.year}
    first_missing = next(year for year in range(today.year, today.year + len(known) + 1) if year not in known)
    provisional = sorted(year for year in known if calendar.years[year].provisional)
    return (
        *(YearAhead(year, False, naming) for year in provisional),
        YearAhead(first_missing, True, naming),
    )


def warnings_of(terms: Terms, calendar: Calendar, today: date) -> tuple[Text, ...]:
    """A year without holidays that begins within 60 days closes the benefits that name one."""
    ahead = years_ahead(terms, calendar, today)
    return tuple(told(one) for one in ahead if one.missing and one.begins_within(today))


def notes_of(terms: Terms, calendar: Calendar, today: date) -> tuple[Text, ...]:
    """The benefits that rest on provisional holidays, by year."""
    return tuple(told(one) for one in years_ahead(terms, calendar, today) if not one.missing)


def told(one: YearAhead) -> Text:
    named = named_benefits(one.benefits)
    if one.missing:
        return Text(
            f"{one.year} 年没有节假日数据：届时将被拒绝（calendar_missing）的权益：{named.zh}",
            f"there are no holidays for {one.year}: these benefits will then be refused (calendar_missing): {named.en}",
        )
    return Text(
        f"{one.year} 年节假日为暂定，尚待国务院通知；以此为据的权益：{named.zh}",
        f"the holidays of {one.year} are provisional until the State Council's notice; these benefits rest on them: "
        f"{named.en}",
    )


def named_benefits(benefits: Iterable[Benefit]) -> Text:
    """“B12 Xinglong Mountain entry, B18 …”."""
    found = tuple(benefits)
    return Text(
        "、".join(f"{one.id} {one.name.zh}" for one in found), ", ".join(f"{one.id} {one.name.en}" for one in found)
    )


def years_words(calendar: Calendar) -> Text:
    """“2026, 2027 (provisional)”."""
    years = calendar.years.items()
    return Text(
        "、".join(f"{number}（暂定）" if year.provisional else str(number) for number, year in years),
        ", ".join(f"{number} (provisional)" if year.provisional else str(number) for number, year in years),
    )
