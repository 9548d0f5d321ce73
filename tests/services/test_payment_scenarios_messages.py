"""Scenarios 1–5, 31, 37, 39, 40 and 49: messages early, late, twice, lost, and too many at once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import requests
from sqlalchemy import select

from passes import clock, db
from passes.db import transaction
from passes.lifecycle.models import Pass
from passes.mail.models import Letter
from passes.sale import flows, inbox, webhook_flows
from passes.sale.models import Order, PaymentEvent, WebhookEvent
from passes.sale.provider import PaymentSnapshot
from passes.sale.stock_models import SaleWindow
from passes.sale.stripe_gateway import StripePayments
from tests.services.conftest import Cashier, Shop
from tests.services.hands import Hands, task
from tests.services.payment_scenes import (
    EVENT,
    ROUNDS,
    assert_paid_once,
    come_back,
    count,
    finish,
    hear,
    paid_order,
    payments_of,
    post_webhook,
    quota,
    signed,
    start,
    state_of,
    sync,
)


def test_s01_webhook_before_redirect(shop: Shop, cashier: Cashier) -> None:
    quota(shop, 5)
    order = shop.order()
    answer = cashier.press(start(shop, order), "pay", "alipay")
    hear(shop, lambda: state_of(order) == "paid")
    page = come_back(shop, answer)
    assert "年卡已生成" in page.text and "/w/" in page.text
    assert_paid_once(order)
    (payment,) = payments_of(order)
    assert (payment.method, payment.amount_received_fen, payment.livemode) == ("alipay", 19900, False)
    counted_from = (payment.refundable_until or clock.now()) - timedelta(days=90)
    assert payment.created_at.replace(microsecond=0) <= counted_from <= (payment.succeeded_at or counted_from)
    with transaction() as session:
        rows = session.scalars(select(PaymentEvent).order_by(PaymentEvent.id)).all()
    assert [(row.fact, row.from_state, row.to_state, row.moved_fen) for row in rows] == [
        ("placed", None, "pending", 0),
        ("started", None, "creating", 0),
        ("opened", "creating", "open", 0),
        ("paid", "open", "succeeded", 19900),
        ("paid", "pending", "paid", 0),
    ]
    finish(shop, cashier)


def test_s02_redirect_before_webhook(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    assert_paid_once(order)
    cashier.behave(webhooks="deliver", release="true")
    hear(shop, lambda: count(WebhookEvent) == 1)
    hear(shop)
    assert_paid_once(order)
    finish(shop, cashier)


def test_s03_same_event_twenty_times_in_parallel(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    window = quota(shop, ROUNDS)
    cashier.behave(webhooks="drop")
    for number in range(1, ROUNDS + 1):
        order = shop.order(holder_name=f"王{number}")
        cashier.press(start(shop, order), "pay")
        body, header = signed(message_about(shop, order))
        assert hands.at_once([task(post_webhook, body, header)] * 20) == [200] * 20
        assert count(WebhookEvent) == number
        assert sorted(hands.at_once([task(read_inbox)] * 4)) == [0, 0, 0, 1]
        assert (state_of(order), count(Pass), count(Letter)) == ("paid", number, number)
        with transaction() as session:
            found = session.get_one(SaleWindow, window)
            assert (found.held, found.sold) == (0, number)
    finish(shop, cashier)


def read_inbox(shop: Shop) -> int:
    """What a worker does; returns how many messages it has closed."""
    return webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=clock.now())


def message_about(shop: Shop, order: Order) -> object:
    """What the cashier would have sent about this order's payment."""
    (payment,) = payments_of(order)
    hints = shop.provider.list_undelivered_events(clock.now() - timedelta(minutes=5))
    (found,) = [hint.payload for hint in hints if hint.object_id == payment.checkout_id]
    return found


def test_s04_events_in_reverse_order(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="hold")
    order = shop.order()
    url = start(shop, order)
    cashier.press(url, "pending", "wechat_pay")
    cashier.helper(f"sessions/{url.rpartition('/')[2]}/act", action="settle")
    intent = shop.provider.fetch(url.rpartition("/")[2]).intent_id or ""
    made = cashier.refund(intent, 5000)
    cashier.helper(f"refunds/{made}/fail")
    cashier.behave(webhooks="deliver", release="reversed")
    hear(shop, lambda: count(WebhookEvent) == 4)
    finish(shop, cashier)
    assert_paid_once(order)
    with transaction() as session:
        states = [tuple(row) for row in session.execute(select(WebhookEvent.type, WebhookEvent.state))]
    assert sorted(states) == [
        ("checkout.session.async_payment_succeeded", "processed"),
        ("checkout.session.completed", "processed"),
        ("refund.created", "processed"),
        ("refund.failed", "processed"),
    ]


