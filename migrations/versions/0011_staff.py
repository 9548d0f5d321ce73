"""Staff that is invited, has a second factor and can see its sessions; closed lanes; what everybody changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True)
ROLES = "role IN ('marketing', 'care', 'finance', 'gate_manager', 'admin')"
ROLES_BEFORE = "role IN ('marketing', 'gate_manager', 'admin')"


def upgrade() -> None:
    _extend_staff()
    op.add_column("lane", sa.Column("closed_at", MOMENT))
    op.create_table(
        "staff_recovery_code",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("staff_id", "code_hash", name="pk_staff_recovery_code"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_recovery_code_staff_id"),
    )
    op.create_table(
        "staff_link",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("made_by_staff_id", sa.BigInteger()),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("token_hash", name="pk_staff_link"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_link_staff_id"),
        sa.ForeignKeyConstraint(["made_by_staff_id"], ["staff.id"], name="fk_staff_link_made_by_staff_id"),
    )
    op.create_index("ix_staff_link_staff_id", "staff_link", ["staff_id"])
    op.create_table(
        "staff_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_session"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_session_staff_id"),
    )
    op.create_index("ix_staff_session_staff_id", "staff_session", ["staff_id", "started_at"])
    _add_audit()


def _extend_staff() -> None:
    op.drop_constraint(op.f("ck_staff_role_known"), "staff")
    op.create_check_constraint(op.f("ck_staff_role_known"), "staff", ROLES)
    op.alter_column("staff", "password_hash", nullable=True)
    op.add_column("staff", sa.Column("email", sa.Text()))
    op.add_column("staff", sa.Column("totp_sealed", sa.LargeBinary()))
    op.add_column("staff", sa.Column("totp_confirmed_at", MOMENT))
    op.add_column("staff", sa.Column("totp_last_step", sa.BigInteger()))


def _add_audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("staff_id", sa.BigInteger()),
        sa.Column("staff_login", sa.Text()),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_audit_entry_staff_id"),
        sa.CheckConstraint("action ~ '^[a-z_]+[.][a-z_]+$'", name=op.f("ck_audit_entry_action_shape")),
        sa.CheckConstraint("subject ~ '^[a-z_]+:.+$'", name=op.f("ck_audit_entry_subject_shape")),
    )
    op.create_index("ix_audit_entry_happened_at", "audit_entry", ["happened_at"])
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject", "id"])
    op.create_index("ix_audit_entry_staff_id", "audit_entry", ["staff_id", "id"])


def downgrade() -> None:
    for table in ("audit_entry", "staff_session", "staff_link", "staff_recovery_code"):
        op.drop_table(table)
    op.drop_column("lane", "closed_at")
    for column in ("totp_last_step", "totp_confirmed_at", "totp_sealed", "email"):
        op.drop_column("staff", column)
    # Who has no password cannot sign in, and no role of before fits the new ones: both are kept, shut.
    op.execute("UPDATE staff SET password_hash = '!' WHERE password_hash IS NULL")
    op.execute(
        "UPDATE staff SET role = 'marketing', disabled_at = coalesce(disabled_at, now())"
        " WHERE role IN ('care', 'finance')"
    )
    op.alter_column("staff", "password_hash", nullable=False)
    op.drop_constraint(op.f("ck_staff_role_known"), "staff")
    op.create_check_constraint(op.f("ck_staff_role_known"), "staff", ROLES_BEFORE)
