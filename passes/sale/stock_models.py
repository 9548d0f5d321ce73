"""Tables of exact stock. Whoever moves it holds the order's lock already and takes this one last."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base

Moment = DateTime(timezone=True)


class SaleWindow(Base):
    """When a product is sold, and how many. A product without a window is sold without end."""

    __tablename__ = "sale_window"
    __table_args__ = (
        CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        CheckConstraint("held >= 0 AND sold >= 0", name="counts_not_negative"),
        # The last word against overselling.
        CheckConstraint("held + sold <= quota", name="no_oversell"),
        # Two windows of one product never stand open together. A range of one hash: GiST compares no text by itself.
        ExcludeConstraint(
            (text("int4range(hashtext(product_id), hashtext(product_id), '[]')"), "&&"),
            (text("tstzrange(opens_at, closes_at)"), "&&"),
            name="sale_windows_apart",
            using="gist",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    product_id: Mapped[str] = mapped_column(Text)
    opens_at: Mapped[datetime] = mapped_column(Moment)
    closes_at: Mapped[datetime | None] = mapped_column(Moment, comment="exclusive; null = no end")
    quota: Mapped[int] = mapped_column(Integer)
    held: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="by orders not paid yet")
    sold: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class StockMove(Base):
    """The ledger of stock: rows are only ever added, in the order in which the window's lock was taken.

    The running sum of held_by + sold_by of a window is what was taken at every moment.
    """

    __tablename__ = "stock_move"
    __table_args__ = (
        CheckConstraint(
            "(kind, held_by, sold_by) IN (('hold', 1, 0), ('sell', -1, 1), ('release', -1, 0), ('retake', 0, 1),"
            " ('return', 0, -1), ('quota', 0, 0))",
            name="kind_says_the_move",
        ),
        CheckConstraint("(kind = 'quota') = (order_line_id IS NULL)", name="is_of_a_line"),
        # Each line makes each move once, whoever asks how often.
        UniqueConstraint("order_line_id", "kind"),
        Index("ix_stock_move_window_id", "window_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    window_id: Mapped[int] = mapped_column(ForeignKey("sale_window.id"))
    order_line_id: Mapped[int | None] = mapped_column(
        ForeignKey("order_line.id"), comment="null where the quota was set"
    )
    kind: Mapped[str] = mapped_column(Text)
    held_by: Mapped[int] = mapped_column(Integer, comment="how much held changed")
    sold_by: Mapped[int] = mapped_column(Integer, comment="how much sold changed")
    quota: Mapped[int] = mapped_column(Integer, comment="of the window at this moment")
