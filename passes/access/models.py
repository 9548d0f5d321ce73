"""Tables of staff, lanes, gate devices and rates."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = TIMESTAMP(timezone=True)


class StaffAccount(Base):
    """Somebody who works here and may sign in. A higher `session_epoch` ends every session made before."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{1,39}$'", name="login_shape"),
        CheckConstraint("role IN ('marketing', 'gate_manager', 'admin')", name="role_known"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    login: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    must_change_password: Mapped[bool]
    session_epoch: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Moment)


class Lane(Base):
    """One entrance of a venue. The venue and the benefit are ids of the catalogue, which lies above this room."""

    __tablename__ = "lane"
    __table_args__ = (UniqueConstraint("venue_id", "name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    attended: Mapped[bool]
    default_benefit_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)



class Device(Base):
    """A tablet, phone or terminal, by the name staff gave it."""

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Enrolment(Base):
    """A device at a lane, until revoked. Its bearer token is stored as a hash only."""

    __tablename__ = "enrolment"
    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_sha256"),
        Index("ix_enrolment_lane_id", "lane_id"),
        Index("uq_enrolment_open_device", "device_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    enrolled_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)


class EnrolmentCode(Base):
    """The right to enrol one device at a lane, once, for a quarter of an hour."""

    __tablename__ = "enrolment_code"
    __table_args__ = (Index("ix_enrolment_code_expires_at", "expires_at"),)

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"))
    made_by_staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class RateLimit(Base):
    """The moment until which a key has used up its rate (GCRA). Unlogged: a crash forgives, and costs no WAL."""

    __tablename__ = "rate_limit"
    __table_args__ = (Index("ix_rate_limit_free_at", "free_at"), {"prefixes": ["UNLOGGED"]})

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    free_at: Mapped[datetime] = mapped_column(Moment)
