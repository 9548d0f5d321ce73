"""Scenarios 32, 33, 35, 38, 41, 42, 46, 47, 50, 51: keys, second pages, crashes, prices, methods, sums, squats."""

from datetime import date, timedelta

import pytest
import requests

from passes import clock
from passes.catalogue.service import load_catalogue
from passes.db import transaction
from passes.errors import Conflict, Invalid, Unavailable
from passes.sale import flows, money_flows, queries
from passes.sale.invoices import InvoiceData, keep_invoice, list_invoices
from passes.sale.models import Order
from passes.sale.provider import PaymentSnapshot, ProviderRejected, RefundRequest, RefundSnapshot
from passes.sale.receipt_queries import get_receipt
from passes.sale.stripe_gateway import StripePayments
from tests.factories import CATALOGUE, order_request, pass_wanted
from tests.services.conftest import Cashier, Shop
from tests.services.hands import Hands, task
from tests.services.payment_scenes import (
    LATER,
    ROUNDS,
    ask_back,
    assert_paid_once,
    attention_of,
    click_pay,
    come_back,
    finish,
    order_by_form,
    paid_order,
    passes_of,
    payments_of,
    refunds_of,
    start,
    state_of,
    sync,
)
from tests.services.test_payment_scenarios_paying import press_pay, unanswered


def test_s32_key_reused_with_other_parameters(shop: Shop, cashier: Cashier) -> None:
    order, checkout = unanswered(shop, cashier)
    with transaction() as session:
        _, payment = queries.lock_payment(session, payments_of(order)[0].id)
        sent, payment.request = payment.request, {**payment.request, "locale": "en"}
    with pytest.raises(Unavailable):
        start(shop, order)
    assert [payment.state for payment in payments_of(order)] == ["creating"]
    assert attention_of(order) == ["idempotency_conflict"]
    with transaction() as session:
        _, payment = queries.lock_payment(session, payments_of(order)[0].id)
        payment.request = sent
    assert start(shop, order) == checkout.url
    finish(shop, cashier)


def two_pages(shop: Shop, order: Order) -> tuple[str, str]:
    first = start(shop, order)
    with transaction() as session:
        # The first page closed by its own time, as far as we know, and its buyer paid in the last second.
        _, payment = queries.lock_payment(session, payments_of(order)[0].id)
        payment.state = "expired"
    second = start(shop, order)
    assert first != second
    return first, second


