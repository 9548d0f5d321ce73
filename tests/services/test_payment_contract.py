"""Every request we send is one the pinned SDK's own types allow: names, nesting, kinds of values and fixed words."""

import inspect
import json
import types
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin
from urllib.parse import unquote_plus
from uuid import UUID

import pytest
import stripe
from typing_extensions import get_type_hints, is_typeddict

from passes.cashier.form import nested
from passes.cashier.store import API_VERSION
from passes.sale import checkout_request, stripe_gateway
from passes.sale.models import Order, OrderLine, Payment
from passes.sale.provider import RefundRequest
from passes.sale.stripe_gateway import StripePayments
from tests.conftest import TEST_SETTINGS

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
LIST = {"object": "list", "data": [], "has_more": False, "url": "/v1/x"}
# Named in the types of the SDK and imported there for the type checker alone.
_ELSEWHERE = {"StripeContext": object, "Mapping": Mapping}


class Recorder(stripe.HTTPClient):
    """Sends nothing and answers what would do; keeps what would have been sent."""

    name = "recorder"

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str, dict[str, Any], dict[str, str]]] = []

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        path, _, query = url.partition("?")
        pairs = [tuple(part.split("=", 1)) for part in (post_data or query).split("&") if part]
        plain = [(stripe_unquote(name), stripe_unquote(value)) for name, value in pairs]
        self.sent.append((method, path.partition("/v1")[2], nested(plain), dict(headers)))
        return stripe_json(method, path), 200, {}

    def close(self) -> None:
        pass


def stripe_unquote(text: str) -> str:

    return unquote_plus(text)


def stripe_json(method: str, path: str) -> str:

    if "/expire" in path or "/sessions" in path:
        body: dict[str, Any] = {
            "id": "cs_1",
            "object": "checkout.session",
            "url": "https://x",
            "expires_at": 1,
            "status": "open",
            "payment_status": "unpaid",
            "livemode": False,
            "currency": "cny",
            "amount_total": 1,
            "metadata": {},
        }
    elif "/refunds/" in path or (method == "post" and path.endswith("/refunds")):
        body = {"id": "re_1", "object": "refund", "status": "pending", "amount": 1}
    elif "/payment_intents/" in path:
        body = {"id": "pi_1", "object": "payment_intent", "metadata": {}}
    else:
        body = LIST
    return json.dumps(body)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(stripe, "RequestsClient", lambda **_: made)
    return made


def order_and_lines() -> tuple[Order, list[OrderLine], Payment]:
    order = Order(number="261125-ABCDEF", currency="cny", locale="zh", public_id=UUID(int=7), total_fen=26800)
    lines = [
        OrderLine(product_id="PASS-ADULT", product_name={"zh": "成人年卡", "en": "Adult"}, amount_fen=19900),
        OrderLine(product_id="PASS-CHILD", product_name={"zh": "儿童副卡", "en": "Child"}, amount_fen=6900),
    ]
    return order, lines, Payment(uid=UUID(int=8), expires_at=NOW)


def send_everything(provider: StripePayments) -> None:
    order, lines, payment = order_and_lines()
    request = checkout_request.checkout_request(
        order, lines, payment, public_url="https://tickets.example", install_id=UUID(int=9)
    )
    provider.create_checkout(request, "pay:1")
    provider.fetch("cs_1")
    provider.expire("cs_1")
    provider.refund(RefundRequest("pi_1", 100, "u"), "refund:1")
    provider.fetch_refund("re_1")
    for call in (
        lambda: provider.fetch_money_back("pi_1"),
        lambda: provider.fetch_owner("pi_1"),
        lambda: provider.list_payouts(NOW),
        lambda: provider.list_payout_lines("po_1"),
        lambda: provider.list_lines(NOW),
        lambda: provider.list_undelivered_events(NOW),
    ):
        try:
            call()
        except (KeyError, AttributeError, TypeError):
            # The recorder's answer is too thin for it; what was sent is what counts here.
            continue


PARAMS = {
    ("post", "/checkout/sessions"): stripe.params.checkout.SessionCreateParams,
    ("get", "/checkout/sessions/cs_1"): stripe.params.checkout.SessionRetrieveParams,
    ("post", "/checkout/sessions/cs_1/expire"): stripe.params.checkout.SessionExpireParams,
    ("post", "/refunds"): stripe.params.RefundCreateParams,
    ("get", "/refunds"): stripe.params.RefundListParams,
    ("get", "/refunds/re_1"): stripe.params.RefundRetrieveParams,
    ("get", "/disputes"): stripe.params.DisputeListParams,
    ("get", "/payment_intents/pi_1"): stripe.params.PaymentIntentRetrieveParams,
    ("get", "/payouts"): stripe.params.PayoutListParams,
    ("get", "/balance_transactions"): stripe.params.BalanceTransactionListParams,
    ("get", "/events"): stripe.params.EventListParams,
}


