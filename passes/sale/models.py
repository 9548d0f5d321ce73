"""Tables of the sale room. Money is integer fen; what must always be true is a named constraint."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = DateTime(timezone=True)


class Order(Base):
    """What somebody wants to buy, from the form to the end. What was paid or refunded is derived, not stored here."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'paid', 'expired', 'canceled')", name="state_known"),
        CheckConstraint("hold_state IN ('held', 'consumed', 'released')", name="hold_state_known"),
        CheckConstraint("currency = 'cny'", name="currency_is_cny"),
        CheckConstraint("total_fen >= 0", name="total_not_negative"),
        CheckConstraint("state <> 'paid' OR paid_at IS NOT NULL", name="paid_has_a_moment"),
        CheckConstraint("state <> 'paid' OR hold_state = 'consumed'", name="paid_consumes_the_hold"),
        CheckConstraint("livemode <> starts_with(number, 'T-')", name="number_says_test"),
        CheckConstraint(
            "num_nonnulls(terms_accepted_at, terms_version, terms_locale, privacy_version, guardian_consent) IN (0, 5)",
            name="acceptance_is_whole",
        ),
        # What the expiry chore asks for.
        Index("ix_orders_pending_hold", "hold_expires_at", postgresql_where=text("state = 'pending'")),
        # What the back office has to look at.
        Index("ix_orders_attention", "id", postgresql_where=text("cardinality(attention) > 0")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    public_id: Mapped[UUID] = mapped_column(Uuid, unique=True, comment="in the secret link, beside its proof")
    number: Mapped[str] = mapped_column(Text, unique=True)
    form_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True, comment="one form sent twice is one order")
    livemode: Mapped[bool]
    state: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    total_fen: Mapped[int] = mapped_column(BigInteger)
    hold_expires_at: Mapped[datetime] = mapped_column(Moment)
    hold_state: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(Moment)
    paid_at: Mapped[datetime | None] = mapped_column(Moment)
    expired_at: Mapped[datetime | None] = mapped_column(Moment)
    canceled_at: Mapped[datetime | None] = mapped_column(Moment)
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    attention: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'"), comment="what staff should look at"
    )
    email: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(Moment, comment="when its personal fields were blanked")
    terms_accepted_at: Mapped[datetime | None] = mapped_column(Moment, comment="null where none was noted: before 0024")
    terms_version: Mapped[int | None] = mapped_column(Integer, comment="of the terms that were accepted")
    terms_locale: Mapped[str | None] = mapped_column(Text, comment="in which language they were read")
    privacy_version: Mapped[str | None] = mapped_column(Text, comment="of the privacy notice in force then")
    guardian_consent: Mapped[bool | None] = mapped_column(comment="said to be the parent or guardian of the children")
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class OrderLine(Base):
    """One pass to be: product, terms, price and holder, with the serial drawn for it."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        # What a buyer says at the desk.
        Index("ix_order_line_holder_phone", "holder_phone"),
        Index("ix_order_line_holder_phone_end", text('"right"(holder_phone, 4)')),
        Index("ix_order_line_document_last4", "document_last4"),
        Index("ix_order_line_holder_name", text("lower(holder_name) text_pattern_ops")),
        CheckConstraint("amount_fen >= 0", name="amount_not_negative"),
        CheckConstraint("octet_length(document_hmac) = 32", name="document_hmac_is_sha256"),
        CheckConstraint("char_length(document_last4) BETWEEN 1 AND 4", name="document_last4_is_short"),
        CheckConstraint("id_tag BETWEEN 0 AND 65535", name="id_tag_is_two_bytes"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    product_id: Mapped[str] = mapped_column(Text)
    product_name: Mapped[dict[str, str]] = mapped_column(JSONB, comment="{zh, en} as it was sold")
    terms_version: Mapped[int] = mapped_column(Integer)
    product_number: Mapped[int] = mapped_column(Integer, comment="(product, terms version) in the token")
    validity_days: Mapped[int] = mapped_column(SmallInteger)
    activation_days: Mapped[int] = mapped_column(SmallInteger)
    holder_class: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    serial: Mapped[int] = mapped_column(BigInteger, unique=True)
    id_tag: Mapped[int] = mapped_column(Integer)
    holder_name: Mapped[str] = mapped_column(Text)
    holder_phone: Mapped[str] = mapped_column(Text, comment="E.164")
    holder_email: Mapped[str | None] = mapped_column(Text)
    birth_on: Mapped[date] = mapped_column(Date)
    document_type: Mapped[str] = mapped_column(Text)
    document_hmac: Mapped[bytes] = mapped_column(LargeBinary)
    document_last4: Mapped[str] = mapped_column(Text)


class Payment(Base):
    """One try to pay an order. succeeded is never left; refunds and disputes stand beside it."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(
            "state IN ('creating', 'open', 'processing', 'review', 'returned', 'succeeded', 'failed', 'expired')",
            name="state_known",
        ),
        CheckConstraint("provider IN ('stripe', 'zero', 'manual')", name="provider_known"),
        CheckConstraint("amount_fen >= 0", name="amount_not_negative"),
        CheckConstraint("amount_received_fen >= 0 AND amount_refunded_fen >= 0", name="moved_not_negative"),
        CheckConstraint("(state = 'succeeded') = (succeeded_at IS NOT NULL)", name="success_has_a_moment"),
        UniqueConstraint("order_id", "attempt_no"),
        # The last word against the double click: one live payment of an order.
        Index(
            "uq_payment_live",
            "order_id",
            unique=True,
            postgresql_where=text("state IN ('creating', 'open', 'processing', 'review')"),
        ),
        Index(
            "ix_payment_to_poll",
            "next_poll_at",
            postgresql_where=text("state IN ('creating', 'open', 'processing')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    uid: Mapped[UUID] = mapped_column(Uuid, unique=True, comment="what the provider knows it by")
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    attempt_no: Mapped[int] = mapped_column(SmallInteger)
    provider: Mapped[str] = mapped_column(Text)
    livemode: Mapped[bool]
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str] = mapped_column(Text, unique=True)
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="sent again as it is: same key, same parameters")
    checkout_id: Mapped[str | None] = mapped_column(Text, unique=True)
    checkout_url: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    provider_intent_id: Mapped[str | None] = mapped_column(Text, unique=True)
    provider_charge_id: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    methods: Mapped[list[str] | None] = mapped_column(ARRAY(Text), comment="what its page really offered")
    received_currency: Mapped[str | None] = mapped_column(Text, comment="where it is not the one asked for")
    amount_received_fen: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    amount_refunded_fen: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    refundable_until: Mapped[datetime | None] = mapped_column(Moment)
    failure_code: Mapped[str | None] = mapped_column(Text)
    dispute_id: Mapped[str | None] = mapped_column(Text)
    dispute_status: Mapped[str | None] = mapped_column(Text)
    dispute_reason: Mapped[str | None] = mapped_column(Text)
    dispute_due_at: Mapped[datetime | None] = mapped_column(Moment, comment="until when evidence is taken")
    disputed_fen: Mapped[int | None] = mapped_column(BigInteger)
    lost_fen: Mapped[int] = mapped_column(
        BigInteger, server_default=text("0"), comment="what disputes before the one named here took for good"
    )
    created_at: Mapped[datetime] = mapped_column(Moment)
    succeeded_at: Mapped[datetime | None] = mapped_column(Moment)
    last_synced_at: Mapped[datetime | None] = mapped_column(Moment)
    next_poll_at: Mapped[datetime | None] = mapped_column(Moment)


