"""What the house asks of a payment provider and what it is told back. No vendor's type crosses this line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class ProviderUnavailable(Exception):
    """The outcome is unknown: keep the state and ask again with the same key."""


class ProviderRejected(Exception):
    """A definite no. code: the provider's word for the reason."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class ProviderMisused(Exception):
    """We sent other parameters under a used key: a fault of ours, and never a reason to make a new key."""


class WebhookRefused(Exception):
    """A webhook that is not signed by the provider, or signed junk. Nothing of it is kept."""


@dataclass(frozen=True)
class Checkout:
    """A hosted payment page. methods: what it really offers, which may be less than was asked for."""

    id: str
    url: str
    expires_at: datetime
    methods: tuple[str, ...]


@dataclass(frozen=True)
class PaymentSnapshot:
    """The provider's whole truth about one checkout at one moment, read in one call."""

    checkout_id: str
    url: str | None
    checkout_status: str  # open | complete | expired
    payment_status: str  # paid | unpaid | no_payment_required
    livemode: bool
    currency: str
    amount_fen: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    intent_id: str | None = None
    intent_status: str | None = None
    amount_received_fen: int = 0
    amount_refunded_fen: int = 0
    charge_id: str | None = None
    method: str | None = None
    failure_code: str | None = None


@dataclass(frozen=True)
class RefundRequest:
    """amount_fen of one payment back to where it came from."""

    intent_id: str
    amount_fen: int
    refund_uid: str


@dataclass(frozen=True)
class RefundSnapshot:
    """status: pending | requires_action | succeeded | failed | canceled."""

    id: str
    status: str
    amount_fen: int
    failure_reason: str | None
    pending_reason: str | None


@dataclass(frozen=True)
class EventHint:
    """A message from the provider. It says only where to look: the truth is fetched."""

    event_id: str
    type: str
    api_version: str | None
    livemode: bool
    object_type: str
    object_id: str
    created_at: datetime
    payload: dict[str, Any]
    payment_uid: str | None
    env: str | None
    intent_id: str | None
    signature_key_index: int | None = None


class PaymentProvider(Protocol):
    """Every method is one network call, made outside any transaction, but verify_webhook, which makes none.

    All raise ProviderUnavailable or ProviderRejected.
    """

    def create_checkout(self, request: Mapping[str, Any], key: str) -> Checkout:
        """`request` is sent as it is: what was stored with the payment, so that a retry is the same request."""

    def fetch(self, checkout_id: str) -> PaymentSnapshot: ...

    def expire(self, checkout_id: str) -> None:
        """ProviderRejected where the checkout is no longer open."""

    def refund(self, request: RefundRequest, key: str) -> RefundSnapshot: ...

    def fetch_refund(self, refund_id: str) -> RefundSnapshot: ...

    def list_undelivered_events(self, since: datetime) -> Sequence[EventHint]: ...

    def verify_webhook(self, raw: bytes, header: str | None) -> EventHint:
        """Raises WebhookRefused."""
