"""The inbox of the provider's messages: each kept once, acted on until it succeeds or is given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.errors import N_, Conflict, NotFound
from passes.sale.erasing import empty_of_erased
from passes.sale.models import WebhookEvent
from passes.sale.money_models import WebhookRefusal
from passes.sale.provider import EventHint
from passes.sale.rules import WEBHOOK_TRIES, next_try_at

_CLAIM = timedelta(minutes=1)


def keep_event(session: Session, hint: EventHint, *, now: datetime) -> bool:
    """False when it was here before."""
    statement = insert(WebhookEvent).values(
        event_id=hint.event_id,
        type=hint.type,
        api_version=hint.api_version,
        livemode=hint.livemode,
        object_type=hint.object_type,
        object_id=hint.object_id,
        payment_uid=hint.payment_uid,
        intent_id=hint.intent_id,
        provider_created_at=hint.created_at,
        payload=hint.payload,
        received_at=now,
        signature_key_index=hint.signature_key_index,
        state="received",
        attempts=0,
        next_attempt_at=now,
    )
    return session.scalar(statement.on_conflict_do_nothing().returning(WebhookEvent.event_id)) is not None


def claim_due(session: Session, *, now: datetime, limit: int) -> Sequence[WebhookEvent]:
    """Messages to act on, ours for a minute; two workers never hold the same one."""
    statement = (
        select(WebhookEvent)
        .where(WebhookEvent.state.in_(("received", "failed")), WebhookEvent.next_attempt_at <= now)
        .order_by(WebhookEvent.next_attempt_at, WebhookEvent.event_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    events = session.scalars(statement.execution_options(populate_existing=True)).all()
    for event in events:
        event.attempts += 1
        event.next_attempt_at = now + _CLAIM
    session.flush()
    return events


def count_refusal(session: Session, *, now: datetime) -> None:
    """One more message that nobody we know had signed, or not at this time."""
    minute = now.replace(second=0, microsecond=0)
    statement = insert(WebhookRefusal).values(minute=minute, refused=1)
    more = {"refused": WebhookRefusal.refused + 1}
    session.execute(statement.on_conflict_do_update(constraint="pk_webhook_refusal", set_=more))


def refusals_since(session: Session, since: datetime) -> tuple[int, int]:
    """(messages refused, messages kept) since then: when all are refused, a clock or a secret is wrong."""
    refused = session.scalar(select(func.sum(WebhookRefusal.refused)).where(WebhookRefusal.minute >= since))
    kept = select(func.count()).where(WebhookEvent.received_at >= since, WebhookEvent.signature_key_index.is_not(None))
    return int(refused or 0), session.scalar(kept) or 0


def prune_refusals(session: Session, *, now: datetime) -> int:
    """Counts of more than a week ago are of no use."""
    old = delete(WebhookRefusal).where(WebhookRefusal.minute < now - timedelta(days=7))
    return len(session.scalars(old.returning(WebhookRefusal.minute)).all())


def take_up_again(session: Session, event_id: str, *, now: datetime) -> None:
    """Act once more on a message given up, or about nothing we knew then.

    Conflict where it is acted on already, and where what it said has been forgotten since.
    """
    event = _given_up(session, event_id)
    if not event.payload:
        raise Conflict(
            "message_emptied",
            N_("What this message said has been forgotten: it is too old. Ask the provider about the order instead."),
        )
    event.state, event.attempts, event.next_attempt_at = "received", 0, now


def lay_aside(session: Session, event_id: str, *, now: datetime) -> None:
    """There is nothing to do about this message. Conflict as take_up_again, but for what was forgotten."""
    event = _given_up(session, event_id)
    event.state, event.processed_at = "processed", now


def _given_up(session: Session, event_id: str) -> WebhookEvent:
    event = session.get(WebhookEvent, event_id, with_for_update=True, populate_existing=True)
    if event is None:
        raise NotFound("message_not_found", N_("We know no such message."))
    if event.state not in ("dead", "unmatched"):
        raise Conflict("message_not_given_up", N_("This message is being acted on, or was."))
    return event


def close_event(session: Session, event_id: str, state: str, *, now: datetime) -> None:
    """state: processed, or unmatched where it is about nothing of ours. Of a forgotten buyer it says nothing more."""
    event = session.get_one(WebhookEvent, event_id)
    empty_of_erased(session, event)
    event.state, event.processed_at, event.last_error = state, now, None


def postpone_event(session: Session, event_id: str, error: str, *, fault_of_ours: bool, now: datetime) -> None:
    """Later again. What fails by itself is dead after eight tries; an absent provider kills no message."""
    event = session.get_one(WebhookEvent, event_id)
    event.last_error = error[:500]
    event.next_attempt_at = next_try_at(min(event.attempts, 10), now)
    if fault_of_ours:
        event.state = "dead" if event.attempts >= WEBHOOK_TRIES else "failed"
        if event.state == "dead":
            empty_of_erased(session, event)
    else:
        event.state = "received"
