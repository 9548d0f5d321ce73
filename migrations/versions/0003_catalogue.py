"""catalogue: terms versions, venue numbers, product rows"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terms_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the catalogue's meaning, not of its bytes"),
        sa.Column("catalogue", JSONB(), nullable=False),
        sa.Column("holidays_digest", sa.Text(), nullable=False),
        sa.Column("holidays", JSONB(), nullable=False),
        sa.Column("loaded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_terms_version"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_terms_version_version_positive")),
    )
    op.create_table(
        "venue",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("first_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_venue"),
        sa.UniqueConstraint("number", name="uq_venue_number"),
        sa.ForeignKeyConstraint(["first_version"], ["terms_version.version"], name="fk_venue_first_version"),
        sa.CheckConstraint("number BETWEEN 1 AND 255", name=op.f("ck_venue_number_is_a_tag")),
    )
    op.create_table(
        "product_row",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_product_row"),
        sa.ForeignKeyConstraint(["version"], ["terms_version.version"], name="fk_product_row_version"),
        sa.CheckConstraint("number BETWEEN 1 AND 65535", name=op.f("ck_product_row_number_fits_the_token")),
    )
    op.create_index("uq_product_row_version_product_id", "product_row", ["version", "product_id"], unique=True)


def downgrade() -> None:
    for table in ("product_row", "venue", "terms_version"):
        op.drop_table(table)
