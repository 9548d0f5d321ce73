"""Tables of the look-up: who asks for a pass, and the codes that were sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = DateTime(timezone=True)


class Lookup(Base):
    """Somebody asks for their pass. Kept for a day, whether there is such a pass or not."""

    __tablename__ = "lookup"
    __table_args__ = (
        # What the chores ask for: those to answer, and those to forget.
        Index("ix_lookup_unanswered", "asked_at", postgresql_where=text("answered_at IS NULL")),
        Index("ix_lookup_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    phone: Mapped[str] = mapped_column(Text, comment="E.164")
    document_last4: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class LookupCode(Base):
    """A code that went to one address, and the passes of that address. Only a keyed digest of it is kept."""

    __tablename__ = "lookup_code"
    __table_args__ = (CheckConstraint("octet_length(code_hash) = 32", name="code_hash_is_sha256"),)

    lookup_id: Mapped[UUID] = mapped_column(ForeignKey("lookup.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    pass_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
