"""Random histories of one shop: buying, paying well and badly, refunding, disputing, paying out, killed at any line."""

import random
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any

import requests

from passes import clock
from passes.errors import Problem
from passes.sale import flows, money_flows, webhook_flows
from passes.sale.models import Order
from tests.services.conftest import Cashier, Shop
from tests.services.payment_scenes import (
    ask_back,
    finish,
    order_of_three,
    passes_of,
    payments_of,
    quota,
    refunds_of,
    send_refunds,
    start,
)


class Killed(BaseException):
    """As if the power had gone: nothing after this line runs, nothing is tidied up but by the database."""


def killed_after(lines: int, call: Callable[[], object]) -> bool:
    """Run it, and kill it at so many lines of the sale room; False when it came to its end before."""
    left = [lines]

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if "/passes/sale/" not in frame.f_code.co_filename:
            return None if event == "call" and "/passes/" not in frame.f_code.co_filename else trace
        if event == "line":
            left[0] -= 1
            if left[0] <= 0:
                sys.settrace(None)
                raise Killed
        return trace

    assert threading.current_thread() is threading.main_thread()
    sys.settrace(trace)
    try:
        call()
    except Killed:
        return True
    finally:
        sys.settrace(None)
    return False


class History:
    """One shop's days, drawn from a seed."""

    def __init__(self, shop: Shop, cashier: Cashier, seed: int) -> None:
        self.shop, self.cashier, self.chance = shop, cashier, random.Random(seed)
        self.orders: list[Order] = []
        self.told: list[str] = []

    def run(self, steps: int) -> None:
        """Whatever happened: at the end all agrees to the fen. The failure names what was done."""
        quota(self.shop, 30)
        deeds = (self.buy, self.buy, self.pay, self.pay, self.refund, self.settle, self.dispute, self.chores)
        try:
            for _ in range(steps):
                deed = self.chance.choice(deeds)
                self.told.append(deed.__name__)
                self.cashier.behave(webhooks=self.chance.choice(("deliver", "hold", "drop", "twice")))
                deed()
                self.cashier.behave(api="up", wrong_amount_fen=0, refunds="normal")
            finish(self.shop, self.cashier)
        except AssertionError as error:
            raise AssertionError(f"{self.told}: {error}") from error

    def buy(self) -> None:
        try:
            order = order_of_three(self.shop) if self.chance.random() < 0.3 else self.shop.order()
        except Problem:
            return
        self.orders.append(order)
        self.cashier.behave(api=self.chance.choice(("up", "up", "up", "no_answer", "busy", "cut")))
        self._try(lambda: start(self.shop, order))

    def pay(self) -> None:
        if not self.orders:
            return
        order = self.chance.choice(self.orders)
        self._try(lambda: start(self.shop, order))
        wrong = self.chance.choice((0, 0, 0, 0, 0, 100))
        self.cashier.behave(wrong_amount_fen=wrong)
        for payment in payments_of(order):
            if payment.checkout_id:
                action = self.chance.choice(("pay", "pay", "pay", "decline", "pending", "settle", "fail", "late"))
                method = self.chance.choice(("card", "card", "alipay", "wechat_pay"))
                self._help(f"sessions/{payment.checkout_id}/act", action=action, method=method)

    def refund(self) -> None:
        if not self.orders:
            return
        order = self.chance.choice(self.orders)
        wanted = [pass_.id for pass_ in passes_of(order) if self.chance.random() < 0.6]
        fen = self.chance.choice((1, 5000, 19900))
        self._try(lambda: ask_back(order, wanted, key=str(self.chance.random()), fen=fen))
        self.cashier.behave(api=self.chance.choice(("up", "up", "no_answer", "cut")))
        send_refunds(self.shop, clock.now() + timedelta(minutes=self.chance.choice((0, 10))))
        for payment in payments_of(order):
            if payment.provider_intent_id and self.chance.random() < 0.15:
                self._try(lambda id_=payment.provider_intent_id: self.cashier.refund(id_, 300))  # type: ignore[misc]

    def settle(self) -> None:
        for order in self.orders:
            for refund in refunds_of(order):
                if refund.provider_refund_id and self.chance.random() < 0.5:
                    self._help(f"refunds/{refund.provider_refund_id}/{self.chance.choice(('settle', 'fail'))}")

    def dispute(self) -> None:
        for order in self.orders:
            for payment in payments_of(order):
                if payment.dispute_id:
                    self._help(f"disputes/{payment.dispute_id}/{self.chance.choice(('take', 'win', 'lose', 'close'))}")
                elif payment.provider_charge_id and self.chance.random() < 0.3:
                    self._help(f"charges/{payment.provider_charge_id}/dispute", inquiry=self.chance.random() < 0.3)
        if self.chance.random() < 0.4:
            self._help("payouts")

    def chores(self) -> None:
        """All of them, one perhaps killed at some line."""
        shop, now = self.shop, clock.now() + timedelta(minutes=self.chance.choice((0, 3, 45)))
        for chore in (
            lambda: webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=now),
            lambda: flows.poll_payments(shop.provider, shop.settings, now=now),
            lambda: flows.expire_holds(shop.provider, shop.settings, now=now),
            lambda: money_flows.submit_refunds(shop.provider, now=now),
        ):
            killed_after(self.chance.choice((5, 20, 60, 150, 100_000)), chore)

    def _try(self, deed: Callable[[], object]) -> None:
        try:
            deed()
        except (Problem, AssertionError) as refused:
            self.told.append(f"({str(refused)[:40]})")

    def _help(self, path: str, **params: object) -> None:
        """The cashier may say no: that is part of the history."""
        requests.post(
            f"{self.cashier.address}/v1/test_helpers/{path}",
            data={name: str(value).lower() for name, value in params.items()},
            headers={"Authorization": f"Bearer {self.cashier.settings.stripe_secret_key}"},
            timeout=10,
        )
