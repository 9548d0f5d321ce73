"""Payments through the real SDK, against the cashier as a real process: money in once, a pass out once."""

from dataclasses import replace
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from passes import clock
from passes import settings as settings_module
from passes.db import transaction
from passes.errors import Conflict, Unavailable
from passes.lifecycle.models import Pass
from passes.sale import flows, installation, money_flows, queries
from passes.sale.models import Order, Refund, WebhookEvent
from passes.sale.stripe_gateway import StripePayments
from passes.settings import SettingsRefused
from tests.services.conftest import Cashier, Shop
from tests.services.payment_scenes import (
    EVENT,
    assert_paid_once,
    come_back,
    count,
    payments_of,
    post_webhook,
    signed,
    start,
)


def test_a_visitor_who_goes_back_finds_the_order_unpaid_and_the_same_page_again(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    page = come_back(shop, cashier.press(url, "back"))
    assert page.status_code == 200 and 'data-order-state="pending"' in page.text and "支付 ¥199" in page.text
    assert start(shop, order) == url


def test_expiry_that_meets_a_payment_lets_the_payment_win(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=40)) == 0
    assert_paid_once(order)


def test_a_wrong_amount_goes_to_review_and_issues_nothing(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(wrong_amount_fen=-100)
    order = shop.order()
    page = come_back(shop, cashier.press(start(shop, order), "pay"))
    assert "款项与订单不符" in page.text
    assert ([payment.state for payment in payments_of(order)], count(Pass)) == (["review"], 0)
    with transaction() as session:
        assert session.get_one(Order, order.id).attention == ["amount_mismatch"]
    with pytest.raises(Conflict, match="payment_in_review"):
        start(shop, order)
    with transaction() as session:
        locked = queries.lock_order(session, order.id)
        locked.state, locked.hold_state = "expired", "released"
    page = requests.get(f"{shop.settings.public_url}/orders/{queries.order_token(order.public_id)}", timeout=20)
    assert "款项与订单不符" in page.text


def test_a_paid_order_is_not_cancelled(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    with pytest.raises(Conflict, match="order_paid"):
        flows.cancel_order(shop.provider, shop.settings, queries.order_token(order.public_id), now=clock.now())
    assert_paid_once(order)


@pytest.mark.parametrize("fate", ["canceled", "paid"])
def test_money_that_no_order_waits_for_goes_back_by_itself(shop: Shop, cashier: Cashier, fate: str) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    with transaction() as session:
        locked, payment = queries.lock_payment(session, payments_of(order)[0].id)
        locked.state, locked.paid_at = fate, clock.now()
        locked.hold_state = "consumed"
    flows.sync_payment(shop.provider, shop.settings, payment.id, now=clock.now())
    flows.sync_payment(shop.provider, shop.settings, payment.id, now=clock.now())
    page = requests.get(f"{shop.settings.public_url}/orders/{queries.order_token(order.public_id)}", timeout=20)
    assert "未扣款" not in page.text and ("全额原路退回" in page.text) == (fate == "canceled")
    assert money_flows.submit_refunds(shop.provider, now=clock.now()) == 1
    assert money_flows.submit_refunds(shop.provider, now=clock.now() + timedelta(hours=1)) == 0
    with transaction() as session:
        refund = session.scalars(select(Refund)).one()
        assert (refund.state, refund.amount_fen, refund.channel) == ("succeeded", 19900, "provider")
        assert refund.reason == {"canceled": "late_payment", "paid": "duplicate_payment"}[fate]
        assert session.get_one(Order, order.id).attention == [refund.reason]
    assert count(Pass) == 0


def test_a_message_of_another_installation_is_not_kept(shop: Shop) -> None:
    about = EVENT["data"]["object"] | {"metadata": {"env": "another"}}  # type: ignore[index]
    body, header = signed(EVENT | {"data": {"object": about}})
    assert post_webhook(shop, body, header) == 200
    assert count(WebhookEvent) == 0


def test_no_call_to_the_provider_is_made_inside_a_transaction(shop: Shop) -> None:
    with pytest.raises(AssertionError, match="transaction"), transaction():
        shop.provider.fetch("cs_1")


def test_a_database_made_for_other_money_is_refused(shop: Shop) -> None:
    flows.check_installation(shop.settings, now=clock.now())
    live = replace(shop.settings, payments="stripe", stripe_secret_key="rk_live_x", stripe_api_base=None)
    with pytest.raises(SettingsRefused, match="sandbox installation"):
        flows.check_installation(live, now=clock.now())
    assert installation.mode_of(live) == "live"


def test_a_wrong_key_burns_no_try(shop: Shop, cashier: Cashier) -> None:
    stranger = StripePayments(replace(shop.settings, stripe_secret_key="sk_sandbox_other"))
    order = shop.order()
    with pytest.raises(Unavailable, match="payment_provider_unavailable"):
        flows.start_payment(stranger, shop.settings, order.id, now=clock.now())
    assert [payment.state for payment in payments_of(order)] == ["creating"]
    assert start(shop, order)
    assert [payment.state for payment in payments_of(order)] == ["open"]
    assert settings_module.current() == shop.settings
