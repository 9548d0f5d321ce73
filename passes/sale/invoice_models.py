"""What an invoice for an order needs."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base


class OrderInvoice(Base):
    """As the buyer gave it; of a paid order kept as long as tax law asks, whatever else is erased."""

    __tablename__ = "order_invoice"
    __table_args__ = (
        CheckConstraint("buyer_kind IN ('person', 'company')", name="buyer_kind_known"),
        CheckConstraint("(buyer_kind = 'company') = (tax_number IS NOT NULL)", name="a_company_has_a_tax_number"),
        CheckConstraint("char_length(tax_number) = 18", name="tax_number_has_18_characters"),
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id"), primary_key=True, autoincrement=False)
    buyer_kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, comment="who the invoice is made out to")
    tax_number: Mapped[str | None] = mapped_column(
        Text, comment="unified social credit code, GB 32100; null for a person"
    )
    email: Mapped[str] = mapped_column(Text, comment="where the invoice is sent")
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
