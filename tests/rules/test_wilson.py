"""Few answers prove little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.dashboard.rules import Satisfaction, wilson_lower_bound


@given(st.integers(1, 100_000).flatmap(lambda answers: st.tuples(st.integers(1, answers), st.just(answers))))
def test_the_bound_is_where_the_score_test_just_no_longer_rejects(case: tuple[int, int]) -> None:
    good, answers = case
    lower = wilson_lower_bound(good, answers)
    distance, deviation = good / answers - lower, (lower * (1 - lower) / answers) ** 0.5
    assert distance == pytest.approx(1.959964 * deviation, abs=1e-9)


@pytest.mark.parametrize(("good", "answers", "lower"), [(0, 10, 0.0), (8, 10, 0.4902), (10, 10, 0.7225)])
def test_known_bounds(good: int, answers: int, lower: float) -> None:
    assert wilson_lower_bound(good, answers) == pytest.approx(lower, abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda answers: st.tuples(st.integers(0, answers), st.just(answers))))
def test_the_bound_lies_between_nothing_and_the_share_and_more_answers_raise_it(case: tuple[int, int]) -> None:
    good, answers = case
    lower = wilson_lower_bound(good, answers)
    assert 0 <= lower <= good / answers
    assert wilson_lower_bound(good * 10, answers * 10) >= lower


def test_without_answers_nothing_is_claimed() -> None:
    assert (Satisfaction(0, 0).share, Satisfaction(0, 0).lower) == (None, None)


@pytest.mark.parametrize(("good", "answers"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(good: int, answers: int) -> None:
    with pytest.raises(ValueError, match=f"{good} of {answers}"):
        wilson_lower_bound(good, answers)
