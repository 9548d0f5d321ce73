"""Reading spots, hotels and partners."""

from decimal import Decimal
from typing import Any, get_args

from passes.entitlement.nodes import (
    Fault,
    Faults,
    Node,
    fen,
    fields,
    identity,
    number,
    one_of,
    sequence,
    some_of,
    text,
    truth,
    whole,
    words,
)
from passes.entitlement.spans import Window, days_of_the_year, season, time_span, weekdays
from passes.entitlement.terms import Interest, Venue, VenueKind

PARTNER_KINDS: tuple[VenueKind, ...] = ("shop", "transport", "online")
EXTRAS = "district grade lat lon closed_weekdays list_price_fen capacity free_admission open_district interests about"
INTERESTS: tuple[Interest, ...] = get_args(Interest)


def read_venue(node: Node, kind: VenueKind | None) -> Venue:
    """A venue of the kind; a partner (None) says its kind itself."""
    required = "id number name hours" + ("" if kind else " kind")
    parts = fields(node, required, EXTRAS)
    kind = kind or one_of(parts["kind"], PARTNER_KINDS)
    places = {"lat", "lon"} & set(parts)
    if (kind == "online" and places) or (kind != "online" and len(places) < 2):
        raise Fault(
            node.line, "lat、lon 必填；线上场所不填", "lat and lon are needed, but not where the kind is online"
        )
    return Venue(
        id=identity(parts["id"]),
        number=whole(parts["number"], 1, 255),
        kind=kind,
        name=text(parts["name"]),
        hours=read_hours(parts["hours"]),
        **read_extras(parts),
    )


def read_extras(parts: dict[str, Node]) -> dict[str, Any]:
    """The optional parts of a venue that are there."""
    found: dict[str, Any] = {}
    for name, reader in {
        "district": text,
        "grade": words,
        "closed_weekdays": read_closed_weekdays,
        "list_price_fen": fen,
        "free_admission": truth,
        "open_district": truth,
        "interests": lambda entry: some_of(entry, INTERESTS),
        "about": text,
    }.items():
        if name in parts:
            found[name] = reader(parts[name])
    for name, most in {"lat": 90, "lon": 180}.items():
        if name in parts:
            found[name] = float(degrees(parts[name], most))
    if "capacity" in parts:
        capacity = fields(parts["capacity"], "instant day")
        found["capacity_instant_people"] = whole(capacity["instant"], 1, 10_000_000)
        found["capacity_day_people"] = whole(capacity["day"], 1, 10_000_000)
    return found


def degrees(node: Node, most: int) -> Decimal:
    return number(node, -most, most)


def read_closed_weekdays(node: Node) -> tuple[int, ...]:
    found = weekdays(node)
    if len(found) == 7:
        raise Fault(node.line, "七天全部关闭", "closed on all seven days")
    return found


def read_hours(node: Node) -> tuple[Window, ...]:
    """Opening hours: each day of the year stands in exactly one season."""
    windows = []
    for entry in sequence(node, most=20):
        parts = fields(entry, "open", "season")
        windows.append(Window(season(parts["season"]) if "season" in parts else (), time_span(parts["open"])))
    for day in days_of_the_year():
        seasons = sum(window.holds(day) for window in windows)
        if seasons == 0:
            raise Fault(node.line, f"{day.month}月{day.day}日没有开放时间", f"the hours do not cover {day:%m-%d}")
        if seasons > 1:
            raise Fault(node.line, f"{day.month}月{day.day}日的季节重叠", f"the seasons overlap on {day:%m-%d}")
    return tuple(windows)


def read_venues(parts: dict[str, Node], faults: Faults) -> tuple[dict[str, Venue], dict[str, int]]:
    """All venues by id, and the line of each. Ids and numbers are unique."""
    found: dict[str, Venue] = {}
    lines: dict[str, int] = {}
    numbers: dict[int, str] = {}
    kinds: dict[str, VenueKind | None] = {"spots": "spot", "hotels": "hotel", "partners": None}
    for section, kind in kinds.items():
        for node, id_ in entries(parts[section], section, faults):
            with faults.of(id_):
                venue = read_venue(node, kind)
                if venue.id in found:
                    raise Fault(node.line, "编号重复", "the id stands twice")
                other = numbers.setdefault(venue.number, venue.id)
                if other != venue.id:
                    raise Fault(
                        node.line,
                        f"number {venue.number} 已属于 {other}",
                        f"the number {venue.number} already is that of {other}",
                    )
                found[venue.id], lines[venue.id] = venue, node.line
    return found, lines


def entries(node: Node, section: str, faults: Faults) -> list[tuple[Node, str]]:
    """The entries of a section, each with the id to name it by in a fault."""
    found = []
    with faults.of(section):
        for place, entry in enumerate(sequence(node, least=0), start=1):
            content = entry.content
            id_ = content.get("id") if isinstance(content, dict) else None
            known = id_ is not None and isinstance(id_.content, str)
            found.append((entry, str(id_.content)[:40] if known and id_ else f"{section} {place}"))
    return found
