"""The terms that are asked: the whole sample catalogue, and small ones that put every rule type at its boundary."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from passes.entitlement.calendars import Calendar
from passes.entitlement.terms import Terms
from tests.rules.samples import sample, small_terms

EDGE_DAYS = [
    *["2025-12-30", "2025-12-31"],
    *["2026-01-01", "2026-02-14", "2026-02-15", "2026-02-28", "2026-03-01", "2026-03-31", "2026-04-09", "2026-04-10"],
    *["2026-04-30", "2026-05-01", "2026-05-06", "2026-08-01", "2026-08-31", "2026-09-30", "2026-10-01", "2026-10-03"],
    *["2026-10-08", "2026-10-15", "2026-10-16", "2026-10-31", "2026-11-01", "2026-12-23", "2026-12-24", "2026-12-31"],
    *["2027-01-01", "2027-01-03", "2027-01-04", "2027-02-27", "2027-02-28", "2027-03-01", "2027-04-25", "2027-05-02"],
    *["2027-06-15", "2027-09-15", "2027-12-31", "2028-02-28", "2028-02-29", "2028-03-01", "2028-07-01"],
]
"""Month ends, New Year, leap days, the edges of seasons and holidays, days before and beyond the calendar's data."""

MONDAY = 0
CONTRACT_ENDS = ["2026-02-28", "2026-04-30", "2026-08-31", "2026-10-15", "2026-12-31", "2027-02-27", "2027-12-31"]

HOLIDAYS_ONLY = {"mode": "only_on", "days": ["national_day", "new_year"]}
SEATS = {"capacity_per_slot": 9, "pass_quota": 1.0, "walk_in_share": 0.0, "lead_days": 7, "cancel_before_minutes": 60}
SLOTS = {"slot_minutes": 60, "open": "09:00-17:00", **SEATS}
STAY = {"mode": "always", "unit": "night", "lead_days": 30, "cancel_before_minutes": 60}
GROUP = {"id": "crafts", "choose": 2, "of": ["G1", "G2", "G3"]}
ITEMS = [{"id": id_, "zh": f"物 {id_}", "en": f"item {id_}"} for id_ in ("MAP", "MUG", "PIN")]
MONDAYS_FREE = {"weekday_in": ["mon"], "free": True}
MAP = {"zh": "地图", "en": "Map"}

