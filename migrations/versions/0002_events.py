"""The outbox and its twins: what is to leave the house, how far it has been sent and read, what was parked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.clock_timestamp(),
            nullable=False,
            comment="the server's clock when it was added",
        ),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False, comment="the partition key; events of one key keep their order"),
        sa.Column("traceparent", sa.Text),
        sa.Column("event", JSONB, nullable=False, comment="CloudEvents 1.0 envelope without `sequence`"),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
    )
    op.create_index("ix_outbox_pending", "outbox", ["id"], postgresql_where=sa.text("sent_at IS NULL"))
    op.create_index("ix_outbox_sent", "outbox", ["sent_at"], postgresql_where=sa.text("sent_at IS NOT NULL"))
    op.create_table(
        "consumer_checkpoint",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False, comment="`outbox` where no broker stands between"),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False, comment="-1 for the outbox"),
        sa.Column("next_offset", sa.BigInteger(), nullable=False, comment="the first record not yet handled"),
        sa.Column("last_event_id", sa.Text(), nullable=True, comment="of the record before next_offset"),
        sa.Column(
            "as_of",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="every event recorded before this moment has been handled",
        ),
        sa.CheckConstraint("next_offset >= 0", name="ck_consumer_checkpoint_next_offset"),
        sa.PrimaryKeyConstraint("consumer", "topic", "partition", name="pk_consumer_checkpoint"),
    )
    op.create_table(
        "relay_position",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("next_offset >= 0", name="ck_relay_position_next_offset"),
        sa.PrimaryKeyConstraint("topic", "partition", name="pk_relay_position"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column(
            "position", sa.BigInteger(), nullable=False, comment="Kafka offset, or outbox id where partition is -1"
        ),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_as", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('undecodable', 'unknown_type', 'schema_refused', 'handler_failed', 'broker_refused')",
            name="ck_dead_letter_reason",
        ),
        sa.CheckConstraint("settled_as IN ('replayed', 'dropped')", name="ck_dead_letter_settled_as"),
        sa.CheckConstraint("(settled_at IS NULL) = (settled_as IS NULL)", name="ck_dead_letter_settled_whole"),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letter"),
    )
    op.create_index(
        "ix_dead_letter_open",
        "dead_letter",
        ["consumer", "id"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("dead_letter")
    op.drop_table("relay_position")
    op.drop_table("consumer_checkpoint")
    op.drop_table("outbox")
