"""Every code has words in both languages that fit a gate's screen, and rules read as a ticket office would say them."""

import re
from pathlib import Path
from typing import Any

import pytest

from passes.entitlement.plain import TOPICS, plain_words, short_words, venue_hours
from passes.entitlement.rules import REGISTRY, RULE_TYPES
from passes.entitlement.terms import Benefit
from passes.entitlement.words import ASK_STAFF, WORDS, refusal_words
from tests.rules.samples import sample, small_terms

PASS_AND_PRODUCT = """pass_not_active pass_not_yet_valid pass_expired pass_frozen pass_void not_included
    not_at_this_venue not_your_gate venue_full calendar_missing venue_closed choose_benefit needs_confirmation
    slot_not_now"""
CREDENTIAL = """foreign malformed unknown_key forged pass_not_yet_valid pass_expired cert_expired bad_proof code_stale
    code_future wrong_venue credential_revoked replayed"""
SCAN = "scanned_at_too_far scan_id_reused scan_malformed scan_failed pass_not_found check_document admitted"


@pytest.mark.parametrize("code", sorted(set(f"{PASS_AND_PRODUCT} {CREDENTIAL} {SCAN}".split())))
def test_every_code_of_pass_product_credential_and_scan_has_words(code: str) -> None:
    assert refusal_words(code) is not ASK_STAFF


def test_every_code_of_a_rule_has_words() -> None:
    codes = {rule_type.refusal_code for rule_type in RULE_TYPES if rule_type.refusal_code}
    assert len(codes) == 22
    assert codes <= set(WORDS)


@pytest.mark.parametrize(("code", "words"), WORDS.items())
def test_words_are_short_enough_for_a_gates_screen(code: str, words: object) -> None:
    found = refusal_words(code)
    assert 2 <= len(found.zh) <= 22 and re.search("[一-鿿]", found.zh)
    assert 5 <= len(found.en) <= 50 and found.en.isascii()


def test_an_unknown_code_still_says_what_to_do() -> None:
    assert "staff" in refusal_words("something_new").en


def line(benefit: Benefit, language: str) -> str:
    return " · ".join(phrase.in_(language) for phrase in plain_words(benefit, sample().terms))


def test_rules_read_as_one_line_how_often_first() -> None:
    benefits = sample().terms.benefits
    assert short_words(benefits["B13"]).zh == "每天一次 · 每年四次 · 5月1日–10月15日 · 遇森林防火封山、山洪预警暂停"
    assert short_words(benefits["B11"]).en == "once a day, 1 May to 31 Oct, closed during a forest fire ban"
    assert line(benefits["B05"], "zh") == "每天一次 · 08:30–20:00 可用"
    assert line(benefits["B15"], "en") == "once a day · six times a year"
    assert line(benefits["B02"], "zh") == "每天一次 · 不含光影剧场、讲解"


