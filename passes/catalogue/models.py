"""Tables of the catalogue. What was once loaded stays: a pass carries the version it was sold under."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base


class TermsVersion(Base):
    """One loaded catalogue with the holidays of that moment. The highest version is the one on sale.

    The holidays of the highest version hold for every version: a new year's notice reaches passes sold before it.
    """

    __tablename__ = "terms_version"
    __table_args__ = (CheckConstraint("version >= 1", name="version_positive"),)

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(Text, comment="SHA-256 of the catalogue's meaning, not of its bytes")
    catalogue: Mapped[dict[str, Any]] = mapped_column(JSONB)
    holidays_digest: Mapped[str] = mapped_column(Text)
    holidays: Mapped[dict[str, Any]] = mapped_column(JSONB)
    loaded_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class TermsRemedy(Base):
    """What holders get for what a version takes from a benefit that passes sold before it include."""

    __tablename__ = "terms_remedy"
    __table_args__ = (
        CheckConstraint("kind IN ('extend_days', 'credit', 'prorated_refund_right')", name="kind_known"),
        CheckConstraint("(kind = 'prorated_refund_right') = (amount IS NULL)", name="amount_where_it_is_one"),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    version: Mapped[int] = mapped_column(ForeignKey("terms_version.version"), primary_key=True)
    benefit_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[int | None] = mapped_column(Integer, comment="days, or fen for a credit")
    loss_zh: Mapped[str] = mapped_column(Text, comment="what is taken, for a holder")
    loss_en: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default=text("''"))
    effective_on: Mapped[date] = mapped_column(Date, comment="local day from which it may be gone: after the notice")
    recorded_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class VenueNumber(Base):
    """The venue tag in the QR token: given to a venue once and never to another, even after it has left."""

    __tablename__ = "venue"
    __table_args__ = (CheckConstraint("number BETWEEN 1 AND 255", name="number_is_a_tag"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, unique=True)
    first_version: Mapped[int] = mapped_column(ForeignKey("terms_version.version"))


class ProductRow(Base):
    """A product under a terms version: the number in the token's `product` field."""

    __tablename__ = "product_row"
    __table_args__ = (
        CheckConstraint("number BETWEEN 1 AND 65535", name="number_fits_the_token"),
        Index("uq_product_row_version_product_id", "version", "product_id", unique=True),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    product_id: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(ForeignKey("terms_version.version"))
