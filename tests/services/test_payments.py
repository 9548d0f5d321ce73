"""Payments through the real SDK, against the cashier as a real process: money in once, a pass out once."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
import requests
from sqlalchemy import func, select

from passes import clock
from passes import settings as settings_module
from passes.cashier.delivery import signature_header
from passes.db import transaction
from passes.errors import Conflict, Unavailable
from passes.events.outbox import OutboxRow
from passes.lifecycle.models import Pass
from passes.mail.models import Letter
from passes.sale import flows, installation, money_flows, queries, webhook_flows
from passes.sale.models import Order, Payment, PaymentEvent, Refund, WebhookEvent
from passes.sale.stripe_gateway import StripePayments
from passes.settings import SettingsRefused
from tests.services.conftest import Cashier, Shop


def start(shop: Shop, order: Order) -> str:
    return flows.start_payment(shop.provider, shop.settings, order.id, now=clock.now())


def payments_of(order: Order) -> list[Payment]:
    with transaction() as session:
        return list(queries.list_payments(session, order.id))


def state_of(order: Order) -> str:
    with transaction() as session:
        return session.get_one(Order, order.id).state


def count(table: type) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def hear(shop: Shop, until: Callable[[], bool] | None = None) -> None:
    """Let webhooks arrive and act on them, for at most ten seconds."""
    for _ in range(200):
        webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=clock.now())
        if until is None or until():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def come_back(shop: Shop, answer: requests.Response) -> requests.Response:
    """Follow the cashier's redirect to the shop, as a browser does."""
    assert answer.status_code == 303
    return requests.get(answer.headers["Location"], timeout=20)


def assert_paid_once(order: Order) -> None:
    assert state_of(order) == "paid"
    with transaction() as session:
        assert session.scalars(select(Pass.livemode).where(Pass.livemode.is_(False))).all() == [False]
        assert session.scalars(select(Letter.kind)).all() == ["order_paid"]
        types = session.scalars(select(OutboxRow.type).order_by(OutboxRow.id)).all()
        assert types == ["order.placed.v1", "pass.issued.v1", "order.paid.v1"]
        assert session.scalars(select(Payment.state)).all().count("succeeded") == 1


def test_a_webhook_before_the_return_pays_the_order_and_the_return_changes_nothing(
    shop: Shop, cashier: Cashier
) -> None:
    order = shop.order()
    answer = cashier.press(start(shop, order), "pay", "alipay")
    hear(shop, lambda: state_of(order) == "paid")
    page = come_back(shop, answer)
    assert "年卡已生成" in page.text and "/w/" in page.text
    assert_paid_once(order)
    (payment,) = payments_of(order)
    assert (payment.method, payment.amount_received_fen, payment.livemode) == ("alipay", 19900, False)
    assert payment.refundable_until == (payment.succeeded_at or clock.now()) + timedelta(days=90)
    with transaction() as session:
        events = session.scalars(select(PaymentEvent).order_by(PaymentEvent.id)).all()
    assert [(event.fact, event.from_state, event.to_state) for event in events] == [
        ("placed", None, "pending"),
        ("started", None, "creating"),
        ("opened", "creating", "open"),
        ("paid", "open", "succeeded"),
        ("paid", "pending", "paid"),
    ]


def test_a_return_before_the_webhook_shows_paid_and_the_webhook_changes_nothing(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="hold")
    order = shop.order()
    page = come_back(shop, cashier.press(start(shop, order), "pay"))
    assert "年卡已生成" in page.text
    assert_paid_once(order)
    cashier.behave(webhooks="deliver", release="true")
    hear(shop, lambda: count(WebhookEvent) == 1)
    hear(shop)
    assert_paid_once(order)


def test_a_lost_webhook_is_made_up_for_by_the_poller(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay", "wechat_pay")
    assert flows.poll_payments(shop.provider, shop.settings, now=clock.now()) == 0
    assert flows.poll_payments(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=2)) == 1
    assert_paid_once(order)
    assert count(WebhookEvent) == 0


