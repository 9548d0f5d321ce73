"""Tables of staff, what staff changed, lanes, devices, clerks with their shifts, keys of other systems, and rates."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = TIMESTAMP(timezone=True)


class StaffAccount(Base):
    """Somebody who works here and may sign in. A higher `session_epoch` ends every session made before.

    No password: invited, and has not chosen one. The second factor counts once it was confirmed with a code;
    `totp_last_step` is the last half minute a code of it was used in, so that none is used twice.
    """

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{1,39}$'", name="login_shape"),
        CheckConstraint("role IN ('marketing', 'care', 'finance', 'gate_manager', 'admin')", name="role_known"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    login: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    must_change_password: Mapped[bool]
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    session_epoch: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Moment)


class StaffRecoveryCode(Base):
    """A code that stands in for a lost phone, once. Stored keyed and hashed."""

    __tablename__ = "staff_recovery_code"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class StaffLink(Base):
    """The right to choose the password of one account, once: an invitation, or a reset."""

    __tablename__ = "staff_link"
    __table_args__ = (Index("ix_staff_link_staff_id", "staff_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_by_staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class StaffSession(Base):
    """One browser signed in, from where, until when. Its id is in the signed cookie."""

    __tablename__ = "staff_session"
    __table_args__ = (Index("ix_staff_session_staff_id", "staff_id", "started_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    session_epoch: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    browser: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)


class AuditEntry(Base):
    """What somebody changed: written in the transaction of the change, never altered.

    No staff: the command line; or the holder of a pass, where the facts say "by": rules.HOLDER.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        CheckConstraint("action ~ '^[a-z_]+[.][a-z_]+$'", name="action_shape"),
        CheckConstraint("subject ~ '^[a-z_]+:.+$'", name="subject_shape"),
        Index("ix_audit_entry_happened_at", "happened_at"),
        Index("ix_audit_entry_subject", "subject", "id"),
        Index("ix_audit_entry_staff_id", "staff_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    happened_at: Mapped[datetime] = mapped_column(Moment)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    staff_login: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)


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
    closed_at: Mapped[datetime | None] = mapped_column(Moment)


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


class Clerk(Base):
    """Somebody who stands at a venue's gates and says so with a PIN. No account: a clerk signs in nowhere."""

    __tablename__ = "clerk"
    __table_args__ = (
        CheckConstraint("octet_length(pin_hash) = 32", name="pin_hash_is_sha256"),
        Index("uq_clerk_venue_pin", "venue_id", "pin_hash", unique=True, postgresql_where=text("disabled_at IS NULL")),
        Index("uq_clerk_venue_name", "venue_id", "name", unique=True, postgresql_where=text("disabled_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    venue_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    pin_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="of venue and PIN, keyed: never the PIN")
    created_at: Mapped[datetime] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)


class Shift(Base):
    """A clerk at a device, until it is ended, another begins, or fourteen hours are over."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("ended_at >= started_at", name="ends_after_it_starts"),
        Index("uq_shift_open", "enrolment_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_shift_clerk_id", "clerk_id", "started_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"))
    clerk_id: Mapped[int] = mapped_column(ForeignKey("clerk.id"))
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment, comment="null: open, unless its longest time is over")


class ApiKey(Base):
    """The right of another system to call a part of our API, until revoked. Its token is stored as a hash only."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z0-9][a-z0-9._-]{1,39}$'", name="name_shape"),
        CheckConstraint("cardinality(scopes) > 0", name="opens_something"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_sha256"),
        # What it made is told by its name, so a name is never given twice.
        UniqueConstraint("name", name="uq_api_key_name"),
        UniqueConstraint("token_hash", name="uq_api_key_token_hash"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str | None] = mapped_column(Text, comment="staff login; null: the command line")
    last_used_at: Mapped[datetime | None] = mapped_column(Moment, comment="a minute off at most")
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class RateLimit(Base):
    """The moment until which a key has used up its rate (GCRA). Unlogged: a crash forgives, and costs no WAL."""

    __tablename__ = "rate_limit"
    __table_args__ = (Index("ix_rate_limit_free_at", "free_at"), {"prefixes": ["UNLOGGED"]})

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    free_at: Mapped[datetime] = mapped_column(Moment)
