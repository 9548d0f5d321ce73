"""Invitations to say how a visit was."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base


class SurveyInvitation(Base):
    """One question about one visit: a pass, a spot, a day. The answer is a score from 1 (poor) to 3 (good).

    Two sets that only grow, so that neither order nor repetition of events matters: the admissions it is about, and
    those of them that were voided. When none of the former is left standing, nobody is asked.
    """

    __tablename__ = "survey_invitation"
    __table_args__ = (
        UniqueConstraint("pass_id", "venue_id", "visited_on"),
        CheckConstraint("score BETWEEN 1 AND 3", name="score"),
        CheckConstraint("(answered_at IS NULL) = (score IS NULL)", name="answered_whole"),
        # The wallet's question: what may this pass still answer?
        Index("ix_survey_invitation_open", "pass_id", "invited_at", postgresql_where=text("answered_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    pass_id: Mapped[int] = mapped_column(BigInteger, comment="as the event named it: no foreign key")
    scan_refs: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="the admissions of that day, as events name them")
    voided_refs: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    venue_id: Mapped[str] = mapped_column(Text)
    visited_on: Mapped[date] = mapped_column(Date)
    invited_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    score: Mapped[int | None] = mapped_column(SmallInteger)

    @property
    def is_withdrawn(self) -> bool:
        """Every admission it asks about was voided."""
        return set(self.scan_refs) <= set(self.voided_refs)
