"""Where places stand on a map that is no map: near the centre far apart, far out drawn in, directions kept. Pure.

Thirteen of the places lie within five kilometres of the bridge and the farthest a hundred away, so a map to scale
would show one heap. No borders are drawn, and the river is there to find one's way.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import cos, hypot, log1p, radians

CENTRE = (36.066, 103.800)
KM_A_DEGREE = 111.2
# Distances up to about this many kilometres are drawn nearly to scale.
NEAR_KM = 1.2
# How far apart two signs are kept, and how often they are pushed.
APART = 0.44
PUSHES = 80

Point = tuple[float, float]
# The Yellow River from Hekou down to Qingcheng.
RIVER_COURSE: Sequence[Point] = (
    (36.195, 103.425), (36.150, 103.500), (36.115, 103.590), (36.108, 103.650), (36.096, 103.705),
    (36.0905, 103.735), (36.084, 103.765), (36.0725, 103.785), (36.0665, 103.803), (36.0655, 103.818),
    (36.0645, 103.832), (36.0655, 103.850), (36.076, 103.885), (36.088, 103.930), (36.130, 103.975),
    (36.172, 104.020), (36.225, 104.080), (36.300, 104.150), (36.350, 104.200),
)  # fmt: skip


def drawn(lat: float, lon: float) -> Point:
    """x to the east and y to the north of the centre, the distance on a logarithmic scale."""
    east = (lon - CENTRE[1]) * KM_A_DEGREE * cos(radians(CENTRE[0]))
    north = (lat - CENTRE[0]) * KM_A_DEGREE
    distance = hypot(east, north)
    if distance == 0:
        return 0.0, 0.0
    scale = log1p(distance / NEAR_KM) / distance
    return round(east * scale, 3), round(north * scale, 3)


def river() -> list[Point]:
    return [drawn(lat, lon) for lat, lon in RIVER_COURSE]


@lru_cache(maxsize=8)
def spread(positions: tuple[Point, ...]) -> tuple[Point, ...]:
    """Places given as latitude and longitude, drawn, and pushed apart until no sign hides another."""
    points = [list(drawn(lat, lon)) for lat, lon in positions]
    for _ in range(PUSHES):
        if not _push(points):
            break
    return tuple((round(x, 3), round(y, 3)) for x, y in points)


def _push(points: list[list[float]]) -> bool:
    """Move every pair that stands too close half the missing way each. Says whether any did."""
    moved = False
    for number, one in enumerate(points):
        for other in points[number + 1 :]:
            east, north = other[0] - one[0], other[1] - one[1]
            distance = hypot(east, north)
            if distance >= APART:
                continue
            if distance == 0:
                east, distance = 1e-6, 1e-6
            push = (APART - distance) / 2 / distance
            one[0], one[1] = one[0] - east * push, one[1] - north * push
            other[0], other[1] = other[0] + east * push, other[1] + north * push
            moved = True
    return moved
