"""A catalogue that breaks a rule of ENTITLEMENT.md is refused with the line, the id and the reason."""

import pytest

from passes.catalogue.reading import read_files
from passes.entitlement.nodes import CatalogueFault
from passes.entitlement.rule_slots import Reservation
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS, sample


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def faults_of(text: str, holidays: str = SAMPLE_HOLIDAYS) -> tuple[CatalogueFault, ...]:
    return read_files(text, holidays)[1]


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_the_sample_is_read_whole() -> None:
    terms = sample().terms
    kinds = [venue.kind for venue in terms.venues.values()]
    assert (kinds.count("spot"), kinds.count("hotel"), len(kinds)) == (21, 5, 34)
    assert sum(benefit.experience for benefit in terms.benefits.values()) == 11
    assert len(terms.benefits) == 52
    assert [product.id for product in terms.products.values() if product.sold] == ["PASS-ADULT", "PASS-SENIOR"]
    assert terms.activation_window_days == 90


def test_the_words_all_stand_for_ids() -> None:
    terms = sample().terms
    assert len(terms.benefits["B40"].at) == 21
    assert terms.benefits["B32"].at == ("PARTNER_NOODLE", "SHOP1", "SHOP2", "SHOP3", "ROSEGARDEN")
    adult, child = set(terms.products["PASS-ADULT"].benefits), set(terms.products["PASS-CHILD"].benefits)
    assert len(adult) == 51 and "E10" not in adult  # the museum's night is for children
    assert len(child) == 42 and "E10" in child
    assert terms.products["PASS-FAMILY"].bundle == ("PASS-ADULT", "PASS-ADULT", "PASS-CHILD")


def test_the_night_cruise_has_sixteen_sessions_a_day() -> None:
    [reservation] = [rule for rule in sample().terms.benefits["E01"].rules if isinstance(rule, Reservation)]
    assert reservation.slots is not None
    assert reservation.slots.per_day == 16


