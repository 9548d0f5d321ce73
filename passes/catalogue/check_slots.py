"""Bookable slots: inside the hours of every day that needs one, on days that come, with seats for pass holders."""

from datetime import date

from passes.catalogue.draft import Checking, of_type
from passes.entitlement.rule_dates import Season, TimeWindow
from passes.entitlement.rule_slots import Reservation, Slots
from passes.entitlement.spans import TimeSpan, days_of_the_year, in_season
from passes.entitlement.terms import Benefit, Venue

DAY_MINUTES = 1440


def check(checking: Checking) -> None:
    for benefit in checking.terms.benefits.values():
        for rule in of_type(benefit.rules, Reservation):
            cancelling(checking, benefit, rule)
            if rule.slots is not None:
                seats(checking, benefit, rule, rule.slots)
                for venue_id in benefit.at:
                    slots_at(checking, benefit, rule, rule.slots, checking.terms.venues[venue_id])


def cancelling(checking: Checking, benefit: Benefit, rule: Reservation) -> None:
    """Who books on the first possible day can still cancel."""
    if rule.cancel_before_minutes > (rule.lead_days + 1) * DAY_MINUTES:
        checking.rule_fault(
            benefit,
            rule,
            f"最多提前 {rule.lead_days} 天预约，却须提前 {rule.cancel_before_minutes} 分钟取消",
            f"booked at most {rule.lead_days} days ahead, it could never be cancelled"
            f" {rule.cancel_before_minutes} minutes before",
        )


def seats(checking: Checking, benefit: Benefit, rule: Reservation, slots: Slots) -> None:
    if slots.pass_quota + slots.walk_in_share > 1:
        checking.rule_fault(
            benefit,
            rule,
            "pass_quota 与 walk_in_share 之和超过 1",
            "pass_quota and walk_in_share are more than the whole",
        )
    if slots.seats_for_passes < 1:
        checking.rule_fault(
            benefit,
            rule,
            f"每场 {slots.capacity_per_slot} 个名额的 {slots.pass_quota} 不足一位",
            f"{slots.pass_quota} of {slots.capacity_per_slot} places leave no seat for a pass",
        )


def slots_at(checking: Checking, benefit: Benefit, rule: Reservation, slots: Slots, venue: Venue) -> None:
    windows = [window for own in of_type(benefit.rules, TimeWindow) for window in own.windows] or venue.hours
    for day in days_needed(checking, benefit, rule):
        open_: list[TimeSpan] = [window.span for window in windows if window.holds(day)]
        if not any(span.contains(slots.span) for span in open_):
            checking.rule_fault(
                benefit,
                rule,
                f"{day.month}月{day.day}日 {slots.span} 不在 {venue.id} 的时段内",
                f"{slots.span} is not inside the window at {venue.id} on {day:%m-%d}",
            )
            return


def days_needed(checking: Checking, benefit: Benefit, rule: Reservation) -> list[date]:
    """The days of the year that ask for a reservation in any year there is data for, in the benefit's season."""
    seasons = of_type(benefit.rules, Season)
    within = [day for day in days_of_the_year() if all(in_season(season.spans, day) for season in seasons)]
    if rule.days is None:
        return within
    asked = holidays_of(checking, rule.days.holidays)
    return [day for day in within if in_season(rule.days.spans, day) or (day.month, day.day) in asked]


def holidays_of(checking: Checking, keys: tuple[str, ...]) -> set[tuple[int, int]]:
    """Month and day of all days off under these keys."""
    return {
        (day.month, day.day)
        for year in checking.calendar.years.values()
        for key in keys
        for first, last in year.holidays[key].off
        for day in map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    }