def test_s33_two_sessions_of_one_order_both_paid(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    cashier.behave(webhooks="hold")
    for number in range(ROUNDS):
        order = shop.order(holder_name=f"王{number}")
        first, second = two_pages(shop, order)
        assert hands.at_once([task(press_pay, first), task(press_pay, second, "alipay")]) == [303, 303]
        hands.at_once([task(sync, payment.id) for payment in payments_of(order)] * 2)
        assert (state_of(order), len(passes_of(order)), len(refunds_of(order))) == ("paid", 1, 1)
    finish(shop, cashier)
    assert [payment.state for payment in payments_of(order)] == ["succeeded", "succeeded"]
    assert [(refund.reason, refund.state, refund.amount_fen) for refund in refunds_of(order)] == [
        ("duplicate_payment", "succeeded", 19900)
    ]
    assert attention_of(order) == ["duplicate_payment"]
    with transaction() as session:
        # Whichever came first paid it: what is shown of the order is that one, and nothing of the other.
        paid_by = queries.find_paying_payment(session, order.id)
        assert paid_by is not None
        page = queries.get_order_page(session, queries.order_token(order.public_id))
        receipt = get_receipt(session, session.get_one(Order, order.id))
        keep_invoice(session, order.id, InvoiceData("person", "王小明", None, "w@example.com"), now=clock.now())
        today = clock.local_day(clock.now())
        (row,) = list_invoices(session, today, today)
        assert page.paid_by is not None and page.paid_by.id == paid_by.id
        assert (receipt.method, receipt.refunded_fen, row.net_fen) == (paid_by.method, 0, 19900)


def test_s35_removed_or_misspelt_parameter(shop: Shop, cashier: Cashier) -> None:
    order, _ = unanswered(shop, cashier)
    request = payments_of(order)[0].request
    for change, code in (
        ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported"),
        ({"succes_url": "http://x"}, "parameter_unknown"),
        ({"line_items": [{"quantity": 1, "price_dta": {"currency": "cny"}}]}, "parameter_unknown"),
    ):
        with pytest.raises(ProviderRejected) as refused:
            shop.provider.create_checkout({**request, **change}, f"wrong:{code}:{clock.now()}")
        assert refused.value.code == code
    finish(shop, cashier)


class Killed(BaseException):
    """The process is gone: nothing below this line of it runs."""


class DiesAfter(StripePayments):
    """Killed when the provider has done it and nobody has heard."""

    def fetch(self, checkout_id: str) -> PaymentSnapshot:
        super().fetch(checkout_id)
        raise Killed

    def refund(self, request: RefundRequest, key: str) -> RefundSnapshot:
        super().refund(request, key)
        raise Killed


def test_s38_worker_killed_between_fetch_and_apply(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="hold")
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    soon = clock.now() + timedelta(minutes=2)
    with pytest.raises(Killed):
        flows.poll_payments(DiesAfter(shop.settings), shop.settings, now=soon)
    assert state_of(order) == "pending"
    flows.poll_payments(shop.provider, shop.settings, now=soon)
    assert_paid_once(order)
    finish(shop, cashier)


@pytest.mark.parametrize("hours", [0, 30])
def test_s38_worker_killed_after_the_refund_before_commit(shop: Shop, cashier: Cashier, hours: int) -> None:
    order = paid_order(shop, cashier)
    ask_back(order, [passes_of(order)[0].id])
    with pytest.raises(Killed):
        money_flows.submit_refunds(DiesAfter(shop.settings), now=clock.now())
    assert [refund.state for refund in refunds_of(order)] == ["requested"]
    # Thirty hours later the provider has forgotten the key: what we named it by finds it.
    assert money_flows.submit_refunds(shop.provider, now=clock.now() + timedelta(hours=hours)) == 1
    assert [refund.state for refund in refunds_of(order)] == ["succeeded"]
    finish(shop, cashier)


def test_s41_cancelled_by_the_customer_then_the_old_tab_pays(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="hold")
    order = shop.order()
    url = start(shop, order)
    token = queries.order_token(order.public_id)
    answer = requests.post(f"{shop.settings.public_url}/orders/{token}/cancel", timeout=20)
    assert "订单已取消" in answer.text
    assert (state_of(order), [payment.state for payment in payments_of(order)]) == ("canceled", ["expired"])
    assert cashier.press(url, "pay").status_code == 410
    assert requests.post(f"{shop.settings.public_url}/orders/{token}/pay", timeout=20).status_code == 409
    cashier.helper(f"sessions/{url.rpartition('/')[2]}/act", action="late", method="wechat_pay")
    finish(shop, cashier)
    assert (state_of(order), passes_of(order)) == ("canceled", [])
    assert [(refund.reason, refund.state) for refund in refunds_of(order)] == [("late_payment", "succeeded")]


def reload_catalogue(old: str, new: str) -> None:
    text = (CATALOGUE / "catalog.sample.yaml").read_text()
    assert old in text
    with transaction() as session:
        holidays = (CATALOGUE / "holidays.sample.yaml").read_text()
        load_catalogue(session, text.replace(old, new, 1), holidays, now=clock.now())


PRICE = "price_fen: 19900"


def test_s42_price_changed_between_order_and_payment(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="hold")
    order = shop.order()
    reload_catalogue(PRICE, "price_fen: 29900")
    come_back(shop, cashier.press(start(shop, order), "pay"))
    assert (state_of(order), payments_of(order)[0].amount_received_fen) == ("paid", 19900)
    dearer = shop.order(holder_name="李四")
    come_back(shop, cashier.press(start(shop, dearer), "pay"))
    assert payments_of(dearer)[0].amount_received_fen == 29900
    finish(shop, cashier)


def test_s46_wechat_not_active_on_the_account(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(methods="no_wechat")
    order = shop.order()
    url = start(shop, order)
    assert payments_of(order)[0].methods == ["card", "alipay"]
    assert attention_of(order) == ["methods_missing"]
    page = requests.get(f"{shop.settings.public_url}/orders/{queries.order_token(order.public_id)}", timeout=20)
    assert "支付宝" in page.text and "微信支付" not in page.text
    assert cashier.press(url, "pay", "wechat_pay").status_code != 303
    come_back(shop, cashier.press(url, "pay", "alipay"))
    finish(shop, cashier)


def test_s47_amount_below_the_minimum(shop: Shop, cashier: Cashier) -> None:
    reload_catalogue(PRICE, "price_fen: 499")
    with pytest.raises(Invalid, match="amount_too_small"):
        shop.order()
    finish(shop, cashier)


def test_s47_the_minimum_is_of_the_whole_order(shop: Shop, cashier: Cashier) -> None:
    reload_catalogue(PRICE, "price_fen: 499")
    family = [pass_wanted(name=f"王{name}", document_number=f"E1234567{name}") for name in "12"]
    order = order_by_form(shop, order_request(*family))
    cashier.behave(webhooks="hold")
    come_back(shop, cashier.press(start(shop, order), "pay"))
    assert (state_of(order), payments_of(order)[0].amount_received_fen) == ("paid", 998)
    finish(shop, cashier)


def test_s47_an_order_that_costs_nothing_asks_no_provider(shop: Shop, cashier: Cashier) -> None:
    reload_catalogue("price_fen: 12900", "price_fen: 0")
    grandmother = pass_wanted(product_id="PASS-SENIOR", birth_on=date(1950, 2, 28))
    order = order_by_form(shop, order_request(grandmother))
    cashier.behave(api="down")
    address = f"{shop.settings.public_url}/orders/{queries.order_token(order.public_id)}"
    assert "免费领取，无需付款" in requests.get(address, timeout=20).text
    page = requests.post(f"{address}/pay", timeout=20)
    assert page.url == address and "年卡已生成" in page.text
    (payment,) = payments_of(order)
    assert (payment.provider, payment.state, payment.amount_received_fen) == ("zero", "succeeded", 0)
    with pytest.raises(Conflict, match="order_paid"):
        start(shop, order)
    finish(shop, cashier)


def test_s50_too_many_requests_at_a_sale_start(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    orders = [shop.order(holder_name=f"王{number}") for number in range(6)]
    cashier.behave(api="busy")
    for order in orders:
        token = queries.order_token(order.public_id)
        page = requests.post(f"{shop.settings.public_url}/orders/{token}/pay", timeout=20)
        assert page.status_code == 503 and "请稍后重试" in page.text
        assert [payment.state for payment in payments_of(order)] == ["creating"]
    keys = {payment.idempotency_key for order in orders for payment in payments_of(order)}
    cashier.behave(api="slow")
    urls = hands.at_once([task(click_pay, order) for order in orders] * 2)
    cashier.behave(api="up")
    assert (len(set(urls)), urls[:6]) == (6, urls[6:])
    assert {payment.idempotency_key for order in orders for payment in payments_of(order)} == keys
    assert {state_of(order) for order in orders} == {"pending"}
    finish(shop, cashier)


def test_s51_hold_shorter_than_a_session_started_late(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    late = order.hold_expires_at - timedelta(minutes=1)
    flows.start_payment(shop.provider, shop.settings, order.id, now=late)
    (payment,) = payments_of(order)
    with transaction() as session:
        locked = queries.lock_order(session, order.id)
        assert locked.hold_expires_at == payment.expires_at + timedelta(minutes=5)
    # Ten tries or an hour and a half, and no more: nobody keeps a place by starting payments.
    for number in range(2, 11):
        with transaction() as session:
            _, last = queries.lock_payment(session, payments_of(order)[-1].id)
            last.state = "failed"
        start(shop, order)
        assert len(payments_of(order)) == number
    with transaction() as session:
        _, last = queries.lock_payment(session, payments_of(order)[-1].id)
        last.state = "failed"
    with pytest.raises(Conflict, match="too_many_payments"):
        start(shop, order)
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + 3 * LATER) == 1
    finish(shop, cashier)
