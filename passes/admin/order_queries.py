"""Orders as the back office looks for them, and one with every try to pay it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry
from passes.admin.pass_queries import first_of
from passes.admin.rules import Sought
from passes.admin.timeline import Happening, list_money
from passes.errors import N_, NotFound
from passes.lifecycle.models import Pass
from passes.mail.models import Letter
from passes.sale.models import Order, OrderLine, Payment, Refund, WebhookEvent
from passes.sale.queries import find_paying_payment, list_lines, list_payments, order_token


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order and where its last payment stands. attention: what somebody has to look at."""

    id: int
    number: str
    state: str
    total_fen: int
    placed_at: datetime
    paid_at: datetime | None
    attention: tuple[str, ...]
    payment_state: str | None
    method: str | None


@dataclass(frozen=True)
class OrderPage:
    """All that is known of one order. passes: {line id: the pass issued for it}; token opens the buyer's page."""

    order: Order
    token: str
    lines: Sequence[OrderLine]
    passes: dict[int, Pass]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    messages: Sequence[WebhookEvent]
    letters: Sequence[Letter]
    journal: Sequence[Happening]
    paid_by: Payment | None

    @property
    def currencies(self) -> dict[int, str]:
        """Of payments that came in another currency than was asked for."""
        return {payment.id: payment.received_currency for payment in self.payments if payment.received_currency}


def list_orders(
    session: Session, ids: Sequence[int] | None, state: str | None, *, marked: bool, limit: int, offset: int
) -> tuple[list[OrderRow], int]:
    """Newest first: found or all (ids is None), of one state or all, marked or all; and how many there are."""
    chosen: list[ColumnElement[bool]] = [true() if state is None else Order.state == state]
    if ids is not None:
        chosen.append(Order.id.in_(ids))
    if marked:
        chosen.append(func.cardinality(Order.attention) > 0)
    total = session.scalar(select(func.count()).select_from(Order).where(*chosen)) or 0
    last = (
        select(Payment.state, Payment.method)
        .where(Payment.order_id == Order.id)
        .order_by(Payment.attempt_no.desc())
        .limit(1)
        .lateral()
    )
    rows = session.execute(
        select(Order, last.c.state, last.c.method)
        .outerjoin(last, last.c.state.is_not(None))
        .where(*chosen)
        .order_by(Order.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [_order_row(order, payment_state, method) for order, payment_state, method in rows], total


def find_orders(session: Session, wanted: Sought) -> Sequence[int]:
    """The ids of the orders a search means: by their number, by their passes, or by who holds those.

    MOST_FOUND + 1 at most: then it means too many to be of use.
    """
    lines = select(OrderLine.order_id)
    parts = [select(Order.id).where(Order.number.in_(wanted.order_numbers))]
    if wanted.pass_numbers:
        issued = lines.join(Pass, Pass.order_line_id == OrderLine.id)
        parts.append(issued.where(Pass.number.in_(wanted.pass_numbers)))
    if wanted.phone is not None:
        parts.append(lines.where(OrderLine.holder_phone == wanted.phone))
    if wanted.ending is not None:
        ends = or_(OrderLine.document_last4 == wanted.ending, func.right(OrderLine.holder_phone, 4) == wanted.ending)
        parts.append(lines.where(ends))
    if wanted.name is not None:
        parts.append(lines.where(func.lower(OrderLine.holder_name).startswith(wanted.name, autoescape=True)))
    return first_of(session, parts)


def _order_row(order: Order, payment_state: str | None, method: str | None) -> OrderRow:
    return OrderRow(
        order.id,
        order.number,
        order.state,
        order.total_fen,
        order.placed_at,
        order.paid_at,
        tuple(order.attention),
        payment_state,
        method,
    )


def count_marked(session: Session) -> int:
    """Orders somebody must look at."""
    return session.scalar(select(func.count()).where(func.cardinality(Order.attention) > 0)) or 0


def get_order(session: Session, order_id: int) -> Order:
    order = session.get(Order, order_id)
    if order is None:
        raise NotFound("order_not_found", N_("We know no order with this number."))
    return order


def get_order_page(session: Session, order_id: int) -> OrderPage:
    """The order, or NotFound("order_not_found")."""
    order = get_order(session, order_id)
    lines, payments = list_lines(session, order_id), list_payments(session, order_id)
    passes = session.scalars(select(Pass).where(Pass.order_line_id.in_([line.id for line in lines])))
    refunds = select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)
    letters = select(Letter).where(Letter.about == f"order:{order_id}").order_by(Letter.id.desc())
    notes = select(AuditEntry).where(AuditEntry.subject == f"order:{order_id}")
    return OrderPage(
        order=order,
        token=order_token(order.public_id),
        lines=lines,
        passes={pass_.order_line_id: pass_ for pass_ in passes},
        payments=payments,
        refunds=session.scalars(refunds).all(),
        messages=_messages(session, payments),
        letters=session.scalars(letters).all(),
        journal=list_money(session, order, session.scalars(notes).all()),
        paid_by=find_paying_payment(session, order_id),
    )


def _messages(session: Session, payments: Sequence[Payment]) -> Sequence[WebhookEvent]:
    """What the provider said of these payments, newest first."""
    if not payments:
        return []
    about = or_(
        WebhookEvent.object_id.in_([payment.checkout_id for payment in payments if payment.checkout_id]),
        WebhookEvent.payment_uid.in_([str(payment.uid) for payment in payments]),
        WebhookEvent.intent_id.in_([payment.provider_intent_id for payment in payments if payment.provider_intent_id]),
    )
    statement = select(WebhookEvent).where(about).order_by(WebhookEvent.received_at.desc()).limit(50)
    return session.scalars(statement).all()
