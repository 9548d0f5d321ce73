"""Models and migrations tell the same story, and every step back is possible."""

import os
import re
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy import create_engine

import passes.app  # noqa: F401  (imports every model)
from passes.db import Base
from passes.launcher.places import postgres_programs
from tests.conftest import clone, drop, migrate


def dump(url: str) -> list[str]:
    """The schema as sorted statements, without Alembic's own table."""
    program: Path = postgres_programs() / "pg_dump"
    made = subprocess.run(
        [program, "--schema-only", "--no-owner", "--schema=public", "--exclude-table=alembic_version", url],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout
    statements = re.split(r";\n", re.sub(r"^(--.*|\\.*|\s*)\n", "", made, flags=re.M))
    return sorted(_with_sorted_columns(statement.strip()) for statement in statements if statement.strip())


def _with_sorted_columns(statement: str) -> str:
    """Column order carries no meaning here: a later migration appends where a model inserts."""
    if not statement.startswith("CREATE TABLE"):
        return statement
    first, *lines, last = statement.splitlines()
    return "\n".join([first, *sorted(line.strip().rstrip(",") for line in lines), last])


def test_models_and_migrations_make_the_same_database(postgres_url: str, template_database: str) -> None:
    migrated, created = clone(postgres_url, None), clone(postgres_url, None)
    migrate(migrated)
    engine = create_engine(created)
    Base.metadata.create_all(engine)
    engine.dispose()
    assert dump(migrated) == dump(created)
    drop(postgres_url, migrated)
    drop(postgres_url, created)


def test_an_empty_database_can_be_migrated_up_and_down(postgres_url: str) -> None:
    url = clone(postgres_url, None)
    migrate(url)
    migrate(url, "base")
    with psycopg.connect(url) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
            " AND relkind IN ('r', 'S', 'v')"
        ).fetchall()
    assert left == []
    drop(postgres_url, url)


def test_migrations_are_one_numbered_line() -> None:
    names = sorted(path.name for path in (Path(__file__).parents[2] / "migrations" / "versions").glob("*.py"))
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
