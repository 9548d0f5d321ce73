"""`python -m tests.chaos.chore_worker`: the money chores of one process, from the word go until ended or killed."""

import os
import sys
from datetime import timedelta

from passes import clock, db, settings
from passes.sale import flows, money_flows, webhook_flows
from passes.sale.stripe_gateway import StripePayments
from passes.settings import Settings


def main() -> None:
    chosen = Settings.read(os.environ)
    settings.use(chosen)
    db.connect(chosen.database_url)
    provider = StripePayments(chosen)
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        now = clock.now() + timedelta(minutes=6)
        webhook_flows.process_webhook_inbox(provider, chosen, now=now)
        flows.poll_payments(provider, chosen, now=now)
        flows.expire_holds(provider, chosen, now=now)
        money_flows.submit_refunds(provider, now=now)


if __name__ == "__main__":
    main()
