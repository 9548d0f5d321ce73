"""The charts of where and what: places on the map, benefits, refusals, satisfaction."""

from collections.abc import Mapping, Sequence

from flask_babel import gettext

from passes.catalogue.sketch import FLOW, HEIGHT, LANDMARKS, WIDTH, bridge_point
from passes.dashboard.names import Names
from passes.dashboard.panel import Panel
from passes.dashboard.queries import Overview
from passes.dashboard.tables import Column, Table
from passes.errors import N_
from passes.http import pick
from passes.http.languages import show_count, show_percent

# The longest bars are drawn; the table has all of them.
BARS = 12


def places(seen: Overview, names: Names) -> Panel:
    """Every place the filter means, on a map; in the table the admissions and what they were before."""
    total = sum(count for count, _ in seen.by_venue.values())
    rows = [
        (names.venue(id_), count, count / total if total else None, change)
        for id_, (count, change) in seen.by_venue.items()
    ]
    links = {number: seen.asked.query(venue=id_, kind=None) for number, id_ in enumerate(seen.by_venue)}
    heads = (
        Column(gettext("Place")),
        Column(gettext("Admissions"), "count"),
        Column(gettext("Share"), "percent"),
        Column(gettext("Change"), "change"),
    )
    say = gettext("Nobody in this period.")
    if total:
        say = gettext(
            "%(place)s leads with %(share)s of all admissions.",
            place=rows[0][0],
            share=show_percent(rows[0][1] / total),
        )
    return Panel(
        "places",
        gettext("By place"),
        str(say),
        Table(heads, rows, links),
        _map(seen, names) if total else None,
        note=gettext("Not to scale: far places are drawn in. The larger a sign, the more admissions."),
    )


def _map(seen: Overview, names: Names) -> Mapping[str, object]:
    """The shop's own map, with a sign for each place that the filter means."""
    chosen = seen.asked.venue_ids
    signs = [
        {
            "name": names.venue(id_),
            "kind": names.venues[id_].kind,
            "at": point,
            "visits": seen.by_venue.get(id_, (0, 0))[0],
            "query": seen.asked.query(venue=id_, kind=None),
        }
        for id_, point in names.points.items()
        if chosen is None or id_ in chosen
    ]
    bridges = [{"name": pick(mark.name), "at": bridge_point(mark)} for mark in LANDMARKS if mark.drawn]
    return {"size": (WIDTH, HEIGHT), "river": FLOW, "bridges": bridges, "signs": signs}


def benefits(seen: Overview, names: Names) -> Panel:
    rows = [(names.benefit(id_), count) for id_, count in seen.by_benefit]
    say = gettext("No benefit was used in this period.")
    if rows:
        said = N_("Most used: %(benefit)s, %(count)s.")
        say = gettext(said, benefit=rows[0][0], count=show_count(rows[0][1]))
    return Panel(
        "benefits",
        gettext("Benefits used"),
        str(say),
        Table((Column(gettext("Benefit")), Column(gettext("Admissions"), "count")), rows),
        _bars(rows),
    )


def refusals(seen: Overview, names: Names) -> Panel:
    total, scans = seen.refused, seen.refused + seen.visits
    rows = [(names.refusal(code), count, count / total) for code, count in seen.refusals if count]
    say = gettext("Nobody was refused in this period.")
    if total:
        said = N_("%(share)s of %(scans)s scans were refused.")
        say = gettext(said, share=show_percent(total / scans, 1), scans=show_count(scans))
    heads = (Column(gettext("Reason")), Column(gettext("Scans"), "count"), Column(gettext("Share"), "percent"))
    return Panel("refusals", gettext("Refused at the gate"), str(say), Table(heads, rows), _bars(rows))


def satisfaction(seen: Overview, names: Names) -> Panel:
    scores = list(seen.satisfaction.items())
    rows = [(names.venue(id_), score.answers, score.share, score.lower) for id_, score in scores]
    say = gettext("No survey was answered for visits in this period.")
    if scores:
        said = N_("Surest: %(place)s, at least %(lower)s good.")
        say = gettext(said, place=rows[0][0], lower=show_percent(scores[0][1].lower))
    heads = (
        Column(gettext("Place")),
        Column(gettext("Answers"), "count"),
        Column(gettext("Rated good"), "percent"),
        Column(gettext("At least"), "percent"),
    )
    chart = [
        {"name": names.venue(id_), "answers": score.answers, "share": score.share, "lower": score.lower}
        for id_, score in scores
    ]
    note = N_("“At least” is what the answers prove with 95-percent confidence: the fewer they are, the lower it lies.")
    return Panel(
        "satisfaction",
        gettext("Satisfaction"),
        str(say),
        Table(heads, rows, {n: seen.asked.query(venue=id_, kind=None) for n, (id_, _) in enumerate(scores)}),
        {"rows": chart} if chart else None,
        note=gettext(note),
    )


def _bars(rows: Sequence[tuple[str | int | float, ...]]) -> Mapping[str, object] | None:
    """The longest bars of a list; the table has all of them."""
    return {"rows": [{"name": row[0], "count": row[1]} for row in rows[:BARS]]} if rows else None