def faults(value: Any, wanted: Any, path: str = "") -> list[str]:
    """What of a decoded form does not fit the SDK's type; a form knows only texts, so numbers are digits."""
    origin = get_origin(wanted)
    if origin in (NotRequired, Required):
        return faults(value, get_args(wanted)[0], path)
    if origin in (Union, types.UnionType):
        parts = get_args(wanted)
        if any(get_origin(part) is Literal and get_args(part) != ("",) for part in parts):
            # The SDK leaves room for words to come; we send none of those.
            parts = tuple(part for part in parts if part is not str)
        tries = [faults(value, part, path) for part in parts]
        return [] if [] in tries else min(tries, key=len)
    if origin is Literal:
        return [] if value in get_args(wanted) else [f"{path}: {value!r} is none of {get_args(wanted)}"]
    if is_typeddict(wanted):
        if not isinstance(value, dict):
            return [f"{path}: no object"]
        hints = get_type_hints(wanted, localns=_ELSEWHERE, include_extras=True)
        strange = [f"{path}.{name}: unknown" for name in value if name not in hints]
        missing = [f"{path}.{name}: missing" for name in wanted.__required_keys__ if name not in value]
        inside = [faults(value[name], hints[name], f"{path}.{name}") for name in value if name in hints]
        return strange + missing + [fault for found in inside for fault in found]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: no list"]
        return [fault for n, part in enumerate(value) for fault in faults(part, get_args(wanted)[0], f"{path}[{n}]")]
    if origin is dict:
        good = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        return [] if good else [f"{path}: no map"]
    return _plain_faults(value, wanted, path)


def _plain_faults(value: Any, wanted: Any, path: str) -> list[str]:
    if wanted is int:
        good = isinstance(value, str) and value.lstrip("-").isdigit()
    elif wanted is bool:
        good = value in ("true", "false")
    elif wanted is str:
        good = isinstance(value, str)
    else:
        good = wanted in (Any, type(None))
    return [] if good else [f"{path}: {value!r} is no {wanted}"]


def test_every_request_fits_the_types_of_the_pinned_sdk(recorder: Recorder) -> None:
    live = replace(TEST_SETTINGS, payments="stripe", stripe_secret_key="rk_live_x", stripe_api_base=None)
    send_everything(StripePayments(live))
    seen = set()
    for method, path, params, headers in recorder.sent:
        assert headers["Stripe-Version"] == API_VERSION == stripe.api_version
        assert faults(params, PARAMS[method, path], path) == []
        seen.add((method, path))
    assert seen == set(PARAMS), "a request was not made"
    posts = [headers for method, _, _, headers in recorder.sent if method == "post"]
    assert {headers.get("Idempotency-Key", "") for headers in posts[::2]} == {"pay:1", "refund:1"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types: unknown"),
        ({"succes_url": "https://x"}, "succes_url: unknown"),
        ({"ui_mode": "hosted"}, "ui_mode: 'hosted' is none of"),
        ({"line_items": [{"quantity": "two"}]}, "quantity: 'two' is no"),
        ({"adaptive_pricing": {"enable": "true"}}, "enable: unknown"),
        ({"payment_method_options": {"wechat_pay": {}}}, "client: missing"),
    ],
)
def test_a_removed_or_misspelt_parameter_is_seen(change: dict[str, Any], named: str) -> None:
    found = faults(change, stripe.params.checkout.SessionCreateParams)
    assert any(named in fault for fault in found), found


def test_no_request_is_made_that_the_list_above_does_not_know() -> None:
    """A new call to the SDK has to be named here, too."""
    source = Path(inspect.getfile(stripe_gateway)).read_text()
    assert source.count("self._client.v1.") == 11


def test_of_a_buyer_the_provider_is_told_nothing(recorder: Recorder) -> None:
    send_everything(StripePayments(TEST_SETTINGS))
    (_, _, sent, _) = recorder.sent[0]
    assert not {"customer_email", "customer"} & set(sent)
    assert set(sent["metadata"]) == {"order", "payment", "env"} == set(sent["payment_intent_data"]["metadata"])
