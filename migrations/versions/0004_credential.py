"""credential: issuer keys and revocations"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issuer_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kid", sa.SmallInteger(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "private_key_sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="AES-256-GCM under the installation's secret: nonce, then ciphertext",
        ),
        sa.Column(
            "types", postgresql.ARRAY(sa.Text()), nullable=False, comment="which token types it may sign, sorted"
        ),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False, comment="inclusive"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(kid, kid, '[]')"), "&&"),
            (sa.text("tstzrange(not_before, not_after, '[]')"), "&&"),
            using="gist",
            name="issuer_key_kid_in_use",
        ),
        sa.CheckConstraint(
            "algorithm = 'Ed25519' AND octet_length(public_key) = 32", name=op.f("ck_issuer_key_algorithm_known")
        ),
        sa.CheckConstraint(
            "types <@ ARRAY['C', 'D', 'T'] AND cardinality(types) > 0", name=op.f("ck_issuer_key_types_known")
        ),
        sa.CheckConstraint("kid BETWEEN 0 AND 255", name=op.f("ck_issuer_key_kid_is_a_byte")),
        sa.CheckConstraint("not_before < not_after", name=op.f("ck_issuer_key_lives")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_key")),
    )
    op.create_index("uq_issuer_key_types_not_before", "issuer_key", ["types", "not_before"], unique=True)
    op.create_table(
        "revocation",
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("generation BETWEEN 0 AND 255", name=op.f("ck_revocation_generation_is_a_byte")),
        sa.CheckConstraint("serial BETWEEN 0 AND 4294967295", name=op.f("ck_revocation_serial_is_u32")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_revocation")),
    )


def downgrade() -> None:
    op.drop_table("revocation")
    op.drop_table("issuer_key")