def test_a_lost_webhook_is_found_among_the_undelivered_events(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    since = clock.now() - timedelta(minutes=1)
    new = webhook_flows.sweep_undelivered_events(shop.provider, shop.settings, since=since, now=clock.now())
    assert new == 1
    assert webhook_flows.sweep_undelivered_events(shop.provider, shop.settings, since=since, now=clock.now()) == 0
    hear(shop, lambda: state_of(order) == "paid")
    assert_paid_once(order)


def test_a_declined_card_may_pay_in_the_same_visit(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    assert "付款被拒绝" in cashier.press(url, "decline").text
    flows.sync_payment(shop.provider, shop.settings, payments_of(order)[0].id, now=clock.now())
    (payment,) = payments_of(order)
    assert (payment.state, payment.failure_code) == ("open", "generic_decline")
    assert start(shop, order) == url
    come_back(shop, cashier.press(url, "pay"))
    assert_paid_once(order)
    assert [payment.failure_code for payment in payments_of(order)] == [None]


def test_a_visitor_who_goes_back_finds_the_order_unpaid_and_the_same_page_again(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    page = come_back(shop, cashier.press(url, "back"))
    assert page.status_code == 200 and 'data-order-state="pending"' in page.text and "支付 ¥199" in page.text
    assert start(shop, order) == url


def test_sixteen_clicks_on_pay_lead_to_one_page(shop: Shop, cashier: Cashier) -> None:
    for _ in range(5):
        order = shop.order()
        barrier = threading.Barrier(16)

        def click(order: Order = order, barrier: threading.Barrier = barrier) -> str:
            barrier.wait()
            return start(shop, order)

        with ThreadPoolExecutor(16) as pool:
            urls = {future.result() for future in [pool.submit(click) for _ in range(16)]}
        assert len(urls) == 1
        assert [payment.state for payment in payments_of(order)] == ["open"]


def test_the_same_message_twenty_times_at_once_is_kept_once_and_pays_once(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    (hint,) = shop.provider.list_undelivered_events(clock.now() - timedelta(minutes=1))[:1]
    body, header = signed(hint.payload)
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: post_webhook(shop, body, header), range(20)))
    assert statuses == [200] * 20
    assert count(WebhookEvent) == 1
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: hear(shop), range(4)))
    assert_paid_once(order)


def test_an_unpaid_order_expires_after_its_page_was_closed(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    later = clock.now() + timedelta(minutes=40)
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now()) == 0
    assert flows.expire_holds(shop.provider, shop.settings, now=later) == 1
    assert state_of(order) == "expired"
    assert [payment.state for payment in payments_of(order)] == ["expired"]
    assert requests.get(url, timeout=10).status_code == 410
    with pytest.raises(Conflict, match="order_expired"):
        start(shop, order)
    with transaction() as session:
        types = session.scalars(select(OutboxRow.type).order_by(OutboxRow.id)).all()
    assert types == ["order.placed.v1", "order.expired.v1"]


def test_expiry_that_meets_a_payment_lets_the_payment_win(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=40)) == 0
    assert_paid_once(order)


def test_expiry_and_payment_at_the_same_moment_agree(shop: Shop, cashier: Cashier) -> None:
    for _ in range(8):
        order = shop.order()
        url = start(shop, order)
        barrier = threading.Barrier(3)
        later = clock.now() + timedelta(minutes=40)

        def pay(url: str = url, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            cashier.press(url, "pay")

        def expire(barrier: threading.Barrier = barrier, later: object = later) -> None:
            barrier.wait()
            flows.expire_holds(shop.provider, shop.settings, now=later)  # type: ignore[arg-type]

        with ThreadPoolExecutor(3) as pool:
            for future in [pool.submit(pay), pool.submit(expire), pool.submit(expire)]:
                future.result()
        hear(shop)
        (payment,) = payments_of(order)
        flows.sync_payment(shop.provider, shop.settings, payment.id, now=clock.now())
        agreed = {"paid": ("succeeded", 1), "expired": ("expired", 0)}[state_of(order)]
        with transaction() as session:
            lines = [line.id for line in queries.list_lines(session, order.id)]
            issued = session.scalar(select(func.count()).select_from(Pass).where(Pass.order_line_id.in_(lines)))
        assert (payments_of(order)[0].state, issued) == agreed


def test_while_the_provider_is_away_nothing_is_released(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    cashier.press(start(shop, order), "pay")
    cashier.behave(api="down")
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=40)) == 0
    assert state_of(order) == "pending"
    hear(shop, lambda: count(WebhookEvent) > 0)
    cashier.behave(api="up")
    webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=clock.now() + timedelta(hours=1))
    assert_paid_once(order)


