"""Names, passwords, codes, addresses and sign-in targets as values."""

from datetime import UTC, datetime, timedelta

import pytest

from passes.access import passwords, rules

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def test_a_login_has_one_spelling() -> None:
    assert rules.normal_login("  Ａdmin ") == "admin"
    assert rules.is_login("li.wei-2")
    assert not any(rules.is_login(text) for text in ("", "a", "-a", "a b", "é1", "a" * 41, "admin\x00"))


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "aaaaaaaaaaaaaaaa",
        "password1234",
        "li.weili.weili.wei",
        "tab\tin the password",
        "x" * 129,
    ],
)
def test_a_weak_password_is_refused_with_a_reason(password: str) -> None:
    assert rules.password_faults(password, login="li.wei")


def test_a_long_unrelated_password_is_good_and_the_old_one_is_not() -> None:
    good = "黄河 楼 noodles at seven"
    assert rules.password_faults(good, login="li.wei", old="something else entirely") == []
    assert rules.password_faults(good, login="li.wei", old=good)


def test_a_code_is_read_however_it_was_typed() -> None:
    assert rules.normal_code(" abcd-2345 ") == "ABCD2345"
    assert rules.normal_code("ＡＢＣＤ－２３４５") == "ABCD2345"
    assert rules.shown_code("ABCD2345") == "ABCD-2345"
    for wrong in ("", "ABCD234", "ABCD23456", "ABCD-0O1I", "ABCD/2345", "一二三四五六七八"):
        assert rules.normal_code(wrong) is None


def test_a_session_ends_after_an_idle_hour_and_after_twelve_hours() -> None:
    def alive(started: timedelta, seen: timedelta) -> bool:
        return rules.session_is_alive(started_at=START - started, seen_at=START - seen, now=START)

    assert alive(timedelta(hours=11, minutes=59), timedelta(minutes=59))
    assert not alive(timedelta(hours=2), timedelta(hours=1))
    assert not alive(timedelta(hours=12), timedelta(minutes=1))
    assert not alive(timedelta(hours=-1), timedelta(hours=-1))


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/admin\r\nLocation: //evil",
        "/\t/evil.example",
        "javascript:alert(1)",
        "admin",
        "",
        None,
        "http:/evil",
        "/%zz//[",
    ],
)
def test_a_sign_in_leads_to_no_other_site(target: str | None) -> None:
    chosen = rules.local_target(target, otherwise="/admin")
    assert chosen.startswith("/") and not chosen.startswith("//")
    assert "evil" not in chosen


def test_a_path_of_this_site_is_followed_with_its_query() -> None:
    assert rules.local_target("/admin/lanes?page=2", otherwise="/admin") == "/admin/lanes?page=2"


def test_addresses_are_counted_by_household() -> None:
    assert rules.address_block("203.0.113.9") == "203.0.113.9"
    assert rules.address_block("::ffff:203.0.113.9") == "203.0.113.9"
    assert rules.address_block("2001:db8:1:2::5") == rules.address_block("2001:db8:1:2:ffff::1")
    assert rules.address_block("2001:db8:1:3::5") != rules.address_block("2001:db8:1:2::5")
    assert rules.address_block(None) == rules.address_block("nonsense") == "unknown"


def test_a_password_matches_its_hash_only() -> None:
    stored = passwords.hashed("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(stored, "correct horse battery")
    assert not passwords.matches(stored, "correct horse batterz")
    assert not passwords.matches("not a hash", "correct horse battery")


def test_nobody_has_no_password_and_costs_the_same() -> None:
    assert not passwords.is_outdated(passwords.NOBODY)
    assert not passwords.matches(None, "")
    assert passwords.is_outdated("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
