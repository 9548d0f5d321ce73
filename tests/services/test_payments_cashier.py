"""The cashier speaks as Stripe does where the shop listens, and remembers after a restart."""

import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe

from passes import clock
from passes.launcher.places import free_port
from passes.sale.provider import ProviderMisused, ProviderRejected, ProviderUnavailable, RefundRequest
from passes.sale.stripe_gateway import StripePayments
from tests.conftest import clone, drop
from tests.services.conftest import SECRETS, Cashier, start_cashier, wait_for


def request_for(amount_fen: int = 19900, **changes: Any) -> dict[str, Any]:
    price = {"currency": "cny", "unit_amount": amount_fen, "product_data": {"name": "年卡"}}
    return {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "locale": "zh",
        "line_items": [{"quantity": 1, "price_data": price}],
        "allowed_payment_method_types": ["card", "alipay", "wechat_pay"],
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        "adaptive_pricing": {"enabled": False},
        "client_reference_id": "T-1",
        "metadata": {"payment": "p"},
        "expires_at": int(clock.now().timestamp()) + 1900,
        "success_url": "http://127.0.0.1:1/pay/return?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:1/orders/x",
    } | changes


@pytest.fixture
def provider(cashier: Cashier) -> StripePayments:
    return StripePayments(cashier.settings)


def test_one_key_makes_one_session_and_takes_no_other_parameters(provider: StripePayments) -> None:
    key = f"k{time.time_ns()}"
    request = request_for()
    first = provider.create_checkout(request, key)
    assert provider.create_checkout(request, key) == first
    assert first.methods == ("card", "alipay", "wechat_pay")
    with pytest.raises(ProviderMisused):
        provider.create_checkout(request | {"expires_at": request["expires_at"] + 1}, key)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported"),
        ({"succes_url": "http://x"}, "parameter_unknown"),
        ({"line_items": [{"quantity": 1, "price": "p"}]}, "parameter_unknown"),
        ({"expires_at": 1}, "InvalidRequestError"),
        ({"expires_at": "soon"}, "parameter_invalid_integer"),
        ({"line_items": []}, "InvalidRequestError"),
        ({"mode": "subscription"}, "InvalidRequestError"),
        ({"payment_method_options": {}}, "parameter_missing"),
    ],
)
def test_what_stripe_would_refuse_is_refused(provider: StripePayments, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ProviderRejected) as refused:
        provider.create_checkout(request_for(**changes), f"k{time.time_ns()}")
    assert refused.value.code == code


