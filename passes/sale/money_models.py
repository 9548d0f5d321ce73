"""Whose money this is; and the tables of reconciliation: what the provider paid out, of what, what does not agree."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base
from passes.sale.models import PaymentEvent, Refund

Moment = DateTime(timezone=True)


class Installation(Base):
    """Whose money this database records, written at the first start and never changed."""

    __tablename__ = "installation"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("payment_mode IN ('sandbox', 'test', 'live')", name="payment_mode_known"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    install_id: Mapped[UUID] = mapped_column(Uuid)
    payment_mode: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Payout(Base):
    """Money the provider sent to the bank. Amounts are hundredths of the settlement currency."""

    __tablename__ = "payout"

    id: Mapped[str] = mapped_column(Text, primary_key=True, comment="the provider's po_…")
    state: Mapped[str] = mapped_column(Text, comment="the provider's word; paid may yet become failed")
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    automatic: Mapped[bool] = mapped_column(Boolean, comment="only automatic ones can be itemised")
    arrives_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    itemised_at: Mapped[datetime | None] = mapped_column(Moment, comment="when its lines were read, whole")


class BalanceLine(Base):
    """One movement of our balance at the provider, with its fee and its rate."""

    __tablename__ = "balance_line"
    __table_args__ = (
        CheckConstraint("net_minor = amount_minor - fee_minor", name="net_is_amount_less_fee"),
        Index("ix_balance_line_source_id", "source_id"),
        Index("ix_balance_line_payout_id", "payout_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True, comment="the provider's txn_…")
    payout_id: Mapped[str | None] = mapped_column(ForeignKey("payout.id"))
    category: Mapped[str] = mapped_column(Text, comment="the provider's reporting_category")
    source_id: Mapped[str | None] = mapped_column(Text, comment="a charge, a refund, a dispute, a payout")
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    exchange_rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 9), comment="settlement currency for one yuan")
    source_fen: Mapped[int | None] = mapped_column(BigInteger, comment="the same movement as the buyer saw it, in fen")
    available_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"))


class MoneyException(Base):
    """Something of the provider's books that ours do not say, or the other way round. Only people mend it."""

    __tablename__ = "money_exception"
    __table_args__ = (
        Index("uq_money_exception_open", "kind", "subject", unique=True, postgresql_where=text("settled_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, comment="payment:<id>, refund:<id>, or the provider's id")
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    found_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment, comment="when it was last found so")
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_by: Mapped[str | None] = mapped_column(Text, comment="a staff login, or reconciliation: it agrees now")
    note: Mapped[str | None] = mapped_column(Text)


class ReconciliationRun(Base):
    """The night's comparison, once for each day."""

    __tablename__ = "reconciliation_run"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    finished_at: Mapped[datetime] = mapped_column(Moment)
    payments: Mapped[int] = mapped_column(Integer)
    refunds: Mapped[int] = mapped_column(Integer)
    lines: Mapped[int] = mapped_column(Integer)
    exceptions: Mapped[int] = mapped_column(Integer)


class WebhookRefusal(Base):
    """How many messages were refused in each minute: a clock that is wrong refuses all of them."""

    __tablename__ = "webhook_refusal"

    minute: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    refused: Mapped[int] = mapped_column(Integer)


APPEND_ONLY = """
CREATE FUNCTION payment_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payment_event: the ledger is only ever added to';
END
$$;
CREATE TRIGGER payment_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_event
    FOR EACH STATEMENT EXECUTE FUNCTION payment_event_append_only();
"""
event.listen(PaymentEvent.__table__, "after_create", DDL(APPEND_ONLY))  # type: ignore[no-untyped-call]

# A CHECK may not hold a subquery, a function may.
LINES_FEN = """
CREATE FUNCTION refund_lines_fen(lines jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
SELECT coalesce(sum((line->>'amount_fen')::bigint), 0)::bigint FROM jsonb_array_elements(lines) AS line
$$;
"""
event.listen(Refund.__table__, "before_create", DDL(LINES_FEN))  # type: ignore[no-untyped-call]
