"""Several processes do the same chores at one moment, and some are killed: as if every leader's lock had failed."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from passes import clock
from passes.sale import flows, money_flows, webhook_flows
from tests.services.conftest import Cashier, Shop
from tests.services.hands import Hands, task
from tests.services.payment_scenes import ask_back, finish, paid_order, passes_of, quota, refunds_of, start, state_of


def chores(shop: Shop) -> None:
    """The money chores, until the process is killed."""
    while True:
        now = clock.now() + timedelta(minutes=6)
        webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=now)
        flows.poll_payments(shop.provider, shop.settings, now=now)
        flows.expire_holds(shop.provider, shop.settings, now=now)
        money_flows.submit_refunds(shop.provider, now=now)


@pytest.fixture
def mortals() -> Iterator[Hands]:
    """Processes of the test's own, that it kills."""
    hands = Hands()
    yield hands
    hands.end()


@pytest.mark.parametrize("seed", range(3))
def test_four_processes_at_once_and_killed_at_any_moment_do_everything_once(
    shop: Shop, cashier: Cashier, mortals: Hands, seed: int
) -> None:
    chance = random.Random(seed)
    quota(shop, 40)
    back = [paid_order(shop, cashier, chance.choice(("card", "alipay")), holder_name=f"王{n}") for n in range(6)]
    for order in back:
        ask_back(order, [passes_of(order)[0].id])
    paid = [shop.order(holder_name=f"李{number}") for number in range(10)]
    for order in paid:
        cashier.press(start(shop, order), "pay", chance.choice(("card", "wechat_pay")))
    cashier.behave(webhooks="twice", release="true")
    for _ in range(3):
        mortals.open(shop.settings)
        for hand in chance.sample(begun := mortals.begin([task(chores)] * 4), len(begun)):
            time.sleep(chance.uniform(0.05, 0.8))
            hand.process.kill()
        mortals.end()
    finish(shop, cashier)
    assert {state_of(order) for order in paid} == {"paid"}
    assert [[refund.state for refund in refunds_of(order)] for order in back] == [["succeeded"]] * 6
