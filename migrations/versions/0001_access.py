"""access: staff, lanes, devices, enrolments, rates"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.Column("last_sign_in_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("login", name="uq_staff_login"),
        sa.CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{1,39}$'", name=op.f("ck_staff_login_shape")),
        sa.CheckConstraint("role IN ('marketing', 'gate_manager', 'admin')", name=op.f("ck_staff_role_known")),
    )
    op.create_table(
        "lane",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("venue_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=False),
        sa.Column("default_benefit_id", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lane"),
        sa.UniqueConstraint("venue_id", "name", name="uq_lane_venue_id_name"),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
    )
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("lane_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enrolment"),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name="fk_enrolment_device_id"),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name="fk_enrolment_lane_id"),
        sa.UniqueConstraint("token_hash", name="uq_enrolment_token_hash"),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_enrolment_token_hash_is_sha256")),
    )
    op.create_index("ix_enrolment_lane_id", "enrolment", ["lane_id"])
    op.create_index(
        "uq_enrolment_open_device",
        "enrolment",
        ["device_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "enrolment_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("lane_id", sa.BigInteger(), nullable=False),
        sa.Column("made_by_staff_id", sa.BigInteger()),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("code_hash", name="pk_enrolment_code"),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name="fk_enrolment_code_lane_id"),
        sa.ForeignKeyConstraint(["made_by_staff_id"], ["staff.id"], name="fk_enrolment_code_made_by_staff_id"),
    )
    op.create_index("ix_enrolment_code_expires_at", "enrolment_code", ["expires_at"])
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("free_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_rate_limit"),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_rate_limit_free_at", "rate_limit", ["free_at"])


def downgrade() -> None:
    for table in ("rate_limit", "enrolment_code", "enrolment", "device", "lane", "staff"):
        op.drop_table(table)
