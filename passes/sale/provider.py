"""What the house asks of a payment provider and what it is told back. No vendor's type crosses this line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol


class ProviderUnavailable(Exception):
    """The outcome is unknown, or our key was refused: keep the state and ask again with the same idempotency key."""


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
    charged_at: datetime | None = None


@dataclass(frozen=True)
class RefundRequest:
    """amount_fen of one payment back to where it came from."""

    intent_id: str
    amount_fen: int
    refund_uid: str


@dataclass(frozen=True)
class RefundSnapshot:
    """status: pending | succeeded | failed | canceled. refund_uid: our own name for it; None where it is not ours."""

    id: str
    status: str
    amount_fen: int
    failure_reason: str | None
    pending_reason: str | None
    refund_uid: str | None = None


@dataclass(frozen=True)
class DisputeSnapshot:
    """status: the provider's word. due_at: until when evidence is taken.

    taken_minor: what it took from the account, in hundredths of the settlement currency; exchange_rate: of that
    currency for one yuan, None where it is the yuan.
    """

    id: str
    status: str
    amount_fen: int
    reason: str
    due_at: datetime | None
    taken_minor: int | None = None
    exchange_rate: Decimal | None = None


@dataclass(frozen=True)
class MoneyBack:
    """All that went back of one payment, or is claimed: every refund and every dispute, whoever began them."""

    refunds: tuple[RefundSnapshot, ...]
    disputes: tuple[DisputeSnapshot, ...]


@dataclass(frozen=True)
class IntentOwner:
    """Whose a payment at the provider is, by the metadata we gave it."""

    payment_uid: str | None
    env: str | None


@dataclass(frozen=True)
class PayoutSnapshot:
    """Money sent to the bank, in hundredths of the settlement currency. itemised: its lines can be read, whole."""

    id: str
    status: str
    amount_minor: int
    currency: str
    automatic: bool
    itemised: bool
    arrives_at: datetime
    created_at: datetime


@dataclass(frozen=True)
class LineSnapshot:
    """One movement of the balance. source_fen: what the buyer saw of it, in the currency of the sale."""

    id: str
    category: str
    source_id: str | None
    intent_id: str | None
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    exchange_rate: Decimal | None
    source_fen: int | None
    available_at: datetime
    created_at: datetime


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

    def fetch_money_back(self, intent_id: str) -> MoneyBack:
        """Two calls."""

    def fetch_owner(self, intent_id: str) -> IntentOwner: ...

    def list_payouts(self, since: datetime) -> Sequence[PayoutSnapshot]: ...

    def list_payout_lines(self, payout_id: str) -> Sequence[LineSnapshot]:
        """All of them, however many pages."""

    def list_lines(self, since: datetime) -> Sequence[LineSnapshot]:
        """All movements since, paid out or not."""

    def list_undelivered_events(self, since: datetime) -> Sequence[EventHint]: ...

    def verify_webhook(self, raw: bytes, header: str | None) -> EventHint:
        """Raises WebhookRefused."""
