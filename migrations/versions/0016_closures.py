"""What closes a place for a while, and how many people are in it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "closure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, comment="exclusive; null: until somebody ends it"),
        sa.Column("note", sa.Text()),
        sa.Column("reference", sa.Text(), comment="what the feed calls it"),
        sa.Column("made_by", sa.Text(), nullable=False, comment="staff login, or feed:<name of its key>"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint(
            "kind IN ('river_level', 'wind', 'lightning', 'forest_fire_ban', 'flood_alert', 'rain_landslide_alert',"
            " 'venue_closed', 'venue_full')",
            name=op.f("ck_closure_kind_known"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_closure_ends_after_it_starts")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_closure_ended_by_somebody")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    op.create_index(
        "uq_closure_reference",
        "closure",
        ["made_by", "reference", "venue_id"],
        unique=True,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index("ix_closure_open", "closure", ["starts_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "occupancy",
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("measured_at", MOMENT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="staff login, or feed:<name of its key>"),
        sa.CheckConstraint("people >= 0", name=op.f("ck_occupancy_people_not_negative")),
        sa.PrimaryKeyConstraint("venue_id", name=op.f("pk_occupancy")),
    )


def downgrade() -> None:
    op.drop_table("occupancy")
    op.drop_table("closure")
