"""Tables of what closes a place for a while, and of how many people are in it."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = TIMESTAMP(timezone=True)


class ClosureRow(Base):
    """A condition, or the whole place closed or full: from starts_at until ends_at, or until somebody ended it.

    ended_at before starts_at: called off before it began.
    """

    __tablename__ = "closure"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('river_level', 'wind', 'lightning', 'forest_fire_ban', 'flood_alert', 'rain_landslide_alert',"
            " 'venue_closed', 'venue_full')",
            name="kind_known",
        ),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
        # A feed says a thing once: the same reference again changes the row it made.
        Index(
            "uq_closure_reference",
            "made_by",
            "reference",
            "venue_id",
            unique=True,
            postgresql_where=text("reference IS NOT NULL"),
        ),
        # What is on or comes: few rows, asked for all the time.
        Index("ix_closure_open", "starts_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime | None] = mapped_column(Moment, comment="exclusive; null: until somebody ends it")
    note: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text, comment="what the feed calls it")
    made_by: Mapped[str] = mapped_column(Text, comment="staff login, or feed:<name of its key>")
    made_at: Mapped[datetime] = mapped_column(Moment)
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Occupancy(Base):
    """How many people were in a venue when it was last counted."""

    __tablename__ = "occupancy"
    __table_args__ = (CheckConstraint("people >= 0", name="people_not_negative"),)

    venue_id: Mapped[str] = mapped_column(Text, primary_key=True)
    people: Mapped[int] = mapped_column(Integer)
    measured_at: Mapped[datetime] = mapped_column(Moment)
    source: Mapped[str] = mapped_column(Text, comment="staff login, or feed:<name of its key>")
