"""Tables of the lifecycle room. The pass's id is its serial in the YP1 credential."""

from datetime import date, datetime

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
    Sequence,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

PASS_SERIAL = Sequence("pass_serial_seq", start=1, minvalue=1, maxvalue=4_294_967_295, metadata=Base.metadata)
Moment = DateTime(timezone=True)


class Member(Base):
    """A person who holds passes. Of the ID document only a keyed digest and the last four are kept."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint(
            "document_type IN ('CN_ID', 'CN_HMT_PERMIT', 'CN_TW_PERMIT', 'PASSPORT', 'CN_PR_CARD')",
            name="document_type_known",
        ),
        CheckConstraint("octet_length(document_hmac) = 32", name="document_hmac_is_sha256"),
        CheckConstraint("char_length(document_last4) BETWEEN 1 AND 4", name="document_last4_is_short"),
        Index("ix_member_document_hmac", "document_hmac"),
        # What a holder says at the desk: the phone or its end, the last four of the document, the name.
        Index("ix_member_phone", "phone"),
        Index("ix_member_phone_end", text('"right"(phone, 4)')),
        Index("ix_member_document_last4", "document_last4"),
        Index("ix_member_name", text("lower(name) text_pattern_ops")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text, comment="E.164")
    email: Mapped[str | None] = mapped_column(Text)
    birth_on: Mapped[date] = mapped_column(Date)
    document_type: Mapped[str] = mapped_column(Text)
    document_hmac: Mapped[bytes] = mapped_column(LargeBinary)
    document_last4: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment, comment="when its personal fields were blanked")


class Pass(Base):
    """The sold right of one member to one product, under the terms it was sold with."""

    __tablename__ = "pass"
    __table_args__ = (
        CheckConstraint("id BETWEEN 1 AND 4294967295", name="id_is_a_serial"),
        CheckConstraint("state IN ('issued', 'active', 'expired', 'void')", name="state_known"),
        CheckConstraint("holder_class IN ('adult', 'child', 'senior')", name="holder_class_known"),
        CheckConstraint("generation BETWEEN 0 AND 255", name="generation_is_a_byte"),
        CheckConstraint("id_tag BETWEEN 0 AND 65535", name="id_tag_is_two_bytes"),
        CheckConstraint("product_number BETWEEN 0 AND 65535", name="product_number_is_two_bytes"),
        CheckConstraint("validity_days BETWEEN 1 AND 3660", name="validity_days_sane"),
        CheckConstraint("livemode <> starts_with(number, 'T-')", name="number_says_test"),
        CheckConstraint("(valid_from IS NULL) = (valid_until IS NULL)", name="validity_whole"),
        CheckConstraint("valid_from < valid_until", name="validity_not_empty"),
        CheckConstraint("state NOT IN ('active', 'expired') OR valid_from IS NOT NULL", name="active_has_validity"),
        CheckConstraint("state <> 'issued' OR valid_from IS NULL", name="issued_has_none"),
        # What the chores ask for: passes to start and passes to end.
        Index("ix_pass_to_start", "activate_by_on", postgresql_where=text("state = 'issued'")),
        Index("ix_pass_to_end", "valid_until", postgresql_where=text("state = 'active'")),
        Index("ix_pass_member_id", "member_id"),
        # What the retention chore asks for.
        Index("ix_pass_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(Text, unique=True, comment="printed; T-XXXX-XXXX for a test pass")
    livemode: Mapped[bool]
    order_line_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    product_id: Mapped[str] = mapped_column(Text)
    terms_version: Mapped[int] = mapped_column(Integer)
    product_number: Mapped[int] = mapped_column(Integer, comment="the token's product field: (product, terms version)")
    validity_days: Mapped[int] = mapped_column(SmallInteger, comment="of the terms; includes the activation day")
    holder_class: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    generation: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    id_tag: Mapped[int] = mapped_column(Integer)
    issued_at: Mapped[datetime] = mapped_column(Moment)
    activate_by_on: Mapped[date] = mapped_column(Date, comment="last day to activate; starts by itself on the next")
    activated_at: Mapped[datetime | None] = mapped_column(Moment)
    valid_from: Mapped[date | None] = mapped_column(Date, comment="local day, inclusive")
    valid_until: Mapped[date | None] = mapped_column(Date, comment="local day, exclusive")
    ended_at: Mapped[datetime | None] = mapped_column(Moment, comment="when it became expired or void")


class PassHold(Base):
    """While open, the pass is frozen. Closing a hold closes only itself."""

    __tablename__ = "pass_hold"
    __table_args__ = (
        CheckConstraint("reason IN ('misuse', 'refund', 'dispute', 'lost')", name="reason_known"),
        CheckConstraint("until > since", name="until_after_since"),
        Index("ix_pass_hold_open", "pass_id", postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("pass.id"))
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment, comment="ends by itself then; null = until it is closed")
    by: Mapped[str] = mapped_column(Text, comment="staff login, or the room that set it")
    closed_at: Mapped[datetime | None] = mapped_column(Moment)


class WalletLink(Base):
    """A secret link to a pass's page. The token is derived from the id and a key; it is not stored."""

    __tablename__ = "wallet_link"
    __table_args__ = (
        Index("uq_wallet_link_open", "pass_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("pass.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
