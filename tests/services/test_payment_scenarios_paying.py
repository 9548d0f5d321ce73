"""Scenarios 6–18: pending, declined, clicked twice, unanswered, wrong, too late, too many."""

from collections import Counter
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from passes import clock
from passes.db import transaction
from passes.errors import Conflict, Unavailable
from passes.lifecycle.models import Pass
from passes.mail.models import Letter
from passes.sale import flows, payments, queries, reviews
from passes.sale.models import Order
from passes.sale.provider import Checkout
from passes.sale.stock_models import SaleWindow
from passes.sale.stock_windows import change_window
from tests.services.conftest import Cashier, Shop
from tests.services.hands import Hands, task
from tests.services.payment_scenes import (
    LATER,
    ROUNDS,
    assert_paid_once,
    attention_of,
    click_pay,
    come_back,
    count,
    finish,
    hear,
    passes_of,
    payments_of,
    quota,
    refunds_of,
    send_form,
    send_refunds,
    start,
    state_of,
    sync,
)


def test_s06_async_pending_for_hours(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="hold")
    order = shop.order()
    url = start(shop, order)
    page = come_back(shop, cashier.press(url, "pending", "alipay"))
    assert "付款处理中" in page.text and "/state.json" in page.text
    with pytest.raises(Conflict, match="payment_in_progress"):
        start(shop, order)
    for hours in (1, 3, 6):
        assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + timedelta(hours=hours)) == 0
        assert [payment.state for payment in payments_of(order)] == ["processing"]
    cashier.helper(f"sessions/{url.rpartition('/')[2]}/act", action="settle")
    finish(shop, cashier)
    assert_paid_once(order)


