"""`youyou staff …`."""

import pytest
from click.testing import CliRunner, Result

from passes import db
from passes.access import passwords, queries
from passes.cli import youyou
from passes.db import transaction
from tests.services.test_credential_command import ENVIRONMENT


@pytest.fixture
def environment(database: str) -> dict[str, str]:
    return ENVIRONMENT | {"DATABASE_URL": database}


def run(environment: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(youyou, ["staff", *words], env=environment)


def test_an_account_is_made_reset_disabled_and_enabled(environment: dict[str, str], database: str) -> None:
    made = run(environment, "create", "Li.Wei", "--name", "李伟", "--role", "admin")
    assert made.exit_code == 0, made.output
    again = run(environment, "reset", "li.wei")
    first, second = (result.output.split()[-1] for result in (made, again))
    assert first != second
    assert run(environment, "list").output == "li.wei\tadmin\tfirst-password\t李伟\n"
    refused = run(environment, "disable", "li.wei")
    assert refused.exit_code == 1 and "last_admin" in refused.output
    run(environment, "create", "boss", "--name", "Boss", "--role", "admin")
    assert run(environment, "disable", "li.wei").output == "li.wei can no longer sign in\n"
    assert run(environment, "remove-second-factor", "boss").output == "boss signs in with the password alone\n"
    assert "li.wei\tadmin\tdisabled" in run(environment, "list").output
    assert run(environment, "enable", "li.wei").output == "li.wei may sign in again\n"
    engine = db.connect(database)
    with transaction() as session:
        found = queries.find_credentials(session, "li.wei")
    engine.dispose()
    assert found is not None and passwords.matches(found.password_hash, second)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", "x", "--name", "X", "--role", "admin"), "staff_not_valid"),
        (("create", "boss", "--name", "X", "--role", "king"), "--role"),
        (("reset", "nobody"), "no account is called 'nobody'"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_made(environment: dict[str, str], words: tuple[str, ...], told: str) -> None:
    result = run(environment, *words)
    assert result.exit_code in (1, 2) and told in result.output
    assert run(environment, "list").output == ""


def test_a_missing_setting_is_named(environment: dict[str, str]) -> None:
    result = run(environment | {"DATABASE_URL": ""}, "list")
    assert result.exit_code == 1 and "DATABASE_URL" in result.output
