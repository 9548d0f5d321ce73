"""A catalogue that promises what can never be had is refused: with the exact line, the id, and the reason twice."""

import pytest

from passes.catalogue.reading import read_files
from tests.rules.samples import SAMPLE_HOLIDAYS
from tests.rules.small_catalogue import FIRST_LINE, RULES_AFTER, benefit, faults_of, read, text_of

ENTRY = FIRST_LINE + benefit("B0").count("\n")
"""The line in which the entry under test begins, after B0."""
RULE = ENTRY + RULES_AFTER
"""The line of its first rule."""

SEATS = "capacity_per_slot: 10, pass_quota: 0.5, walk_in_share: 0.1, lead_days: 7, cancel_before_minutes: 60"
SLOTS = f"mode: always, slot_minutes: 60, {SEATS}"
NOT_A_DAY = "is no day of the year"

BAD = [
    # what is told, at which line, and the rules of B1 at V1 that are refused for it
    ("unknown rule “per_week”", RULE, ["{per_week: 1}"]),
    ("the rule “per_day” stands twice", RULE + 1, ["{per_day: 1}", "{per_day: 2}"]),
    ("per_day: must be between 1 and 1000", RULE, ["{per_day: 0}"]),
    # seasons
    (f"season: “02-30” {NOT_A_DAY}", RULE, ['{season: ["02-30..03-31"]}']),
    (f"season: “13-01” {NOT_A_DAY}", RULE, ['{season: ["12-01..13-01"]}']),
    ("not usable on a single day of 2026–2027 (out_of_season)", ENTRY, ['{season: ["02-29..02-29"]}']),
    (
        "not usable on a single day of 2026–2027 (out_of_season, blackout)",
        ENTRY,
        ['{season: ["05-01..05-02"]}', "{blackout: [labor_day]}"],
    ),
    (
        "not usable on a single day of 2026–2027 (closed_weekday)",
        ENTRY,
        ["{weekday_in: [mon, tue]}", "{weekday_not: [mon, tue]}"],
    ),
    ("not usable on a single day of 2026–2027 (benefit_ended)", ENTRY, ['{contract_validity: {until: "2025-12-31"}}']),
    (
        "not usable on a single day of 2026–2027 (out_of_season, outside_hours)",
        ENTRY,
        ['{season: ["05-01..05-31"]}', '{time_window: [{season: ["06-01..06-30"], enter: "09:00-10:00"}]}'],
    ),
    ("weekday_not: all seven days are excluded", RULE, ["{weekday_not: [mon, tue, wed, thu, fri, sat, sun]}"]),
    (f"blackout: “02-30” {NOT_A_DAY}", RULE, ['{blackout: ["02-30..03-01"]}']),
    ("blackout: “easter” is neither a holiday key", RULE, ["{blackout: [easter]}"]),
    # windows
    (
        "time_window: the windows overlap on 01-01",
        RULE,
        ['{time_window: [{enter: "09:00-12:00"}, {enter: "11:00-14:00"}]}'],
    ),
    (
        "time_window: the windows overlap on 05-01",
        RULE,
        ['{time_window: [{enter: "09:00-12:00"}, {season: ["05-01..05-05"], enter: "11:00-14:00"}]}'],
    ),
    # people
    ("holder_class: no product gives it to a holder of class senior", RULE, ["{holder_class: [senior]}"]),
    ("holder_limits: no product has holders within these ages", RULE, ["{holder_limits: {min_age: 60}}"]),
    ("holder_limits: min_age is above max_age", RULE, ["{holder_limits: {min_age: 60, max_age: 6}}"]),
    ("child_policy: there is no product “BABY”", RULE, ["{child_policy: {free_if: {max_age: 6}, else: BABY}}"]),
    (
        "child_policy: the product “CHILD” does not include it",
        RULE,
        ["{child_policy: {free_if: {max_age: 6}, else: CHILD}}"],
    ),
    # counts
    ("pool: must be between 1 and 10000", RULE, ["{pool: {id: p, total: 0}}"]),
    (
        "choice_group: choosing 2 of 2 limits nothing",
        RULE,
        ["{choice_group: {id: g, choose: 2, of: [{id: A, zh: 甲, en: a}, {id: B, zh: 乙, en: b}]}}"],
    ),
    ("choice_group: there is no benefit “B9”", RULE, ["{choice_group: {id: g, choose: 1, of: [B1, B9]}}"]),
    ("“B0” does not carry the same choice_group g", RULE, ["{choice_group: {id: g, choose: 1, of: [B0, B1]}}"]),
    # what must or must not have been used besides
    ("same_day_exclusive: names the benefit itself", RULE, ["{same_day_exclusive: [B1]}"]),
    ("same_day_exclusive: there is no benefit “B9”", RULE, ["{same_day_exclusive: [B9]}"]),
    (
        "prerequisite: same_day_exclusive excludes all that can be used first at V1",
        RULE + 1,
        ["{same_day_exclusive: [B0]}", "{prerequisite: {same_day_admission: same_venue}}"],
    ),
    ("prerequisite: at V2 nothing can be used first", RULE, ["{prerequisite: {same_day_admission: V2}}"]),
    ("prerequisite: there is no spot “H1”", RULE, ["{prerequisite: {same_day_admission: H1}}"]),
    ("prerequisite: B0 is at a place that is no hotel", RULE, ["{prerequisite: {same_stay: B0}}"]),
    ("achievement: there are only 2 spots", RULE, ["{achievement: {distinct_spots: 3}}"]),
    ("achievement: the product “ADULT” opens only 1 spots", RULE, ["{achievement: {distinct_spots: 2}}"]),
    # bookings
    (
        "reservation: 10:00–18:00 is not inside the window at V1 on 01-01",
        RULE,
        [f'{{reservation: {{{SLOTS}, open: "10:00-18:00"}}}}'],
    ),
    (
        "reservation: open is no whole number of slots of 60 minutes",
        RULE,
        [f'{{reservation: {{{SLOTS}, open: "10:00-11:30"}}}}'],
    ),
    (
        "reservation: on none of its days is the benefit open",
        RULE + 1,
        [
            '{season: ["05-01..05-31"]}',
            f'{{reservation: {{{SLOTS.replace("always", "only_on")}, days: ["07-01..07-31"], open: "10:00-12:00"}}}}',
        ],
    ),
    (
        "reservation: on none of its days is the benefit open",
        RULE + 1,
        [
            "{blackout: [labor_day]}",
            "{reservation: {mode: only_on, days: [labor_day], unit: night, lead_days: 30, cancel_before_minutes: 60}}",
        ],
    ),
    (
        "reservation: pass_quota and walk_in_share are more than the whole",
        RULE,
        [f'{{reservation: {{{SLOTS.replace("0.1", "0.6")}, open: "10:00-12:00"}}}}'],
    ),
    (
        "reservation: 0.05 of 10 places leave no seat for a pass",
        RULE,
        [f'{{reservation: {{{SLOTS.replace("0.5", "0.05")}, open: "10:00-12:00"}}}}'],
    ),
    (
        "reservation: booked at most 0 days ahead, it could never be cancelled 2880 minutes before",
        RULE,
        [
            "{reservation: {mode: always, unit: night, lead_days: 0, cancel_before_minutes: 2880}}",
        ],
    ),
    ("no_show_strike: without reservation nothing is booked", RULE, ["{no_show_strike: true}"]),
    ("deposit: without reservation nothing is booked", RULE, ["{deposit: {amount_fen: 100, returned: on_admission}}"]),
    # terms
    ("free_item: must be between 1 and", RULE, ["{free_item: {sku: CAKE, stock: {per_day: 0}}}"]),
    ("then_discount: without per_day, per_month, per_term or pool", RULE, ["{then_discount: {percent: 20}}"]),
    (
        "variants: cannot stand beside discount",
        RULE + 1,
        [
            "{discount: {percent: 20}}",
            "{variants: [{weekday_in: [mon, tue, wed, thu, fri, sat, sun], free: true}]}",
        ],
    ),
    ("variants: says nothing of sat, sun", RULE, ["{variants: [{weekday_in: [mon, tue, wed, thu, fri], free: true}]}"]),
    (
        "variants: a weekday stands in two variants",
        RULE,
        ["{variants: [{weekday_in: [mon], free: true}, {weekday_in: [mon], free: true}]}"],
    ),
    (
        "supplement: in its season there is no day the benefit is open",
        RULE + 1,
        [
            '{season: ["05-01..05-31"]}',
            '{supplement: {item: {zh: 花展, en: Show}, amount_fen: 100, optional: true, season: ["10-01..10-31"]}}',
        ],
    ),
]