class Refund(Base):
    """Money on its way back. A failed one is replaced by a new row, never sent again under its key."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'pending', 'succeeded', 'failed', 'canceled')", name="state_known"),
        CheckConstraint("source IN ('customer', 'staff', 'system', 'external')", name="source_known"),
        CheckConstraint(
            "reason IN ('requested', 'late_payment', 'duplicate_payment', 'event_cancelled', 'goodwill', 'external')",
            name="reason_known",
        ),
        CheckConstraint("channel IN ('provider', 'manual')", name="channel_known"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("cause IN ('holder', 'operator')", name="cause_known"),
        CheckConstraint("refund_lines_fen(lines) = amount_fen", name="lines_sum_up"),
        Index("ix_refund_order_id", "order_id"),
        Index("ix_refund_payment_id", "payment_id"),
        Index("ix_refund_unsettled", "id", postgresql_where=text("state IN ('requested', 'pending')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    uid: Mapped[UUID] = mapped_column(Uuid, unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    cause: Mapped[str | None] = mapped_column(
        Text, comment="whose: holder | operator; null where no terms of a pass were asked"
    )
    lines: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSONB(none_as_null=True), comment="[{code, zh, en, amount_fen, pass_id}]"
    )
    channel: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str] = mapped_column(Text, unique=True)
    request_key: Mapped[str | None] = mapped_column(Text, unique=True, comment="one form is one refund")
    provider_refund_id: Mapped[str | None] = mapped_column(Text, unique=True)
    failure_reason: Mapped[str | None] = mapped_column(Text)
    pending_reason: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    next_attempt_at: Mapped[datetime | None] = mapped_column(Moment)
    evidence_note: Mapped[str | None] = mapped_column(Text)


class RefundLine(Base):
    """The part of a refund that is for one pass."""

    __tablename__ = "refund_line"
    __table_args__ = (CheckConstraint("amount_fen >= 0", name="amount_not_negative"),)

    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"), primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("pass.id"), primary_key=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class WebhookEvent(Base):
    """The inbox: every provider's message once, by its id, until it has been acted on."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'processed', 'unmatched', 'failed', 'dead')", name="state_known"),
        Index("ix_webhook_event_due", "next_attempt_at", postgresql_where=text("state IN ('received', 'failed')")),
        # Whatever the provider said of one payment.
        Index("ix_webhook_event_object_id", "object_id"),
        Index("ix_webhook_event_payment_uid", "payment_uid"),
        Index("ix_webhook_event_intent_id", "intent_id"),
    )

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    api_version: Mapped[str | None] = mapped_column(Text)
    livemode: Mapped[bool]
    object_type: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    payment_uid: Mapped[str | None] = mapped_column(Text)
    intent_id: Mapped[str | None] = mapped_column(Text)
    provider_created_at: Mapped[datetime] = mapped_column(Moment)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime] = mapped_column(Moment)
    signature_key_index: Mapped[int | None] = mapped_column(
        SmallInteger, comment="which secret signed it; null = found by the sweep of undelivered events"
    )
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(Moment)
    last_error: Mapped[str | None] = mapped_column(Text)
    processed_at: Mapped[datetime | None] = mapped_column(Moment)


class PaymentEvent(Base):
    """The ledger: who moved what, from where to where. Rows are only ever added; the database refuses all else."""

    __tablename__ = "payment_event"
    __table_args__ = (
        CheckConstraint("account IN ('provider', 'bank')", name="account_known"),
        Index("ix_payment_event_order_id", "order_id"),
        # The ledger of a day.
        Index("ix_payment_event_moved", "at", postgresql_where=text("moved_fen <> 0")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"))
    actor: Mapped[str] = mapped_column(Text, comment="visitor, provider, chore or a staff login")
    fact: Mapped[str] = mapped_column(Text)
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str | None] = mapped_column(Text)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    moved_fen: Mapped[int] = mapped_column(
        BigInteger, server_default=text("0"), comment="what came to the account (+) or left it (-) with this fact"
    )
    account: Mapped[str] = mapped_column(Text, server_default=text("'provider'"))
    currency: Mapped[str] = mapped_column(Text, server_default=text("'cny'"), comment="whose hundredths moved_fen are")
    request_id: Mapped[str | None] = mapped_column(Text)
