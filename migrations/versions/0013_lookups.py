"""Finding one's own pass: one-time codes, and how a letter travels."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letter", sa.Column("channel", sa.Text(), server_default=sa.text("'mail'"), nullable=False))
    op.add_column(
        "letter",
        sa.Column("good_until", sa.DateTime(timezone=True), nullable=True, comment="of no use later, so not sent then"),
    )
    op.create_check_constraint(op.f("ck_letter_channel_known"), "letter", "channel IN ('mail', 'sms')")
    op.create_table(
        "lookup",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False, comment="E.164"),
        sa.Column("document_last4", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookup")),
    )
    op.create_index("ix_lookup_unanswered", "lookup", ["asked_at"], postgresql_where=sa.text("answered_at IS NULL"))
    op.create_index("ix_lookup_expires_at", "lookup", ["expires_at"])
    op.create_table(
        "lookup_code",
        sa.Column("lookup_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("pass_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.CheckConstraint("octet_length(code_hash) = 32", name=op.f("ck_lookup_code_code_hash_is_sha256")),
        sa.ForeignKeyConstraint(
            ["lookup_id"], ["lookup.id"], name=op.f("fk_lookup_code_lookup_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lookup_id", "code_hash", name=op.f("pk_lookup_code")),
    )
    op.create_index("ix_member_phone", "member", ["phone"])


def downgrade() -> None:
    op.drop_index("ix_member_phone", table_name="member")
    op.drop_table("lookup_code")
    op.drop_table("lookup")
    # An earlier version would send them as e-mail.
    op.execute("DELETE FROM letter WHERE channel = 'sms'")
    op.drop_constraint(op.f("ck_letter_channel_known"), "letter", type_="check")
    op.drop_column("letter", "good_until")
    op.drop_column("letter", "channel")
