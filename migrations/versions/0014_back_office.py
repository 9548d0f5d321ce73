"""Finding a pass by what its holder says, what a letter is about, and when each chore last ran."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index("ix_member_phone_end", "member", [sa.text('"right"(phone, 4)')])
    op.create_index("ix_member_document_last4", "member", ["document_last4"])
    op.create_index("ix_member_name", "member", [sa.text("lower(name) text_pattern_ops")])
    op.create_index("ix_orders_attention", "orders", ["id"], postgresql_where=sa.text("cardinality(attention) > 0"))
    op.create_index("ix_order_line_holder_phone", "order_line", ["holder_phone"])
    op.create_index("ix_order_line_holder_phone_end", "order_line", [sa.text('"right"(holder_phone, 4)')])
    op.create_index("ix_order_line_document_last4", "order_line", ["document_last4"])
    op.create_index("ix_order_line_holder_name", "order_line", [sa.text("lower(holder_name) text_pattern_ops")])
    for column in ("object_id", "payment_uid", "intent_id"):
        op.create_index(f"ix_webhook_event_{column}", "webhook_event", [column])
    op.add_column("letter", sa.Column("about", sa.Text(), comment="order:<id> or pass:<id>, where it is about one"))
    op.create_index("ix_letter_about", "letter", ["about"], postgresql_where=sa.text("about IS NOT NULL"))
    op.create_table(
        "chore_run",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("every_seconds", sa.Float(), nullable=False),
        sa.Column("ran_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.PrimaryKeyConstraint("name", name="pk_chore_run"),
    )


def downgrade() -> None:
    op.drop_table("chore_run")
    op.drop_index("ix_letter_about", "letter")
    op.drop_column("letter", "about")
    for column in ("object_id", "payment_uid", "intent_id"):
        op.drop_index(f"ix_webhook_event_{column}", "webhook_event")
    for name in ("holder_phone", "holder_phone_end", "document_last4", "holder_name"):
        op.drop_index(f"ix_order_line_{name}", "order_line")
    op.drop_index("ix_orders_attention", "orders")
    for name in ("ix_member_name", "ix_member_document_last4", "ix_member_phone_end"):
        op.drop_index(name, "member")
