"""What happened at the cashier, in Stripe's words, and to whom it is still to be told."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from passes.cashier import store
from passes.cashier.errors import refuse
from passes.cashier.form import whole

_STATE_OF_MODE = {"deliver": "waiting", "twice": "waiting", "hold": "held", "drop": "dropped"}


def record_event(session: Session, type_: str, body: store.JSON, *, now: datetime) -> None:
    """Keep the event and owe its delivery, as the controls say: at once, later, twice, when released, or never."""
    controls = store.get_controls(session)
    event = {
        "id": store.new_id("evt"),
        "object": "event",
        "api_version": store.API_VERSION,
        "created": int(now.timestamp()),
        "data": {"object": store.shown(body)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type_,
    }
    store.add_object(session, event)
    for _ in range(2 if controls["webhooks"] == "twice" else 1):
        session.execute(
            text("INSERT INTO cashier.deliveries (event_id, state, due_at) VALUES (:event, :state, :due)"),
            {
                "event": event["id"],
                "state": _STATE_OF_MODE[controls["webhooks"]],
                "due": now + timedelta(seconds=controls["delay_seconds"]),
            },
        )


def release_held(session: Session, *, newest_first: bool, now: datetime) -> None:
    """Let go what was held back, and what was dropped too: the lost letter turns up after all."""
    sign = "-" if newest_first else "+"
    session.execute(
        text(
            "UPDATE cashier.deliveries d SET state = 'waiting', due_at = :now - interval '1 minute'"
            f" {sign} interval '1 millisecond' * (SELECT count(*) FROM cashier.deliveries e WHERE e.id < d.id"
            " AND e.state IN ('held', 'dropped')) WHERE state IN ('held', 'dropped')"
        ),
        {"now": now},
    )


def forget_owed(session: Session) -> None:
    """Owe nothing any more: what was to be told counts as told."""
    session.execute(text("UPDATE cashier.deliveries SET state = 'delivered' WHERE state <> 'delivered'"))


def list_deliveries(session: Session, *, limit: int) -> list[Row[Any]]:
    """Newest first, each with its event's type."""
    return list(
        session.execute(
            text(
                "SELECT d.*, o.body->>'type' AS type FROM cashier.deliveries d"
                " JOIN cashier.objects o ON o.id = d.event_id ORDER BY d.id DESC LIMIT :limit"
            ),
            {"limit": limit},
        )
    )


def list_events(session: Session, params: store.JSON, *, limit: int) -> list[store.JSON]:
    """GET /v1/events: newest first; delivery_success=false gives those some delivery of which is still owed."""
    where, facts = created_in(params)
    if params.get("delivery_success") == "false":
        where.append(
            "EXISTS (SELECT FROM cashier.deliveries d WHERE d.event_id = objects.id AND d.state <> 'delivered')"
        )
    if "types" in params:
        where.append("body->>'type' = ANY(:types)")
        facts["types"] = params["types"]
    return store.list_page(session, "event", where, facts, params, limit=limit)


def created_in(params: store.JSON) -> tuple[list[str], store.JSON]:
    """`created[gte]` and its like, as conditions with their facts."""
    where: list[str] = []
    facts: store.JSON = {}
    created: Any = params.get("created", {})
    for name, sign in (("gte", ">="), ("gt", ">"), ("lte", "<="), ("lt", "<")):
        if isinstance(created, dict) and name in created:
            where.append(f"(body->>'created')::bigint {sign} :{name}")
            facts[name] = whole(created, name)
    return where, facts


# api: down 503, busy 429, slow, no_answer 500 after the work is done, cut: the line is cut after the work is done.
# secrets: which of those in force sign; stranger: none of them.
_MODES = {
    "webhooks": ("deliver", "drop", "hold", "twice"),
    "api": ("up", "down", "busy", "slow", "no_answer", "cut"),
    "refunds": ("normal", "no_money"),
    "methods": ("all", "no_wechat"),
    "secrets": ("all", "first", "last", "stranger"),
    "currency": ("cny", "hkd"),
}
_NUMBERS = ("delay_seconds", "wrong_amount_fen", "skew_seconds")


def change_controls(session: Session, params: store.JSON, *, now: datetime) -> store.JSON:
    """Set what is named. What was held or lost stays so until `release` lets it go, or `forget` forgets it."""
    controls = store.get_controls(session)
    for name, value in params.items():
        if name in _MODES and value in _MODES[name]:
            controls[name] = value
        elif name in _NUMBERS and value.lstrip("-").isdigit():
            controls[name] = int(value)
        elif name == "release" and value in ("true", "reversed"):
            release_held(session, newest_first=value == "reversed", now=now)
        elif name == "forget" and value == "true":
            forget_owed(session)
        else:
            raise refuse(f"Unknown control or value: {name}", param=name)
    store.set_controls(session, controls)
    return controls
