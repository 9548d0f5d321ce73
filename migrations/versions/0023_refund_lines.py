"""How a refund comes about, kept with it: its lines, and whose cause it is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# A CHECK may not hold a subquery, a function may.
LINES_FEN = """
CREATE FUNCTION refund_lines_fen(lines jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
SELECT coalesce(sum((line->>'amount_fen')::bigint), 0)::bigint FROM jsonb_array_elements(lines) AS line
$$;
"""


def upgrade() -> None:
    op.execute(LINES_FEN)
    op.add_column(
        "refund",
        sa.Column("cause", sa.Text(), comment="whose: holder | operator; null where no terms of a pass were asked"),
    )
    op.add_column("refund", sa.Column("lines", JSONB(), comment="[{code, zh, en, amount_fen, pass_id}]"))
    op.create_check_constraint(op.f("ck_refund_cause_known"), "refund", "cause IN ('holder', 'operator')")
    op.create_check_constraint(op.f("ck_refund_lines_sum_up"), "refund", "refund_lines_fen(lines) = amount_fen")
    # What holders asked for before is counted again as ever; what staff transfers waits for nothing.
    op.execute("UPDATE refund SET cause = 'holder' WHERE source = 'customer'")
    op.execute("UPDATE refund SET next_attempt_at = NULL WHERE channel = 'manual' AND source <> 'customer'")
    op.add_column(
        "payment",
        sa.Column(
            "lost_fen",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="what disputes before the one named here took for good",
        ),
    )


def downgrade() -> None:
    op.drop_column("payment", "lost_fen")
    op.drop_constraint(op.f("ck_refund_lines_sum_up"), "refund")
    op.drop_constraint(op.f("ck_refund_cause_known"), "refund")
    op.drop_column("refund", "lines")
    op.drop_column("refund", "cause")
    op.execute("DROP FUNCTION refund_lines_fen")