def test_s07_async_fails(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    cashier.press(url, "pending", "wechat_pay")
    cashier.helper(f"sessions/{url.rpartition('/')[2]}/act", action="fail")
    hear(shop, lambda: payments_of(order)[0].state == "failed")
    assert state_of(order) == "pending"
    second = start(shop, order)
    keys = {payment.idempotency_key for payment in payments_of(order)}
    assert (second != url, len(keys)) == (True, 2)
    come_back(shop, cashier.press(second, "pay"))
    assert_paid_once(order)
    finish(shop, cashier)


def test_s08_card_declined_then_ok_in_the_same_session(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    assert "付款被拒绝" in cashier.press(url, "decline").text
    flows.sync_payment(shop.provider, shop.settings, payments_of(order)[0].id, now=clock.now())
    (payment,) = payments_of(order)
    assert (payment.state, payment.failure_code) == ("open", "generic_decline")
    assert start(shop, order) == url
    come_back(shop, cashier.press(url, "pay"))
    assert_paid_once(order)
    finish(shop, cashier)


def test_s09_double_click_on_pay(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    for number in range(ROUNDS):
        order = shop.order(holder_name=f"王{number}")
        (url,) = set(hands.at_once([task(click_pay, order)] * 12))
        (payment,) = payments_of(order)
        assert (payment.state, payment.checkout_url) == ("open", url)
    finish(shop, cashier)


def unanswered(shop: Shop, cashier: Cashier, mode: str = "cut") -> tuple[Order, Checkout]:
    """A payment in `creating` whose page exists at the provider, though we were never told."""
    order = shop.order()
    cashier.behave(api=mode)
    with pytest.raises(Unavailable):
        start(shop, order)
    cashier.behave(api="up")
    with transaction() as session:
        seen = payments.see(session, queries.list_payments(session, order.id)[0].id)
    assert seen.state == "creating" and seen.checkout_id is None
    return order, shop.provider.create_checkout(seen.request, seen.key)


@pytest.mark.parametrize("mode", ["cut", "no_answer"])
def test_s10_create_times_out_after_the_session_was_made(shop: Shop, cashier: Cashier, mode: str) -> None:
    order, checkout = unanswered(shop, cashier, mode)
    assert start(shop, order) == checkout.url
    assert [(payment.state, payment.checkout_id) for payment in payments_of(order)] == [("open", checkout.id)]
    come_back(shop, cashier.press(checkout.url, "pay"))
    finish(shop, cashier)


def test_s10_a_retry_that_is_refused_ends_the_try_and_the_same_click_makes_the_next(
    shop: Shop, cashier: Cashier
) -> None:
    cashier.behave(api="down")
    order = shop.order()
    with pytest.raises(Unavailable):
        start(shop, order)
    cashier.behave(api="up")
    with transaction() as session:
        _, payment = queries.lock_payment(session, payments_of(order)[0].id)
        payment.request = {**payment.request, "expires_at": int(clock.now().timestamp()) + 60}
    url = start(shop, order)
    assert [payment.state for payment in payments_of(order)] == ["failed", "open"]
    come_back(shop, cashier.press(url, "pay"))
    finish(shop, cashier)


def test_s11_create_timed_out_and_the_customer_has_paid_it(shop: Shop, cashier: Cashier) -> None:
    order, checkout = unanswered(shop, cashier)
    cashier.press(checkout.url, "pay")
    hear(shop, lambda: state_of(order) == "paid")
    assert_paid_once(order)
    assert [payment.checkout_id for payment in payments_of(order)] == [checkout.id]
    finish(shop, cashier)


def wrong_money(shop: Shop, cashier: Cashier, **wrong: object) -> Order:
    cashier.behave(webhooks="hold", **wrong)
    order = shop.order()
    page = come_back(shop, cashier.press(start(shop, order), "pay"))
    cashier.behave(wrong_amount_fen=0, currency="cny")
    assert "款项与订单不符" in page.text
    assert ([payment.state for payment in payments_of(order)], count(Pass)) == (["review"], 0)
    assert attention_of(order) == ["amount_mismatch"]
    with pytest.raises(Conflict, match="payment_in_review"):
        start(shop, order)
    return order


def test_s12_amount_mismatch_accepted_by_staff(shop: Shop, cashier: Cashier) -> None:
    order = wrong_money(shop, cashier, wrong_amount_fen=-100)
    with transaction() as session:
        payment_id = payments_of(order)[0].id
        reviews.accept_payment(session, payment_id, by="finance", public_url="http://shop", now=clock.now())
    assert (state_of(order), len(passes_of(order)), attention_of(order)) == ("paid", 1, [])
    with transaction() as session, pytest.raises(Conflict, match="not_in_review"):
        reviews.send_back(session, payment_id, by="finance", now=clock.now())
    finish(shop, cashier)


def test_s12_amount_mismatch_sent_back_by_staff(shop: Shop, cashier: Cashier) -> None:
    order = wrong_money(shop, cashier, wrong_amount_fen=100)
    with transaction() as session:
        reviews.send_back(session, payments_of(order)[0].id, by="finance", now=clock.now())
        letter = session.scalars(select(Letter).where(Letter.about == f"order:{order.id}")).one()
        assert "金额或币种与应付不符" in letter.body and "订单已经结束" not in letter.body
    assert [(payment.state, payment.amount_received_fen) for payment in payments_of(order)] == [("returned", 20000)]
    come_back(shop, cashier.press(start(shop, order), "pay"))
    finish(shop, cashier)
    assert [(refund.state, refund.amount_fen) for refund in refunds_of(order)] == [("succeeded", 20000)]
    assert (state_of(order), len(passes_of(order))) == ("paid", 1)


def test_s13_currency_is_not_cny(shop: Shop, cashier: Cashier) -> None:
    order = wrong_money(shop, cashier, currency="hkd")
    (payment,) = payments_of(order)
    assert payment.received_currency == "hkd"
    with transaction() as session, pytest.raises(Conflict, match="other_currency"):
        reviews.accept_payment(session, payment.id, by="finance", public_url="http://shop", now=clock.now())
    with transaction() as session:
        reviews.send_back(session, payment.id, by="finance", now=clock.now())
    finish(shop, cashier)
    assert [refund.state for refund in refunds_of(order)] == ["succeeded"]


def test_s14_hold_expires_unpaid(shop: Shop, cashier: Cashier) -> None:
    window = quota(shop, 1)
    order = shop.order()
    url = start(shop, order)
    later = clock.now() + LATER
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now()) == 0
    assert flows.expire_holds(shop.provider, shop.settings, now=later) == 1
    assert (state_of(order), [payment.state for payment in payments_of(order)]) == ("expired", ["expired"])
    assert requests.get(url, timeout=10).status_code == 410
    with pytest.raises(Conflict, match="order_expired"):
        start(shop, order)
    with transaction() as session:
        assert session.get_one(SaleWindow, window).held == 0
    finish(shop, cashier)


def test_s15_expiry_job_races_with_payment(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    cashier.behave(webhooks="hold")
    for number in range(2 * ROUNDS):
        order = shop.order(holder_name=f"王{number}")
        pay = task(press_pay, start(shop, order))
        _, *ended = hands.at_once([pay, task(expire), task(expire)])
        sync(shop, payments_of(order)[0].id)
        assert (state_of(order), payments_of(order)[0].state) in (("paid", "succeeded"), ("expired", "expired"))
        assert ended.count(1) == (state_of(order) == "expired")
    finish(shop, cashier)


def press_pay(_: Shop, url: str, method: str = "card") -> int:
    """A visitor's click on the cashier's page, from this process."""
    return requests.post(url, data={"action": "pay", "method": method}, allow_redirects=False, timeout=20).status_code


def expire(shop: Shop) -> int:
    return flows.expire_holds(shop.provider, shop.settings, now=clock.now() + LATER)


def test_s15_nothing_is_released_while_the_truth_is_unknown(shop: Shop, cashier: Cashier) -> None:
    quota(shop, 2)
    order, _ = unanswered(shop, cashier)
    paid = shop.order(holder_name="李四")
    cashier.press(start(shop, paid), "pay")
    cashier.behave(api="down")
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + LATER) == 0
    assert (state_of(order), state_of(paid)) == ("pending", "pending")
    with pytest.raises(Conflict, match="sold_out"):
        shop.order(holder_name="王五")
    cashier.behave(api="up")
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + 2 * LATER) == 1
    assert (state_of(order), state_of(paid)) == ("expired", "paid")
    finish(shop, cashier)


def paid_after_its_end(shop: Shop, cashier: Cashier, pieces: int) -> Order:
    """The hold ended while the money was on its way: the bank says yes after the cashier had said expired."""
    quota(shop, pieces)
    cashier.behave(webhooks="hold")
    order = shop.order()
    url = start(shop, order)
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + LATER) == 1
    cashier.helper(f"sessions/{url.rpartition('/')[2]}/act", action="late")
    return order


