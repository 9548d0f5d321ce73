"""The map that is no map keeps directions and hides no sign behind another."""

from itertools import combinations
from math import dist, isclose

from hypothesis import given
from hypothesis import strategies as st

from passes.dashboard.schematic import APART, CENTRE, drawn, river, spread

PLACES = st.tuples(st.floats(35.7, 36.7), st.floats(102.6, 104.3))


@given(PLACES)
def test_north_stays_north_and_east_stays_east(place: tuple[float, float]) -> None:
    x, y = drawn(*place)
    assert (place[1] - CENTRE[1]) * x >= 0
    assert (place[0] - CENTRE[0]) * y >= 0


def test_far_places_are_drawn_in() -> None:
    near, far = drawn(36.066, 103.810)[0], drawn(36.066, 104.800)[0]
    assert 1 < far / near < 15


def test_no_sign_hides_another_even_where_two_places_are_one() -> None:
    heap = tuple((36.06 + number % 5 / 1000, 103.81 + number // 5 / 1000) for number in range(25))
    points = spread((*heap, heap[0]))
    assert min(dist(one, other) for one, other in combinations(points, 2)) > APART * 0.8


def test_the_river_runs_from_west_to_east_past_the_bridge() -> None:
    course = river()
    assert course[0][0] < 0 < course[-1][0]
    assert isclose(min(dist(point, (0, 0)) for point in course), 0, abs_tol=0.3)
