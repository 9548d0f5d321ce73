"""One-time codes against the tables of RFC 4226 and RFC 6238."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from passes.access import rules, totp
from passes.admin.browsers import browser_words

SECRET = b"12345678901234567890"
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(second: int, digits: str) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    assert totp.code_at(SECRET, totp.step_at(moment)) == digits


def test_a_code_counts_in_its_half_minute_and_beside_it_and_once() -> None:
    step = totp.step_at(NOW)
    code = totp.code_at(SECRET, step)
    for seconds, counts in ((0, True), (-30, True), (30, True), (59, True), (60, False), (-31, False)):
        found = totp.matching_step(SECRET, code, now=NOW + timedelta(seconds=seconds), after=None)
        assert (found == step) is counts, seconds
    assert totp.matching_step(SECRET, code, now=NOW, after=step) is None
    assert totp.matching_step(SECRET, code, now=NOW, after=step - 1) == step
    assert totp.matching_step(SECRET, "٠٠٠٠٠٠", now=NOW, after=None) is None


def test_an_app_reads_the_address() -> None:
    parts = urlsplit(totp.address(SECRET, login="li.wei", issuer="Youyou Lanzhou"))
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Youyou%20Lanzhou:li.wei")
    assert parse_qs(parts.query) == {"secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"], "issuer": ["Youyou Lanzhou"]}
    assert totp.secret_text(SECRET).startswith("GEZD GNBV ")


def test_codes_are_read_however_they_were_typed() -> None:
    assert rules.normal_digits(" 123 456 ") == rules.normal_digits("１２３-４５６") == "123456"
    assert rules.normal_digits("12345") is None and rules.normal_digits("abcdef") is None
    assert rules.normal_recovery_code("abcde fghjk") == rules.normal_recovery_code("ABCDE-FGHJK") == "ABCDEFGHJK"
    assert rules.normal_recovery_code("123456") is None


@pytest.mark.parametrize(
    ("policy", "asked"),
    [("optional", set()), ("admins", {"admin"}), ("everyone", set(rules.ROLES))],
)
def test_an_installation_says_who_needs_a_second_factor(policy: str, asked: set[str]) -> None:
    assert {role for role in rules.ROLES if rules.second_factor_required(role, policy=policy)} == asked


def test_a_browser_is_known_by_a_few_words() -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
    assert browser_words(firefox) == "Firefox, Windows"
    assert browser_words(iphone) == "Safari, iPhone"
    assert browser_words("") == "?" and len(browser_words("x" * 300)) == 60
