"""Invitations to say how a visit was."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pass_id", sa.BigInteger(), nullable=False, comment="as the event named it: no foreign key"),
        sa.Column("scan_ref", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint("(answered_at IS NULL) = (score IS NULL)", name="ck_survey_invitation_answered_whole"),
        sa.CheckConstraint("score BETWEEN 1 AND 3", name="ck_survey_invitation_score"),
        sa.PrimaryKeyConstraint("id", name="pk_survey_invitation"),
        sa.UniqueConstraint(
            "pass_id", "venue_id", "visited_on", name="uq_survey_invitation_pass_id_venue_id_visited_on"
        ),
        sa.UniqueConstraint("scan_ref", name="uq_survey_invitation_scan_ref"),
    )
    op.create_index(
        "ix_survey_invitation_open",
        "survey_invitation",
        ["pass_id", "invited_at"],
        unique=False,
        postgresql_where=sa.text("answered_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("survey_invitation")
