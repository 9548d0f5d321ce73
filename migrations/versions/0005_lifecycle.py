"""lifecycle: members, passes, holds and wallet links"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence

PASS_SERIAL = sa.Sequence("pass_serial_seq", start=1, minvalue=1, maxvalue=4_294_967_295)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(CreateSequence(PASS_SERIAL))
    op.create_table(
        "member",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False, comment="E.164"),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("birth_on", sa.Date(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("document_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("document_last4", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "document_type IN ('CN_ID', 'CN_HMT_PERMIT', 'CN_TW_PERMIT', 'PASSPORT', 'CN_PR_CARD')",
            name=op.f("ck_member_document_type_known"),
        ),
        sa.CheckConstraint(
            "char_length(document_last4) BETWEEN 1 AND 4", name=op.f("ck_member_document_last4_is_short")
        ),
        sa.CheckConstraint("octet_length(document_hmac) = 32", name=op.f("ck_member_document_hmac_is_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    op.create_index("ix_member_document_hmac", "member", ["document_hmac"], unique=False)
    op.create_table(
        "pass",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="printed; T-XXXX-XXXX for a test pass"),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column(
            "product_number",
            sa.Integer(),
            nullable=False,
            comment="the token's product field: (product, terms version)",
        ),
        sa.Column(
            "validity_days", sa.SmallInteger(), nullable=False, comment="of the terms; includes the activation day"
        ),
        sa.Column("holder_class", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("generation", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("id_tag", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "activate_by_on", sa.Date(), nullable=False, comment="last day to activate; starts by itself on the next"
        ),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="local day, inclusive"),
        sa.Column("valid_until", sa.Date(), nullable=True, comment="local day, exclusive"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="when it became expired or void"),
        sa.CheckConstraint("holder_class IN ('adult', 'child', 'senior')", name=op.f("ck_pass_holder_class_known")),
        sa.CheckConstraint("livemode <> starts_with(number, 'T-')", name=op.f("ck_pass_number_says_test")),
        sa.CheckConstraint("state <> 'issued' OR valid_from IS NULL", name=op.f("ck_pass_issued_has_none")),
        sa.CheckConstraint("state IN ('issued', 'active', 'expired', 'void')", name=op.f("ck_pass_state_known")),
        sa.CheckConstraint(
            "state NOT IN ('active', 'expired') OR valid_from IS NOT NULL", name=op.f("ck_pass_active_has_validity")
        ),
        sa.CheckConstraint("(valid_from IS NULL) = (valid_until IS NULL)", name=op.f("ck_pass_validity_whole")),
        sa.CheckConstraint("generation BETWEEN 0 AND 255", name=op.f("ck_pass_generation_is_a_byte")),
        sa.CheckConstraint("id BETWEEN 1 AND 4294967295", name=op.f("ck_pass_id_is_a_serial")),
        sa.CheckConstraint("id_tag BETWEEN 0 AND 65535", name=op.f("ck_pass_id_tag_is_two_bytes")),
        sa.CheckConstraint("product_number BETWEEN 0 AND 65535", name=op.f("ck_pass_product_number_is_two_bytes")),
        sa.CheckConstraint("valid_from < valid_until", name=op.f("ck_pass_validity_not_empty")),
        sa.CheckConstraint("validity_days BETWEEN 1 AND 3660", name=op.f("ck_pass_validity_days_sane")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_pass_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pass")),
        sa.UniqueConstraint("number", name=op.f("uq_pass_number")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_pass_order_line_id")),
    )
    op.create_index("ix_pass_member_id", "pass", ["member_id"], unique=False)
    op.create_index(
        "ix_pass_to_end", "pass", ["valid_until"], unique=False, postgresql_where=sa.text("state = 'active'")
    )
    op.create_index(
        "ix_pass_to_start", "pass", ["activate_by_on"], unique=False, postgresql_where=sa.text("state = 'issued'")
    )
    op.create_table(
        "pass_hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pass_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "until", sa.DateTime(timezone=True), nullable=True, comment="ends by itself then; null = until it is closed"
        ),
        sa.Column("by", sa.Text(), nullable=False, comment="staff login, or the room that set it"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reason IN ('misuse', 'refund', 'dispute', 'lost')", name=op.f("ck_pass_hold_reason_known")),
        sa.CheckConstraint("until > since", name=op.f("ck_pass_hold_until_after_since")),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name=op.f("fk_pass_hold_pass_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pass_hold")),
    )
    op.create_index(
        "ix_pass_hold_open", "pass_hold", ["pass_id"], unique=False, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_table(
        "wallet_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pass_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name=op.f("fk_wallet_link_pass_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_link")),
    )
    op.create_index(
        "uq_wallet_link_open", "wallet_link", ["pass_id"], unique=True, postgresql_where=sa.text("revoked_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("wallet_link")
    op.drop_table("pass_hold")
    op.drop_table("pass")
    op.drop_table("member")
    op.execute(DropSequence(PASS_SERIAL))
