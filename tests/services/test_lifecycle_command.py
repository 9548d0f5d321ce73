"""`youyou pass` shows a pass and closes or renews its secret link."""

from datetime import datetime

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from passes.access.models import AuditEntry
from passes.cli import youyou
from passes.db import transaction
from tests.conftest import TEST_SETTINGS
from tests.factories import active_pass
from tests.services.test_credential_command import ENVIRONMENT


@pytest.fixture
def number(database: str, now: datetime) -> str:
    with transaction() as session:
        return active_pass(session, now=now).number


def youyou_pass(database: str, *words: str) -> Result:
    return CliRunner().invoke(youyou, ["pass", *words], env=ENVIRONMENT | {"DATABASE_URL": database})


def test_a_pass_is_shown_by_its_number_with_the_name_masked(database: str, number: str) -> None:
    found = youyou_pass(database, "show", number.lower())
    assert found.exit_code == 0, found.output
    assert "王*明" in found.output
    assert "王小明" not in found.output
    assert "valid from       2026-11-25" in found.output


def test_a_renewed_link_is_printed_and_another_one(database: str, number: str) -> None:
    first, second = (youyou_pass(database, "renew-link", number).output.strip() for _ in range(2))
    assert first != second
    assert all(link.startswith(f"{TEST_SETTINGS.public_url}/w/") for link in (first, second))


def test_a_link_is_revoked_once(database: str, number: str) -> None:
    said = [youyou_pass(database, "revoke-link", number).output.strip() for _ in range(2)]
    assert said == ["the link is closed", "there was no open link"]
    assert "wallet link      revoked" in youyou_pass(database, "show", number).output


def test_an_unknown_number_is_named(database: str) -> None:
    found = youyou_pass(database, "show", "T-0000-0000")
    assert found.exit_code == 1
    assert "no pass has the number 'T-0000-0000'" in found.output


def test_what_was_done_to_a_link_is_kept(database: str, number: str) -> None:
    for _ in range(2):
        youyou_pass(database, "revoke-link", number)
    youyou_pass(database, "renew-link", number)
    with transaction() as session:
        kept = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert kept == ["pass.link_closed", "pass.link_shown"]
