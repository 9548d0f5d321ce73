"""What the dashboard shows: facts, and what is added up from them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "redemption_fact",
        sa.Column("scan_ref", sa.Text(), nullable=False),
        sa.Column("pass_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("benefit_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("local_hour", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scan_ref", name="pk_redemption_fact"),
    )
    op.create_table(
        "refusal_fact",
        sa.Column("scan_ref", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("refusal_code", sa.Text(), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("scan_ref", name="pk_refusal_fact"),
    )
    op.create_table(
        "survey_fact",
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("invitation_id", name="pk_survey_fact"),
    )
    op.create_table(
        "visits_by_hour",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name="ck_visits_by_hour_hour"),
        sa.PrimaryKeyConstraint("day", "venue_id", "hour", name="pk_visits_by_hour"),
    )
    op.create_table(
        "visits_daily",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("benefit_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "venue_id", "benefit_id", "product_id", name="pk_visits_daily"),
    )
    op.create_table(
        "refusals_daily",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("refusal_code", sa.Text(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "venue_id", "refusal_code", name="pk_refusals_daily"),
    )
    op.create_table(
        "unique_passes",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("passes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("period IN ('day', 'month')", name="ck_unique_passes_period"),
        sa.PrimaryKeyConstraint("period", "starts_on", "venue_id", "partition", name="pk_unique_passes"),
    )
    op.create_table(
        "satisfaction_daily",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("score", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.CheckConstraint("score BETWEEN 1 AND 3", name="ck_satisfaction_daily_score"),
        sa.PrimaryKeyConstraint("day", "venue_id", "score", name="pk_satisfaction_daily"),
    )


def downgrade() -> None:
    op.drop_table("satisfaction_daily")
    op.drop_table("unique_passes")
    op.drop_table("refusals_daily")
    op.drop_table("visits_daily")
    op.drop_table("visits_by_hour")
    op.drop_table("survey_fact")
    op.drop_table("refusal_fact")
    op.drop_table("redemption_fact")