BENEFITS: dict[str, list[dict[str, Any]]] = {
    "D1": [{"contract_validity": {"until": "2026-12-31"}}],
    "D2": [{"contract_validity": {"until": "2027-02-28"}}, {"per_day": 2}],
    "D3": [{"season": ["11-01..03-31"]}],
    "D4": [{"season": ["02-29..03-01", "05-01..10-15"]}],
    "D5": [{"weekday_in": ["thu", "fri", "sun"]}],
    "D6": [{"weekday_not": ["wed", "sat"]}],
    "D7": [{"blackout": ["national_day", "spring_festival"]}],
    "D8": [{"blackout": ["12-24..01-03", "02-28..02-29"]}],
    "C1": [{"condition_closure": ["river_level", "wind"]}],
    "C2": [{"time_window": [{"enter": "09:00-12:00"}, {"enter": "14:00-17:00"}]}],
    "C3": [{"time_window": [{"enter": "00:00-12:00"}, {"enter": "12:00-24:00"}]}],
    "C4": [{"time_window": [{"season": ["04-01..10-31"], "enter": "08:30-16:30"}]}],
    "H1": [{"holder_class": ["child", "senior"]}],
    "H2": [{"holder_limits": {"min_age": 18, "max_age": 60}}],
    "H3": [{"holder_limits": {"min_age": 65}}],
    "H4": [{"holder_limits": {"max_age": 6}}],
    "H5": [{"holder_limits": {"min_height_cm": 120, "min_age": 6}}],
    "H6": [{"holder_limits": {"min_height_cm": 120}}],
    "Y1": [{"birthday": "day"}],
    "Y2": [{"birthday": "month"}],
    "N1": [{"per_day": 1}],
    "N2": [{"per_day": 3}, {"per_month": 5}, {"per_term": 9}],
    "N3": [{"per_month": 2}],
    "N4": [{"per_term": 1}],
    "N5": [{"pool": {"id": "wellness", "total": 3}}],
    "N6": [{"pool": {"id": "wellness", "total": 3}}, {"per_month": 1}],
    "N7": [{"cooldown_days": 1}],
    "N8": [{"cooldown_days": 30}],
    "G1": [{"choice_group": GROUP}],
    "G2": [{"choice_group": GROUP}, {"per_day": 1}],
    "G3": [{"choice_group": GROUP}],
    "G4": [{"choice_group": {"id": "gift", "choose": 1, "of": ITEMS}}],
    "G5": [{"choice_group": {"id": "gifts", "choose": 2, "of": ITEMS}}],
    "X1": [{"same_day_exclusive": ["N1", "X2"]}],
    "X2": [{"prerequisite": {"same_day_admission": "same_venue"}}],
    "X3": [{"prerequisite": {"same_stay": "R4"}}],
    "X4": [{"achievement": {"distinct_spots": 2}}],
    "R1": [{"reservation": {"mode": "always", **SLOTS}}, {"no_show_strike": True}],
    "R2": [{"reservation": {**HOLIDAYS_ONLY, **SLOTS}}],
    "R3": [{"reservation": {"mode": "only_on", "days": ["12-24..01-03"], **SLOTS}}],
    "R5": [{"holder_limits": {"min_age": 18}}, {"reservation": {"mode": "only_on", "days": ["national_day"], **SLOTS}}],
    "R4": [{"reservation": STAY}, {"discount": {"percent": 20, "base": "best_available_rate"}}],
    "S1": [{"free_item": {"sku": "CAKE", "stock": {"per_day": 20}}}],
    "S2": [{"free_item": {"sku": "MUG", "stock": {"per_venue": 3}}}, {"free_item": {"sku": "NOODLE"}}],
    "T1": [{"per_term": 2}, {"per_day": 1}, {"then_discount": {"percent": 30}}],
    "T2": [{"discount": {"percent": 10, "cap_fen": 500}}, {"buy_x_get_y": {"x": 1, "y": 1}}],
    "T3": [{"variants": [{"weekday_in": ["sat", "sun"], "discount": {"percent": 50}}, MONDAYS_FREE]}],
    "T4": [
        {"supplement": {"item": MAP, "amount_fen": 300, "optional": True, "season": ["11-01..02-28"]}},
        {"supplement": {"item": MAP, "amount_fen": 500, "optional": False}},
        {"deposit": {"amount_fen": 1000, "returned": "on_admission"}},
        {"excludes": [MAP]},
    ],
    "T5": [{"companion": {"child_max_height_cm": 120, "free": 1}}, {"companion": {"adult": 1, "discount_percent": 50}}],
    "T6": [{"companion": {"guardian_required": True}}, {"manual_confirm": "desk"}],
    "T7": [{"child_policy": {"free_if": {"max_age": 6}, "else": "P1"}}, {"manual_confirm": "desk"}],
}


@dataclass(frozen=True, eq=False)
class World:
    """Terms under a calendar, and the days on which they are asked."""

    name: str
    terms: Terms
    calendar: Calendar
    days: tuple[date, ...]


def mixed(rng: Random, n: int) -> dict[str, Any]:
    """So many benefits, each with the rules of three of the others, no rule type twice."""
    found = {}
    for number in range(n):
        rules: dict[str, dict[str, Any]] = {}
        for id_ in rng.sample(sorted(BENEFITS), 3):
            for rule in BENEFITS[id_]:
                (name,) = rule
                if name not in {"choice_group", "then_discount"}:
                    rules.setdefault(name, rule)
        found[f"M{number}"] = list(rules.values())
    return found


@cache
def calendar() -> Calendar:
    return sample().calendar


def worlds(rng: Random, more_days: int) -> list[World]:
    """The sample catalogue and the small terms, the days at the edges and some more at random."""
    first = date(2026, 1, 1)

    def days() -> tuple[date, ...]:
        at_random = {first + timedelta(days=rng.randrange(1096)) for _ in range(more_days)}
        return tuple(sorted({*map(date.fromisoformat, EDGE_DAYS), *at_random}))

    more: dict[str, Any] = BENEFITS | {
        f"U{n}": [{"contract_validity": {"until": day}}] for n, day in enumerate(CONTRACT_ENDS)
    }
    always = small_terms(**more, **mixed(rng, 8))
    by_hours = small_terms({"per_day": 1}, hours="08:30-17:30", closed="mon", **more, **mixed(rng, 8))
    alone = small_terms({"per_day": 2}, hours="09:00-24:00", closed="sat sun")
    return [
        World("sample", sample().terms, calendar(), days()),
        World("always", always, calendar(), days()),
        World("hours", by_hours, calendar(), tuple(day for day in days() if day.weekday() != MONDAY or day.day < 9)),
        World("alone", alone, calendar(), days()[::3]),
    ]
