"""Uses beyond limits and late reports: counters by what they count, stock of venues, verdicts that may change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ALLOWED = "the limit in the terms of the pass"
ALLOWED_NOW = "the limit in the terms of the pass; null: only counted, for other rules to ask"
OVERDRAWN = "facts beyond the limit: admitted by gates that could not know"
OVERDRAWN_NOW = "uses beyond the limit: at the discount after it, or let in by gates that could not know"
NAME, NAME_NOW = "which limit, e.g. per_day:B01", "what is counted, e.g. benefit:B01"
PERIOD, PERIOD_NOW = "the day, month or term it counts in", "the day, month or term it counts in, or ever"
USED_UP = "what an admission moved and used, given back when it is voided"
USED_UP_NOW = "what a visitor who went in moved and used; what spoke against it whatever else he used"


def upgrade() -> None:
    op.alter_column("pass_counter", "allowed", nullable=True, comment=ALLOWED_NOW, existing_type=sa.Integer())
    op.alter_column("pass_counter", "overdrawn", comment=OVERDRAWN_NOW, existing_type=sa.Integer())
    op.alter_column("pass_counter", "name", comment=NAME_NOW, existing_type=sa.Text())
    op.alter_column("pass_counter", "period", comment=PERIOD_NOW, existing_type=sa.Text())
    # Until now the only limits were those of a day and of a term, each with a name of its own for one benefit.
    op.execute("UPDATE pass_counter SET name = 'benefit:' || split_part(name, ':', 2) WHERE name LIKE 'per\\_%'")
    op.execute(
        "UPDATE scan SET used_up = replace(replace(used_up::text, '\"per_day:', '\"benefit:'),"
        " '\"per_term:', '\"benefit:')::jsonb WHERE used_up IS NOT NULL"
    )
    # What the new rules ask of earlier visits: where a pass went in, by day and by term.
    for period in ("s.local_day::text", "'term:' || p.valid_from"):
        op.execute(
            "INSERT INTO pass_counter (pass_id, name, period, allowed, used)"
            f" SELECT s.pass_id, 'visit:' || s.venue_id, {period}, NULL, count(*) FROM scan s"
            " JOIN pass p ON p.id = s.pass_id"
            " WHERE s.verdict = 'admitted' AND s.local_day >= p.valid_from GROUP BY 1, 2, 3"
        )
    op.alter_column("scan", "used_up", comment=USED_UP_NOW, existing_type=JSONB())
    op.add_column(
        "scan",
        sa.Column(
            "revision",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="how often the verdict changed since it was first recorded",
        ),
    )
    op.create_table(
        "stock_counter",
        sa.Column("name", sa.Text(), nullable=False, comment="which thing and where, e.g. stock:WELCOME@S02"),
        sa.Column("period", sa.Text(), nullable=False, comment="a local day, or ever"),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("overdrawn", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", "period", name=op.f("pk_stock_counter")),
        sa.CheckConstraint("used BETWEEN 0 AND allowed", name=op.f("ck_stock_counter_within_stock")),
        sa.CheckConstraint("overdrawn >= 0", name=op.f("ck_stock_counter_overdrawn_is_a_count")),
    )
    op.add_column("redemption_fact", sa.Column("standing", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("redemption_fact", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    op.add_column("refusal_fact", sa.Column("standing", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("refusal_fact", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    for table in ("refusal_fact", "redemption_fact"):
        op.drop_column(table, "revision")
        op.drop_column(table, "standing")
    op.drop_table("stock_counter")
    op.drop_column("scan", "revision")
    op.alter_column("scan", "used_up", comment=USED_UP, existing_type=JSONB())
    # A day's counters are named by the day, a term's by "term:" and its first day; the others were not counted before.
    op.execute("DELETE FROM pass_counter WHERE allowed IS NULL OR name NOT LIKE 'benefit:%' OR length(period) = 7")
    op.execute(
        "UPDATE pass_counter SET name = CASE WHEN period LIKE 'term:%' THEN 'per_term:' ELSE 'per_day:' END"
        " || split_part(name, ':', 2)"
    )
    op.alter_column("pass_counter", "period", comment=PERIOD, existing_type=sa.Text())
    op.alter_column("pass_counter", "name", comment=NAME, existing_type=sa.Text())
    op.alter_column("pass_counter", "overdrawn", comment=OVERDRAWN, existing_type=sa.Integer())
    op.alter_column("pass_counter", "allowed", nullable=False, comment=ALLOWED, existing_type=sa.Integer())
