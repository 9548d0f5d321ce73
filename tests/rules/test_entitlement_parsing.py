"""Every rule type reads what ENTITLEMENT.md promises and refuses everything else, with the line."""

from typing import Any

import pytest

from passes.entitlement.nodes import Fault, Faults, node_of
from passes.entitlement.rule_terms import Settle
from passes.entitlement.rules import REGISTRY, RULE_TYPES, parse_rule, parse_rules

SEATS = {"capacity_per_slot": 10, "pass_quota": 0.5, "walk_in_share": 0.2}
BOOKING = {"lead_days": 7, "cancel_before_minutes": 60}
SLOTS = {"mode": "always", "slot_minutes": 60, "open": "09:00-17:00", **SEATS, **BOOKING}
SESSIONS = {"first": "19:30", "last": "23:15", "every_minutes": 15}

GOOD: dict[str, list[Any]] = {
    "contract_validity": [{"until": "2026-12-31"}],
    "season": [["04-10..10-31"], ["11-01..03-31", "05-01..05-01"], ["02-29..02-29"]],
    "weekday_in": [["mon"], ["sun", "mon"]],
    "weekday_not": [["mon", "tue"]],
    "blackout": [["national_day"], ["12-24..01-03", "labor_day"]],
    "condition_closure": [["wind"], ["river_level", "lightning", "forest_fire_ban", "flood_alert"]],
    "time_window": [
        [{"enter": "08:30-16:30"}],
        [{"enter": "08:00-12:00"}, {"enter": "12:00-24:00"}],
        [{"season": ["04-01..10-31"], "enter": "08:00-18:00"}, {"season": ["11-01..03-31"], "enter": "09:00-17:00"}],
    ],
    "holder_class": [["adult"], ["child", "senior"]],
    "holder_limits": [{"min_age": 6}, {"max_age": 60, "min_height_cm": 120}, {"min_age": 6, "max_age": 6}],
    "birthday": ["day", "month"],
    "per_day": [1, 1000],
    "per_month": [2],
    "per_term": [12],
    "pool": [{"id": "wellness6", "total": 6}],
    "cooldown_days": [7],
    "choice_group": [
        {"id": "ich3", "choose": 2, "of": ["E05", "E06", "E07"]},
        {"id": "g", "choose": 1, "of": [{"id": "A", "zh": "甲", "en": "a"}, {"id": "B", "zh": "乙", "en": "b"}]},
    ],
    "same_day_exclusive": [["E02"]],
    "prerequisite": [{"same_day_admission": "same_venue"}, {"same_day_admission": "S07"}, {"same_stay": "B22"}],
    "achievement": [{"distinct_spots": 10}],
    "reservation": [
        SLOTS,
        {**SLOTS, "mode": "only_on", "days": ["labor_day", "04-10..04-25"]},
        {"mode": "always", "sessions": SESSIONS, **SEATS, **BOOKING},
        {"mode": "always", "unit": "night", **BOOKING},
    ],
    "no_show_strike": [True],
    "free_item": [
        {"sku": "NOODLE"},
        {"sku": "CAKE-6IN", "stock": {"per_day": 20}},
        {"sku": "W", "stock": {"per_venue": 3000}},
    ],
    "discount": [{"percent": 20}, {"percent": 100, "cap_fen": 5000}, {"percent": 25, "base": "best_available_rate"}],
    "then_discount": [{"percent": 20}],
    "variants": [[{"weekday_in": ["mon"], "free": True}, {"weekday_in": ["sat", "sun"], "discount": {"percent": 50}}]],
    "supplement": [
        {"item": {"zh": "车", "en": "Cart"}, "amount_fen": 3000, "optional": True},
        {"item": {"zh": "车", "en": "Cart"}, "amount_fen": 1, "optional": False, "season": ["10-01..03-31"]},
    ],
    "deposit": [{"amount_fen": 1000, "returned": "on_admission"}],
    "buy_x_get_y": [{"x": 1, "y": 1}],
    "companion": [
        {"child_max_height_cm": 120, "free": 1},
        {"adult": 1, "free": 1},
        {"adult": 1, "discount_percent": 50},
        {"guardian_required": True},
    ],
    "child_policy": [{"free_if": {"max_age": 6, "max_height_cm": 120}, "else": "PASS-CHILD"}],
    "manual_confirm": ["front_desk"],
    "excludes": [[{"zh": "讲解", "en": "Guided tour"}]],
}

