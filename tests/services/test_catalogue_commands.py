"""`youyou catalogue load` tells the operator what happened, or every fault like a compiler does."""

import base64
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from passes import db
from passes.access.models import AuditEntry
from passes.catalogue import queries
from passes.cli import catalogue
from tests.factories import active_pass
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "catalog.yaml").write_text(SAMPLE, encoding="utf-8")
    (tmp_path / "holidays.sample.yaml").write_text(SAMPLE_HOLIDAYS, encoding="utf-8")
    return tmp_path


def run(database: str, *words: str | Path) -> Result:
    return run_command(database, "load", *words)


def offline(*words: str | Path) -> Result:
    """A command that needs neither settings nor a database."""
    return CliRunner().invoke(catalogue, [*map(str, words)], env={"DATABASE_URL": "", "APP_ENV": ""})


def run_command(database: str, *words: str | Path) -> Result:
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
    return CliRunner().invoke(catalogue, [*map(str, words)], env=environ)


def test_the_holidays_named_in_the_file_are_found_beside_it(database: str, files: Path) -> None:
    result = run(database, files / "catalog.yaml")
    assert (result.exit_code, result.stdout) == (0, "terms version 1\n")
    assert "2027 are provisional" in result.stderr and "2027 年节假日为暂定" in result.stderr
    assert run(database, files / "catalog.yaml").stdout == "terms version 1, unchanged\n"
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


def test_check_says_what_a_file_means_without_a_database(files: Path) -> None:
    result = offline("check", files / "catalog.yaml")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "nothing is wrong: 34 venues, 52 benefits (11 of them experiences), 5 products" in lines[0]
    assert lines[1] == "holidays: 2026, 2027 (provisional) / 节假日：2026、2027（暂定）"
    assert any(line.startswith("  ok E01 Yellow River Night Cruise") and "65,600 seats" in line for line in lines)
    assert any(
        line.startswith("  !! E04") and "17,520 seats on 365 days for up to 50,000 claims" in line for line in lines
    )
    assert offline("check", files / "catalog.yaml", files / "holidays.sample.yaml").stdout == result.stdout


def test_check_compares_as_many_passes_as_it_is_told(files: Path) -> None:
    assert "  ok E04" in offline("check", files / "catalog.yaml", "--passes", "17520").stdout
    assert "  !! E04" in offline("check", files / "catalog.yaml", "--passes", "17521").stdout
    assert offline("check", files / "catalog.yaml", "--passes", "0").exit_code == 2


def test_check_tells_every_fault_as_load_does(files: Path) -> None:
    (files / "catalog.yaml").write_text(SAMPLE.replace("number: 2,", "number: 900,", 1), encoding="utf-8")
    result = offline("check", files / "catalog.yaml")
    assert result.exit_code == 1
    assert "catalog.yaml:" in result.output and ": S02: must be between 1 and 255" in result.output
    assert offline("check", files / "none.yaml").exit_code == 2


def test_diff_says_what_changed_in_both_languages(files: Path) -> None:
    (files / "new.yaml").write_text(
        SAMPLE.replace("{per_day: 1}, {per_term: 6}], settle: 1200", "{per_day: 2}], settle: 1200"), encoding="utf-8"
    )
    lines = offline("diff", files / "catalog.yaml", files / "new.yaml").stdout.splitlines()
    assert lines == [
        "~ benefit B15 Qingcheng Ancient Town combined ticket / 青城古镇通票",
        "    rule: once a day → twice a day",
        "    规则：每天一次 → 每天两次",
        "    rule: six times a year → nothing",
        "    规则：每年六次 → 无",
    ]
    same = offline("diff", files / "catalog.yaml", files / "catalog.yaml")
    assert (same.exit_code, same.stdout) == (0, "both mean the same / 两者含义相同\n")
    (files / "new.yaml").write_text("{", encoding="utf-8")
    assert offline("diff", files / "catalog.yaml", files / "new.yaml").exit_code == 1


def test_what_is_taken_from_living_passes_is_told_and_made_good(database: str, files: Path, now: datetime) -> None:
    run(database, files / "catalog.yaml")
    engine = db.connect(database)
    with db.transaction() as session:
        active_pass(session, now=now)
    engine.dispose()
    text = SAMPLE.replace("at: [S02, S08, S09, S14], name", "at: [S02, S08, S09], name")
    (files / "catalog.yaml").write_text(text, encoding="utf-8")
    refused = run(database, files / "catalog.yaml")
    assert refused.exit_code == 1
    assert "B37: “Audio guide” of passes already sold is no longer given at Lu Tusi Yamen" in refused.output
    assert "is no remedy" in run(database, files / "catalog.yaml", "--remedy", "B37=gift").output
    done = run(database, files / "catalog.yaml", "--remedy", "B37=credit:500", "--note", "the yamen is repaired")
    assert (done.exit_code, done.stdout) == (0, "terms version 2\n")
    engine = db.connect(database)
    with db.transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == "catalogue:2")).one()
        assert (entry.facts["remedies"], entry.facts["note"]) == ("B37=credit:500", "the yamen is repaired")
    engine.dispose()
