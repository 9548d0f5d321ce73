"""The dashboard's figures in the reader's words: one dictionary for the page, for its script and for the tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from flask_babel import gettext

from passes.clock import local_day, local_time
from passes.dashboard.queries import Overview
from passes.dashboard.rules import Satisfaction
from passes.errors import N_
from passes.http import pick
from passes.http.languages import Bilingual, show_moment

# as_of is shown in steps, so that an unchanged page keeps its ETag.
STEP_SECONDS = 5
STALE_AFTER = timedelta(seconds=60)


class Named(Protocol):
    @property
    def name(self) -> Bilingual: ...


def show_overview(
    seen: Overview,
    *,
    venues: Mapping[str, Named],
    benefits: Mapping[str, Named],
    words: Mapping[str, Bilingual],
    now: datetime,
) -> dict[str, object]:
    """JSON-ready. tables: {name: rows of texts}, the same numbers as in the charts."""
    hours = [
        {"name": _name(venues, venue_id), "visits": visits, "total": sum(visits)}
        for venue_id, visits in seen.by_hour.items()
    ]
    days = [{"label": f"{day:%m-%d}", "visits": visits} for day, visits in seen.by_day]
    top = [{"name": _name(benefits, benefit_id), "visits": visits} for benefit_id, visits in seen.benefits]
    refusals = [
        {"name": pick(words[code]) if code in words else code, "refusals": count} for code, count in seen.refusals
    ]
    scores = [(_name(venues, venue_id), score) for venue_id, score in seen.satisfaction.items()]
    return {
        "as_of": _as_of(seen.as_of, now),
        "answers_as_of": _as_of(seen.answers_as_of, now),
        "figures": _figures(seen),
        "hours": hours,
        "days": days,
        "benefits": top,
        "refusals": refusals,
        "satisfaction": [
            {"name": name, "answers": score.answers, "share": score.share, "lower": score.lower}
            for name, score in scores
        ],
        "tables": {
            "hours": _hour_rows(seen, venues),
            "days": [[day.isoformat(), f"{visits:,}"] for day, visits in reversed(seen.by_day)],
            "benefits": _rows(top),
            "refusals": _rows(refusals),
            "satisfaction": [[name, f"{score.answers:,}", *_shares(score)] for name, score in scores],
        },
    }


def _figures(seen: Overview) -> dict[str, str]:
    return {
        "visits_today": f"{seen.visits_today:,}",
        "unique_today": f"{seen.unique_today:,}",
        "unique_month": f"{seen.unique_month:,}",
        "satisfaction": _score(seen.all_satisfaction),
    }


def _name(named: Mapping[str, Named], key: str) -> str:
    """A name in the reader's language; the id of what the catalogue no longer holds."""
    return pick(named[key].name) if key in named else key


def _hour_rows(seen: Overview, venues: Mapping[str, Named]) -> list[list[str]]:
    """Spot, hour, visits: the whole day first, then each hour in which somebody came."""
    rows = []
    for venue_id, visits in seen.by_hour.items():
        name = _name(venues, venue_id)
        rows.append([name, gettext(N_("All day")), f"{sum(visits):,}"])
        rows += [[name, f"{hour:02d}:00", f"{count:,}"] for hour, count in enumerate(visits) if count]
    return rows


def _rows(counts: Sequence[Mapping[str, object]]) -> list[list[str]]:
    """A name and its number."""
    return [[str(name), f"{count:,}"] for name, count in (one.values() for one in counts)]


def _shares(score: Satisfaction) -> tuple[str, str]:
    if score.share is None or score.lower is None:
        return "–", "–"
    return f"{score.share:.0%}", f"{score.lower:.0%}"


def _score(score: Satisfaction) -> str:
    if not score.answers:
        return str(gettext(N_("no answers yet")))
    share, lower = _shares(score)
    said = N_("%(share)s good (n = %(answers)s, at least %(lower)s)")
    return str(gettext(said, share=share, answers=score.answers, lower=lower))


def _as_of(moment: datetime | None, now: datetime) -> dict[str, object]:
    """When the figures were complete, and whether that is too long ago to pass for now."""
    if moment is None:
        text = gettext(N_("Not everything is counted yet: the counting has still to catch up."))
        return {"at": None, "stale": True, "text": text}
    stepped = moment.replace(second=moment.second - moment.second % STEP_SECONDS, microsecond=0)
    clock_text = f"{local_time(stepped):%H:%M:%S}" if local_day(stepped) == local_day(now) else show_moment(stepped)
    if now - moment > STALE_AFTER:
        text = gettext(N_("The figures have stood still since %(time)s: the counting is behind."), time=clock_text)
        return {"at": stepped.isoformat(), "stale": True, "text": text}
    text = gettext(N_("Everything up to %(time)s is counted."), time=clock_text)
    return {"at": stepped.isoformat(), "stale": False, "text": text}