def test_s16_late_success_with_stock_left(shop: Shop, cashier: Cashier) -> None:
    order = paid_after_its_end(shop, cashier, 1)
    finish(shop, cashier)
    assert (state_of(order), len(passes_of(order)), attention_of(order)) == ("paid", 1, ["late_payment_accepted"])
    with pytest.raises(Conflict, match="sold_out"):
        shop.order(holder_name="李四")


def test_s17_late_success_when_sold_out(shop: Shop, cashier: Cashier) -> None:
    order = paid_after_its_end(shop, cashier, 1)
    shop.order(holder_name="李四")
    finish(shop, cashier)
    assert (state_of(order), passes_of(order), attention_of(order)) == ("expired", [], ["late_payment"])
    assert [(refund.state, refund.reason, refund.amount_fen) for refund in refunds_of(order)] == [
        ("succeeded", "late_payment", 19900)
    ]
    assert send_refunds(shop, clock.now() + timedelta(days=1)) == 0
    with transaction() as session:
        letters = session.scalars(select(Letter).where(Letter.about == f"order:{order.id}")).all()
    assert [(letter.kind, "¥199" in letter.body) for letter in letters] == [("money_back", True)]
    assert "付款到达时订单已经结束" in letters[0].body


def test_s18_oversell_a_hundred_buyers_seven_left(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    window = quota(shop, 7)
    for number in range(ROUNDS):
        if number:
            put_up(window, 7)
        statuses = hands.at_once([task(send_form, 100 * number + buyer) for buyer in range(100)])
        assert Counter(statuses) == {303: 7, 409: 93}
        with transaction() as session:
            found = session.get_one(SaleWindow, window)
        assert (found.held, found.sold, count(Order)) == (7 * number + 7, 0, 7 * number + 7)
    finish(shop, cashier)


def put_up(window_id: int, pieces: int) -> None:
    """So many more are put on sale."""
    with transaction() as session:
        found = session.get_one(SaleWindow, window_id)
        change_window(
            session,
            None,
            window_id,
            opens_at=found.opens_at,
            closes_at=None,
            quota=found.quota + pieces,
            now=clock.now(),
        )
