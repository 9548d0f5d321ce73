"""The schematic map: the river, its bridges, and each venue in a place of its own. Not to scale, and without borders.

The middle of the city is drawn large and the country around it small (an inverse hyperbolic sine of the distance), so
that what is north or east of something stays so. Markers that would cover one another are then moved apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import asinh, cos, hypot, sin

from passes.entitlement.nodes import Text
from passes.entitlement.terms import Terms

WIDTH, HEIGHT = 640, 600
MARGIN = 34
BEYOND = 20  # the river comes from outside the map and leaves it
APART, FROM_RIVER, FROM_LABEL = 48, 34, 74
LABEL_BELOW = 42
ROUNDS, STILL = 60, 0.3
CENTRE = (36.068, 103.795)
SOFTNESS = (0.013, 0.017)  # degrees of latitude and longitude within which the map is nearly true
NORTH_SOUTH, EAST_WEST = (36.75, 35.76), (102.62, 104.24)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Landmark:
    """What people steer by. key names it in an address; drawn: a bridge that stands on the map."""

    key: str
    name: Text
    lat: float
    lon: float
    drawn: bool = True


LANDMARKS = (
    Landmark("zhongshan-bridge", Text("中山桥", "Zhongshan Bridge"), 36.0665, 103.8170),
    Landmark("yintan-bridge", Text("银滩大桥", "Yintan Bridge"), 36.0978, 103.7355),
    Landmark("shenan-bridge", Text("深安大桥", "Shen'an Bridge"), 36.1066, 103.6960, drawn=False),
    Landmark("west-station", Text("兰州西站", "Lanzhou West Station"), 36.0690, 103.7520, drawn=False),
    Landmark("lanzhou-station", Text("兰州站", "Lanzhou Station"), 36.0480, 103.8530, drawn=False),
    Landmark("new-area", Text("兰州新区", "Lanzhou New Area"), 36.4800, 103.6700, drawn=False),
)

AREAS = (
    (Text("永登", "Yongdeng"), 112, 28),
    (Text("皋兰", "Gaolan"), 520, 60),
    (Text("榆中", "Yuzhong"), 560, 500),
    (Text("西固", "Xigu"), 112, 222),
    (Text("新区", "New Area"), 272, 42),
)
"""Names of the country around, each where the map has room."""

RIVER = (
    (36.05, 102.62),
    (36.10, 103.00),
    (36.17, 103.43),
    (36.13, 103.58),
    (36.108, 103.69),
    (36.098, 103.735),
    (36.088, 103.757),
    (36.0735, 103.780),
    (36.0688, 103.797),
    (36.0665, 103.817),
    (36.066, 103.845),
    (36.073, 103.880),
    (36.085, 103.930),
    (36.140, 104.030),
    (36.260, 104.090),
    (36.360, 104.170),
    (36.520, 104.240),
)


def raw_point(lat: float, lon: float) -> Point:
    return asinh((lon - CENTRE[1]) / SOFTNESS[1]), -asinh((lat - CENTRE[0]) / SOFTNESS[0])


def point_of(lat: float, lon: float) -> Point:
    """Where a position stands on the map, x to the east and y to the south; beyond its edge, on the edge."""
    west, north = raw_point(NORTH_SOUTH[0], EAST_WEST[0])
    east, south = raw_point(NORTH_SOUTH[1], EAST_WEST[1])
    x, y = raw_point(lat, lon)
    return (
        _within(MARGIN + (x - west) / (east - west) * (WIDTH - 2 * MARGIN), WIDTH),
        _within(MARGIN + (y - north) / (south - north) * (HEIGHT - 2 * MARGIN), HEIGHT),
    )


def _within(value: float, size: int) -> float:
    return min(max(value, MARGIN), size - MARGIN)


def bridge_point(mark: Landmark) -> Point:
    return point_of(mark.lat, mark.lon)


def label_point(mark: Landmark) -> Point:
    """The middle of a bridge's name, which stands south of it."""
    x, y = bridge_point(mark)
    return x, y + LABEL_BELOW


COURSE = tuple(point_of(lat, lon) for lat, lon in RIVER)
FLOW = ((-BEYOND, COURSE[0][1]), *COURSE[1:-1], (WIDTH + BEYOND, COURSE[-1][1]))
"""The course as it is drawn, from edge to edge."""


