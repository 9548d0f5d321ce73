"""Several processes do the same chores at one moment, and some are killed: as if every leader's lock had failed."""

import base64
import os
import random
import subprocess
import sys
import time

import pytest

from tests.services.conftest import Cashier, Shop
from tests.services.payment_scenes import ask_back, finish, paid_order, passes_of, quota, refunds_of, start, state_of

WORKERS = 4


def worker(shop: Shop) -> subprocess.Popen[str]:
    chosen = shop.settings
    environment = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "test",
        "PAYMENTS": "sandbox",
        "EVENTS": "direct",
        "DATABASE_URL": chosen.database_url,
        "PUBLIC_URL": chosen.public_url,
        "YOUYOU_SECRET_KEY": base64.b64encode(chosen.secret_key).decode(),
        "STRIPE_SECRET_KEY": chosen.stripe_secret_key or "",
        "STRIPE_WEBHOOK_SECRETS": ",".join(chosen.stripe_webhook_secrets),
        "STRIPE_API_BASE": chosen.stripe_api_base or "",
    }
    command = [sys.executable, "-m", "tests.chaos.chore_worker"]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("seed", range(3))
def test_four_processes_at_once_and_killed_at_any_moment_do_everything_once(
    shop: Shop, cashier: Cashier, seed: int
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
        workers = [worker(shop) for _ in range(WORKERS)]
        for process in workers:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for process in workers:  # the barrier: all are ready, and none has begun
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in chance.sample(workers, WORKERS):
            time.sleep(chance.uniform(0.05, 0.8))
            process.kill()
            process.communicate()
    finish(shop, cashier)
    assert {state_of(order) for order in paid} == {"paid"}
    assert [[refund.state for refund in refunds_of(order)] for order in back] == [["succeeded"]] * 6
