"""`youyou credential inspect` explains any code, with the issuer's keys and without them."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from passes.cli import youyou
from passes.credential.service import revoke_generation
from passes.db import transaction
from passes.lifecycle.models import Pass
from tests.conftest import TEST_SETTINGS
from tests.factories import active_pass, code_of
from tests.rules.test_credential_vectors import VECTORS

ENVIRONMENT = {
    "APP_ENV": "test",
    "PAYMENTS": "sandbox",
    "EVENTS": "direct",
    "PUBLIC_URL": TEST_SETTINGS.public_url,
    "YOUYOU_SECRET_KEY": "b25seSBmb3IgdGVzdHMsIHRoaXJ0eS10d28gYnl0ZXMh",
    "STRIPE_SECRET_KEY": "sk_sandbox_tests",
    "STRIPE_WEBHOOK_SECRETS": "whsec_sandbox_tests",
    "STRIPE_API_BASE": "http://127.0.0.1:1",
}


@pytest.fixture
def shop(database: str, now: datetime) -> tuple[dict[str, str], Pass, str]:
    """The environment of an installation, a pass of it and the pass's code."""
    with transaction() as session:
        pass_ = active_pass(session, now=now)
        text = code_of(session, pass_, now=now)
    return ENVIRONMENT | {"DATABASE_URL": database}, pass_, text


def inspect(environment: dict[str, str], text: str, moment: datetime) -> Result:
    at = moment.strftime("%Y-%m-%dT%H:%M:%S+0000")
    return CliRunner().invoke(youyou, ["credential", "inspect", "--at", at, text], env=environment)


def test_a_good_code_is_told_field_by_field(shop: tuple[dict[str, str], Pass, str], now: datetime) -> None:
    environment, pass_, text = shop
    found = inspect(environment, text, now)
    assert found.exit_code == 0, found.output
    lines = dict(line.split("  ", 1) for line in found.output.splitlines() if "  " in line)
    told = {name.strip(): value.strip() for name, value in lines.items()}
    assert told["type"] == "T, timed by the server"
    assert told["pass serial"] == str(pass_.id)
    assert (told["valid from"], told["valid until (incl.)"]) == ("2026-11-25", "2027-11-24")
    assert told["code expires"] == "2026-11-25 10:01:00+08:00"
    assert told["issuer signature"] == "proved"
    assert "ok: The credential is good" in found.output


def test_a_refused_code_is_told_with_its_reason(shop: tuple[dict[str, str], Pass, str], now: datetime) -> None:
    environment, _, text = shop
    late = inspect(environment, text, now + timedelta(minutes=5))
    assert (late.exit_code, "code_stale: The code is too old" in late.output) == (1, True)
    changed = inspect(environment, text[:-3] + "000", now)
    assert "forged" in changed.output
    assert "NOT proved: every field above is only a claim" in changed.output


def test_a_replaced_code_is_told_to_be_one(shop: tuple[dict[str, str], Pass, str], now: datetime) -> None:
    environment, pass_, text = shop
    with transaction() as session:
        revoke_generation(session, pass_.id, pass_.generation, now=now)
    assert "credential_revoked: This generation of the pass was replaced." in inspect(environment, text, now).output


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_no_code_breaks_the_command(case: dict[str, str]) -> None:
    """Without an installation the fields are told all the same, and that nothing was verified."""
    if "\0" in case["text"]:
        return  # no shell can hand that over
    found = inspect({name: "" for name in ENVIRONMENT} | {"DATABASE_URL": ""}, case["text"], datetime.now(UTC))
    assert found.exit_code == 1
    assert isinstance(found.exception, SystemExit)
    expected = {"FOREIGN": "foreign:", "MALFORMED": "malformed:"}.get(case["expect"], "Nothing of this was verified")
    assert expected in found.output


def test_a_device_code_shows_its_certificate() -> None:
    case = next(case for case in VECTORS["cases"] if case["name"] == "D good, with its fields")
    moment = datetime.fromtimestamp(case["now"], UTC)
    found = inspect({name: "" for name in ENVIRONMENT} | {"DATABASE_URL": ""}, case["text"], moment)
    for words in ("D, bound to a device", "signed by the phone", "certificate expires", "venue tag"):
        assert words in found.output


def test_missing_keys_are_made_by_hand(database: str) -> None:
    environment = ENVIRONMENT | {"DATABASE_URL": database}
    said = [CliRunner().invoke(youyou, ["credential", "keys"], env=environment).output for _ in range(2)]
    assert said == ["4 issuer keys made\n", "every issuer key is there\n"]