BAD: dict[str, list[Any]] = {
    "contract_validity": [{}, {"until": "2026-02-30"}, {"until": 20261231}, {"until": "2026-12-31", "from": 1}, "x"],
    "season": [[], "04-10..10-31", ["04-10"], ["04-31..05-01"], ["4-1..5-1"], [1], ["2026-01-01..2026-02-01"]],
    "weekday_in": [[], ["Mon"], ["mon", "mon"], "mon", [1]],
    "weekday_not": [[], ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ["monday"]],
    "blackout": [[], ["christmas"], ["national_day", "national_day"], ["13-01..13-02"], [None]],
    "condition_closure": [[], ["rain"], ["wind", "wind"]],
    "time_window": [
        [],
        [{"enter": "16:30-08:30"}],
        [{"enter": "08:30-08:30"}],
        [{"enter": "08:30"}],
        [{"enter": "8:30-9:30"}],
        [{"enter": "08:00-24:01"}],
        [{"enter": "08:60-09:00"}],
        [{"open": "08:00-09:00"}],
        [{"enter": "08:00-12:00"}, {"enter": "11:59-13:00"}],
        [{"season": ["01-01..06-30"], "enter": "08:00-12:00"}, {"season": ["06-30..12-31"], "enter": "09:00-10:00"}],
    ],
    "holder_class": [[], ["baby"], ["adult", "adult"], "adult"],
    "holder_limits": [{}, {"min_age": True}, {"min_age": 61, "max_age": 60}, {"min_height_cm": 0}, {"max_age": 6.5}],
    "birthday": ["week", True, ["day"]],
    "per_day": [0, -1, True, 1.5, "1", None, 1001],
    "per_month": [0, True, "2"],
    "per_term": [0, False, [1]],
    "pool": [{"id": "a"}, {"id": "a", "total": 0}, {"id": 6, "total": 6}, {"id": "a b", "total": 6}],
    "cooldown_days": [0, True, 367],
    "choice_group": [
        {"id": "g", "choose": 3, "of": ["A", "B"]},
        {"id": "g", "choose": 0, "of": ["A", "B"]},
        {"id": "g", "choose": 1, "of": ["A", "A"]},
        {"id": "g", "choose": 1, "of": ["A"]},
        {"id": "g", "choose": 1, "of": ["A", {"id": "B", "zh": "乙", "en": "b"}]},
        {"id": "g", "choose": 1, "of": [{"id": "B", "zh": "乙"}, {"id": "C", "zh": "乙", "en": "b"}]},
        {"id": "g", "choose": 1, "of": [{"id": "B", "zh": "乙", "en": "b"}, {"id": "B", "zh": "乙", "en": "b"}]},
    ],
    "same_day_exclusive": [[], ["e02"], ["E02", "E02"]],
    "prerequisite": [{}, {"same_day_admission": "S07", "same_stay": "B22"}, {"same_day": "S07"}, {"same_stay": True}],
    "achievement": [{}, {"distinct_spots": 0}, 10],
    "reservation": [
        {**SLOTS, "mode": "sometimes"},
        {**SLOTS, "mode": "only_on"},
        {**SLOTS, "days": ["labor_day"]},
        {**SLOTS, "slot_minutes": 50},
        {**SLOTS, "open": "17:00-09:00"},
        {**SLOTS, "sessions": SESSIONS},
        {**SLOTS, "unit": "night"},
        {**SLOTS, "pass_quota": 1.1},
        {**SLOTS, "walk_in_share": -0.1},
        {**SLOTS, "pass_quota": True},
        {**SLOTS, "capacity_per_slot": 0},
        {**SLOTS, "lead_days": 367},
        {key: value for key, value in SLOTS.items() if key != "lead_days"},
        {key: value for key, value in SLOTS.items() if key != "capacity_per_slot"},
        {"mode": "always", "sessions": {**SESSIONS, "last": "23:20"}, **SEATS, **BOOKING},
        {"mode": "always", "sessions": {**SESSIONS, "last": "19:15"}, **SEATS, **BOOKING},
        {"mode": "always", "sessions": {"first": "23:00", "last": "23:50", "every_minutes": 50}, **SEATS, **BOOKING},
        {"mode": "always", "unit": "day", **BOOKING},
        {"mode": "always", "unit": "night", "capacity_per_slot": 1, **BOOKING},
        {"mode": "always", **BOOKING},
    ],
    "no_show_strike": [False, 1, "true"],
    "free_item": [{}, {"sku": "A", "stock": {}}, {"sku": "A", "stock": {"per_day": 1, "per_venue": 1}}, {"sku": "a"}],
    "discount": [{}, {"percent": 0}, {"percent": 101}, {"percent": 20, "cap_fen": 0}, {"percent": 20, "base": "list"}],
    "then_discount": [{}, {"percent": True}, 20],
    "variants": [
        [],
        [{"weekday_in": ["mon"]}],
        [{"weekday_in": ["mon"], "free": False}],
        [{"weekday_in": ["mon"], "free": True, "discount": {"percent": 5}}],
        [{"weekday_in": ["mon"], "free": True}, {"weekday_in": ["mon", "tue"], "free": True}],
    ],
    "supplement": [
        {"item": {"zh": "车"}, "amount_fen": 1, "optional": True},
        {"item": {"zh": "车", "en": "Cart"}, "amount_fen": 0, "optional": True},
        {"item": {"zh": "车", "en": "Cart"}, "amount_fen": 1},
        {"item": {"zh": "车", "en": " "}, "amount_fen": 1, "optional": True},
        {"item": {"zh": "车", "en": "Cart"}, "amount_fen": 10.5, "optional": True},
    ],
    "deposit": [{"amount_fen": 1000}, {"amount_fen": 1000, "returned": "never"}],
    "buy_x_get_y": [{"x": 1}, {"x": 0, "y": 1}, {"x": True, "y": 1}],
    "companion": [
        {},
        {"adult": 1},
        {"free": 1},
        {"adult": 1, "free": 1, "discount_percent": 50},
        {"guardian_required": False},
        {"child_max_height_cm": 120, "free": 0},
    ],
    "child_policy": [
        {"free_if": {}, "else": "P"},
        {"free_if": {"max_age": 6}},
        {"free_if": {"max_age": 18}, "else": "P"},
    ],
    "manual_confirm": [True, "", "front desk", ["front_desk"]],
    "excludes": [[], "words", [{"zh": "讲解"}], [{"zh": "讲解", "en": "Tour", "fr": "Visite"}]],
}