@pytest.mark.parametrize(("reason", "line", "rules"), BAD)
def test_what_can_never_be_had_is_refused_at_its_line(reason: str, line: int, rules: list[str]) -> None:
    [fault] = faults_of(benefit("B0"), benefit("B1", *rules))
    assert (fault.line, fault.id) == (line, "B1")
    assert reason in fault.reason.en
    assert fault.reason.zh and fault.reason.zh != fault.reason.en


PREREQUISITE = "{prerequisite: {same_day_admission: same_venue}}"


def test_two_that_each_need_the_other_are_a_circle() -> None:
    found = faults_of(benefit("B0", PREREQUISITE), benefit("B1", PREREQUISITE))
    assert [(fault.line, fault.id) for fault in found] == [(FIRST_LINE + 6, "B0"), (FIRST_LINE + 13, "B1")]
    assert all("everything at V1 has a prerequisite of its own, a chain or a circle" in f.reason.en for f in found)


def test_a_stay_within_a_stay_is_a_chain() -> None:
    room = benefit("R0", at="H1")
    late = benefit("R1", "{prerequisite: {same_stay: R0}}", at="H1")
    read(room, late)
    later = benefit("R2", "{prerequisite: {same_stay: R1}}", at="H1")
    [fault] = faults_of(room, late, later)
    assert (fault.line, fault.id) == (FIRST_LINE + 1 + 7 + 6, "R2")
    assert fault.reason.en == "prerequisite: R1 has a prerequisite of its own, a chain or a circle"


