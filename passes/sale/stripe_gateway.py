"""The one window to Stripe: the SDK's calls, errors and objects become ours here."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar, cast

import orjson
import stripe

from passes import settings
from passes.db import in_transaction
from passes.sale.provider import (
    Checkout,
    EventHint,
    IntentOwner,
    LineSnapshot,
    MoneyBack,
    PaymentSnapshot,
    PayoutSnapshot,
    ProviderMisused,
    ProviderRejected,
    ProviderUnavailable,
    RefundRequest,
    RefundSnapshot,
    WebhookRefused,
)
from passes.sale.stripe_words import (
    dispute_snapshot,
    line_snapshot,
    moment,
    payout_snapshot,
    refund_snapshot,
    snapshot_of,
)
from passes.settings import Settings

# The SDK writes a file into the home directory otherwise.
stripe.enable_telemetry = False
stripe.set_app_info("youyou")
# It tells of every call, with the ids of what was asked for.
logging.getLogger("stripe").setLevel(logging.WARNING)

TOLERANCE_SECONDS = 300
_MOST_EVENTS = 1000
# A no to our key says nothing of what was asked: with the right key the same question is answered.
_UNKNOWN = (
    stripe.APIConnectionError,
    stripe.RateLimitError,
    stripe.APIError,
    stripe.AuthenticationError,
    stripe.PermissionError,
)
# What the shop acts on. The event is only a hint, so few types do.
EVENT_TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "payout.paid",
    "payout.failed",
    "payout.reconciliation_completed",
)

Answer = TypeVar("Answer")


class StripePayments:
    """PaymentProvider by the `stripe` SDK, against Stripe or the test cashier: only the address differs.

    One a process, made after any fork. A web request waits at most (retries + 1) × 8 s.
    """

    def __init__(self, chosen: Settings, *, retries: int = 1) -> None:
        self._secrets = chosen.stripe_webhook_secrets
        self._client = stripe.StripeClient(
            chosen.stripe_secret_key or "",
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=(3.05, 8)),
            base_addresses={"api": chosen.stripe_api_base} if chosen.stripe_api_base else {},
        )

    def create_checkout(self, request: Mapping[str, Any], key: str) -> Checkout:
        params = cast(Any, dict(request))
        made = _asked(lambda: self._client.v1.checkout.sessions.create(params, {"idempotency_key": key}))
        found = made.to_dict()
        return Checkout(
            id=found["id"],
            url=found["url"] or "",
            expires_at=moment(found["expires_at"]),
            methods=tuple(found.get("payment_method_types") or ()),
        )

    def fetch(self, checkout_id: str) -> PaymentSnapshot:
        found = _asked(
            lambda: self._client.v1.checkout.sessions.retrieve(
                checkout_id, {"expand": ["payment_intent.latest_charge"]}
            )
        )
        return snapshot_of(found.to_dict())

    def expire(self, checkout_id: str) -> None:
        _asked(lambda: self._client.v1.checkout.sessions.expire(checkout_id))

    def refund(self, request: RefundRequest, key: str) -> RefundSnapshot:
        made = _asked(
            lambda: self._client.v1.refunds.create(
                {
                    "payment_intent": request.intent_id,
                    "amount": request.amount_fen,
                    "metadata": {"refund": request.refund_uid},
                },
                {"idempotency_key": key},
            )
        )
        return refund_snapshot(made.to_dict())

    def fetch_refund(self, refund_id: str) -> RefundSnapshot:
        return refund_snapshot(_asked(lambda: self._client.v1.refunds.retrieve(refund_id)).to_dict())

    def fetch_money_back(self, intent_id: str) -> MoneyBack:
        refunds = _asked(lambda: _all(self._client.v1.refunds.list({"payment_intent": intent_id, "limit": 100})))
        disputes = _asked(lambda: _all(self._client.v1.disputes.list({"payment_intent": intent_id, "limit": 100})))
        return MoneyBack(
            tuple(refund_snapshot(found) for found in refunds), tuple(dispute_snapshot(found) for found in disputes)
        )

    def fetch_owner(self, intent_id: str) -> IntentOwner:
        found = _asked(lambda: self._client.v1.payment_intents.retrieve(intent_id)).to_dict()
        metadata = found.get("metadata") or {}
        return IntentOwner(metadata.get("payment"), metadata.get("env"))

    def list_payouts(self, since: datetime) -> Sequence[PayoutSnapshot]:
        created: Any = {"gte": int(since.timestamp())}
        found = _asked(lambda: _all(self._client.v1.payouts.list({"created": created, "limit": 100})))
        return [payout_snapshot(payout) for payout in found]

    def list_payout_lines(self, payout_id: str) -> Sequence[LineSnapshot]:
        return self._lines({"payout": payout_id})

    def list_lines(self, since: datetime) -> Sequence[LineSnapshot]:
        return self._lines({"created": {"gte": int(since.timestamp())}})

    def _lines(self, which: dict[str, Any]) -> list[LineSnapshot]:
        params: Any = {**which, "limit": 100, "expand": ["data.source"]}
        found = _asked(lambda: _all(self._client.v1.balance_transactions.list(params)))
        return [line_snapshot(line) for line in found]

    def list_undelivered_events(self, since: datetime) -> Sequence[EventHint]:
        found = _asked(
            lambda: self._client.v1.events.list(
                {
                    "delivery_success": False,
                    "created": {"gte": int(since.timestamp())},
                    "types": list(EVENT_TYPES),
                    "limit": 100,
                }
            )
        )
        newest = _asked(lambda: list(islice(found.auto_paging_iter(), _MOST_EVENTS)))
        return [hint_of(event.to_dict()) for event in newest]

    def verify_webhook(self, raw: bytes, header: str | None) -> EventHint:
        for index, secret in enumerate(self._secrets):
            try:
                stripe.WebhookSignature.verify_header(raw.decode(), header or "", secret, TOLERANCE_SECONDS)
            except (stripe.SignatureVerificationError, ValueError):
                # ValueError: a body that is no UTF-8, or a header that is no header.
                continue
            try:
                if b"\\u0000" in raw:
                    raise ValueError("a character that cannot be kept")
                return hint_of(orjson.loads(raw), signature_key_index=index)
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
                raise WebhookRefused("signed, but no event") from error
        raise WebhookRefused("no secret of ours made this signature")


@lru_cache(maxsize=4)
def _provider_for(chosen: Settings) -> StripePayments:
    return StripePayments(chosen)


def current_provider() -> StripePayments:
    """The provider of this process's settings."""
    return _provider_for(settings.current())


