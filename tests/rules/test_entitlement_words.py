"""Every code has words in both languages that fit a gate's screen, and rules read as a ticket office would say them."""

import re
from pathlib import Path

import pytest

from passes.entitlement.plain import plain_words
from passes.entitlement.rules import RULE_TYPES, not_supported
from passes.entitlement.terms import Benefit
from passes.entitlement.words import ASK_STAFF, WORDS, refusal_words
from tests.rules.samples import sample

PASS_AND_PRODUCT = """pass_not_active pass_not_yet_valid pass_expired pass_frozen pass_void not_included
    not_at_this_venue not_your_gate venue_full calendar_missing not_yet_supported choose_benefit needs_confirmation
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


def test_rules_read_as_one_line_in_both_languages() -> None:
    benefits = sample().terms.benefits

    def plain_line(benefit: Benefit, language: str) -> str:
        return " · ".join(phrase.in_(language) for phrase in plain_words(benefit))

    assert plain_line(benefits["B13"], "zh").startswith("5月1日–10月15日 · 遇森林防火封山、山洪预警暂停开放 · 每天一次")
    assert plain_line(benefits["B05"], "zh") == "08:30–20:00 · 每天一次"
    assert plain_line(benefits["B05"], "en") == "08:30–20:00 · once a day"
    assert plain_line(benefits["B15"], "en") == "once a day · 6 times in the pass's term"
    assert plain_line(benefits["B02"], "zh") == "每天一次 · 不含光影剧场、讲解"


def test_every_benefit_of_the_sample_has_something_to_tell() -> None:
    assert all(plain_words(benefit) for benefit in sample().terms.benefits.values())


def test_these_benefits_a_gate_decides_already() -> None:
    usable = [benefit.id for benefit in sample().terms.benefits.values() if not not_supported(benefit.rules)]
    assert usable == ["B01", "B02", "B04", "B05", "B14", "B15", "B16", "B20"]


def test_the_rule_language_knows_no_database_and_no_web() -> None:
    folder = Path(__file__).parents[2] / "passes" / "entitlement"
    text = "\n".join(path.read_text() for path in folder.glob("*.py"))
    assert not re.search(r"^(from|import) (sqlalchemy|flask|marshmallow|passes\.(db|settings|http))", text, re.M)