BAD = [
    # what is changed, into what, the id told, a part of the reason
    ("number: 2,", "number: 1,", "S02", "already is that of S01"),
    ("number: 3,", "number: 256,", "S03", "between 1 and 255"),
    ("number: 4,", "number: true,", "S04", "whole number"),
    ("{id: S05,", "{id: S04,", "S04", "stands twice"),
    ("{id: S05,", "{id: s05,", "s05", "is no id"),
    ("{id: S06, number", "{number", "spots 6", "“id” is missing"),
    ("{id: B02,", "{id: B01,", "B01", "already stands in line"),
    ("{id: B02,", "{id: S02,", "S02", "already stands in line"),
    ("lat: 36.071, lon: 103.815,", "lat: 36.071,", "S01", "lat and lon"),
    ("lat: 36.071,", "lat: 91,", "S01", "between -90 and 90"),
    ("kind: online, name", "kind: online, lat: 36, lon: 103, name", "ONLINE", "lat and lon"),
    ("number: 45, kind: shop", "number: 45, kind: kiosk", "SHOP1", "none of shop"),
    ("grade: 3A,", "stars: 3,", "S01", "unknown key “stars”"),
    ("interests: [museum, history]", "interests: [museum, shopping]", "S08", "none of views"),
    ("interests: [museum, history]", "interests: [museum, museum]", "S08", "twice"),
    ("interests: [museum, history]", "interests: []", "S08", "1 to"),
    ("about: {zh: 黄河北岸", "about: {cn: 黄河北岸", "S01", "unknown key “cn”"),
    ('season: ["11-01..03-31"], open: "07:00-20:00"', 'season: ["11-02..03-31"], open: "07:00-20:00"', "S01", "11-01"),
    (
        'season: ["11-01..03-31"], open: "07:00-20:00"',
        'season: ["10-31..03-31"], open: "07:00-20:00"',
        "S01",
        "overlap",
    ),
    ('[{open: "09:00-21:00"}]', '[{open: "21:00-09:00"}]', "S02", "ends before it begins"),
    ("closed_weekdays: [mon]", "closed_weekdays: [monday]", "S08", "none of mon"),
    ("zh: 白塔山景区", 'zh: ""', "S01", "text must have"),
    ("at: [S01], name", "at: [S99], name", "B01", "no venue “S99”"),
    ("at: [S01], name", "at: [S01, S01], name", "B01", "twice"),
    ("at: [S01], name", "at: [all_spots, S01], name", "B01", "twice"),
    (
        "value_fen: 600, rules: [{per_day: 1}], settle: 300",
        "value_fen: 6.5, rules: [{per_day: 1}], settle: 300",
        "B01",
        "whole",
    ),
    ("rules: [{per_day: 1}], settle: 300}", "rules: [{per_day: 0}], settle: 300}", "B01", "per_day: must be between"),
    ("rules: [{per_day: 1}], settle: 300}", "rules: [{per_week: 1}], settle: 300}", "B01", "unknown rule “per_week”"),
    ("rules: [{per_day: 1}], settle: 300}", "rules: [{per_day: 1}]}", "B01", "“settle” is missing"),
    ("settle: {list_price_share: 0.5}", "settle: {list_price_share: 2}", "B40", "between 0 and 1"),
    ("same_day_exclusive: [E02]", "same_day_exclusive: [E99]", "E01", "there is no benefit “E99”"),
    ("same_day_exclusive: [E02]", "same_day_exclusive: [E01]", "E01", "names the benefit itself"),
    ("distinct_spots: 10", "distinct_spots: 22", "B41", "only 21 spots"),
    ("same_day_admission: S07", "same_day_admission: H1", "E09", "there is no spot “H1”"),
    ("else: PASS-CHILD", "else: PASS-BABY", "B18", "there is no product “PASS-BABY”"),
    ("{same_stay: B22}", "{same_stay: B27}", "B23", "not at the same hotel"),
    ("{same_stay: B22}", "{same_stay: B23}", "B23", "a chain or a circle"),
    ("choose: 2, of: [E05, E06, E07]", "choose: 1, of: [E05, E06, E07]", "E06", "same choice_group ich3"),
    ("choose: 2, of: [E05, E06, E07]", "choose: 2, of: [E06, E07]", "E05", "no member of its choice_group"),
    ("choose: 2, of: [E05, E06, E07]", "choose: 2, of: [E05, E06, E08]", "E05", "“E08” does not carry"),
    ("{pool: {id: wellness6, total: 6}}", "{pool: {id: wellness6, total: 5}}", "B31", "another total elsewhere"),
    ('open: "18:00-20:30"', 'open: "18:30-21:00"', "E09", "not inside the window at S07 on 04-15"),
    ('open: "09:00-21:00", capacity_per_slot: 200', 'open: "08:00-21:00", capacity_per_slot: 200', "B06", "on 05-01"),
    ('last: "23:15"', 'last: "23:30"', "E01", "not inside the window at WATERBUS"),
    ("includes: [B01, B02,", "includes: [B01, B99,", "PASS-CHILD", "no benefit “B99”"),
    ("includes: [B01, B02,", "includes: [B01, B01,", "PASS-CHILD", "twice"),
    ("age: {min: 60}", "age: {min: 60, max: 59}", "PASS-SENIOR", "age range"),
    ("holder: senior,", "holder: elder,", "PASS-SENIOR", "none of adult"),
    ("requires: PASS-ADULT", "requires: PASS-NONE", "PASS-CHILD", "there is no product"),
    ("requires: PASS-ADULT", "requires: PASS-CHILD", "PASS-CHILD", "itself or a bundle"),
    ("[PASS-ADULT, PASS-ADULT, PASS-CHILD]", "[PASS-ADULT, PASS-FAMILY]", "PASS-FAMILY", "itself or a bundle"),
    ("price_fen: 39900", "price_fen: 39900, holder: adult", "PASS-FAMILY", "no terms of its own"),
    ("price_fen: 12900, validity_days: 365", "price_fen: 12900", "PASS-SENIOR", "“validity_days” is missing"),
    ("price_fen: 12900", "price_fen: -1", "PASS-SENIOR", "between 0 and"),
    ("includes: all, sold: true", "includes: everything, sold: true", "PASS-ADULT", "none of all"),
    ("includes: all, sold: true", "includes: all, sold: yes", "PASS-ADULT", "true or false"),
    ("spots: 21, hotels: 5", "spots: 22, hotels: 5", "meta", "claims 22 spots, there are 21"),
    ("tz: Asia/Shanghai", "tz: Asia/Tokyo", "meta", "none of Asia/Shanghai"),
    ("window_days: 90, starts", "window_days: 0, starts", "pass_rules activation", "between 1 and 366"),
    ("starts: on_activation, ", "", "pass_rules activation", "“starts” is missing"),
    ("stop_at: 1.00", "stop_at: 1.5", "pass_rules carrying_capacity", "between 0 and 1"),
    ("  no_show: {window_days", "  no_shows: {window_days", "pass_rules", "unknown key “no_shows”"),
    ("\nhotels:", "\ninns:", "catalogue", "unknown key “inns”"),
]


