"""Reservations, and the keys of other systems."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Text(), comment="staff login; null: the command line"),
        sa.Column("last_used_at", MOMENT, comment="a minute off at most"),
        sa.Column("revoked_at", MOMENT),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9._-]{1,39}$'", name=op.f("ck_api_key_name_shape")),
        sa.CheckConstraint("cardinality(scopes) > 0", name=op.f("ck_api_key_opens_something")),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_api_key_token_hash_is_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("name", name=op.f("uq_api_key_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_key_token_hash")),
    )
    op.create_table(
        "reservation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pass_id", sa.BigInteger(), nullable=False),
        sa.Column("benefit_id", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("nights", sa.SmallInteger(), comment="of a stay; null of a slot"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("party_reference", sa.Text(), comment="what the other side calls it"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False, comment="staff login, or feed:<name of its key>"),
        sa.Column("cancelled_at", MOMENT),
        sa.CheckConstraint("state IN ('booked', 'cancelled')", name=op.f("ck_reservation_state_known")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_reservation_ends_after_it_starts")),
        sa.CheckConstraint("nights BETWEEN 1 AND 30", name=op.f("ck_reservation_nights_sane")),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_reservation_cancelled_has_moment")
        ),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name=op.f("fk_reservation_pass_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
    )
    op.create_index(
        "uq_reservation_slot",
        "reservation",
        ["pass_id", "benefit_id", "starts_at"],
        unique=True,
        postgresql_where=sa.text("state = 'booked'"),
    )
    op.create_index("ix_reservation_pass_id", "reservation", ["pass_id", "starts_at"])
    op.create_index("ix_reservation_venue_id", "reservation", ["venue_id", "starts_at"])
    op.create_index("ix_reservation_made_by", "reservation", ["made_by", "id"])


def downgrade() -> None:
    op.drop_table("reservation")
    op.drop_table("api_key")
