"""Many long histories, and every chore killed at every line: `make chaos`, some minutes."""

from datetime import timedelta

import pytest

from passes import clock
from passes.sale import flows, money_flows, webhook_flows
from tests.services.conftest import Cashier, Shop
from tests.services.payment_histories import History, killed_after
from tests.services.payment_scenes import finish, refunds_of, state_of, three_in_flight


@pytest.mark.parametrize("seed", range(100, 130))
def test_no_long_history_makes_or_loses_a_fen(shop: Shop, cashier: Cashier, seed: int) -> None:
    History(shop, cashier, seed).run(40)


@pytest.mark.parametrize("first", range(1, 12))
def test_chores_killed_at_every_line_end_where_they_would_have(shop: Shop, cashier: Cashier, first: int) -> None:
    paid, ended, back = three_in_flight(shop, cashier)
    later = clock.now() + timedelta(minutes=45)
    for lines in range(first, 420, 11):
        for chore in (
            lambda: webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=later),
            lambda: flows.poll_payments(shop.provider, shop.settings, now=later),
            lambda: flows.expire_holds(shop.provider, shop.settings, now=later),
            lambda: money_flows.submit_refunds(shop.provider, now=later),
        ):
            killed_after(lines, chore)
    finish(shop, cashier)
    assert (state_of(paid), state_of(ended)) == ("paid", "expired")
    assert [refund.state for refund in refunds_of(back)] == ["succeeded"]