def _all(page: Any) -> list[dict[str, Any]]:
    """Every object of a list, page after page."""
    return [found.to_dict() for found in page.auto_paging_iter()]


def _asked(call: Callable[[], Answer]) -> Answer:
    """One call to Stripe. The SDK's twelve exceptions become unknown, no, and our own fault."""
    if in_transaction():
        raise AssertionError("a payment provider was asked while a transaction was open")
    try:
        return call()
    except stripe.IdempotencyError as error:
        raise ProviderMisused(str(error)) from error
    except _UNKNOWN as error:
        words = (type(error).__name__, error.code, error.request_id)
        raise ProviderUnavailable(" ".join(word for word in words if word)) from error
    except stripe.StripeError as error:
        raise ProviderRejected(error.code or type(error).__name__, str(error)) from error


def hint_of(event: Mapping[str, Any], *, signature_key_index: int | None = None) -> EventHint:
    """Raises KeyError or TypeError for what is no event. `payload` keeps it whole."""
    about = event["data"]["object"]
    metadata = about.get("metadata") or {}
    intent = about.get("payment_intent")
    perhaps = (event.get("api_version"), metadata.get("payment"))
    texts = (event["type"], event["id"], *(text for text in perhaps if text is not None))
    if event["object"] != "event" or not all(isinstance(text, str) for text in texts):
        raise TypeError("no event")
    return EventHint(
        event_id=event["id"],
        type=event["type"],
        api_version=event.get("api_version"),
        livemode=bool(event["livemode"]),
        object_type=str(about["object"]),
        object_id=str(about["id"]),
        created_at=moment(event["created"]),
        payload=dict(event),
        payment_uid=metadata.get("payment"),
        env=metadata.get("env"),
        intent_id=intent if isinstance(intent, str) else None,
        signature_key_index=signature_key_index,
    )
