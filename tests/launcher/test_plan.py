"""Settings are complete and consistent before anything starts."""

from pathlib import Path

import pytest

from passes.launcher.places import free_port
from passes.launcher.plan import Plan, check_broker, make_plan
from passes.launcher.preparation import migrate
from passes.launcher.problems import CannotStart
from passes.launcher.state import Folder, Secrets


def plan(tmp_path: Path, **environ: str) -> Plan:
    return make_plan(environ, Folder(tmp_path), Secrets.make(), free_port())


def refusal(tmp_path: Path, **environ: str) -> str:
    with pytest.raises(CannotStart) as refused:
        plan(tmp_path, **environ)
    return str(refused.value)


def test_with_nothing_named_it_is_development_with_the_test_cashier(tmp_path: Path) -> None:
    made = plan(tmp_path)
    assert (made.settings.app_env, made.settings.payments) == ("development", "sandbox")
    assert made.has_own_postgres
    assert made.kafka_port
    assert made.settings.stripe_api_base == f"http://127.0.0.1:{made.cashier_port}"


@pytest.mark.parametrize("named", [{"APP_ENV": "development"}, {"PAYMENTS": "sandbox"}])
def test_where_one_of_the_two_is_named_the_other_is_not_guessed(tmp_path: Path, named: dict[str, str]) -> None:
    assert ("PAYMENTS is missing" if "APP_ENV" in named else "APP_ENV=production") in refusal(tmp_path, **named)


def test_an_unknown_setting_of_ours_is_refused_by_name(tmp_path: Path) -> None:
    words = refusal(tmp_path, YOUYOU_NONSENSE="1", STRIPE_TYPO="2", SMTP_HOST="3")
    for name in ("YOUYOU_NONSENSE", "STRIPE_TYPO", "SMTP_HOST"):
        assert name in words


def test_direct_events_and_a_broker_together_are_refused_by_name(tmp_path: Path) -> None:
    words = refusal(tmp_path, EVENTS="direct", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9092")
    assert "EVENTS=direct" in words
    assert "KAFKA_BOOTSTRAP_SERVERS" in words


def test_direct_events_need_no_broker(tmp_path: Path) -> None:
    made = plan(tmp_path, EVENTS="direct")
    assert made.kafka_port is None
    assert made.settings.kafka_bootstrap_servers is None


def test_servers_named_from_outside_are_used(tmp_path: Path) -> None:
    made = plan(tmp_path, DATABASE_URL="postgresql://db.example/y", KAFKA_BOOTSTRAP_SERVERS="kafka.example:9092")
    assert not made.has_own_postgres
    assert made.kafka_port is None
    assert made.environment["DATABASE_URL"] == "postgresql://db.example/y"


@pytest.mark.parametrize("server", ["127.0.0.1:1", "no-port", "127.0.0.1:99999"])
def test_a_broker_that_does_not_listen_is_refused_before_anything_starts(tmp_path: Path, server: str) -> None:
    with pytest.raises(CannotStart, match=f"nobody listens at {server}"):
        check_broker(plan(tmp_path, KAFKA_BOOTSTRAP_SERVERS=server))


def test_a_database_that_does_not_answer_is_refused_by_name() -> None:
    with pytest.raises(CannotStart, match="DATABASE_URL: the database does not answer"):
        migrate("postgresql://nobody@127.0.0.1:1/nothing")


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    made = Secrets.load(folder)
    assert Secrets.load(folder) == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_unreadable_secrets_are_explained_and_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"secret_key": ')
    with pytest.raises(CannotStart, match="backup"):
        Secrets.load(Folder(tmp_path))
    assert (tmp_path / "secrets.json").read_text() == '{"secret_key": '