SAID: list[tuple[dict[str, Any], str, str]] = [
    ({"contract_validity": {"until": "2026-12-31"}}, "可用至2026年12月31日", "until 31 Dec 2026"),
    ({"season": ["05-01..10-15"]}, "5月1日–10月15日", "1 May to 15 Oct"),
    ({"season": ["04-10..04-25"]}, "4月10日–25日", "10 to 25 Apr"),
    ({"season": ["10-01..10-01"]}, "10月1日", "1 Oct"),
    ({"weekday_in": ["sun", "mon", "tue"]}, "限周日至周二", "Sunday to Tuesday only"),
    ({"weekday_in": ["sat", "sun"]}, "限周六、周日", "Saturday and Sunday only"),
    ({"weekday_not": ["mon"]}, "周一不可用", "not on Mondays"),
    ({"blackout": ["national_day"]}, "国庆假期不可用", "not during the National Day holiday"),
    ({"blackout": ["12-24..01-03"]}, "12月24日–1月3日不可用", "not from 24 Dec to 3 Jan"),
    ({"condition_closure": ["wind", "lightning"]}, "遇大风、雷电暂停", "closed during strong wind or lightning"),
    ({"time_window": [{"enter": "14:00-17:30"}]}, "14:00–17:30 可用", "14:00–17:30"),
    ({"time_window": [{"enter": "00:00-24:00"}]}, "全天 可用", "round the clock"),
    ({"holder_class": ["adult", "senior"]}, "限成人、长者", "for adults and seniors only"),
    (
        {"holder_limits": {"max_age": 60, "min_height_cm": 120}},
        "不超过 60 周岁、身高至少 120 厘米",
        "up to age 60 and at least 120 cm tall",
    ),
    ({"birthday": "day"}, "限生日当天", "on your birthday"),
    ({"birthday": "month"}, "限生日当月", "in the month of your birthday"),
    ({"per_day": 1}, "每天一次", "once a day"),
    ({"per_month": 2}, "每月两次", "twice a month"),
    ({"per_term": 4}, "每年四次", "four times a year"),
    ({"per_term": 12}, "每年 12 次", "12 times a year"),
    ({"pool": {"id": "audio6", "total": 6}}, "每年六次", "six times a year"),
    ({"cooldown_days": 7}, "每次使用满 7 天后可再用", "again 7 days after the last use"),
    (
        {
            "choice_group": {
                "id": "c",
                "choose": 1,
                "of": [{"id": "A", "zh": "甲", "en": "A"}, {"id": "B", "zh": "乙", "en": "B"}],
            }
        },
        "2 选 1：甲、乙",
        "choose 1 of 2: A or B",
    ),
    ({"same_day_exclusive": ["B2"]}, "不与名称 B2同日使用", "not on the same day as name B2"),
    (
        {"prerequisite": {"same_day_admission": "V1"}},
        "须当日已入名称 V1",
        "after an admission to name V1 on the same day",
    ),
    ({"prerequisite": {"same_stay": "B2"}}, "限用“名称 B2”入住期间", "during a stay with “name B2”"),
    ({"achievement": {"distinct_spots": 10}}, "到访 10 个不同景点后", "after visits to 10 different spots"),
    (
        {"reservation": {"mode": "always", "unit": "night", "lead_days": 30, "cancel_before_minutes": 1440}},
        "须向酒店预订（可提前 30 天，最晚提前 1 天取消）",
        "book with the hotel (up to 30 days ahead, cancel up to 1 day before)",
    ),
    ({"no_show_strike": True}, "预约未到场记一次失约", "a booking you do not use counts as a no-show"),
    ({"free_item": {"sku": "NOODLE"}}, "免费领取", "handed over free"),
    (
        {"free_item": {"sku": "CAKE", "stock": {"per_day": 20}}},
        "免费领取，每天 20 份，送完即止",
        "handed over free, 20 a day while they last",
    ),
    ({"discount": {"percent": 20, "cap_fen": 5000}}, "八折，最多优惠 50 元", "20% off, at most ¥50 less"),
    (
        {"discount": {"percent": 25, "base": "best_available_rate"}},
        "按当日最优房价七五折",
        "25% off the best rate of the day",
    ),
    ({"discount": {"percent": 95}}, "减 95%", "95% off"),
    ({"then_discount": {"percent": 20}}, "次数用完后八折", "after that 20% off"),
    (
        {
            "variants": [
                {"weekday_in": ["mon", "tue", "wed", "thu", "fri"], "free": True},
                {"weekday_in": ["sat", "sun"], "discount": {"percent": 50}},
            ]
        },
        "周一至周五免费；周六、周日半价",
        "free Monday to Friday; half price Saturday and Sunday",
    ),
    (
        {"supplement": {"item": {"zh": "观光车", "en": "Cart"}, "amount_fen": 3050, "optional": True}},
        "自选观光车，另付 30.50 元",
        "Cart: ¥30.50 extra, if you want it",
    ),
    (
        {
            "supplement": {
                "item": {"zh": "旺季差价", "en": "High season"},
                "amount_fen": 3000,
                "optional": False,
                "season": ["10-01..12-31"],
            }
        },
        "10月1日–12月31日须另付旺季差价 30 元",
        "High season: ¥30 extra (1 Oct to 31 Dec)",
    ),
    (
        {"deposit": {"amount_fen": 1000, "returned": "on_admission"}},
        "预约押金 10 元，入场退还",
        "a deposit of ¥10, returned on admission",
    ),
    ({"buy_x_get_y": {"x": 1, "y": 1}}, "买 1 赠 1", "buy 1, get 1 free"),
    (
        {"companion": {"child_max_height_cm": 120, "free": 1}},
        "可免费带 1 名身高 120 厘米及以下的儿童",
        "1 child up to 120 cm free with you",
    ),
    ({"companion": {"adult": 2, "free": 2}}, "可免费带 2 名同伴", "2 companions free"),
    ({"companion": {"adult": 1, "discount_percent": 50}}, "1 名同伴半价", "half price for 1 companion"),
    ({"companion": {"guardian_required": True}}, "须由监护人陪同", "with a guardian"),
    (
        {"child_policy": {"free_if": {"max_age": 6}, "else": "P2"}},
        "6 周岁及以下的儿童免票，超出须另购名称 P2",
        "children up to age 6 come free, others need the name P2",
    ),
    ({"manual_confirm": "front_desk"}, "须由现场工作人员确认", "confirmed by staff on site"),
    ({"excludes": [{"zh": "讲解", "en": "Guided tour"}]}, "不含讲解", "not included: Guided tour"),
]


