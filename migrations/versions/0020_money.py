"""money: the ledger that is only added to, disputes, payouts, reconciliation"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = "state IN ('creating', 'open', 'processing', 'review', {}'succeeded', 'failed', 'expired')"


def upgrade() -> None:
    op.drop_constraint("ck_payment_state_known", "payment")
    op.create_check_constraint(op.f("ck_payment_state_known"), "payment", STATES.format("'returned', "))
    op.add_column("payment", sa.Column("methods", postgresql.ARRAY(sa.Text()), comment="what its page really offered"))
    op.add_column("payment", sa.Column("received_currency", sa.Text(), comment="where it is not the one asked for"))
    op.add_column("payment", sa.Column("dispute_reason", sa.Text()))
    op.add_column("payment", sa.Column("dispute_due_at", MOMENT, comment="until when evidence is taken"))
    op.add_column("refund", sa.Column("request_key", sa.Text(), comment="one form is one refund"))
    op.create_unique_constraint(op.f("uq_refund_request_key"), "refund", ["request_key"])
    _ledger()
    _reconciliation()


def _ledger() -> None:
    op.add_column(
        "payment_event",
        sa.Column(
            "moved_fen",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="what came to the account (+) or left it (-) with this fact",
        ),
    )
    op.add_column(
        "payment_event", sa.Column("account", sa.Text(), server_default=sa.text("'provider'"), nullable=False)
    )
    op.add_column(
        "payment_event",
        sa.Column(
            "currency",
            sa.Text(),
            server_default=sa.text("'cny'"),
            nullable=False,
            comment="whose hundredths moved_fen are",
        ),
    )
    _book_what_moved()
    op.create_check_constraint(
        op.f("ck_payment_event_account_known"), "payment_event", "account IN ('provider', 'bank')"
    )
    op.create_index("ix_payment_event_moved", "payment_event", ["at"], postgresql_where=sa.text("moved_fen <> 0"))
    op.execute(
        "CREATE FUNCTION payment_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        "BEGIN\n    RAISE EXCEPTION 'payment_event: the ledger is only ever added to';\nEND\n$$"
    )
    op.execute(
        "CREATE TRIGGER payment_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION payment_event_append_only()"
    )


def _book_what_moved() -> None:
    """What earlier versions wrote of money that moved: without the amount that came, and of refunds no payment."""
    op.execute(
        "UPDATE payment_event SET payment_id = refund.payment_id FROM refund"
        " WHERE refund.id = payment_event.refund_id AND payment_event.payment_id IS NULL"
    )
    # Once for each payment: with the fact that said it had come.
    op.execute(
        "UPDATE payment_event SET moved_fen = payment.amount_received_fen FROM payment"
        " WHERE payment.id = payment_event.payment_id AND payment_event.id IN ("
        "SELECT min(id) FROM payment_event WHERE refund_id IS NULL AND to_state IN ('review', 'succeeded')"
        " GROUP BY payment_id)"
    )
    op.execute(
        "UPDATE payment_event SET moved_fen = -amount_fen WHERE refund_id IS NOT NULL"
        " AND (to_state = 'pending' OR to_state = 'succeeded' AND from_state = 'requested')"
    )
    op.execute(
        "UPDATE payment_event SET moved_fen = amount_fen WHERE refund_id IS NOT NULL"
        " AND to_state IN ('failed', 'canceled') AND from_state IN ('pending', 'succeeded')"
    )
    # It was the provider's word of the last time it was asked; now it is the sum of what we know has gone.
    op.execute(
        "UPDATE payment SET amount_refunded_fen = (SELECT coalesce(sum(amount_fen), 0) FROM refund"
        " WHERE refund.payment_id = payment.id AND refund.state IN ('pending', 'succeeded'))"
    )


def _reconciliation() -> None:
    op.create_table(
        "payout",
        sa.Column("id", sa.Text(), nullable=False, comment="the provider's po_…"),
        sa.Column("state", sa.Text(), nullable=False, comment="the provider's word; paid may yet become failed"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False, comment="only automatic ones can be itemised"),
        sa.Column("arrives_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("itemised_at", MOMENT, comment="when its lines were read, whole"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
    )
    op.create_table(
        "balance_line",
        sa.Column("id", sa.Text(), nullable=False, comment="the provider's txn_…"),
        sa.Column("payout_id", sa.Text()),
        sa.Column("category", sa.Text(), nullable=False, comment="the provider's reporting_category"),
        sa.Column("source_id", sa.Text(), comment="a charge, a refund, a dispute, a payout"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("exchange_rate", sa.Numeric(18, 9), comment="settlement currency for one yuan"),
        sa.Column("source_fen", sa.BigInteger(), comment="the same movement as the buyer saw it, in fen"),
        sa.Column("available_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("payment_id", sa.BigInteger()),
        sa.Column("refund_id", sa.BigInteger()),
        sa.CheckConstraint("net_minor = amount_minor - fee_minor", name=op.f("ck_balance_line_net_is_amount_less_fee")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_balance_line_payout_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_balance_line_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_balance_line_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balance_line")),
    )
    op.create_index("ix_balance_line_source_id", "balance_line", ["source_id"])
    op.create_index("ix_balance_line_payout_id", "balance_line", ["payout_id"])
    op.create_table(
        "money_exception",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="payment:<id>, refund:<id>, or the provider's id"),
        sa.Column("order_id", sa.BigInteger()),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False, comment="when it was last found so"),
        sa.Column("settled_at", MOMENT),
        sa.Column("settled_by", sa.Text(), comment="a staff login, or reconciliation: it agrees now"),
        sa.Column("note", sa.Text()),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_money_exception_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_exception")),
    )
    op.create_index(
        "uq_money_exception_open",
        "money_exception",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "reconciliation_run",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("refunds", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("exceptions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_reconciliation_run")),
    )
    op.create_table(
        "webhook_refusal",
        sa.Column("minute", MOMENT, nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", name=op.f("pk_webhook_refusal")),
    )


def downgrade() -> None:
    for table in ("webhook_refusal", "reconciliation_run", "money_exception", "balance_line", "payout"):
        op.drop_table(table)
    op.execute("DROP TRIGGER payment_event_append_only ON payment_event")
    op.execute("DROP FUNCTION payment_event_append_only()")
    op.drop_index("ix_payment_event_moved", "payment_event")
    op.drop_constraint("ck_payment_event_account_known", "payment_event")
    for column in ("moved_fen", "account", "currency"):
        op.drop_column("payment_event", column)
    op.drop_constraint("uq_refund_request_key", "refund")
    op.drop_column("refund", "request_key")
    for column in ("methods", "received_currency", "dispute_reason", "dispute_due_at"):
        op.drop_column("payment", column)
    op.execute("UPDATE payment SET state = 'failed' WHERE state = 'returned'")
    op.drop_constraint("ck_payment_state_known", "payment")
    op.create_check_constraint(op.f("ck_payment_state_known"), "payment", STATES.format(""))
