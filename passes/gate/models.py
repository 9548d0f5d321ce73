"""What happened at the gates: every attempt, what it used up, and how often each benefit was used."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

# admitted, needs_confirmation, or refused with its code.
OUTCOME = "'^(admitted|needs_confirmation|refused/[a-z_]+)$'"
VERDICT = "'^(admitted|voided|needs_confirmation|refused/[a-z_]+)$'"


class Scan(Base):
    """One attempt, and its three truths. A repeated (enrolment_id, scan_id) finds its first answer here for ever."""

    __tablename__ = "scan"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "scan_id"),
        CheckConstraint(f"shown ~ {OUTCOME}", name="shown_is_an_outcome"),
        CheckConstraint(f"answer ~ {OUTCOME}", name="answer_is_an_outcome"),
        CheckConstraint(f"verdict ~ {VERDICT}", name="verdict_is_an_outcome"),
        # The history of one pass, in the order in which the verdicts are computed.
        Index("ix_scan_pass", "pass_id", "scanned_at", postgresql_where=text("pass_id IS NOT NULL")),
        # The day of one lane, newest first; a venue's day is that of its lanes.
        Index("ix_scan_lane_day", "lane_id", "local_day", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    enrolment_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("enrolment.id"))
    scan_id: Mapped[UUID] = mapped_column(Uuid, comment="made by the device")
    sequence: Mapped[int | None] = mapped_column(BigInteger, comment="the device's own count of its scans")
    lane_id: Mapped[int] = mapped_column(Integer, ForeignKey("lane.id"))
    venue_id: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of what was sent, to tell a repeat")
    code_type: Mapped[str | None] = mapped_column(Text, comment="C, D or T of a code whose issuer was proved")
    code_body: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="the 16 bytes of a proved code: never a whole, reusable one"
    )
    pass_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("pass.id"), comment="null for a code whose issuer was not proved"
    )
    benefit_id: Mapped[str | None] = mapped_column(Text)
    confirmed: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="what staff confirmed before this scan")
    scanned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), comment="the gate's corrected clock")
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    local_day: Mapped[date] = mapped_column(Date)
    shown: Mapped[str] = mapped_column(Text, comment="what the gate did; never changes")
    answer: Mapped[str] = mapped_column(Text, comment="what the server replied; never changes")
    verdict: Mapped[str] = mapped_column(Text, comment="what it counts as, once all scans of the pass are known")
    response: Mapped[dict[str, object]] = mapped_column(JSONB, comment="the first answer, word for word")
    shift_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("shift.id"), comment="who stood at the gate")
    used_up: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB, comment="what a visitor who went in moved and used; what spoke against it whatever else he used"
    )
    revision: Mapped[int] = mapped_column(
        Integer, server_default="0", comment="how often the verdict changed since it was first recorded"
    )


class ScanVoid(Base):
    """An admission taken back at its lane: a mistake seen within minutes. The scan stays, and counts as nothing.

    A fact like the scans themselves: whoever computes verdicts anew knows of it, whatever scans come late.
    """

    __tablename__ = "scan_void"
    __table_args__ = (CheckConstraint("char_length(reason) BETWEEN 3 AND 200", name="reason_is_said"),)

    scan_row_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("scan.id"), primary_key=True, autoincrement=False)
    enrolment_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("enrolment.id"), comment="the device that took it back")
    shift_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("shift.id"))
    reason: Mapped[str] = mapped_column(Text, comment="as the clerk wrote it; it leaves the house in no event")
    voided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PassCounter(Base):
    """How often a pass used what a limit counts, within one period of it."""

    __tablename__ = "pass_counter"
    __table_args__ = (
        CheckConstraint("used BETWEEN 0 AND allowed", name="within_limit"),
        CheckConstraint("overdrawn >= 0", name="overdrawn_is_a_count"),
    )

    pass_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pass.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True, comment="what is counted, e.g. benefit:B01")
    period: Mapped[str] = mapped_column(Text, primary_key=True, comment="the day, month or term it counts in, or ever")
    allowed: Mapped[int | None] = mapped_column(
        Integer, comment="the limit in the terms of the pass; null: only counted, for other rules to ask"
    )
    used: Mapped[int] = mapped_column(Integer)
    overdrawn: Mapped[int] = mapped_column(
        Integer,
        server_default="0",
        comment="uses beyond the limit: at the discount after it, or let in by gates that could not know",
    )


class StockCounter(Base):
    """How many of a thing a venue handed over, to all passes, within one period."""

    __tablename__ = "stock_counter"
    __table_args__ = (
        CheckConstraint("used BETWEEN 0 AND allowed", name="within_stock"),
        CheckConstraint("overdrawn >= 0", name="overdrawn_is_a_count"),
    )

    name: Mapped[str] = mapped_column(Text, primary_key=True, comment="which thing and where, e.g. stock:WELCOME@S02")
    period: Mapped[str] = mapped_column(Text, primary_key=True, comment="a local day, or ever")
    allowed: Mapped[int] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer)
    overdrawn: Mapped[int] = mapped_column(Integer, server_default="0")


class CodeUse(Base):
    """A code that an admitted scan used up for one benefit."""

    __tablename__ = "code_use"
    __table_args__ = (Index("ix_code_use_moment", "moment"),)

    pass_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pass.id"), primary_key=True)
    moment: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, comment="unix seconds: when a D code was drawn, when a T code runs out"
    )
    benefit_id: Mapped[str] = mapped_column(Text, primary_key=True)
