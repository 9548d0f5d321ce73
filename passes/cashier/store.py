"""What the cashier remembers: a schema of its own in the same database, made at its start and by no migration."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from passes.cashier.errors import StripeError, unknown_object

JSON = dict[str, Any]
API_VERSION = "2026-10-28.endive"

_TABLES = """
SELECT pg_advisory_xact_lock(hashtext('youyou.cashier'));
CREATE SCHEMA IF NOT EXISTS cashier;
CREATE TABLE IF NOT EXISTS cashier.objects (
    id text PRIMARY KEY,
    object text NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    body jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_objects_object_seq ON cashier.objects (object, seq);
CREATE INDEX IF NOT EXISTS ix_objects_open ON cashier.objects ((body->>'status'))
    WHERE object IN ('checkout.session', 'refund');
CREATE INDEX IF NOT EXISTS ix_objects_intent ON cashier.objects ((body->>'payment_intent'));
CREATE TABLE IF NOT EXISTS cashier.idempotency (
    key text PRIMARY KEY,
    hash text NOT NULL,
    response jsonb,
    created_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS cashier.deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL REFERENCES cashier.objects (id),
    state text NOT NULL CHECK (state IN ('waiting', 'held', 'dropped', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    last_status integer,
    last_error text
);
CREATE INDEX IF NOT EXISTS ix_deliveries_due ON cashier.deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS ix_deliveries_event ON cashier.deliveries (event_id);
CREATE TABLE IF NOT EXISTS cashier.controls (id integer PRIMARY KEY CHECK (id = 1), body jsonb NOT NULL);
"""


def make_tables(session: Session) -> None:
    """Idempotent; two cashiers starting at once wait for each other."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            session.execute(text(statement))


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(14)}"


def add_object(session: Session, body: JSON) -> None:
    session.execute(
        text("INSERT INTO cashier.objects (id, object, body) VALUES (:id, :object, CAST(:body AS jsonb))"),
        {"id": body["id"], "object": body["object"], "body": orjson.dumps(body).decode()},
    )


def shown(body: JSON) -> JSON:
    """An object as the API gives it out: without what the cashier notes for itself."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def keep_object(session: Session, body: JSON) -> None:
    session.execute(
        text("UPDATE cashier.objects SET body = CAST(:body AS jsonb) WHERE id = :id"),
        {"id": body["id"], "body": orjson.dumps(body).decode()},
    )


def get_object(session: Session, kind: str, object_id: str, *, lock: bool = False) -> JSON:
    """The object, or StripeError 404. Whoever changes one locks it first: session, then intent, then charge."""
    suffix = " FOR UPDATE" if lock else ""
    body = session.scalar(
        text("SELECT body FROM cashier.objects WHERE id = :id AND object = :object" + suffix),
        {"id": object_id, "object": kind},
    )
    if body is None:
        raise unknown_object(kind, object_id)
    found: JSON = body
    return found


def find_object(session: Session, kind: str, object_id: str) -> JSON | None:
    """The object, where there is one of this kind."""
    statement = text("SELECT body FROM cashier.objects WHERE id = :id AND object = :object")
    found: JSON | None = session.scalar(statement, {"id": object_id, "object": kind})
    return found


def list_objects(session: Session, kind: str, where: str, facts: JSON, *, limit: int) -> list[JSON]:
    """Newest first. `where` is one of our own constants."""
    statement = f"SELECT body FROM cashier.objects WHERE object = :object AND {where} ORDER BY seq DESC LIMIT :limit"
    return list(session.scalars(text(statement), {"object": kind, "limit": limit, **facts}))


def list_page(session: Session, kind: str, where: list[str], facts: JSON, params: JSON, *, limit: int) -> list[JSON]:
    """One page of a list as Stripe gives it: behind starting_after, and one more to see whether there are others."""
    if "starting_after" in params:
        where = [*where, "seq < (SELECT seq FROM cashier.objects o WHERE o.id = :after)"]
        facts = {**facts, "after": params["starting_after"]}
    return list_objects(session, kind, " AND ".join(["true", *where]), facts, limit=limit + 1)


def claim_key(session: Session, key: str, request: bytes, *, now: datetime) -> JSON | None:
    """None when the key is new and now ours; else the first answer. The same key with another request is an error.

    A second caller with the same key waits here until the first has committed.
    """
    digest = hashlib.sha256(request).hexdigest()
    mine = session.scalar(
        text(
            "INSERT INTO cashier.idempotency (key, hash, created_at) VALUES (:key, :hash, :now)"
            " ON CONFLICT (key) DO NOTHING RETURNING key"
        ),
        {"key": key, "hash": digest, "now": now},
    )
    if mine is not None:
        return None
    row = session.execute(text("SELECT hash, response FROM cashier.idempotency WHERE key = :key"), {"key": key}).one()
    if row.hash != digest:
        raise StripeError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            type_="idempotency_error",
        )
    first: JSON = row.response
    return first


def keep_answer(session: Session, key: str, answer: JSON) -> None:
    session.execute(
        text("UPDATE cashier.idempotency SET response = CAST(:body AS jsonb) WHERE key = :key"),
        {"key": key, "body": orjson.dumps(answer).decode()},
    )


CONTROLS: JSON = {
    "webhooks": "deliver",
    "delay_seconds": 0,
    "wrong_amount_fen": 0,
    "currency": "cny",
    "api": "up",
    "refunds": "normal",
    "methods": "all",
    "secrets": "all",
    "skew_seconds": 0,
}


def get_controls(session: Session) -> JSON:
    """How the cashier misbehaves on purpose; the values each may have stand in events.py."""
    return {**CONTROLS, **(session.scalar(text("SELECT body FROM cashier.controls WHERE id = 1")) or {})}


def set_controls(session: Session, controls: JSON) -> None:
    session.execute(
        text(
            "INSERT INTO cashier.controls (id, body) VALUES (1, CAST(:body AS jsonb))"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body"
        ),
        {"body": orjson.dumps(controls).decode()},
    )