def test_a_late_success_is_accepted_and_flagged(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    order = shop.order()
    url = start(shop, order)
    cashier.press(url, "pay")
    with transaction() as session:
        locked, payment = queries.lock_payment(session, payments_of(order)[0].id)
        locked.state, locked.hold_state, payment.state = "expired", "released", "expired"
    flows.sync_payment(shop.provider, shop.settings, payment.id, now=clock.now())
    assert_paid_once(order)
    with transaction() as session:
        assert session.get_one(Order, order.id).attention == ["late_payment_accepted"]


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(api="no_answer")
    order = shop.order()
    with pytest.raises(Unavailable):
        start(shop, order)
    assert [payment.state for payment in payments_of(order)] == ["creating"]
    cashier.behave(api="up")
    url = start(shop, order)
    (payment,) = payments_of(order)
    assert (payment.state, payment.checkout_url) == ("open", url)


def test_a_refused_try_ends_and_the_same_click_makes_the_next(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(api="down")
    order = shop.order()
    with pytest.raises(Unavailable):
        start(shop, order)
    cashier.behave(api="up")
    with transaction() as session:
        _, payment = queries.lock_payment(session, payments_of(order)[0].id)
        payment.request = {**payment.request, "expires_at": int(clock.now().timestamp()) + 60}
    start(shop, order)
    assert [payment.state for payment in payments_of(order)] == ["failed", "open"]


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


def test_a_pending_wallet_payment_keeps_the_order_until_it_settles(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    page = come_back(shop, cashier.press(url, "pending", "alipay"))
    assert "付款处理中" in page.text and "/state.json" in page.text
    with pytest.raises(Conflict, match="payment_in_progress"):
        start(shop, order)
    assert flows.expire_holds(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=40)) == 0
    assert state_of(order) == "pending"
    cashier.helper(f"sessions/{url.rpartition('/')[2]}/act", action="settle")
    hear(shop, lambda: state_of(order) == "paid")
    assert_paid_once(order)


def test_a_pending_payment_that_fails_leaves_the_order_payable(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    cashier.press(url, "pending", "wechat_pay")
    cashier.helper(f"sessions/{url.rpartition('/')[2]}/act", action="fail")
    hear(shop, lambda: payments_of(order)[0].state == "failed")
    second = start(shop, order)
    assert second != url
    come_back(shop, cashier.press(second, "pay"))
    assert_paid_once(order)


def test_a_cancelled_order_closes_its_page_first(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    url = start(shop, order)
    token = queries.order_token(order.public_id)
    answer = requests.post(f"{shop.settings.public_url}/orders/{token}/cancel", timeout=20)
    assert "订单已取消" in answer.text
    assert (state_of(order), [payment.state for payment in payments_of(order)]) == ("canceled", ["expired"])
    assert cashier.press(url, "pay").status_code == 410
    assert requests.post(f"{shop.settings.public_url}/orders/{token}/pay", timeout=20).status_code == 409


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


def test_a_return_with_another_orders_payment_shows_ones_own_order(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="drop")
    mine, theirs = shop.order(), shop.order(holder_name="李四")
    url = start(shop, theirs)
    cashier.press(url, "pay")
    token = queries.order_token(mine.public_id)
    address = f"{shop.settings.public_url}/pay/return?order={token}&session_id={url.rpartition('/')[2]}"
    page = requests.get(address, timeout=20)
    assert mine.number in page.text and 'data-order-state="pending"' in page.text
    assert (state_of(mine), state_of(theirs)) == ("pending", "pending")
    rubbish = requests.get(f"{shop.settings.public_url}/pay/return?order={token}&session_id=%00", timeout=20)
    assert rubbish.status_code == 200 and mine.number in rubbish.text


def signed(payload: object, *, secret: str = "whsec_sandbox_new", age: int = 0) -> tuple[bytes, str]:
    """A body and its header, made by the cashier's own signer."""
    body = orjson.dumps(payload)
    return body, signature_header(body, [secret], at=int(clock.now().timestamp()) - age)


def post_webhook(shop: Shop, body: bytes, header: str | None) -> int:
    headers = {"Stripe-Signature": header} if header is not None else {}
    address = f"{shop.settings.public_url}/webhooks/stripe"
    return requests.post(address, data=body, headers=headers, timeout=20).status_code


EVENT = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-10-28.endive",
    "created": 1_790_000_000,
    "livemode": False,
    "type": "checkout.session.completed",
    "data": {"object": {"id": "cs_unknown", "object": "checkout.session", "metadata": {}}},
}


def test_bad_signatures_and_signed_junk_are_refused_and_nothing_is_kept(shop: Shop) -> None:
    body, good = signed(EVENT)
    cases: list[tuple[bytes, str | None]] = [
        (body, None),
        (body, ""),
        (body, "nonsense"),
        (body, "t=x,v1=y"),
        (body, "王"),
        (body + b" ", good),
        signed(EVENT, secret="whsec_of_somebody"),
        signed(EVENT, age=400),
        (b"\xff\xfe" + body, good),
        signed([]),
        signed({"object": "event"}),
        signed(EVENT | {"data": {"object": None}}),
        signed(EVENT | {"id": 5}),
        signed(EVENT | {"created": "soon"}),
        signed(EVENT | {"id": "evt_\x00"}),
        signed(EVENT | {"api_version": 5}),
        signed(EVENT | {"data": {"object": {"id": "cs_1", "object": "checkout.session", "metadata": {"payment": {}}}}}),
        signed(EVENT | {"livemode": True}),
    ]
    not_utf8 = b'{"id": "\xff"}'
    cases.append((not_utf8, good))
    for given, header in cases:
        encoded = header.encode().decode("latin-1") if header else header
        assert post_webhook(shop, given, encoded) == 400, (given, header)
    assert count(WebhookEvent) == 0


def test_both_secrets_of_a_rotation_are_taken(shop: Shop) -> None:
    for number, secret in enumerate(shop.settings.stripe_webhook_secrets):
        body, header = signed(EVENT | {"id": f"evt_{number}"}, secret=secret)
        assert post_webhook(shop, body, header) == 200
    with transaction() as session:
        indexes = session.scalars(select(WebhookEvent.signature_key_index).order_by(WebhookEvent.event_id)).all()
    assert indexes == [0, 1]


def test_a_message_about_nothing_of_ours_is_kept_unmatched(shop: Shop) -> None:
    body, header = signed(EVENT)
    assert post_webhook(shop, body, header) == 200
    hear(shop)
    with transaction() as session:
        assert session.scalars(select(WebhookEvent.state)).all() == ["unmatched"]


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


def test_a_wrong_key_is_a_definite_no(shop: Shop, cashier: Cashier) -> None:
    stranger = StripePayments(replace(shop.settings, stripe_secret_key="sk_sandbox_other"))
    order = shop.order()
    with pytest.raises(Unavailable, match="payment_not_started"):
        flows.start_payment(stranger, shop.settings, order.id, now=clock.now())
    assert {payment.state for payment in payments_of(order)} == {"failed"}
    assert settings_module.current() == shop.settings