def test_a_stay_that_is_excluded_on_the_same_day_is_never_had() -> None:
    late = benefit("R1", "{prerequisite: {same_stay: R0}}", "{same_day_exclusive: [R0]}", at="H1")
    [fault] = faults_of(benefit("R0", at="H1"), late)
    assert (fault.line, fault.reason.en) == (FIRST_LINE + 7, "prerequisite: same_day_exclusive excludes R0")


def test_what_must_come_first_must_be_open_on_the_same_day() -> None:
    spring = benefit("B0", '{season: ["03-01..04-30"]}')
    autumn = benefit("B1", '{season: ["09-01..10-31"]}', PREREQUISITE)
    [fault] = faults_of(spring, autumn)
    assert (fault.line, fault.id) == (FIRST_LINE + 7 + 7, "B1")
    assert fault.reason.en == "prerequisite: nothing at V1 is open on a day on which this is"


def test_what_must_come_first_must_open_before_the_other_closes() -> None:
    evening = benefit("B0", '{time_window: [{enter: "12:00-17:00"}]}')
    morning = benefit("B1", '{time_window: [{enter: "09:00-12:00"}]}', PREREQUISITE)
    [fault] = faults_of(evening, morning)
    assert fault.reason.en == "prerequisite: nothing at V1 is open on a day on which this is"
    read(evening, benefit("B1", '{time_window: [{enter: "09:00-12:01"}]}', PREREQUISITE))


def test_a_product_gives_what_must_come_first_too() -> None:
    [fault] = faults_of(benefit("B0"), benefit("B1", PREREQUISITE), child="B1")
    assert (fault.line, fault.id) == (RULE, "B1")
    assert fault.reason.en == "prerequisite: the product “CHILD” gives nothing that can be used first"


def test_a_product_lists_nothing_its_holder_can_never_use() -> None:
    [fault] = faults_of(benefit("B0"), benefit("B1", "{holder_class: [adult]}"), child="B0, B1")
    assert (fault.line, fault.id) == (4, "CHILD")
    assert fault.reason.en == "includes B1, which is not for a holder of class child"


def test_a_pool_has_one_size() -> None:
    pools = [benefit(f"B{n}", f"{{pool: {{id: p, total: {5 + n}}}}}") for n in (0, 1)]
    [fault] = faults_of(*pools)
    assert (fault.line, fault.id) == (FIRST_LINE + 7 + 6, "B1")
    assert fault.reason.en == "pool: the pool p has another total elsewhere"


def test_a_stock_has_one_size_at_a_place() -> None:
    stocks = [benefit(f"B{n}", f"{{free_item: {{sku: CAKE, stock: {{per_day: {5 + n}}}}}}}") for n in (0, 1)]
    [fault] = faults_of(*stocks)
    assert (fault.line, fault.id) == (FIRST_LINE + 7 + 6, "B1")
    assert fault.reason.en == "free_item: the stock of CAKE is another one elsewhere"
    read(stocks[0], benefit("B1", "{free_item: {sku: CAKE, stock: {per_day: 6}}}", at="V2"))


def test_a_discount_is_shared_only_where_there_is_one() -> None:
    [fault] = faults_of(benefit("B0"), benefit("B1", settle="{share_of_discount: 0.5}"))
    assert (fault.line, fault.id, fault.reason.en) == (ENTRY, "B1", "settle: there is no discount to share")
    read(benefit("B0"), benefit("B1", "{discount: {percent: 20}}", settle="{share_of_discount: 0.5}"))


def test_open_somewhere_is_enough() -> None:
    read(benefit("B0", "{weekday_in: [mon]}", at="V1, V2"))
    [fault] = faults_of(benefit("B0", "{weekday_in: [mon]}", at="V2"))
    assert fault.reason.en == "not usable on a single day of 2026–2027 (closed_weekday)"


def test_a_second_of_a_kind_is_told_at_the_line_of_the_first() -> None:
    reading, faults = read_files(text_of(benefit("B0", PREREQUISITE, "{prerequisite: {same_day_admission: V2}}")), "{}")
    assert reading is None and faults
    found = faults_of(benefit("B0", PREREQUISITE, "{prerequisite: {same_day_admission: V2}}"))
    assert {fault.line for fault in found} == {FIRST_LINE + 6}


def test_without_a_calendar_only_what_needs_none_is_asked() -> None:
    bare = "years: {}\n"
    assert faults_of(benefit("B0", "{blackout: [labor_day]}"), holidays=bare) == ()
    assert faults_of(benefit("B0", '{season: ["02-29..02-29"]}'), holidays=bare) == ()
    assert len(faults_of(benefit("B0", '{season: ["02-30..03-01"]}'), holidays=bare)) == 1


def test_bad_holidays_stand_beside_bad_rules() -> None:
    holidays = SAMPLE_HOLIDAYS.replace("2026-10-01..2026-10-07", "2026-10-01..2026-10-32")
    found = faults_of(benefit("B0", "{per_week: 1}"), holidays=holidays)
    assert {fault.id for fault in found} == {"B0", "holidays 2026 national_day"}
