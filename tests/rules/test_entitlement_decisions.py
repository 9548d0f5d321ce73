"""decide(): each evaluated rule admits and refuses at its boundary, in the fixed order."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from passes.entitlement.decide import Chosen, choose_benefit, decide
from passes.entitlement.facts import Choice, Decision
from passes.entitlement.terms import Terms
from tests.rules.samples import facts_at, local, named, sample, sheet_at, small_calendar, small_terms

NOON = local("2026-05-06 12:00:00")  # a Wednesday


def answer(terms: Terms, moment: datetime, **changes: Any) -> Decision:
    return decide(sheet_at(terms, moment), facts_at(moment, **changes))


def code(terms: Terms, words: str, **changes: Any) -> str | None:
    return answer(terms, local(words), **changes).refusal_code


def test_a_benefit_without_rules_is_admitted_in_the_venues_hours_only() -> None:
    terms = small_terms(hours="09:00-17:00")
    assert code(terms, "2026-05-06 08:59:59") == "outside_hours"
    assert code(terms, "2026-05-06 09:00:00") is None
    assert code(terms, "2026-05-06 16:59:59.999999") is None
    assert code(terms, "2026-05-06 17:00:00") == "outside_hours"


def test_hours_to_24_00_hold_through_the_last_second_of_the_day() -> None:
    terms = small_terms(hours="00:00-24:00")
    assert code(terms, "2026-05-06 23:59:59.999") is None
    assert code(terms, "2026-05-07 00:00:00") is None


def test_a_time_window_replaces_the_venues_hours_but_not_its_closed_weekdays() -> None:
    terms = small_terms({"time_window": [{"enter": "18:15-20:30"}]}, hours="09:00-17:00", closed="mon")
    assert code(terms, "2026-05-06 12:00:00") == "outside_hours"
    assert code(terms, "2026-05-06 18:15:00") is None
    assert code(terms, "2026-05-06 20:30:00") == "outside_hours"
    assert code(terms, "2026-05-04 19:00:00") == "closed_weekday"


def test_a_time_window_outside_its_seasons_is_closed_all_day() -> None:
    terms = small_terms({"time_window": [{"season": ["04-01..10-31"], "enter": "08:00-18:00"}]})
    assert code(terms, "2026-10-31 12:00:00") is None
    assert code(terms, "2026-11-01 12:00:00") == "outside_hours"


def test_two_windows_a_day_leave_a_break_between_them() -> None:
    terms = small_terms({"time_window": [{"enter": "14:00-17:00"}, {"enter": "09:00-12:00"}]})
    assert code(terms, "2026-05-06 11:59:59") is None
    assert code(terms, "2026-05-06 12:00:00") == "outside_hours"
    assert code(terms, "2026-05-06 14:00:00") is None


@pytest.mark.parametrize(
    ("season", "inside", "outside"),
    [
        ("05-01..10-15", ["2026-05-01", "2026-10-15"], ["2026-04-30", "2026-10-16"]),
        ("11-01..03-31", ["2026-11-01", "2026-12-31", "2026-01-01", "2026-03-31"], ["2026-04-01", "2026-10-31"]),
    ],
)
def test_a_season_is_inclusive_and_may_wrap_the_year(season: str, inside: list[str], outside: list[str]) -> None:
    terms = small_terms({"season": [season]})
    assert [code(terms, f"{day} 12:00:00") for day in inside] == [None] * len(inside)
    assert [code(terms, f"{day} 12:00:00") for day in outside] == ["out_of_season"] * len(outside)


def test_weekdays_are_the_calendars_weekdays() -> None:
    only, never = small_terms({"weekday_in": ["sat"]}), small_terms({"weekday_not": ["sat"]})
    assert (code(only, "2026-05-09 12:00:00"), code(never, "2026-05-09 12:00:00")) == (None, "closed_weekday")
    assert (code(only, "2026-05-10 12:00:00"), code(never, "2026-05-10 12:00:00")) == ("closed_weekday", None)


def test_a_make_up_working_saturday_stays_a_saturday() -> None:
    reading = sample()
    moment = local("2026-10-10 12:00:00")  # worked instead of National Day
    terms = small_terms({"weekday_in": ["sat"]})
    assert decide(sheet_at(terms, moment, reading.calendar), facts_at(moment)).outcome == "admitted"


def test_a_blackout_names_holidays_and_stretches_of_the_year() -> None:
    terms = small_terms({"blackout": ["national_day", "12-24..01-03"]})
    found = [
        code(terms, f"2026-{day} 12:00:00") for day in ("09-30", "10-01", "10-03", "10-04", "12-24", "01-03", "01-04")
    ]
    assert found == [None, "blackout", "blackout", None, "blackout", "blackout", None]


def test_a_holiday_in_a_year_without_data_is_not_guessed() -> None:
    moment = local("2028-07-01 12:00:00")
    named_one, stretch = small_terms({"blackout": ["national_day"]}), small_terms({"blackout": ["12-24..01-03"]})
    term = {"valid_from": date(2028, 1, 1), "valid_until": date(2029, 1, 1)}
    assert answer(named_one, moment, **term).refusal_code == "calendar_missing"
    assert answer(stretch, moment, **term).outcome == "admitted"


def test_new_years_days_off_may_begin_in_the_december_before() -> None:
    days = dict(small_calendar(2026, 2027).years)
    holiday = type(days[2027].holidays["new_year"])(((date(2026, 12, 31), date(2027, 1, 2)),), ())
    year = type(days[2027])(False, {**days[2027].holidays, "new_year": holiday})
    calendar = type(small_calendar())({**days, 2027: year})
    terms = small_terms({"blackout": ["new_year"]})
    moment = local("2026-12-31 12:00:00")
    assert decide(sheet_at(terms, moment, calendar), facts_at(moment)).refusal_code == "blackout"


def test_a_holder_class_that_is_not_named_is_refused() -> None:
    terms = small_terms({"holder_class": ["child", "senior"]})
    assert answer(terms, NOON).refusal_code == "not_for_this_holder"
    assert answer(terms, NOON, holder_class="senior").outcome == "admitted"


def test_per_day_counts_the_local_day() -> None:
    terms = small_terms({"per_day": 2})
    used = {("benefit:B1", "2026-05-06"): 1}
    assert code(terms, "2026-05-06 12:00:00", counters=used) is None
    used = {("benefit:B1", "2026-05-06"): 2}
    assert code(terms, "2026-05-06 23:59:59", counters=used) == "daily_limit"
    assert code(terms, "2026-05-07 00:00:00", counters=used) is None


def test_per_term_counts_one_term_and_a_renewal_counts_anew() -> None:
    terms = small_terms({"per_term": 1})
    used = {("benefit:B1", "term:2026-01-01"): 1}
    assert code(terms, "2026-05-06 12:00:00", counters=used) == "term_limit"
    renewed = {"valid_from": date(2026, 5, 1), "valid_until": date(2027, 5, 1)}
    assert code(terms, "2026-05-06 12:00:00", counters=used, **renewed) is None


def test_an_admitted_scan_tells_the_counters_it_moves() -> None:
    terms = small_terms({"per_term": 4}, {"per_day": 1})
    decision = answer(terms, NOON, counters={("benefit:B1", "term:2026-01-01"): 2})
    assert decision.outcome == "admitted"
    assert decision.moves[:2] == sheet_at(terms, NOON).offers["B1"].limits(NOON.date(), date(2026, 1, 1))
    assert [(move.name, move.period, move.limit) for move in decision.moves] == [
        ("benefit:B1", "2026-05-06", 1),
        ("benefit:B1", "term:2026-01-01", 4),
        ("visit:V1", "term:2026-01-01", None),  # a spot seen, should an achievement ask one day
    ]
    assert decision.terms["uses"] == [
        {"per": "day", "used": 1, "limit": 1},
        {"per": "term", "used": 3, "limit": 4},
    ]


def test_a_refused_scan_moves_nothing() -> None:
    assert answer(small_terms({"per_day": 1}), NOON, state="void").moves == ()


def test_the_first_rule_of_the_table_gives_the_code() -> None:
    everything: list[dict[str, Any]] = [
        {"per_term": 1},
        {"per_day": 1},
        {"holder_class": ["child"]},
        {"time_window": [{"enter": "08:00-09:00"}]},
        {"blackout": ["05-06..05-06"]},
        {"weekday_not": ["wed"]},
        {"season": ["01-01..01-31"]},
    ]
    used = {("benefit:B1", "2026-05-06"): 1, ("benefit:B1", "term:2026-01-01"): 1}
    found = [answer(small_terms(*everything[:n]), NOON, counters=used).refusal_code for n in range(1, 8)]
    assert found == [
        "term_limit",
        "daily_limit",
        "not_for_this_holder",
        "outside_hours",
        "blackout",
        "closed_weekday",
        "out_of_season",
    ]


def test_what_is_excluded_is_shown_and_blocks_nothing() -> None:
    decision = answer(small_terms({"excludes": [{"zh": "讲解", "en": "Guided tour"}]}), NOON)
    assert decision.outcome == "admitted"
    assert decision.terms["excludes"] == [{"zh": "讲解", "en": "Guided tour"}]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "issued", "valid_from": None, "valid_until": None}, "pass_not_active"),
        ({"valid_from": date(2026, 5, 7), "valid_until": date(2027, 5, 7)}, "pass_not_yet_valid"),
        ({"valid_from": date(2026, 5, 6)}, None),
        ({"valid_until": date(2026, 5, 7)}, None),
        ({"valid_until": date(2026, 5, 6)}, "pass_expired"),
        ({"state": "expired"}, "pass_expired"),
        ({"held": True}, "pass_frozen"),
        ({"state": "void"}, "pass_void"),
        ({"state": "void", "held": True}, "pass_void"),
        ({"state": "issued", "held": True, "valid_from": None}, "pass_not_active"),
    ],
)
def test_the_pass_is_asked_before_the_benefit(changes: dict[str, Any], expected: str | None) -> None:
    assert answer(small_terms(), NOON, **changes).refusal_code == expected
    if expected:
        assert answer(small_terms(), NOON, **changes, benefit_id="NONE").refusal_code == expected


def test_one_benefit_at_the_venue_needs_no_choice() -> None:
    assert answer(small_terms(), NOON).benefit_id == "B1"


def test_several_benefits_ask_which_one_is_meant() -> None:
    decision = answer(small_terms(B2=[{"per_day": 1}]), NOON)
    assert decision.outcome == "needs_confirmation"
    [item] = decision.confirm
    assert item.item == "choose_benefit"
    assert item.choices == (Choice("B1", named("B1")), Choice("B2", named("B2")))


def test_an_unattended_lane_refuses_what_it_cannot_ask() -> None:
    decision = answer(small_terms(B2=[]), NOON, attended=False)
    assert (decision.outcome, decision.refusal_code) == ("refused", "needs_confirmation")


def test_the_named_benefit_goes_before_the_lanes_default_one() -> None:
    terms = small_terms(B2=[])
    assert answer(terms, NOON, default_benefit_id="B2").benefit_id == "B2"
    assert answer(terms, NOON, default_benefit_id="B2", benefit_id="B1").benefit_id == "B1"


def test_choosing_a_benefit_says_what_is_not_included_and_what_not_offered_here() -> None:
    sheet = sheet_at(small_terms(), NOON)
    assert choose_benefit(sheet, "P1", "V1", None, None) == Chosen("B1")
    assert choose_benefit(sheet, "P1", "V1", "B9", None) == "not_included"
    assert choose_benefit(sheet, "P2", "V1", None, None) == "not_included"
    assert choose_benefit(sheet, "P2", "V1", "B1", None) == "not_included"
    assert choose_benefit(sheet, "P1", "V2", "B1", None) == "not_at_this_venue"
    assert choose_benefit(sheet, "P1", "V2", None, None) == "not_at_this_venue"
    assert choose_benefit(sheet, "P1", "NOWHERE", None, None) == "not_at_this_venue"
    assert choose_benefit(sheet, "NO-PRODUCT", "V1", None, None) == "not_included"


def test_a_sheet_decides_only_its_own_day() -> None:
    sheet = sheet_at(small_terms(), NOON)
    with pytest.raises(ValueError, match="not on the sheet's day"):
        decide(sheet, facts_at(NOON + timedelta(days=1)))


def test_the_sample_catalogue_compiles_for_the_days_of_two_years() -> None:
    reading = sample()
    for n in range(0, 730, 3):
        sheet = sheet_at(reading.terms, local("2026-01-01 12:00:00") + timedelta(days=n), reading.calendar)
        assert len(sheet.offers) == 52
        for offer in sheet.offers.values():
            for offered in offer.at.values():
                assert (offered.opening.closed is None) == bool(offered.opening.windows)


def test_the_museum_is_closed_on_mondays_in_the_sample() -> None:
    reading = sample()
    sheet = sheet_at(reading.terms, local("2026-11-23 12:00:00"), reading.calendar)
    assert sheet.offers["B08"].at["S08"].opening.closed == "closed_weekday"
    assert sheet.offers["B05"].at["S05"].opening.windows == ((8 * 3600 + 1800, 20 * 3600),)
