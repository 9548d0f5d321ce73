"""The table of letters."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = DateTime(timezone=True)


class Letter(Base):
    """A letter or text message to one person. Its body may hold a secret link: only care and admins read it.

    That of a letter about staff is read by nobody: its link opens an account.
    """

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'failed', 'kept')", name="state_known"),
        CheckConstraint("channel IN ('mail', 'sms')", name="channel_known"),
        CheckConstraint("state IN ('kept', 'failed') OR recipient IS NOT NULL", name="sent_has_a_recipient"),
        # What the chore asks for.
        Index("ix_letter_waiting", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_letter_to_erase", "created_at", postgresql_where=text("erased_at IS NULL")),
        Index("ix_letter_about", "about", postgresql_where=text("about IS NOT NULL")),
        Index(
            "ix_letter_also_about", "also_about", postgresql_using="gin", postgresql_where=text("also_about <> '{}'")
        ),
        CheckConstraint("about IS NOT NULL OR also_about = '{}'", name="about_comes_first"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    about: Mapped[str | None] = mapped_column(Text, comment="order:<id> or pass:<id>, where it is about one")
    also_about: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'"), comment="the others, where one letter is about several"
    )
    channel: Mapped[str] = mapped_column(Text, server_default=text("'mail'"))
    recipient: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(Moment)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment, comment="when its personal fields were blanked")
    good_until: Mapped[datetime | None] = mapped_column(Moment, comment="of no use later, so not sent then")
