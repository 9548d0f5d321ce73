"""The night's comparison with the provider's books, and reading what it paid out. flows.py's rules hold here."""

import logging
from datetime import datetime, timedelta

from passes.clock import local_day
from passes.db import transaction
from passes.sale import reconciliation
from passes.sale.money_flows import sync_money
from passes.sale.provider import PaymentProvider, ProviderUnavailable
from passes.settings import Settings

log = logging.getLogger(__name__)

# A payout can fail five business days after it was paid, a refund weeks after it arrived.
LOOK_BACK = timedelta(days=40)
_NIGHT = timedelta(hours=3)


def reconcile_nightly(provider: PaymentProvider, settings: Settings, *, now: datetime) -> int:
    """Once for each local day, after three in the morning; 1 when it ran. Killed anywhere, it runs again."""
    day = local_day(now - _NIGHT)
    with transaction() as session:
        if reconciliation.was_run(session, day):
            return 0
    reconcile(provider, settings, now=now)
    return 1


def reconcile(provider: PaymentProvider, settings: Settings, *, now: datetime) -> int:
    """Read the provider's books, hear what we missed, write down what does not agree; returns how much does not."""
    since = now - LOOK_BACK
    read_payouts(provider, now=now)
    lines = provider.list_lines(since)
    with transaction() as session:
        reconciliation.keep_lines(session, lines)
        behind = reconciliation.list_payments_behind(session, since)
    for payment_id in behind:
        try:
            sync_money(provider, settings, payment_id, now=now)
        except ProviderUnavailable:
            raise
        except Exception:
            # A fault at one payment is no reason to compare no other.
            log.exception("payment %s was not synced", payment_id)
    with transaction() as session:
        reconciliation.keep_lines(session, lines)
        findings = reconciliation.find_differences(session, since=since, now=now)
        left = reconciliation.keep_findings(session, findings, now=now)
        reconciliation.note_run(
            session, local_day(now - _NIGHT), lines=len(lines), exceptions=left, since=since, now=now
        )
    if findings:
        log.error("reconciliation: %s differences", len(findings))
    return left


def read_payouts(provider: PaymentProvider, *, now: datetime) -> int:
    """Payouts as they stand now, and the lines of those that have become complete; returns how many of these."""
    read = 0
    for payout in provider.list_payouts(now - LOOK_BACK):
        with transaction() as session:
            wanted = reconciliation.keep_payout(session, payout)
        if not wanted:
            continue
        lines = provider.list_payout_lines(payout.id)
        with transaction() as session:
            reconciliation.keep_lines(session, lines, payout_id=payout.id, now=now)
        read += 1
    return read
