"""How full a place is, by the thresholds of the pass rules."""

from datetime import UTC, datetime, timedelta

import pytest

from passes.catalogue.closure_rules import CONDITIONS, Counted, Level, Thresholds, level_of, share_of, thresholds_of
from passes.entitlement.phrases import CONDITIONS as RULE_CONDITIONS
from passes.entitlement.terms import Terms

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def counted(people: int, minutes_ago: int = 0) -> Counted:
    return Counted("S01", people, NOW - timedelta(minutes=minutes_ago), "one.manager")


@pytest.mark.parametrize(
    ("people", "level"),
    [(0, "free"), (799, "free"), (800, "notice"), (899, "notice"), (900, "report"), (999, "report"), (1000, "stop")],
)
def test_a_level_begins_at_its_share(people: int, level: Level) -> None:
    assert level_of(counted(people), 1000, Thresholds(), NOW) == level


def test_a_count_says_nothing_after_half_an_hour() -> None:
    assert level_of(counted(1200, 30), 1000, Thresholds(), NOW) == "stop"
    assert level_of(counted(1200, 31), 1000, Thresholds(), NOW) == "old"


def test_without_a_count_or_a_capacity_nothing_is_claimed() -> None:
    assert level_of(None, 1000, Thresholds(), NOW) == "uncounted"
    assert level_of(counted(5), None, Thresholds(), NOW) == "no_limit"
    assert (share_of(None, 1000), share_of(counted(5), None), share_of(counted(5), 10)) == (None, None, 0.5)


def test_the_thresholds_are_those_of_the_catalogue() -> None:
    rules = {"carrying_capacity": {"notice_at": 0.5, "stop_at": 0.75}}
    terms = Terms(1, "", {}, {}, {}, rules)
    assert thresholds_of(terms) == Thresholds(0.5, 0.90, 0.75)
    assert thresholds_of(Terms(1, "", {}, {}, {})) == Thresholds(0.80, 0.90, 1.00)


def test_every_condition_a_rule_may_name_can_be_switched() -> None:
    assert set(CONDITIONS) == set(RULE_CONDITIONS)
