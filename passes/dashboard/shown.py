"""The dashboard in the reader's words: one dictionary for the page, for its script and for the tables."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask_babel import gettext

from passes.clock import local_day, local_time
from passes.dashboard import place_panels, time_panels
from passes.dashboard.names import Names, before_name, period_name
from passes.dashboard.panel import Panel
from passes.dashboard.queries import Overview
from passes.dashboard.rules import Satisfaction
from passes.dashboard.tables import show_average
from passes.errors import N_
from passes.http.languages import show_clock, show_count, show_moment, show_percent

# A comparison with fewer than these says how many, not what share: one visitor after two is no "half".
ENOUGH = 30
STALE_AFTER = timedelta(seconds=60)


def show_panels(seen: Overview, names: Names) -> list[Panel]:
    """In the order of the page; without those that would compare a single day, or a single place, with itself."""
    pointless = set()
    if seen.asked.days == 1:
        pointless = {"days", "weekdays", "passes"}
    if seen.asked.period == "today":
        pointless.add("hours")
    if seen.asked.venue_id is not None:
        pointless.add("places")
    return [panel for panel in all_panels(seen, names) if panel.name not in pointless]


def all_panels(seen: Overview, names: Names) -> list[Panel]:
    return [
        time_panels.today(seen),
        time_panels.days(seen),
        place_panels.places(seen, names),
        time_panels.weekdays(seen),
        time_panels.hours(seen),
        time_panels.passes(seen),
        place_panels.benefits(seen, names),
        place_panels.refusals(seen, names),
        place_panels.satisfaction(seen, names),
    ]


def show_live(seen: Overview, panels: list[Panel]) -> dict[str, object]:
    """Everything on the page that moves while it is open, JSON-ready."""
    return {
        "as_of": show_freshness(seen.as_of, seen.now),
        "answers_as_of": show_freshness(seen.answers_as_of, seen.now),
        "anything": seen.anything,
        "period": period_name(seen.asked),
        "figures": show_figures(seen),
        "panels": {
            panel.name: {
                "say": panel.say,
                "chart": panel.chart,
                "rows": panel.table.texts(),
                "links": panel.table.links,
            }
            for panel in panels
        },
    }


def show_figures(seen: Overview) -> Mapping[str, Mapping[str, str]]:
    """{name: {value, note}}: the number, and what makes it mean something."""
    asked, score = seen.asked, seen.all_satisfaction
    counted, before = seen.compared
    visits_per_pass = seen.visits / seen.uniques.passes if seen.uniques.passes else 0.0
    scans = seen.visits + seen.refused
    week_ago = gettext(N_("the same weekday a week ago, by %(hour)s"), hour=f"{seen.hour:02d}:00")
    return {
        "visits_today": _figure(
            show_count(sum(seen.today)),
            _change(sum(seen.today[: seen.hour]), sum(seen.week_ago[: seen.hour]), str(week_ago)),
        ),
        "unique_today": _figure(show_count(seen.unique_today), gettext(N_("different passes"))),
        "visits": _figure(show_count(seen.visits), _change(counted, before, before_name(asked))),
        "unique": _figure(
            show_count(seen.uniques.passes),
            gettext(N_("%(number)s visits each on average"), number=show_average(visits_per_pass))
            if seen.visits
            else "",
        ),
        "refused": _figure(
            show_percent(seen.refused / scans, 1) if scans else "–",
            gettext(N_("%(count)s of %(scans)s scans"), count=show_count(seen.refused), scans=show_count(scans))
            if scans
            else gettext(N_("no scans yet")),
        ),
        "satisfaction": _figure(show_percent(score.share), _proved(score)),
    }


def _proved(score: Satisfaction) -> str:
    """What the answers prove; “n = 5” stays on one line."""
    if not score.answers:
        return str(gettext(N_("no answers yet")))
    said = N_("at least %(lower)s (n = %(answers)s)")
    text = gettext(said, lower=show_percent(score.lower), answers=show_count(score.answers))
    return str(text).replace(" = ", "\u00a0=\u00a0")


def _figure(value: str, note: object) -> dict[str, str]:
    return {"value": value, "note": str(note)}


def _change(now_count: int, before: int, against: str) -> str:
    """How a count has moved: ▲ 12% more than …; as a number where a share of few would mislead."""
    if not now_count and not before:
        return ""
    if now_count == before:
        return str(gettext(N_("as many as %(against)s"), against=against))
    difference = abs(now_count - before)
    much = show_percent(difference / before) if before >= ENOUGH else show_count(difference)
    said = N_("▲ %(much)s more than %(against)s") if now_count > before else N_("▼ %(much)s fewer than %(against)s")
    return str(gettext(said, much=much, against=against))


def show_freshness(moment: datetime | None, now: datetime) -> dict[str, object]:
    """When the figures were complete, to the minute, and whether that is too long ago to pass for now."""
    if moment is None:
        text = gettext(N_("Not everything is counted yet: the counting has still to catch up."))
        return {"at": None, "stale": True, "text": str(text)}
    minute = moment.replace(second=0, microsecond=0)
    same_day = local_day(minute) == local_day(now)
    clock_text = show_clock(local_time(minute)) if same_day else show_moment(minute)
    stale = now - moment > STALE_AFTER
    said = N_("Everything up to %(time)s is counted.")
    if stale:
        said = N_("The figures have stood still since %(time)s: the counting is behind.")
    return {"at": minute.isoformat(), "stale": stale, "text": str(gettext(said, time=clock_text))}
