"""Clerks at a gate, their shifts, and redemptions taken back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True)
VERDICT = "verdict ~ '^(admitted|voided|needs_confirmation|refused/[a-z_]+)$'"
VERDICT_BEFORE = "verdict ~ '^(admitted|needs_confirmation|refused/[a-z_]+)$'"


def upgrade() -> None:
    _add_clerks()
    _add_voids()
    op.add_column("redemption_fact", sa.Column("voided", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_redemption_fact_pass_day", "redemption_fact", ["pass_id", "local_day"])
    _let_invitations_be_withdrawn()


def _add_clerks() -> None:
    op.create_table(
        "clerk",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.LargeBinary(), nullable=False, comment="of venue and PIN, keyed: never the PIN"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_clerk"),
        sa.CheckConstraint("octet_length(pin_hash) = 32", name="ck_clerk_pin_hash_is_sha256"),
    )
    enabled = sa.text("disabled_at IS NULL")
    op.create_index("uq_clerk_venue_pin", "clerk", ["venue_id", "pin_hash"], unique=True, postgresql_where=enabled)
    op.create_index("uq_clerk_venue_name", "clerk", ["venue_id", "name"], unique=True, postgresql_where=enabled)
    op.create_table(
        "shift",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("clerk_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, comment="null: open, unless its longest time is over"),
        sa.PrimaryKeyConstraint("id", name="pk_shift"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_shift_enrolment_id"),
        sa.ForeignKeyConstraint(["clerk_id"], ["clerk.id"], name="fk_shift_clerk_id"),
        sa.CheckConstraint("ended_at >= started_at", name="ck_shift_ends_after_it_starts"),
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index("uq_shift_open", "shift", ["enrolment_id"], unique=True, postgresql_where=still_open)
    op.create_index("ix_shift_clerk_id", "shift", ["clerk_id", "started_at"])


def _add_voids() -> None:
    op.add_column("scan", sa.Column("shift_id", sa.BigInteger(), comment="who stood at the gate"))
    op.create_foreign_key("fk_scan_shift_id", "scan", "shift", ["shift_id"], ["id"])
    op.add_column(
        "scan", sa.Column("used_up", JSONB, comment="what an admission moved and used, given back when it is voided")
    )
    op.drop_constraint(op.f("ck_scan_verdict_is_an_outcome"), "scan")
    op.create_check_constraint(op.f("ck_scan_verdict_is_an_outcome"), "scan", VERDICT)
    op.drop_index("ix_scan_venue_day", "scan")
    op.create_index("ix_scan_lane_day", "scan", ["lane_id", "local_day", "id"])
    op.create_table(
        "scan_void",
        sa.Column("scan_row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False, comment="the device that took it back"),
        sa.Column("shift_id", sa.BigInteger()),
        sa.Column(
            "reason", sa.Text(), nullable=False, comment="as the clerk wrote it; it leaves the house in no event"
        ),
        sa.Column("voided_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("scan_row_id", name="pk_scan_void"),
        sa.ForeignKeyConstraint(["scan_row_id"], ["scan.id"], name="fk_scan_void_scan_row_id"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_scan_void_enrolment_id"),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name="fk_scan_void_shift_id"),
        sa.CheckConstraint("char_length(reason) BETWEEN 3 AND 200", name="ck_scan_void_reason_is_said"),
    )


def _let_invitations_be_withdrawn() -> None:
    comment = "the admissions of that day, as events name them"
    op.add_column("survey_invitation", sa.Column("scan_refs", ARRAY(sa.Text()), comment=comment))
    op.add_column(
        "survey_invitation",
        sa.Column("voided_refs", ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")),
    )
    op.execute("UPDATE survey_invitation SET scan_refs = ARRAY[scan_ref]")
    op.alter_column("survey_invitation", "scan_refs", nullable=False)
    op.drop_column("survey_invitation", "scan_ref")


def downgrade() -> None:
    op.add_column("survey_invitation", sa.Column("scan_ref", sa.Text()))
    # An invitation that knows of a void only, and of no visit, is one that the older release never made.
    op.execute("DELETE FROM survey_invitation WHERE answered_at IS NULL AND scan_refs <@ voided_refs")
    op.execute("UPDATE survey_invitation SET scan_ref = scan_refs[1]")
    op.alter_column("survey_invitation", "scan_ref", nullable=False)
    op.create_unique_constraint("uq_survey_invitation_scan_ref", "survey_invitation", ["scan_ref"])
    op.drop_column("survey_invitation", "scan_refs")
    op.drop_column("survey_invitation", "voided_refs")
    op.drop_index("ix_redemption_fact_pass_day", "redemption_fact")
    op.drop_column("redemption_fact", "voided")
    op.drop_table("scan_void")
    op.drop_index("ix_scan_lane_day", "scan")
    op.create_index("ix_scan_venue_day", "scan", ["venue_id", "local_day"])
    op.drop_constraint(op.f("ck_scan_verdict_is_an_outcome"), "scan")
    # What was taken back had been admitted: the older release knows no third way.
    op.execute("UPDATE scan SET verdict = 'admitted' WHERE verdict = 'voided'")
    op.create_check_constraint(op.f("ck_scan_verdict_is_an_outcome"), "scan", VERDICT_BEFORE)
    op.drop_column("scan", "used_up")
    op.drop_column("scan", "shift_id")
    op.drop_table("shift")
    op.drop_table("clerk")
