"""What holders get for what a new version of the terms takes from them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

FROM = "local day from which it may be gone: after the notice"


def upgrade() -> None:
    op.create_table(
        "terms_remedy",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("benefit_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), comment="days, or fen for a credit"),
        sa.Column("loss_zh", sa.Text(), nullable=False, comment="what is taken, for a holder"),
        sa.Column("loss_en", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False, comment=FROM),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", "benefit_id", name="pk_terms_remedy"),
        sa.ForeignKeyConstraint(["version"], ["terms_version.version"], name="fk_terms_remedy_version"),
        sa.CheckConstraint(
            "kind IN ('extend_days', 'credit', 'prorated_refund_right')", name=op.f("ck_terms_remedy_kind_known")
        ),
        sa.CheckConstraint(
            "(kind = 'prorated_refund_right') = (amount IS NULL)", name=op.f("ck_terms_remedy_amount_where_it_is_one")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_terms_remedy_amount_positive")),
    )


def downgrade() -> None:
    op.drop_table("terms_remedy")
