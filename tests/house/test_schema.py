"""Models and migrations tell the same story, and every step back is possible."""

import os
import re
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.orm import Session

import passes.app  # noqa: F401  (imports every model)
from passes.db import Base
from passes.launcher.places import postgres_programs
from passes.sale.reconciliation import ledger_faults
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


OLD_BOOKS = """
SET session_replication_role = replica;
ALTER TABLE payment_event DROP CONSTRAINT fk_payment_event_order_id;
INSERT INTO payment (uid, order_id, attempt_no, provider, livemode, state, amount_fen, currency, idempotency_key,
    request, expires_at, amount_received_fen, amount_refunded_fen, created_at, succeeded_at)
SELECT gen_random_uuid(), n, 1, 'stripe', false, CASE n WHEN 2 THEN 'review' ELSE 'succeeded' END, 19900, 'cny',
    'pay:' || n, '{}', now(), CASE n WHEN 2 THEN 19000 ELSE 19900 END, CASE n WHEN 4 THEN 19900 ELSE 0 END, now(),
    CASE n WHEN 2 THEN NULL ELSE now() END FROM generate_series(1, 4) n;
INSERT INTO refund (uid, payment_id, order_id, amount_fen, state, source, reason, channel, idempotency_key,
    requested_by, created_at)
SELECT gen_random_uuid(), n, n, 9900, CASE n WHEN 1 THEN 'succeeded' WHEN 3 THEN 'pending' ELSE 'failed' END, 'system',
    'requested', 'provider', 'refund:' || n, 'sale', now() FROM unnest(ARRAY[1, 3, 4]) n;
INSERT INTO payment_event (at, order_id, payment_id, refund_id, actor, fact, from_state, to_state, amount_fen)
SELECT now(), payment, CASE WHEN refund IS NULL THEN payment END, refund, 'provider', state, was, state, fen
FROM (VALUES
    (1, NULL, 'open', 'succeeded', 19900), (1, NULL, NULL, 'paid', 19900), (1, 1, NULL, 'requested', 9900),
    (1, 1, 'requested', 'pending', 9900), (1, 1, 'pending', 'succeeded', 9900), (2, NULL, 'open', 'review', 19900),
    (3, NULL, 'open', 'review', 19900), (3, NULL, 'review', 'succeeded', 19900), (3, 2, 'requested', 'pending', 9900),
    (4, NULL, 'open', 'succeeded', 19900), (4, 3, 'requested', 'succeeded', 9900), (4, 3, 'succeeded', 'failed', 9900)
) AS old (payment, refund, was, state, fen);
"""


def test_what_earlier_versions_noted_of_money_agrees_after_the_migration(postgres_url: str) -> None:
    url = clone(postgres_url, None)
    migrate(url, "0019")
    with psycopg.connect(url) as connection:
        connection.execute(OLD_BOOKS)
    migrate(url)
    engine = create_engine(url, poolclass=NullPool)
    with Session(engine) as session:
        assert ledger_faults(session) == []
        gone = session.execute(text("SELECT amount_refunded_fen FROM payment ORDER BY order_id")).scalars().all()
        moved = session.execute(
            text("SELECT sum(moved_fen) FROM payment_event GROUP BY payment_id ORDER BY payment_id")
        ).scalars()
        assert (gone, [int(fen) for fen in moved]) == ([9900, 0, 9900, 0], [10000, 19000, 10000, 19900])
    drop(postgres_url, url)


def test_migrations_are_one_numbered_line() -> None:
    names = sorted(path.name for path in (Path(__file__).parents[2] / "migrations" / "versions").glob("*.py"))
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
