"""Money on its way back: refunds sent and asked after, disputes heard. flows.py's rules hold here."""

import logging
from datetime import datetime, timedelta

from passes.db import transaction
from passes.sale import flows, gate_reports, money_back, queries, refund_outcomes
from passes.sale.models import Refund
from passes.sale.provider import (
    PaymentProvider,
    ProviderMisused,
    ProviderRejected,
    ProviderUnavailable,
    RefundRequest,
    RefundSnapshot,
)
from passes.settings import Settings

log = logging.getLogger(__name__)

# The provider forgets a key after a day. Later than this a refund is looked for before it is sent again.
_KEY_IS_GOOD_FOR = timedelta(hours=23)


def sync_money(provider: PaymentProvider, settings: Settings, payment_id: int, *, now: datetime) -> None:
    """Fetch and apply what went back of a payment. Raises as sync_payment does."""
    intent_id = _intent_of(payment_id)
    if intent_id is None:
        # The message about the refund has overtaken the one about the payment.
        flows.sync_payment(provider, settings, payment_id, now=now, actor="provider")
        intent_id = _intent_of(payment_id)
    if intent_id is None:
        return
    money = provider.fetch_money_back(intent_id)
    with transaction() as session:
        money_back.record_money_back(session, payment_id, money, now=now)


def _intent_of(payment_id: int) -> str | None:
    with transaction() as session:
        return queries.get_payment(session, payment_id).provider_intent_id


def submit_refunds(provider: PaymentProvider, *, now: datetime, limit: int = 20) -> int:
    """Send refunds that were asked for and ask after those on their way; returns how many were answered."""
    with transaction() as session:
        waited = list(gate_reports.list_to_recount(session, now, limit))
    for refund_id in waited:
        _recount(refund_id, now=now)
    with transaction() as session:
        due = list(refund_outcomes.list_unsettled(session, now, limit))
    return sum(
        _submit(provider, refund, intent_id, now=now) for refund, intent_id in due if _is_counted(refund, now=now)
    )


def _is_counted(refund: Refund, *, now: datetime) -> bool:
    """Whatever was late: no amount leaves for the first time without the last look at the visits."""
    return refund.cause is None or refund.submitted_at is not None or _recount(refund.id, now=now)


def _recount(refund_id: int, *, now: datetime) -> bool:
    try:
        with transaction() as session:
            return gate_reports.recount(session, refund_id, now=now)
    except Exception:
        # A fault of ours at one refund is no reason to forget the others.
        log.exception("refund %s was not counted again", refund_id)
        with transaction() as session:
            refund_outcomes.postpone(session, refund_id, now=now)
        return False


def _submit(provider: PaymentProvider, refund: Refund, intent_id: str, *, now: datetime) -> bool:
    try:
        snapshot = _ask(provider, refund, intent_id, now=now)
    except (ProviderUnavailable, ProviderRejected, ProviderMisused) as error:
        log.error("refund %s: %s", refund.id, error)
        with transaction() as session:
            if isinstance(error, ProviderRejected) and refund.provider_refund_id is None:
                refund_outcomes.reject_refund(session, refund.id, error.code, now=now)
            else:
                # A no to the question after a refund on its way says nothing of the refund.
                refund_outcomes.postpone(session, refund.id, now=now)
        return False
    except Exception:
        # A fault of ours at one refund is no reason to forget the others.
        log.exception("refund %s was not sent", refund.id)
        with transaction() as session:
            refund_outcomes.postpone(session, refund.id, now=now)
        return False
    with transaction() as session:
        refund_outcomes.record_refund(session, refund.id, snapshot, now=now)
    return True


def _ask(provider: PaymentProvider, refund: Refund, intent_id: str, *, now: datetime) -> RefundSnapshot:
    """The refund as the provider sees it, made now if it was not before. Killed anywhere in here, it may run again."""
    if refund.provider_refund_id:
        return provider.fetch_refund(refund.provider_refund_id)
    with transaction() as session:
        first_sent_at, amount_fen = refund_outcomes.mark_sent(session, refund.id, now=now)
    if now - first_sent_at > _KEY_IS_GOOD_FOR:
        made = provider.fetch_money_back(intent_id).refunds
        found = next((snapshot for snapshot in made if snapshot.refund_uid == str(refund.uid)), None)
        if found is not None:
            return found
    request = RefundRequest(intent_id, amount_fen, str(refund.uid))
    return provider.refund(request, refund.idempotency_key)
