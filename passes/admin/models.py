"""When each chore last ran, for the page that says whether the house is well."""

from datetime import datetime

from sqlalchemy import DateTime, Float, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = DateTime(timezone=True)


class ChoreRun(Base):
    """One row a chore. done_at: when it last came to its end without a fault; failures: how often since."""

    __tablename__ = "chore_run"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    every_seconds: Mapped[float] = mapped_column(Float)
    ran_at: Mapped[datetime] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_error: Mapped[str | None] = mapped_column(Text)