@lru_cache(maxsize=8)
def venue_points(terms: Terms) -> dict[str, Point]:
    """Each venue that has a place: on its own bank, and apart from bridges and other venues where there is room."""
    venues = {venue.id: (venue.lat, venue.lon) for venue in terms.venues.values()}
    points = [point_of(lat, lon) for lat, lon in venues.values() if lat is not None and lon is not None]
    ids = [id_ for id_, (lat, lon) in venues.items() if lat is not None and lon is not None]
    banks = [is_south(point) for point in points]
    labels = [label_point(mark) for mark in LANDMARKS if mark.drawn]
    for _ in range(ROUNDS):
        before = list(points)
        _move_apart(points)
        for n, bank in enumerate(banks):
            for label in labels:
                points[n] = _pushed(points[n], label, FROM_LABEL, n)
            points[n] = _beside_the_river(points[n], bank)
        if max(hypot(x1 - x2, y1 - y2) for (x1, y1), (x2, y2) in zip(before, points, strict=True)) < STILL:
            break
    return {id_: (round(x, 1), round(y, 1)) for id_, (x, y) in zip(ids, points, strict=True)}


def _move_apart(points: list[Point]) -> None:
    """Push each pair that is too close apart, half the way each."""
    for i in range(len(points)):
        for j in range(i + 1, len(points)):
            one, other = points[i], points[j]
            if hypot(one[0] - other[0], one[1] - other[1]) < APART:
                points[j] = _pushed(other, one, APART, j, part=0.5)
                points[i] = _pushed(one, other, APART, i, part=0.5)


def _pushed(point: Point, away_from: Point, apart: float, turn: int, part: float = 1.0) -> Point:
    """The point, moved by `part` of what is missing until it is `apart`; by turn where both are one spot."""
    dx, dy = point[0] - away_from[0], point[1] - away_from[1]
    distance = hypot(dx, dy)
    if distance >= apart:
        return point
    if distance < 1:
        dx, dy, distance = cos(turn), sin(turn), 1.0
    push = (apart - distance) / distance * part
    return _within(point[0] + dx * push, WIDTH), _within(point[1] + dy * push, HEIGHT)


def _beside_the_river(point: Point, south: bool) -> Point:
    """The point, moved off the water to its own bank."""
    near = _nearest_on_the_river(point)
    dx, dy = point[0] - near[0], point[1] - near[1]
    distance = hypot(dx, dy)
    crossed = is_south(point) != south
    if distance >= FROM_RIVER and not crossed:
        return point
    if distance < 0.1:
        dx, dy, distance, crossed = 0.0, 1.0, 1.0, not south
    reach = (-FROM_RIVER if crossed else FROM_RIVER) / distance
    return _within(near[0] + dx * reach, WIDTH), _within(near[1] + dy * reach, HEIGHT)


def is_south(point: Point) -> bool:
    """Whether a point lies south of the river, which never turns back to the west."""
    x, y = point
    (x1, y1), (x2, y2) = next((pair for pair in pairwise(COURSE) if x <= pair[1][0]), (COURSE[-2], COURSE[-1]))
    return y > y1 + (x - x1) / (x2 - x1) * (y2 - y1)


def _nearest_on_the_river(point: Point) -> Point:
    best, least = COURSE[0], 1e9
    for (x1, y1), (x2, y2) in pairwise(COURSE):
        dx, dy = x2 - x1, y2 - y1
        along = min(max(((point[0] - x1) * dx + (point[1] - y1) * dy) / (dx * dx + dy * dy), 0), 1)
        on = (x1 + along * dx, y1 + along * dy)
        distance = hypot(point[0] - on[0], point[1] - on[1])
        if distance < least:
            best, least = on, distance
    return best


@lru_cache(maxsize=1)
def river_path() -> str:
    """The river as an SVG path: one smooth curve."""
    return smooth(FLOW)


def smooth(points: Sequence[Point]) -> str:
    """A curve through the points (Catmull-Rom), as cubic Béziers."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    last = len(points) - 1
    for n in range(last):
        before, here, there, after = (points[min(max(n + step, 0), last)] for step in (-1, 0, 1, 2))
        controls = (
            here[0] + (there[0] - before[0]) / 6,
            here[1] + (there[1] - before[1]) / 6,
            there[0] - (after[0] - here[0]) / 6,
            there[1] - (after[1] - here[1]) / 6,
            *there,
        )
        parts.append("C" + " ".join(f"{value:.1f}" for value in controls))
    return "".join(parts)