@pytest.mark.parametrize(("rule", "zh", "en"), SAID)
def test_each_rule_says_itself_as_a_ticket_office_would(rule: dict[str, Any], zh: str, en: str) -> None:
    terms = small_terms(rule, B2=[])
    assert [(said.zh, said.en) for said in plain_words(terms.benefits["B1"], terms)] == [(zh, en)]


def test_no_rule_type_is_left_speechless() -> None:
    assert {name for rule, _, _ in SAID for name in rule} == set(REGISTRY)
    told = [rule_type for rule_types in TOPICS.values() for rule_type in rule_types]
    assert sorted(told, key=lambda found: found.name) == sorted(RULE_TYPES, key=lambda found: found.name)


def test_a_shared_pool_names_who_shares_it() -> None:
    benefits = sample().terms.benefits
    assert "与恒温泳池合计每年六次" in line(benefits["B28"], "zh")
    assert "six times a year together with Hot spring entry" in line(benefits["B31"], "en")


def test_a_year_is_said_only_of_a_pass_that_lasts_one() -> None:
    terms = small_terms({"per_term": 4}, {"pool": {"id": "p", "total": 2}})
    phrases = plain_words(terms.benefits["B1"], terms, validity_days=90)
    assert [phrase.zh for phrase in phrases] == ["有效期内四次", "有效期内两次"]
    assert phrases[0].en == "four times while the pass is valid"


def test_the_hours_of_a_place_name_season_and_day_of_rest() -> None:
    venues = sample().terms.venues
    assert [phrase.zh for phrase in venue_hours(venues["S08"])] == ["09:00–17:00", "周一不开放"]
    assert [phrase.en for phrase in venue_hours(venues["S10"])] == ["round the clock"]
    assert venue_hours(venues["S01"])[0].en == "06:30–22:00 from 1 Apr to 31 Oct"


def test_every_benefit_of_the_sample_has_something_to_tell_in_both_languages() -> None:
    for benefit in sample().terms.benefits.values():
        phrases = plain_words(benefit, sample().terms)
        assert phrases and not any(re.search("[一-鿿]", phrase.en) for phrase in phrases)


def test_the_rule_language_knows_no_database_and_no_web() -> None:
    folder = Path(__file__).parents[2] / "passes" / "entitlement"
    text = "\n".join(path.read_text() for path in folder.glob("*.py"))
    assert not re.search(r"^(from|import) (sqlalchemy|flask|marshmallow|passes\.(db|settings|http))", text, re.M)
