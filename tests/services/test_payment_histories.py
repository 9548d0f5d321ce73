"""No path makes or loses a fen: random histories, and every chore killed at lines all over the sale room."""

from datetime import timedelta

import pytest

from passes import clock
from passes.sale import flows, money_flows, webhook_flows
from tests.services.conftest import Cashier, Shop
from tests.services.payment_histories import History, killed_after
from tests.services.payment_scenes import finish, refunds_of, state_of, three_in_flight


@pytest.mark.parametrize("seed", [1, 2])
def test_no_random_history_makes_or_loses_a_fen(shop: Shop, cashier: Cashier, seed: int) -> None:
    History(shop, cashier, seed).run(14)


def test_chores_killed_at_many_lines_and_run_again_end_where_they_would_have(shop: Shop, cashier: Cashier) -> None:
    paid, ended, back = three_in_flight(shop, cashier)
    later = clock.now() + timedelta(minutes=45)
    chores = (
        lambda: webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=later),
        lambda: flows.poll_payments(shop.provider, shop.settings, now=later),
        lambda: flows.expire_holds(shop.provider, shop.settings, now=later),
        lambda: money_flows.submit_refunds(shop.provider, now=later),
    )
    deaths = sum(killed_after(lines, chore) for lines in range(1, 160, 23) for chore in chores)
    assert deaths >= 8
    for chore in chores:
        assert not killed_after(1_000_000, chore)
    finish(shop, cashier)
    assert (state_of(paid), state_of(ended)) == ("paid", "expired")
    assert [refund.state for refund in refunds_of(back)] == ["succeeded"]