@pytest.mark.parametrize(("old", "new", "id_", "reason"), BAD)
def test_a_bad_catalogue_is_refused_with_line_id_and_reason(old: str, new: str, id_: str, reason: str) -> None:
    text = changed(SAMPLE, old, new)
    told = [fault for fault in faults_of(text) if fault.id == id_ and reason in fault.reason.en]
    assert told
    assert told[0].reason.zh
    places = [line_of(SAMPLE, old), *(line_of(text, f"id: {id_},") for _ in range(f"id: {id_}," in text))]
    assert any(abs(told[0].line - place) <= 1 for place in places)


def test_parking_after_admission_needs_something_to_be_admitted_to() -> None:
    moved = changed(SAMPLE, "B41, at: [ONLINE]", "B41, at: [S01]")
    [fault] = faults_of(changed(moved, "at: [S01, S05, S11, S12, S18]", "at: [ONLINE]"))
    assert (fault.id, fault.reason.en) == ("B36", "prerequisite: at ONLINE nothing can be used first")


def test_all_faults_are_told_at_once() -> None:
    text = changed(changed(SAMPLE, "{per_day: 1}", "{per_day: 0}"), "number: 2,", "number: 900,")
    assert {fault.id for fault in faults_of(text)} >= {"B01", "S02"}


@pytest.mark.parametrize(
    ("old", "new", "id_", "reason"),
    [
        ("2026-10-01..2026-10-07", "2026-10-07..2026-10-01", "holidays 2026 national_day", "lasts 1 to"),
        ("2026-10-01..2026-10-07", "2026-10-01..2026-10-32", "holidays 2026 national_day", "is no date"),
        ("2026-10-01..2026-10-07", "2025-10-01..2025-10-07", "holidays 2026 national_day", "is no day of 2026"),
        ("2026-10-01..2026-10-07", "2026-10-01", "holidays 2026 national_day", "is expected"),
        ('["2026-09-20", "2026-10-10"]', '["2026-10-02"]', "holidays 2026 national_day", "both a day off"),
        ('"off": ["2026-06-19', '"of": ["2026-06-19', "holidays 2026 dragon_boat", "unknown key “of”"),
        ('dragon_boat:     {"off": ["2026', 'boat: {"off": ["2026', "holidays 2026", "unknown key “boat”"),
        ("provisional: true", "provisional: maybe", "holidays 2027", "true or false"),
        ("  2027:", "  1997:", "holidays 1997", "is no year"),
        ("years:", "year:", "holidays", "unknown key “year”"),
    ],
)
def test_bad_holidays_are_refused_with_year_and_key(old: str, new: str, id_: str, reason: str) -> None:
    found = faults_of(SAMPLE, changed(SAMPLE_HOLIDAYS, old, new))
    assert [fault for fault in found if fault.id == id_ and reason in fault.reason.en], found


@pytest.mark.parametrize("text", ["", "just words", "[1, 2]", "a: 1", "\x00", "{", "- - - -"])
def test_what_is_no_catalogue_is_refused_and_never_an_error(text: str) -> None:
    reading, found = read_files(text, SAMPLE_HOLIDAYS)
    assert reading is None and found
    reading, found = read_files(SAMPLE, text)
    assert reading is None and found


SECTIONS = ["meta", "pass_products", "pass_rules", "spots", "hotels", "partners", "benefits", "experiences"]


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("value", ["null", "{}", "7", "[[]]", "[{id: {a: 1}}]"])
def test_a_section_of_the_wrong_shape_is_refused_and_never_an_error(section: str, value: str) -> None:
    lines = SAMPLE.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"{section}:"))
    end = next((n for n in range(start + 1, len(lines)) if lines[n][:1].isalpha()), len(lines))
    text = "\n".join([*lines[:start], f"{section}: {value}", *lines[end:]])
    assert faults_of(text)
