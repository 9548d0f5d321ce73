"""sale: orders, payments, refunds, the webhook inbox"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("payment_mode", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "payment_mode IN ('sandbox', 'test', 'live')", name=op.f("ck_installation_payment_mode_known")
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False, comment="in the secret link, beside its proof"),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("form_key", sa.LargeBinary(), nullable=False, comment="one form sent twice is one order"),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hold_state", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column(
            "attention",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="what staff should look at",
        ),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("currency = 'cny'", name=op.f("ck_orders_currency_is_cny")),
        sa.CheckConstraint("hold_state IN ('held', 'consumed', 'released')", name=op.f("ck_orders_hold_state_known")),
        sa.CheckConstraint("livemode <> starts_with(number, 'T-')", name=op.f("ck_orders_number_says_test")),
        sa.CheckConstraint("state <> 'paid' OR hold_state = 'consumed'", name=op.f("ck_orders_paid_consumes_the_hold")),
        sa.CheckConstraint("state <> 'paid' OR paid_at IS NOT NULL", name=op.f("ck_orders_paid_has_a_moment")),
        sa.CheckConstraint("state IN ('pending', 'paid', 'expired', 'canceled')", name=op.f("ck_orders_state_known")),
        sa.CheckConstraint("total_fen >= 0", name=op.f("ck_orders_total_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("form_key", name=op.f("uq_orders_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_orders_public_id")),
    )
    op.create_index(
        "ix_orders_pending_hold",
        "orders",
        ["hold_expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "webhook_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("api_version", sa.Text(), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("payment_uid", sa.Text(), nullable=True),
        sa.Column("intent_id", sa.Text(), nullable=True),
        sa.Column("provider_created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "signature_key_index",
            sa.SmallInteger(),
            nullable=True,
            comment="which secret signed it; null = found by the sweep of undelivered events",
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'processed', 'unmatched', 'failed', 'dead')",
            name=op.f("ck_webhook_event_state_known"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_webhook_event")),
    )
    op.create_index(
        "ix_webhook_event_due",
        "webhook_event",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('received', 'failed')"),
    )
    op.create_table(
        "order_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column(
            "product_name", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="{zh, en} as it was sold"
        ),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("product_number", sa.Integer(), nullable=False, comment="(product, terms version) in the token"),
        sa.Column("validity_days", sa.SmallInteger(), nullable=False),
        sa.Column("activation_days", sa.SmallInteger(), nullable=False),
        sa.Column("holder_class", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("id_tag", sa.Integer(), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("holder_phone", sa.Text(), nullable=False, comment="E.164"),
        sa.Column("holder_email", sa.Text(), nullable=True),
        sa.Column("birth_on", sa.Date(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("document_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("document_last4", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_order_line_amount_not_negative")),
        sa.CheckConstraint(
            "char_length(document_last4) BETWEEN 1 AND 4", name=op.f("ck_order_line_document_last4_is_short")
        ),
        sa.CheckConstraint("id_tag BETWEEN 0 AND 65535", name=op.f("ck_order_line_id_tag_is_two_bytes")),
        sa.CheckConstraint("octet_length(document_hmac) = 32", name=op.f("ck_order_line_document_hmac_is_sha256")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_line_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
        sa.UniqueConstraint("serial", name=op.f("uq_order_line_serial")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False, comment="what the provider knows it by"),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_no", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column(
            "request",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="sent again as it is: same key, same parameters",
        ),
        sa.Column("checkout_id", sa.Text(), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_intent_id", sa.Text(), nullable=True),
        sa.Column("provider_charge_id", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("amount_received_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("amount_refunded_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refundable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("dispute_id", sa.Text(), nullable=True),
        sa.Column("dispute_status", sa.Text(), nullable=True),
        sa.Column("disputed_fen", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'succeeded') = (succeeded_at IS NOT NULL)", name=op.f("ck_payment_success_has_a_moment")
        ),
        sa.CheckConstraint("provider IN ('stripe', 'zero', 'manual')", name=op.f("ck_payment_provider_known")),
        sa.CheckConstraint(
            "state IN ('creating', 'open', 'processing', 'review', 'succeeded', 'failed', 'expired')",
            name=op.f("ck_payment_state_known"),
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_payment_amount_not_negative")),
        sa.CheckConstraint(
            "amount_received_fen >= 0 AND amount_refunded_fen >= 0", name=op.f("ck_payment_moved_not_negative")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_payment_checkout_id")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payment_idempotency_key")),
        sa.UniqueConstraint("order_id", "attempt_no", name=op.f("uq_payment_order_id_attempt_no")),
        sa.UniqueConstraint("provider_intent_id", name=op.f("uq_payment_provider_intent_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_payment_uid")),
    )
    op.create_index(
        "ix_payment_to_poll",
        "payment",
        ["next_poll_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('creating', 'open', 'processing')"),
    )
    op.create_index(
        "uq_payment_live",
        "payment",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('creating', 'open', 'processing', 'review')"),
    )
    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("provider_refund_id", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("pending_reason", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence_note", sa.Text(), nullable=True),
        sa.CheckConstraint("channel IN ('provider', 'manual')", name=op.f("ck_refund_channel_known")),
        sa.CheckConstraint(
            "reason IN ('requested', 'late_payment', 'duplicate_payment', 'event_cancelled', 'goodwill', 'external')",
            name=op.f("ck_refund_reason_known"),
        ),
        sa.CheckConstraint(
            "source IN ('customer', 'staff', 'system', 'external')", name=op.f("ck_refund_source_known")
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'pending', 'succeeded', 'failed', 'canceled')", name=op.f("ck_refund_state_known")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refund_amount_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refund_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_refund_idempotency_key")),
        sa.UniqueConstraint("provider_refund_id", name=op.f("uq_refund_provider_refund_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_refund_uid")),
    )
    op.create_index("ix_refund_order_id", "refund", ["order_id"], unique=False)
    op.create_index("ix_refund_payment_id", "refund", ["payment_id"], unique=False)
    op.create_index(
        "ix_refund_unsettled",
        "refund",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('requested', 'pending')"),
    )
    op.create_table(
        "payment_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("refund_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False, comment="visitor, provider, chore or a staff login"),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payment_event_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_event_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_payment_event_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
    )
    op.create_index("ix_payment_event_order_id", "payment_event", ["order_id"], unique=False)
    op.create_table(
        "refund_line",
        sa.Column("refund_id", sa.BigInteger(), nullable=False),
        sa.Column("pass_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_refund_line_amount_not_negative")),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name=op.f("fk_refund_line_pass_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_refund_line_refund_id")),
        sa.PrimaryKeyConstraint("refund_id", "pass_id", name=op.f("pk_refund_line")),
    )


def downgrade() -> None:
    op.drop_table("refund_line")
    op.drop_index("ix_payment_event_order_id", table_name="payment_event")
    op.drop_table("payment_event")
    op.drop_index(
        "ix_refund_unsettled", table_name="refund", postgresql_where=sa.text("state IN ('requested', 'pending')")
    )
    op.drop_index("ix_refund_payment_id", table_name="refund")
    op.drop_index("ix_refund_order_id", table_name="refund")
    op.drop_table("refund")
    op.drop_index(
        "uq_payment_live",
        table_name="payment",
        postgresql_where=sa.text("state IN ('creating', 'open', 'processing', 'review')"),
    )
    op.drop_index(
        "ix_payment_to_poll",
        table_name="payment",
        postgresql_where=sa.text("state IN ('creating', 'open', 'processing')"),
    )
    op.drop_table("payment")
    op.drop_table("order_line")
    op.drop_index(
        "ix_webhook_event_due", table_name="webhook_event", postgresql_where=sa.text("state IN ('received', 'failed')")
    )
    op.drop_table("webhook_event")
    op.drop_index("ix_orders_pending_hold", table_name="orders", postgresql_where=sa.text("state = 'pending'"))
    op.drop_table("orders")
    op.drop_table("installation")