def cases(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}-{n}") for name, values in table.items() for n, value in enumerate(values)
    ]


def test_the_registry_holds_the_32_rule_types_of_the_table() -> None:
    assert len(RULE_TYPES) == len(REGISTRY) == 32
    assert set(GOOD) == set(BAD) == set(REGISTRY)


@pytest.mark.parametrize(("name", "value"), cases(GOOD))
def test_a_good_rule_is_read(name: str, value: Any) -> None:
    rule = parse_rule(node_of({name: value}))
    assert rule.name == name
    assert rule == parse_rule(node_of({name: value}))
    words = rule.words()
    assert words is None or (words.zh and words.en)


@pytest.mark.parametrize(("name", "value"), cases(BAD))
def test_a_bad_rule_is_refused_by_name_and_line(name: str, value: Any) -> None:
    with pytest.raises(Fault) as refused:
        parse_rule(node_of({name: value}, line=7))
    assert refused.value.line == 7
    assert refused.value.reason.en.startswith(f"{name}: ")
    assert refused.value.reason.zh.startswith(f"{name}：")


@pytest.mark.parametrize("value", [{}, {"per_day": 1, "per_term": 1}, {"per_week": 1}, "per_day", 1, ["per_day"]])
def test_what_is_no_rule_at_all_is_refused(value: Any) -> None:
    with pytest.raises(Fault):
        parse_rule(node_of(value))


def test_rules_are_asked_in_the_order_of_the_table_whatever_their_order_in_the_file() -> None:
    names = list(REGISTRY)
    rules = [{name: GOOD[name][0]} for name in reversed(names)]
    faults = Faults()
    assert [rule.name for rule in parse_rules(node_of(rules), "B1", faults)] == names
    assert faults.found == []


def test_a_rule_that_contradicts_itself_by_standing_twice_is_refused() -> None:
    faults = Faults()
    parse_rules(node_of([{"per_day": 1}, {"per_day": 2}], line=3), "B9", faults)
    [fault] = faults.found
    assert (fault.line, fault.id) == (3, "B9")
    assert "twice" in fault.reason.en


def test_supplements_and_companions_may_stand_more_than_once() -> None:
    faults = Faults()
    rules = [{"companion": {"adult": 1, "free": 1}}, {"companion": {"guardian_required": True}}]
    assert len(parse_rules(node_of(rules), "B1", faults)) == 2
    assert faults.found == []


def test_every_faulty_rule_of_a_benefit_is_told_at_once() -> None:
    faults = Faults()
    parse_rules(node_of([{"per_day": 0}, {"season": []}, {"per_term": 1}]), "B1", faults)
    assert len(faults.found) == 2


@pytest.mark.parametrize(
    "value", [0, 4500, {"share_of_discount": 0.5}, {"share_of_discount": 0}, {"list_price_share": 1}]
)
def test_settle_reads_fen_or_a_share(value: Any) -> None:
    assert Settle.parse(node_of(value)) == Settle.parse(node_of(value))


@pytest.mark.parametrize("value", [-1, True, 1.5, "300", {}, {"share_of_discount": 1.5}, {"share": 0.5}, None])
def test_settle_refuses_the_rest(value: Any) -> None:
    with pytest.raises(Fault):
        Settle.parse(node_of(value))
