"""When the personal fields of a holder, an order and a letter were blanked."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

COMMENT = "when its personal fields were blanked"


def upgrade() -> None:
    for table in ("member", "orders", "letter"):
        op.add_column(table, sa.Column("erased_at", sa.DateTime(timezone=True), comment=COMMENT))
    # What the retention chore asks for.
    op.create_index("ix_pass_ended_at", "pass", ["ended_at"], postgresql_where=sa.text("ended_at IS NOT NULL"))
    op.create_index("ix_letter_to_erase", "letter", ["created_at"], postgresql_where=sa.text("erased_at IS NULL"))


def downgrade() -> None:
    op.drop_index("ix_letter_to_erase", "letter")
    op.drop_index("ix_pass_ended_at", "pass")
    for table in ("letter", "orders", "member"):
        op.drop_column(table, "erased_at")
