"""The charts of when: today, the days, the hours, the weekdays, and who came for the first time."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import gettext

from passes.clock import local_day
from passes.dashboard.filters import WEEK
from passes.dashboard.names import before_name, column_name, hour_name, weekday_name
from passes.dashboard.panel import Panel
from passes.dashboard.queries import HOURS, Overview
from passes.dashboard.tables import Cell, Column, Table, show_average
from passes.errors import N_
from passes.http.languages import show_count, show_day, show_month, show_percent

# The hours a chart shows even when nobody came in them: from the first, before the last.
USUAL_HOURS = (8, 20)


def today(seen: Overview) -> Panel:
    """This day hour by hour beside the same weekday a week ago."""
    day = local_day(seen.now)
    weekday = weekday_name(day.weekday())
    now_title = gettext("Today")
    then_title = gettext("%(weekday)s a week ago", weekday=weekday)
    first, last = _hours_shown([a + b for a, b in zip(seen.today, seen.week_ago, strict=True)])
    rows = [
        (hour_name(hour), None if hour > seen.hour else seen.today[hour], seen.week_ago[hour])
        for hour in range(first, last + 1)
    ]
    anything = any(seen.today) or any(seen.week_ago)
    return Panel(
        "today",
        gettext("Today, beside a week ago"),
        _today_said(seen, show_day(day - WEEK, "weekday")) if anything else gettext("Nobody yet today."),
        Table((Column(gettext("Hour")), Column(now_title, "count"), Column(then_title, "count")), rows),
        {
            "labels": [f"{hour:02d}" for hour in range(first, last + 1)],
            "now": [row[1] for row in rows],
            "then": [row[2] for row in rows],
            "now_title": now_title,
            "then_title": then_title,
            "running": seen.hour - first,
        }
        if anything
        else None,
    )


def _today_said(seen: Overview, then: str) -> str:
    counted, before = sum(seen.today[: seen.hour]), sum(seen.week_ago[: seen.hour])
    if seen.hour == 0 or not (counted or before):
        return str(gettext("%(then)s: %(count)s in the whole day.", then=then, count=show_count(sum(seen.week_ago))))
    said = N_("Up to %(hour)s: %(count)s, at the same time on %(then)s %(before)s.")
    hour = f"{seen.hour:02d}:00"
    return str(gettext(said, hour=hour, count=show_count(counted), before=show_count(before), then=then))


def days(seen: Overview) -> Panel:
    """Each day or month of the period, and as much time before it."""
    asked = seen.asked
    back = asked.weeks_back * WEEK
    columns = asked.columns()
    counts = [_between(seen, first_on, last_on) for first_on, last_on in columns]
    earlier = [_between(seen, first_on - back, last_on - back) for first_on, last_on in columns]
    best = max(range(len(columns)), key=lambda number: counts[number])
    say = gettext("Nobody in this period.")
    if counts[best]:
        most = column_name(asked, columns[best][0])
        say = gettext("Most on %(day)s: %(count)s.", day=most, count=show_count(counts[best]))
        if asked.by_month:
            say = gettext("Most in %(month)s: %(count)s.", month=most, count=show_count(counts[best]))
    before_title = gettext("Before")
    rows = [
        (column_name(asked, first_on) if asked.by_month else first_on, count, before)
        for (first_on, _), count, before in zip(columns, counts, earlier, strict=True)
    ]
    kind = "text" if asked.by_month else "day"
    heads = (Column(_column_title(seen), kind), Column(gettext("Admissions"), "count"), Column(before_title, "count"))
    return Panel(
        "days",
        gettext("Month by month") if asked.by_month else gettext("Day by day"),
        str(say),
        Table(heads, rows[::-1]),
        {
            "labels": [_short(seen, first_on) for first_on, _ in columns],
            "visits": counts,
            "before": earlier,
            "before_title": before_title,
            "weekend": [asked.by_month or first_on.weekday() >= 5 for first_on, _ in columns],
        }
        if any(counts) or any(earlier)
        else None,
        note=gettext("“Before” is %(period)s, in the same order.", period=before_name(asked)),
    )


def hours(seen: Overview) -> Panel:
    """How the day runs: the average of all days of the period that have begun."""
    counts = [sum(seen.by_weekday[day][hour] for day in range(WEEK.days)) for hour in range(HOURS)]
    first, last = _hours_shown(counts)
    best = max(range(HOURS), key=lambda hour: counts[hour])
    total = sum(counts)
    say = gettext("Nobody in this period.")
    if total:
        share = show_percent(counts[best] / total)
        say = gettext("Most come at %(hour)s: %(share)s of the day.", hour=hour_name(best), share=share)
    shown = range(first, last + 1)
    average = [counts[hour] / seen.asked.days for hour in shown]
    rows = [(hour_name(hour), counts[hour], mean) for hour, mean in zip(shown, average, strict=True)]
    heads = (
        Column(gettext("Hour")),
        Column(gettext("Admissions"), "count"),
        Column(gettext("A day on average"), "average"),
    )
    return Panel(
        "hours",
        gettext("By hour of the day"),
        str(say),
        Table(heads, rows),
        {"labels": [f"{hour:02d}" for hour in shown], "visits": [round(mean, 2) for mean in average]}
        if total
        else None,
    )


def weekdays(seen: Overview) -> Panel:
    """Hour by weekday, as the average of such hours: a period may hold five Mondays and four Sundays."""
    asked = seen.asked
    every = [_count_of(asked.first_on.weekday(), asked.days, day) for day in range(WEEK.days)]
    averages = [
        [count / every[day] if every[day] else 0.0 for count in seen.by_weekday[day]] for day in range(WEEK.days)
    ]
    first, last = _hours_shown([max(averages[day][hour] for day in range(WEEK.days)) for hour in range(HOURS)])
    day, hour = max(
        ((day, hour) for day in range(WEEK.days) for hour in range(HOURS)), key=lambda at: averages[at[0]][at[1]]
    )
    most = averages[day][hour]
    say = gettext("Nobody in this period.")
    if most:
        said = N_("Busiest: %(weekday)s at %(hour)s, %(count)s on average.")
        say = gettext(said, weekday=weekday_name(day), hour=hour_name(hour), count=show_average(most))
    if asked.days < WEEK.days:
        say = gettext("A week's pattern needs at least seven days. Choose a longer period.")
    short = [weekday_name(number, "abbreviated") for number in range(WEEK.days)]
    shown = range(first, last + 1)
    rows: list[tuple[Cell, ...]] = [(hour_name(hour), *(counts[hour] for counts in averages)) for hour in shown]
    cells = [
        [day, place, round(counts[hour], 2)] for day, counts in enumerate(averages) for place, hour in enumerate(shown)
    ]
    return Panel(
        "weekdays",
        gettext("Hour by weekday"),
        str(say),
        Table((Column(gettext("Hour")), *(Column(name, "average") for name in short)), rows),
        {"weekdays": short, "labels": [f"{hour:02d}" for hour in shown], "cells": cells}
        if most and asked.days >= WEEK.days
        else None,
        note=gettext("Admissions in such an hour, on average."),
    )


def passes(seen: Overview) -> Panel:
    """How many different passes came, and how many of them for the first time."""
    asked, uniques = seen.asked, seen.uniques
    columns = asked.columns()
    rows = [
        (column_name(asked, first_on) if asked.by_month else first_on, total, first, total - first)
        for (first_on, _), (total, first) in zip(columns, uniques.columns, strict=True)
    ]
    say = gettext("Nobody in this period.")
    if uniques.passes:
        said = N_("%(passes)s different passes, %(share)s of them for the first time.")
        share = show_percent(uniques.first / uniques.passes)
        say = gettext(said, passes=show_count(uniques.passes), share=share)
    heads = (
        Column(_column_title(seen), "text" if asked.by_month else "day"),
        Column(gettext("Different passes"), "count"),
        Column(gettext("First visit"), "count"),
        Column(gettext("Came again"), "count"),
    )
    return Panel(
        "passes",
        gettext("Different passes"),
        str(say),
        Table(heads, rows[::-1]),
        {
            "labels": [_short(seen, first_on) for first_on, _ in columns],
            "first": [row[2] for row in rows],
            "again": [row[3] for row in rows],
        }
        if uniques.passes
        else None,
        note=gettext("A pass that comes twice on a day counts once for that day."),
    )


def _between(seen: Overview, first_on: date, last_on: date) -> int:
    """Admissions of the days from first_on to last_on, both included."""
    days_meant = range((last_on - first_on).days + 1)
    return sum(seen.by_day.get(first_on + timedelta(days=number), 0) for number in days_meant)


def _count_of(first_weekday: int, days_meant: int, weekday: int) -> int:
    """How often a weekday stands among so many days, the first of which is first_weekday."""
    return (days_meant + 6 - (weekday - first_weekday) % 7) // 7


def _hours_shown(counts: Sequence[float]) -> tuple[int, int]:
    """The first and last hour a chart shows: the usual ones, and every hour in which anybody came."""
    busy = [hour for hour, count in enumerate(counts) if count]
    return min([USUAL_HOURS[0], *busy]), max([USUAL_HOURS[1] - 1, *busy])


def _column_title(seen: Overview) -> str:
    return str(gettext("Month") if seen.asked.by_month else gettext("Day"))


def _short(seen: Overview, first_on: date) -> str:
    """What stands below a column of a chart."""
    return show_month(first_on) if seen.asked.by_month else show_day(first_on, "short")
