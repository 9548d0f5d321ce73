"""What an invoice (fapiao) for an order needs, as its buyer gave it."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_invoice",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("buyer_kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="who the invoice is made out to"),
        sa.Column("tax_number", sa.Text(), comment="unified social credit code, GB 32100; null for a person"),
        sa.Column("email", sa.Text(), nullable=False, comment="where the invoice is sent"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("buyer_kind IN ('person', 'company')", name=op.f("ck_order_invoice_buyer_kind_known")),
        sa.CheckConstraint(
            "(buyer_kind = 'company') = (tax_number IS NOT NULL)",
            name=op.f("ck_order_invoice_a_company_has_a_tax_number"),
        ),
        sa.CheckConstraint("char_length(tax_number) = 18", name=op.f("ck_order_invoice_tax_number_has_18_characters")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_invoice_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_invoice")),
    )


def downgrade() -> None:
    op.drop_table("order_invoice")