@pytest.mark.parametrize("query", ["created[gte]=soon", "limit=x", "limit[a]=1", "limit=0"])
def test_a_list_asked_for_strangely_is_refused(cashier: Cashier, query: str) -> None:
    headers = {"Authorization": f"Bearer {cashier.settings.stripe_secret_key}"}
    answer = requests.get(f"{cashier.address}/v1/events?{query}", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_too_little_and_too_much_money_is_refused(provider: StripePayments) -> None:
    for amount, code in ((399, "amount_too_small"), (100_000_000, "amount_too_large")):
        with pytest.raises(ProviderRejected) as refused:
            provider.create_checkout(request_for(amount), f"k{time.time_ns()}")
        assert refused.value.code == code


def test_expiry_works_only_while_open(provider: StripePayments, cashier: Cashier) -> None:
    made = provider.create_checkout(request_for(), f"k{time.time_ns()}")
    provider.expire(made.id)
    assert provider.fetch(made.id).checkout_status == "expired"
    with pytest.raises(ProviderRejected):
        provider.expire(made.id)
    assert cashier.press(made.url, "pay").status_code == 410
    with pytest.raises(ProviderRejected, match="resource_missing"):
        provider.fetch("cs_test_nothing")


def paid(provider: StripePayments, cashier: Cashier, method: str) -> str:
    made = provider.create_checkout(request_for(), f"k{time.time_ns()}")
    assert cashier.press(made.url, "pay", method).status_code == 303
    snapshot = provider.fetch(made.id)
    assert (snapshot.payment_status, snapshot.method) == ("paid", method)
    assert snapshot.intent_id
    return snapshot.intent_id


def test_a_card_is_refunded_at_once_and_never_more_than_was_received(
    provider: StripePayments, cashier: Cashier
) -> None:
    intent = paid(provider, cashier, "card")
    request = RefundRequest(intent, 10000, "r1")
    first = provider.refund(request, f"r{intent}")
    assert (first.status, provider.refund(request, f"r{intent}").id) == ("succeeded", first.id)
    with pytest.raises(ProviderRejected):
        provider.refund(RefundRequest(intent, 9901, "r2"), f"r2{intent}")
    assert provider.refund(RefundRequest(intent, 9900, "r2"), f"r3{intent}").status == "succeeded"
    with pytest.raises(ProviderRejected, match="charge_already_refunded"):
        provider.refund(RefundRequest(intent, 1, "r3"), f"r4{intent}")


def test_a_wallets_refund_is_pending_first_and_may_fail(provider: StripePayments, cashier: Cashier) -> None:
    refund = provider.refund(RefundRequest(paid(provider, cashier, "alipay"), 100, "r"), f"k{time.time_ns()}")
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    cashier.helper(f"refunds/{refund.id}/fail")
    after = provider.fetch_refund(refund.id)
    assert (after.status, after.failure_reason) == ("failed", "declined")


def test_a_cashier_that_is_down_or_takes_no_key_of_ours_is_unknown(provider: StripePayments, cashier: Cashier) -> None:
    cashier.behave(api="down")
    with pytest.raises(ProviderUnavailable):
        provider.fetch("cs_1")
    cashier.behave(api="up")
    with pytest.raises(ProviderUnavailable, match="AuthenticationError"):
        StripePayments(replace(cashier.settings, stripe_secret_key="sk_sandbox_no")).fetch("cs_1")
    nobody = StripePayments(replace(cashier.settings, stripe_api_base=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(ProviderUnavailable):
        nobody.fetch("cs_1")


def test_pages_take_no_button_from_another_site_and_carry_no_inline_code(
    provider: StripePayments, cashier: Cashier
) -> None:
    made = provider.create_checkout(request_for(), f"k{time.time_ns()}")
    page = requests.get(made.url, headers={"Accept-Language": "zh"}, timeout=10)
    assert all(
        words in page.text for words in ("测试收银台 · 不会扣款", "TEST CASHIER · no money moves", "请选择付款方式")
    )
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert page.headers["Content-Security-Policy"].endswith("form-action 'self' http://127.0.0.1:1")
    assert "<script" not in page.text and "style=" not in page.text and '<input type="text' not in page.text
    forged = requests.post(made.url, data={"action": "pay"}, headers={"Sec-Fetch-Site": "cross-site"}, timeout=10)
    assert (forged.status_code, provider.fetch(made.id).checkout_status) == (403, "open")
    assert requests.get(f"{cashier.address}/pay/cs_test_no", timeout=10).status_code == 404
    assert requests.get(f"{cashier.address}/", timeout=10).status_code == 200


class Listener(http.server.BaseHTTPRequestHandler):
    """A shop that fails twice before it hears."""

    heard: list[tuple[bytes, str]] = []
    answers: list[int] = []

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((body, self.headers["Stripe-Signature"]))
        self.send_response(self.answers.pop(0) if self.answers else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[int]:
    Listener.heard, Listener.answers = [], [500, 302]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_messages_are_repeated_until_heard_and_survive_a_restart(
    postgres_url: str, running_cashier: Cashier, listener: int
) -> None:
    url = clone(postgres_url, None)
    port = free_port()
    settings = replace(
        running_cashier.settings,
        database_url=url,
        public_url=f"http://127.0.0.1:{listener}",
        stripe_api_base=f"http://127.0.0.1:{port}",
    )
    process = start_cashier(settings)
    wait_for(port, process)
    provider, cashier = StripePayments(settings), Cashier(settings, process)
    cashier.behave(delay_seconds=2)
    made = provider.create_checkout(request_for(), "k1")
    cashier.press(made.url, "pay")
    process.kill()
    process.wait()
    process = start_cashier(settings)
    wait_for(port, process)
    assert provider.fetch(made.id).payment_status == "paid"
    ends = time.monotonic() + 30
    while len(Listener.heard) < 3:
        assert time.monotonic() < ends, "the message was not repeated"
        time.sleep(0.1)
    bodies = {body for body, _ in Listener.heard}
    assert len(bodies) == 1
    body, header = Listener.heard[-1]
    for secret in SECRETS:
        assert stripe.WebhookSignature.verify_header(body.decode(), header, secret, 300)
    while provider.list_undelivered_events(clock.now() - timedelta(minutes=5)):
        assert time.monotonic() < ends, "the message counts as undelivered"
        time.sleep(0.1)
    process.terminate()
    assert process.wait(20) == 0
    drop(postgres_url, url)


@pytest.mark.parametrize("kind", [stripe.AuthenticationError, stripe.PermissionError])
def test_a_key_that_has_run_out_is_no_answer_whatever_code_it_comes_with(
    provider: StripePayments, monkeypatch: pytest.MonkeyPatch, kind: type[stripe.StripeError]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise kind("Expired API Key provided", code="api_key_expired", http_status=401)

    monkeypatch.setattr(stripe.RequestsClient, "request", refuse)
    with pytest.raises(ProviderUnavailable, match="api_key_expired"):
        provider.refund(RefundRequest("pi_1", 100, "r"), "key")