def test_s05_all_webhooks_lost(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    polled, swept = shop.order(), shop.order(holder_name="李四")
    cashier.press(start(shop, polled), "pay", "wechat_pay")
    assert flows.poll_payments(shop.provider, shop.settings, now=clock.now()) == 0
    assert flows.poll_payments(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=2)) == 1
    assert state_of(polled) == "paid" and count(WebhookEvent) == 0
    cashier.press(start(shop, swept), "pay")
    since = clock.now() - timedelta(minutes=1)
    new = [
        webhook_flows.sweep_undelivered_events(shop.provider, shop.settings, since=since, now=clock.now())
        for _ in range(2)
    ]
    assert new == [2, 0]
    hear(shop, lambda: state_of(swept) == "paid")
    finish(shop, cashier)


def test_s31_provider_down_while_a_webhook_is_handled(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    cashier.behave(api="down")
    hear(shop, lambda: count(WebhookEvent) > 0)
    hear(shop)
    assert state_of(order) == "pending"
    with transaction() as session:
        assert session.scalars(select(WebhookEvent.state)).all() == ["received"]
    cashier.behave(api="up")
    webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=clock.now() + timedelta(hours=1))
    assert_paid_once(order)
    finish(shop, cashier)


@contextmanager
def no_database(shop: Shop) -> Iterator[None]:
    engine = db.connect("postgresql://nobody@127.0.0.1:1/none")
    yield
    engine.dispose()
    db.connect(shop.settings.database_url, pool_size=20)


def test_s37_database_down_at_webhook(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    body, header = signed(EVENT)
    with no_database(shop):
        assert post_webhook(shop, body, header) == 503
        cashier.press(url, "pay")
        wait_for_try(cashier)
    hear(shop, lambda: state_of(order) == "paid")
    finish(shop, cashier)


def wait_for_try(cashier: Cashier) -> None:
    """Until the cashier has been refused its message once: it comes again by itself."""
    for _ in range(100):
        if "503" in requests.get(cashier.address, timeout=10).text:
            return
        time.sleep(0.05)
    raise AssertionError("the cashier did not try")


class Poison(StripePayments):
    """A fault of ours that no retry cures."""

    def fetch(self, checkout_id: str) -> PaymentSnapshot:
        raise RuntimeError("a bug")


def test_s39_poison_event(shop: Shop, cashier: Cashier) -> None:
    poisoned, healthy = shop.order(), shop.order(holder_name="李四")
    cashier.press(start(shop, poisoned), "pay")
    for _ in range(200):
        if count(WebhookEvent):
            break
        time.sleep(0.05)
    moment = clock.now()
    for _ in range(10):
        webhook_flows.process_webhook_inbox(Poison(shop.settings), shop.settings, now=moment)
        moment += timedelta(hours=1)
    with transaction() as session:
        event = session.scalars(select(WebhookEvent)).one()
        assert (event.state, event.attempts) == ("dead", 8)
        assert "a bug" in (event.last_error or "")
    cashier.press(start(shop, healthy), "pay")
    hear(shop, lambda: state_of(healthy) == "paid")
    assert state_of(poisoned) == "pending"
    finish(shop, cashier)
    assert state_of(poisoned) == "paid"


def test_s40_two_workers_on_one_event_and_payment(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    cashier.behave(webhooks="drop")
    for number in range(1, ROUNDS + 1):
        order = shop.order(holder_name=f"王{number}")
        cashier.press(start(shop, order), "pay")
        webhook_flows.sweep_undelivered_events(
            shop.provider, shop.settings, since=clock.now() - timedelta(minutes=5), now=clock.now()
        )
        (payment,) = payments_of(order)
        done = hands.at_once([task(read_inbox)] * 3 + [task(poll_soon)] + [task(sync, payment.id)] * 4)
        assert sorted(done[:3]) == [0, 0, 1]
        assert (state_of(order), count(Pass), count(Letter)) == ("paid", number, number)
        assert [row.fact for row in events_of(order)].count("paid") == 2  # the payment's line and the order's
    finish(shop, cashier)


def poll_soon(shop: Shop) -> int:
    return flows.poll_payments(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=2))


def events_of(order: Order) -> Sequence[PaymentEvent]:
    with transaction() as session:
        return session.scalars(select(PaymentEvent).where(PaymentEvent.order_id == order.id)).all()


def test_s49_clock_ten_minutes_off(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(skew_seconds=-600)
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    for _ in range(200):
        with transaction() as session:
            refused, kept = inbox.refusals_since(session, clock.now() - timedelta(minutes=5))
        if refused:
            break
        time.sleep(0.05)
    assert (refused > 0, kept) == (True, 0)
    flows.poll_payments(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=2))
    assert_paid_once(order)
    finish(shop, cashier)
