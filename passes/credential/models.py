"""Tables of the credential room: who signs, and what is revoked."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

KID_IN_USE = "issuer_key_kid_in_use"


class IssuerKey(Base):
    """One key of the issuer. Its kid is one byte, so kids come back; never two keys under one kid at one time."""

    __tablename__ = "issuer_key"
    __table_args__ = (
        CheckConstraint("kid BETWEEN 0 AND 255", name="kid_is_a_byte"),
        CheckConstraint("not_before < not_after", name="lives"),
        CheckConstraint("algorithm = 'Ed25519' AND octet_length(public_key) = 32", name="algorithm_known"),
        CheckConstraint("types <@ ARRAY['C', 'D', 'T'] AND cardinality(types) > 0", name="types_known"),
        # A range over the kid instead of equality: no extension is needed for it.
        ExcludeConstraint(
            (text("int4range(kid, kid, '[]')"), "&&"),
            (text("tstzrange(not_before, not_after, '[]')"), "&&"),
            name=KID_IN_USE,
        ),
        Index("uq_issuer_key_types_not_before", "types", "not_before", unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kid: Mapped[int] = mapped_column(SmallInteger)
    algorithm: Mapped[str] = mapped_column(Text)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    private_key_sealed: Mapped[bytes] = mapped_column(
        LargeBinary, comment="AES-256-GCM under the installation's secret: nonce, then ciphertext"
    )
    types: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="which token types it may sign, sorted")
    not_before: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    not_after: Mapped[datetime] = mapped_column(DateTime(timezone=True), comment="inclusive")
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Revocation(Base):
    """That generation of the serial and every lower one are refused."""

    __tablename__ = "revocation"
    __table_args__ = (
        CheckConstraint("serial BETWEEN 0 AND 4294967295", name="serial_is_u32"),
        CheckConstraint("generation BETWEEN 0 AND 255", name="generation_is_a_byte"),
    )

    serial: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(SmallInteger)
    revoked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
