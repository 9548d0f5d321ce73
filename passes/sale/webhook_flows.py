"""The provider's messages: taken in, fetched where they were lost, acted on. The rest of flows.py's rules hold here."""

import logging
from datetime import datetime

from passes.db import transaction
from passes.sale import flows, inbox, installation, money_flows, queries, reconciliation_flows
from passes.sale.models import WebhookEvent
from passes.sale.provider import EventHint, PaymentProvider, ProviderRejected, ProviderUnavailable, WebhookRefused
from passes.settings import Settings

log = logging.getLogger(__name__)


def receive_webhook(
    provider: PaymentProvider, settings: Settings, raw: bytes, header: str | None, *, now: datetime
) -> bool:
    """Keep a signed message once. False for one of another mode. Raises WebhookRefused."""
    try:
        hint = provider.verify_webhook(raw, header)
    except WebhookRefused:
        with transaction() as session:
            inbox.count_refusal(session, now=now)
        raise
    if hint.livemode != settings.livemode:
        log.warning("a message with livemode=%s was refused", hint.livemode)
        return False
    _keep(settings, hint, now=now)
    return True


def _keep(settings: Settings, hint: EventHint, *, now: datetime) -> bool:
    """Objects of another installation on the same account are none of our business."""
    with transaction() as session:
        install_id = installation.ensure_installation(session, settings, now=now)
        if hint.env not in (None, str(install_id)):
            return False
        return inbox.keep_event(session, hint, now=now)


def sweep_undelivered_events(provider: PaymentProvider, settings: Settings, *, since: datetime, now: datetime) -> int:
    """Fetch the messages that never reached us; returns how many were new."""
    hints = [hint for hint in provider.list_undelivered_events(since) if hint.livemode == settings.livemode]
    return sum(_keep(settings, hint, now=now) for hint in hints)


def process_webhook_inbox(provider: PaymentProvider, settings: Settings, *, now: datetime, limit: int = 20) -> int:
    """Act on what is due; returns how many messages were closed. One bad message holds up no other."""
    with transaction() as session:
        due = list(inbox.claim_due(session, now=now, limit=limit))
    return sum(_process(provider, settings, event, now=now) for event in due)


def _process(provider: PaymentProvider, settings: Settings, event: WebhookEvent, *, now: datetime) -> bool:
    try:
        state = _act(provider, settings, event, now=now)
    except ProviderUnavailable as error:
        return _postpone(event, error, fault_of_ours=False, now=now)
    except Exception as error:
        log.exception("message %s failed", event.event_id)
        return _postpone(event, error, fault_of_ours=True, now=now)
    with transaction() as session:
        inbox.close_event(session, event.event_id, state, now=now)
    return True


def _act(provider: PaymentProvider, settings: Settings, event: WebhookEvent, *, now: datetime) -> str:
    """What becomes of the message: processed, or unmatched where it is about nothing we know."""
    if event.object_type == "payout":
        reconciliation_flows.read_payouts(provider, now=now)
        return "processed"
    with transaction() as session:
        payment_id = queries.find_payment_of_event(session, event)
    if payment_id is None and event.intent_id is not None:
        try:
            owner = provider.fetch_owner(event.intent_id)
        except ProviderRejected:
            return "unmatched"
        with transaction() as session:
            install_id = installation.ensure_installation(session, settings, now=now)
            if owner.env not in (None, str(install_id)):
                return "processed"  # of another installation on the same account
            payment_id = queries.find_payment_by_uid(session, owner.payment_uid)
    if payment_id is None:
        return "unmatched"
    if event.object_type in ("refund", "dispute"):
        money_flows.sync_money(provider, settings, payment_id, now=now)
        return "processed"
    checkout_id = event.object_id if event.object_type == "checkout.session" else None
    flows.sync_payment(provider, settings, payment_id, now=now, actor="provider", checkout_id=checkout_id)
    return "processed"


def _postpone(event: WebhookEvent, error: Exception, *, fault_of_ours: bool, now: datetime) -> bool:
    with transaction() as session:
        text = f"{type(error).__name__}: {error}"
        inbox.postpone_event(session, event.event_id, text, fault_of_ours=fault_of_ours, now=now)
    return False
