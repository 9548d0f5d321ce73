"""What a buyer agreed to with an order; and letters that are about several passes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ACCEPTANCE = {
    "terms_accepted_at": (sa.DateTime(timezone=True), "null where none was noted: before 0024"),
    "terms_version": (sa.Integer(), "of the terms that were accepted"),
    "terms_locale": (sa.Text(), "in which language they were read"),
    "privacy_version": (sa.Text(), "of the privacy notice in force then"),
    "guardian_consent": (sa.Boolean(), "said to be the parent or guardian of the children"),
}
WHOLE = "num_nonnulls(terms_accepted_at, terms_version, terms_locale, privacy_version, guardian_consent) IN (0, 5)"
SEVERAL = sa.text("also_about <> '{}'")


def upgrade() -> None:
    for name, (kind, comment) in ACCEPTANCE.items():
        op.add_column("orders", sa.Column(name, kind, comment=comment))
    op.create_check_constraint(op.f("ck_orders_acceptance_is_whole"), "orders", WHOLE)
    op.add_column(
        "letter",
        sa.Column(
            "also_about",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="the others, where one letter is about several",
        ),
    )
    op.create_check_constraint(op.f("ck_letter_about_comes_first"), "letter", "about IS NOT NULL OR also_about = '{}'")
    op.create_index("ix_letter_also_about", "letter", ["also_about"], postgresql_using="gin", postgresql_where=SEVERAL)


def downgrade() -> None:
    op.drop_index("ix_letter_also_about", "letter")
    op.drop_constraint(op.f("ck_letter_about_comes_first"), "letter")
    op.drop_column("letter", "also_about")
    op.drop_constraint(op.f("ck_orders_acceptance_is_whole"), "orders")
    for name in ACCEPTANCE:
        op.drop_column("orders", name)
