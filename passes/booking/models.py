"""The table of reservations."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = TIMESTAMP(timezone=True)


class Reservation(Base):
    """A place kept for a pass, from starts_at up to ends_at. Whether it was used is counted by the gate, not here."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("state IN ('booked', 'cancelled')", name="state_known"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        CheckConstraint("nights BETWEEN 1 AND 30", name="nights_sane"),
        CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_moment"),
        # One pass is one person: it has a slot once.
        Index(
            "uq_reservation_slot",
            "pass_id",
            "benefit_id",
            "starts_at",
            unique=True,
            postgresql_where=text("state = 'booked'"),
        ),
        # What a gate asks of a pass, and a desk of a venue's day.
        Index("ix_reservation_pass_id", "pass_id", "starts_at"),
        Index("ix_reservation_venue_id", "venue_id", "starts_at"),
        Index("ix_reservation_made_by", "made_by", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("pass.id"))
    benefit_id: Mapped[str] = mapped_column(Text)
    venue_id: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    nights: Mapped[int | None] = mapped_column(SmallInteger, comment="of a stay; null of a slot")
    state: Mapped[str] = mapped_column(Text)
    party_reference: Mapped[str | None] = mapped_column(Text, comment="what the other side calls it")
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(Text, comment="staff login, or feed:<name of its key>")
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)
