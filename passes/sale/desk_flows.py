"""What staff may ask the payment provider: alternates transactions and network calls as flows.py does."""

import logging
from datetime import datetime

from passes.db import transaction
from passes.errors import N_, Conflict, Unavailable
from passes.sale import queries
from passes.sale.flows import sync_payment
from passes.sale.money_flows import sync_money
from passes.sale.provider import PaymentProvider, ProviderMisused, ProviderRejected, ProviderUnavailable
from passes.settings import Settings

log = logging.getLogger(__name__)


def ask_provider(provider: PaymentProvider, settings: Settings, order_id: int, *, actor: str, now: datetime) -> str:
    """Fetch and apply the provider's truth about the order's last payment; returns its state.

    Conflict: nothing was ever begun. Unavailable: the provider does not answer, nothing changed.
    """
    with transaction() as session:
        payments_ = queries.list_payments(session, order_id)
        last_id = payments_[-1].id if payments_ else None
        received = [payment.id for payment in payments_ if payment.provider_intent_id and payment.amount_received_fen]
    if last_id is None:
        raise Conflict("nothing_to_ask", N_("Nobody has begun to pay this order, so there is nothing to ask about."))
    try:
        state = sync_payment(provider, settings, last_id, now=now, actor=actor)
        for payment_id in received:
            sync_money(provider, settings, payment_id, now=now)
        return state
    except ProviderRejected as error:
        log.warning("the provider knows nothing of payment %s: %s", last_id, error)
        raise Conflict("unknown_to_provider", N_("The provider does not know this payment.")) from error
    except (ProviderUnavailable, ProviderMisused) as error:
        log.warning("payment %s was not synced: %s", last_id, error)
        raise Unavailable(
            "provider_silent", N_("The payment provider does not answer. Nothing changed; try again in a minute.")
        ) from error
