"""What a search may mean, who ends which hold, and when the house is well."""

from datetime import UTC, datetime, timedelta

import pytest

from passes.admin import health_rules as health
from passes.admin.rules import Sought, may_release, shown_phone, sought

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("   ", None),
        ("T-ACDE-FGHJ", Sought(pass_numbers=("ACDE-FGHJ", "T-ACDE-FGHJ"), name="t-acde-fghj")),
        ("acdefghj", Sought(pass_numbers=("ACDE-FGHJ", "T-ACDE-FGHJ"), name="acdefghj")),
        ("acde－fghj", Sought(pass_numbers=("ACDE-FGHJ", "T-ACDE-FGHJ"), name="acde-fghj")),
        ("261113-9J6783", Sought(order_numbers=("261113-9J6783", "T-261113-9J6783"), name="261113-9j6783")),
        ("138 1234 5678", Sought(phone="+8613812345678")),
        ("+852 9123 4567", Sought(phone="+85291234567")),
        ("5678", Sought(ending="5678")),
        ("００２x", Sought(ending="002X", name="002x")),
        ("anna", Sought(name="anna")),
        ("王小明", Sought(name="王小明")),
    ],
)
def test_a_search_may_mean_several_things_at_once(text: str, meant: Sought | None) -> None:
    assert sought(text) == meant


@pytest.mark.parametrize("text", ["%", "+", "()", "\U0001f600", "1" * 500, "+999999999999999", "۱۲۳۴۵۶۷", "‮", "\x00"])
def test_rubbish_means_something_harmless(text: str) -> None:
    meant = sought(text)
    assert meant is None or meant.name is None


def test_a_phone_is_shown_as_it_is_read_out() -> None:
    assert shown_phone("+8613812345678") == "+86 138 1234 5678"
    assert shown_phone("rubbish") == "rubbish"


def test_care_ends_what_care_may_set_and_an_admin_everything() -> None:
    assert [may_release("care", reason) for reason in ("lost", "misuse", "dispute", "refund")] == [
        True,
        True,
        False,
        False,
    ]
    assert may_release("admin", "refund")


def test_what_waits_is_late_after_two_minutes_and_wrong_after_fifteen() -> None:
    ages = [timedelta(0), timedelta(seconds=119), timedelta(minutes=3), timedelta(minutes=15)]
    assert [health.by_age(NOW - age, NOW) for age in ages] == ["ok", "ok", "warn", "bad"]
    assert health.by_age(None, NOW) == "ok" and health.by_lag(None, NOW) == "warn"


def test_a_chore_is_well_while_it_keeps_its_turn() -> None:
    assert health.by_chore(3600, NOW - timedelta(hours=2), 0, NOW) == "ok"
    assert health.by_chore(5, NOW - timedelta(minutes=3), 0, NOW) == "bad"
    assert [health.by_chore(5, NOW, failures, NOW) for failures in (0, 1, 2, 3)] == ["ok", "warn", "warn", "bad"]


def test_keys_room_and_clocks_are_judged_before_it_is_too_late() -> None:
    assert [health.by_key(NOW + timedelta(days=days), NOW) for days in (0, 2, 4)] == ["bad", "warn", "ok"]
    gigabyte = health.GIGABYTE
    rooms = [(gigabyte // 2, 10 * gigabyte), (4 * gigabyte, 20 * gigabyte), (80 * gigabyte, 250 * gigabyte)]
    assert [health.by_room(free, total) for free, total in rooms] == ["bad", "warn", "ok"]
    assert health.by_room(10 * gigabyte, 1000 * gigabyte) == "bad"
    assert [health.by_clock(apart) for apart in (0.1, -3.0, 60.0)] == ["ok", "warn", "bad"]


def test_sizes_are_shown_in_the_unit_that_fits() -> None:
    sizes = [0, 1023, 1536, 250 * 1024**2, 3 * 1024**4]
    assert [health.shown_bytes(size) for size in sizes] == ["0 B", "1023 B", "1.5 KB", "250 MB", "3.0 TB"]
