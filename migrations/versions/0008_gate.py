"""Scans with their three truths, counters of the limits, codes used up."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OUTCOME = "'^(admitted|needs_confirmation|refused/[a-z_]+)$'"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "scan",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("enrolment_id", sa.Uuid, nullable=False),
        sa.Column("scan_id", sa.Uuid, nullable=False, comment="made by the device"),
        sa.Column("sequence", sa.BigInteger, comment="the device's own count of its scans"),
        sa.Column("lane_id", sa.Integer, nullable=False),
        sa.Column("venue_id", sa.Text, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False, comment="SHA-256 of what was sent, to tell a repeat"),
        sa.Column("code_type", sa.Text, comment="C, D or T of a code whose issuer was proved"),
        sa.Column("code_body", sa.LargeBinary, comment="the 16 bytes of a proved code: never a whole, reusable one"),
        sa.Column("pass_id", sa.BigInteger, comment="null for a code whose issuer was not proved"),
        sa.Column("benefit_id", sa.Text),
        sa.Column("confirmed", ARRAY(sa.Text), nullable=False, comment="what staff confirmed before this scan"),
        sa.Column("scanned_at", MOMENT, nullable=False, comment="the gate's corrected clock"),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("local_day", sa.Date, nullable=False),
        sa.Column("shown", sa.Text, nullable=False, comment="what the gate did; never changes"),
        sa.Column("answer", sa.Text, nullable=False, comment="what the server replied; never changes"),
        sa.Column(
            "verdict", sa.Text, nullable=False, comment="what it counts as, once all scans of the pass are known"
        ),
        sa.Column("response", JSONB, nullable=False, comment="the first answer, word for word"),
        sa.PrimaryKeyConstraint("id", name="pk_scan"),
        sa.UniqueConstraint("enrolment_id", "scan_id", name="uq_scan_enrolment_id_scan_id"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_scan_enrolment_id"),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name="fk_scan_lane_id"),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name="fk_scan_pass_id"),
        sa.CheckConstraint(f"shown ~ {OUTCOME}", name="ck_scan_shown_is_an_outcome"),
        sa.CheckConstraint(f"answer ~ {OUTCOME}", name="ck_scan_answer_is_an_outcome"),
        sa.CheckConstraint(f"verdict ~ {OUTCOME}", name="ck_scan_verdict_is_an_outcome"),
    )
    op.create_index("ix_scan_pass", "scan", ["pass_id", "scanned_at"], postgresql_where=sa.text("pass_id IS NOT NULL"))
    op.create_index("ix_scan_venue_day", "scan", ["venue_id", "local_day"])
    op.create_table(
        "pass_counter",
        sa.Column("pass_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False, comment="which limit, e.g. per_day:B01"),
        sa.Column("period", sa.Text, nullable=False, comment="the day, month or term it counts in"),
        sa.Column("allowed", sa.Integer, nullable=False, comment="the limit in the terms of the pass"),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column(
            "overdrawn",
            sa.Integer,
            nullable=False,
            server_default="0",
            comment="facts beyond the limit: admitted by gates that could not know",
        ),
        sa.PrimaryKeyConstraint("pass_id", "name", "period", name="pk_pass_counter"),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name="fk_pass_counter_pass_id"),
        sa.CheckConstraint("used BETWEEN 0 AND allowed", name="ck_pass_counter_within_limit"),
        sa.CheckConstraint("overdrawn >= 0", name="ck_pass_counter_overdrawn_is_a_count"),
    )
    op.create_table(
        "code_use",
        sa.Column("pass_id", sa.BigInteger, nullable=False),
        sa.Column(
            "moment",
            sa.BigInteger,
            nullable=False,
            comment="unix seconds: when a D code was drawn, when a T code runs out",
        ),
        sa.Column("benefit_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pass_id", "moment", "benefit_id", name="pk_code_use"),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name="fk_code_use_pass_id"),
    )
    op.create_index("ix_code_use_moment", "code_use", ["moment"])


def downgrade() -> None:
    op.drop_table("code_use")
    op.drop_table("pass_counter")
    op.drop_table("scan")
