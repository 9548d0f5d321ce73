"""`youyou catalogue load` tells the operator what happened, or every fault like a compiler does."""

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from passes import db
from passes.access.models import AuditEntry
from passes.catalogue import queries
from passes.catalogue.commands import catalogue
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "catalog.yaml").write_text(SAMPLE, encoding="utf-8")
    (tmp_path / "holidays.sample.yaml").write_text(SAMPLE_HOLIDAYS, encoding="utf-8")
    return tmp_path


def run(database: str, *words: str | Path) -> Result:
    environ = {
        "APP_ENV": "test",
        "PAYMENTS": "sandbox",
        "EVENTS": "direct",
        "DATABASE_URL": database,
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "YOUYOU_SECRET_KEY": base64.b64encode(bytes(32)).decode(),
        "STRIPE_SECRET_KEY": "sk_sandbox_tests",
        "STRIPE_WEBHOOK_SECRETS": "whsec_sandbox_tests",
        "STRIPE_API_BASE": "http://127.0.0.1:1",
    }
    return CliRunner().invoke(catalogue, ["load", *map(str, words)], env=environ)


def test_the_holidays_named_in_the_file_are_found_beside_it(database: str, files: Path) -> None:
    result = run(database, files / "catalog.yaml")
    assert (result.exit_code, result.output) == (0, "terms version 1\n")
    assert run(database, files / "catalog.yaml").output == "terms version 1, unchanged\n"
    engine = db.connect(database)
    with db.transaction() as session:
        assert queries.get_current_terms(session).version == 1
        (entry,) = session.scalars(select(AuditEntry))
        assert (entry.action, entry.subject, entry.facts["file"]) == ("catalogue.loaded", "catalogue:1", "catalog.yaml")
        assert entry.facts["by"]
    engine.dispose()


def test_every_fault_is_told_with_file_line_and_id(database: str, files: Path) -> None:
    (files / "catalog.yaml").write_text(SAMPLE.replace("number: 2,", "number: 900,", 1), encoding="utf-8")
    (files / "holidays.yaml").write_text(SAMPLE_HOLIDAYS.replace("2026-10-07", "2026-10-32"), encoding="utf-8")
    result = run(database, files / "catalog.yaml", "--holidays", files / "holidays.yaml")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert "nothing of it was taken" in lines[0]
    assert any("catalog.yaml:" in line and ": S02: must be between 1 and 255" in line for line in lines)
    assert any("holidays.yaml:" in line and "holidays 2026 national_day" in line for line in lines)


def test_a_file_that_is_not_there_or_no_text_is_said_plainly(database: str, files: Path) -> None:
    assert run(database, files / "none.yaml").exit_code == 2
    (files / "catalog.yaml").write_bytes(b"\xff\xfe\x00")
    assert "catalog.yaml" in run(database, files / "catalog.yaml").output
    (files / "catalog.yaml").write_text(SAMPLE, encoding="utf-8")
    (files / "holidays.sample.yaml").unlink()
    result = run(database, files / "catalog.yaml")
    assert result.exit_code == 1 and "holidays.sample.yaml" in result.output
