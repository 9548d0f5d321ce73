"""Which slots a benefit has on a day, and whether it must be reserved then. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from passes.clock import day_start, local_day
from passes.entitlement.calendars import Calendar
from passes.entitlement.rule import Rule
from passes.entitlement.rule_dates import Blackout, ContractValidity, Season, WeekdayIn, WeekdayNot
from passes.entitlement.rule_slots import Reservation
from passes.entitlement.spans import clock_words, in_season
from passes.entitlement.terms import Benefit, Venue

LEAVES_BY_HOUR = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of time somebody may reserve, half-open."""

    starts_at: datetime
    ends_at: datetime


def reservation_of(benefit: Benefit) -> Reservation | None:
    """The benefit's rule on reservations; None where nothing is reserved."""
    return next((rule for rule in benefit.rules if isinstance(rule, Reservation)), None)


def closed_on(benefit: Benefit, venue: Venue, day: date, calendar: Calendar) -> str | None:
    """The refusal code of a day on which the benefit is not given at all; None on any other."""
    if day.weekday() in venue.closed_weekdays:
        return "closed_weekday"
    return next((code for rule in benefit.rules if (code := _closed_by(rule, day, calendar))), None)


def _closed_by(rule: Rule, day: date, calendar: Calendar) -> str | None:
    match rule:
        case ContractValidity():
            return "benefit_ended" if day > rule.until else None
        case Season():
            return None if in_season(rule.spans, day) else "out_of_season"
        case WeekdayIn():
            return None if day.weekday() in rule.weekdays else "closed_weekday"
        case WeekdayNot():
            return "closed_weekday" if day.weekday() in rule.weekdays else None
        case Blackout():
            if rule.days.holidays and not calendar.knows(day):
                return "calendar_missing"
            return "blackout" if rule.days.holds(day, calendar) else None
    return None


def is_needed(rule: Reservation, day: date, calendar: Calendar) -> bool | None:
    """Whether the benefit must be reserved on this day; None where that is a holiday's business and nobody knows it."""
    if rule.days is None:
        return True
    if rule.days.holidays and not calendar.knows(day):
        return True if in_season(rule.days.spans, day) else None
    return rule.days.holds(day, calendar)


def slots_on(rule: Reservation, day: date) -> tuple[Slot, ...]:
    """The slots of a day in order, whether or not they must be reserved; none of a stay."""
    if rule.slots is None:
        return ()
    span, every = rule.slots.span, rule.slots.every_minutes
    return tuple(
        Slot(day_start(day, plus_seconds=minute * 60), day_start(day, plus_seconds=(minute + every) * 60))
        for minute in range(span.opens, span.opens + rule.slots.per_day * every, every)
    )


def slots_words(rule: Reservation) -> str:
    """When the slots of a day begin: “09:00, 10:00, …, 16:00”."""
    if rule.slots is None:
        return ""
    span, every = rule.slots.span, rule.slots.every_minutes
    starts = [clock_words(minute) for minute in range(span.opens, span.opens + rule.slots.per_day * every, every)]
    return ", ".join(starts if len(starts) <= 5 else [*starts[:2], "…", starts[-1]])


def stay_of(starts_at: datetime, nights: int) -> Slot:
    """A stay: from the beginning of the day of arrival until noon of the day of departure."""
    arrival = local_day(starts_at)
    leaves_at = day_start(arrival + timedelta(days=nights), plus_seconds=LEAVES_BY_HOUR * 3600)
    return Slot(day_start(arrival), leaves_at)
