"""Tables of the catalogue. What was once loaded stays: a pass carries the version it was sold under."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, Text
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
