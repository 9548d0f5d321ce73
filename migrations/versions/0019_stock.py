"""Exact stock: what may be sold of a product in a window of time, and every move of it."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sale_window",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, comment="exclusive; null = no end"),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="by orders not paid yet"),
        sa.Column("sold", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_sale_window_closes_after_opening")),
        sa.CheckConstraint("held >= 0 AND sold >= 0", name=op.f("ck_sale_window_counts_not_negative")),
        sa.CheckConstraint("held + sold <= quota", name=op.f("ck_sale_window_no_oversell")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_window")),
    )
    # Two windows of one product never stand open together. (A range of one hash: GiST compares no text by itself.)
    op.execute(
        "ALTER TABLE sale_window ADD CONSTRAINT sale_windows_apart EXCLUDE USING gist"
        " (int4range(hashtext(product_id), hashtext(product_id), '[]') WITH &&, tstzrange(opens_at, closes_at) WITH &&)"
    )
    op.create_table(
        "stock_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("window_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), comment="null where the quota was set"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Integer(), nullable=False, comment="how much held changed"),
        sa.Column("sold_by", sa.Integer(), nullable=False, comment="how much sold changed"),
        sa.Column("quota", sa.Integer(), nullable=False, comment="of the window at this moment"),
        sa.CheckConstraint(
            "(kind, held_by, sold_by) IN (('hold', 1, 0), ('sell', -1, 1), ('release', -1, 0), ('retake', 0, 1),"
            " ('return', 0, -1), ('quota', 0, 0))",
            name=op.f("ck_stock_move_kind_says_the_move"),
        ),
        sa.CheckConstraint("(kind = 'quota') = (order_line_id IS NULL)", name=op.f("ck_stock_move_is_of_a_line")),
        sa.ForeignKeyConstraint(["window_id"], ["sale_window.id"], name=op.f("fk_stock_move_window_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_stock_move_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_move")),
        sa.UniqueConstraint("order_line_id", "kind", name=op.f("uq_stock_move_order_line_id_kind")),
    )
    op.create_index("ix_stock_move_window_id", "stock_move", ["window_id", "id"])


def downgrade() -> None:
    op.drop_table("stock_move")
    op.drop_table("sale_window")
