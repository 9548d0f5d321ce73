"""Reading orders and payments. Whoever changes them locks Order → Payment → Refund → Pass, in this order."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from passes import settings
from passes.errors import N_, NotFound
from passes.lifecycle.queries import find_first_wallet_path, find_pass_of_line
from passes.sale.consents import Acceptance
from passes.sale.models import Order, OrderLine, Payment, PaymentEvent, Refund, RefundLine, WebhookEvent
from passes.sale.refund_lines import Kept, told_to_buyer
from passes.sale.rules import LIVE_PAYMENT_STATES, METHODS

_MAC_BYTES = 16


def order_token(public_id: UUID) -> str:
    """The secret of an order's page: its public id and 16 bytes only this installation can make. Never stored."""
    return base64.urlsafe_b64encode(public_id.bytes + _mac(public_id.bytes)).rstrip(b"=").decode()


def _mac(raw: bytes) -> bytes:
    return hmac.digest(settings.current().derive("order-link"), raw, hashlib.sha256)[:_MAC_BYTES]


def get_order_by_token(session: Session, token: str) -> Order:
    """The order of this link, or NotFound("order_not_found"), whatever is wrong with the link."""
    public_id = _public_id(token)
    order = None if public_id is None else session.scalar(select(Order).where(Order.public_id == public_id))
    if order is None:
        raise NotFound(
            "order_not_found",
            N_("We know no order under this link. Open the link you were given again, whole, or start a new order."),
        )
    return order


def _public_id(token: str) -> UUID | None:
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    raw, given = data[:16], data[16:]
    return UUID(bytes=raw) if len(raw) == 16 and hmac.compare_digest(given, _mac(raw)) else None


def acceptance_of(order: Order) -> Acceptance | None:
    """What the buyer agreed to with the order; None where nothing was noted."""
    at, terms, locale, privacy = order.terms_accepted_at, order.terms_version, order.terms_locale, order.privacy_version
    if at is None or terms is None or locale is None or privacy is None:
        return None
    return Acceptance(at, terms, locale, privacy, bool(order.guardian_consent))


def lock_order(session: Session, order_id: int) -> Order:
    """The order, locked and read anew."""
    statement = select(Order).where(Order.id == order_id).with_for_update(key_share=True)
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def lock_order_of(session: Session, token: str) -> None:
    """Lock the order of this link, if there is one."""
    public_id = _public_id(token)
    order_id = None if public_id is None else session.scalar(select(Order.id).where(Order.public_id == public_id))
    if order_id is not None:
        lock_order(session, order_id)


def lock_payment(session: Session, payment_id: int) -> tuple[Order, Payment]:
    """A payment and its order, locked in the house's order and read anew."""
    order_id = session.scalars(select(Payment.order_id).where(Payment.id == payment_id)).one()
    order = lock_order(session, order_id)
    statement = select(Payment).where(Payment.id == payment_id).with_for_update(key_share=True)
    return order, session.scalars(statement.execution_options(populate_existing=True)).one()


def lock_refunds(session: Session, payment_id: int) -> Sequence[Refund]:
    """The refunds of a payment whose lock is held, oldest first, locked and read anew."""
    statement = (
        select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.id).with_for_update(key_share=True)
    )
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def find_refund_channel(session: Session, pass_id: int) -> str | None:
    """How the last refund of this pass is paid: provider | manual. None where there is none."""
    statement = select(Refund.channel).join(RefundLine, RefundLine.refund_id == Refund.id)
    return session.scalar(statement.where(RefundLine.pass_id == pass_id).order_by(Refund.id.desc()).limit(1))


def find_paying_payment(session: Session, order_id: int) -> Payment | None:
    """The payment that paid the order, as the ledger says. Others that came go back by themselves."""
    statement = (
        select(Payment)
        .join(PaymentEvent, PaymentEvent.payment_id == Payment.id)
        .where(PaymentEvent.order_id == order_id, PaymentEvent.to_state == "paid")
    )
    return session.scalars(statement.order_by(PaymentEvent.id).limit(1)).first()


def get_payment(session: Session, payment_id: int) -> Payment:
    """The payment as it is now, unlocked."""
    return session.get_one(Payment, payment_id, populate_existing=True)


def list_lines(session: Session, order_id: int) -> Sequence[OrderLine]:
    """The lines of an order, in the order of the form."""
    return session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)).all()


def list_payments(session: Session, order_id: int) -> Sequence[Payment]:
    """All tries to pay an order, oldest first."""
    statement = select(Payment).where(Payment.order_id == order_id).order_by(Payment.attempt_no)
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def find_live_payment(session: Session, order_id: int) -> Payment | None:
    """The one payment of the order that may still end either way."""
    statement = select(Payment).where(Payment.order_id == order_id, Payment.state.in_(LIVE_PAYMENT_STATES))
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def find_payment_of_checkout(session: Session, order_id: int, checkout_id: str) -> Payment | None:
    """A payment of this order and no other."""
    return session.scalar(select(Payment).where(Payment.order_id == order_id, Payment.checkout_id == checkout_id))


def find_payment_of_event(session: Session, event: WebhookEvent) -> int | None:
    """The payment a message is about: by checkout, intent or refund, or by our own names for them in the metadata."""
    metadata = event.payload["data"]["object"].get("metadata") or {}
    named = metadata.get("refund")
    refund_uid = _uuid(named) if isinstance(named, str) else None
    for wanted in (
        select(Payment.id).where(Payment.checkout_id == event.object_id),
        select(Payment.id).where(Payment.provider_intent_id == event.intent_id) if event.intent_id else None,
        select(Refund.payment_id).where(Refund.provider_refund_id == event.object_id),
        select(Refund.payment_id).where(Refund.uid == refund_uid) if refund_uid else None,
    ):
        found = None if wanted is None else session.scalar(wanted)
        if found is not None:
            return found
    return find_payment_by_uid(session, event.payment_uid)


def find_payment_by_uid(session: Session, uid: str | None) -> int | None:
    """By our own name for it."""
    named = _uuid(uid)
    return None if named is None else session.scalar(select(Payment.id).where(Payment.uid == named))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def is_about_orders(session: Session, order_ids: Sequence[int]) -> ColumnElement[bool]:
    """Of a message in a statement: that it speaks of a payment or refund of these orders."""
    payments = session.execute(
        select(Payment.uid, Payment.provider_intent_id, Payment.provider_charge_id, Payment.checkout_id).where(
            Payment.order_id.in_(order_ids)
        )
    ).all()
    refunds = session.scalars(select(Refund.provider_refund_id).where(Refund.order_id.in_(order_ids))).all()
    intents = [payment.provider_intent_id for payment in payments]
    objects = [*intents, *refunds, *(name for _, _, *names in payments for name in names)]
    return or_(
        WebhookEvent.payment_uid.in_([str(payment.uid) for payment in payments]),
        WebhookEvent.intent_id.in_([name for name in intents if name]),
        WebhookEvent.object_id.in_([name for name in objects if name]),
    )


def list_payments_to_poll(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Payments whose truth we have not asked for in a while."""
    statement = select(Payment.id).where(
        Payment.state.in_(("creating", "open", "processing")), Payment.next_poll_at <= now
    )
    return session.scalars(statement.order_by(Payment.next_poll_at).limit(limit)).all()


def list_orders_to_expire(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Pending orders whose hold is over."""
    statement = select(Order.id).where(Order.state == "pending", Order.hold_expires_at <= now)
    return session.scalars(statement.order_by(Order.hold_expires_at).limit(limit)).all()


@dataclass(frozen=True)
class PassLink:
    """An issued pass as its buyer sees it. path is None where the link was revoked: a lost phone knows this page, too,
    so it never leads to the link that was made instead."""

    number: str
    path: str | None
    is_void: bool


@dataclass(frozen=True)
class OrderPage:
    """All that an order's page shows.

    methods: the ways to pay that the provider really offers, as far as we know.
    payment: the last try; paid_by: the one that paid the order; paid_late: money came that the ended order cannot keep.
    passes: by the id of their line; pass_numbers: by their own, for the lines of refunds.
    refunds: oldest first. refund_lines: by the refund's id, as a buyer is told them.
    currencies: of payments that came in another than was asked for.
    """

    order: Order
    token: str
    lines: Sequence[OrderLine]
    payment: Payment | None
    paid_by: Payment | None
    in_review: bool
    paid_late: bool
    passes: Mapping[int, PassLink]
    methods: Sequence[str] = METHODS
    refunds: Sequence[Refund] = ()
    refund_lines: Mapping[int, Sequence[Kept]] = field(default_factory=dict)
    pass_numbers: Mapping[int, str] = field(default_factory=dict)
    currencies: Mapping[int, str] = field(default_factory=dict)


def get_order_page(session: Session, token: str) -> OrderPage:
    """The page behind a link, or NotFound("order_not_found")."""
    order = get_order_by_token(session, token)
    lines = list_lines(session, order.id)
    payments = list_payments(session, order.id)
    links, numbers = {}, {}
    for line in lines:
        pass_ = find_pass_of_line(session, line.id)
        if pass_ is not None:
            numbers[pass_.id] = pass_.number
            links[line.id] = PassLink(pass_.number, find_first_wallet_path(session, pass_.id), pass_.state == "void")
    states = {payment.state for payment in payments}
    offered = _methods_offered(session)
    refunds = list_refunds(session, order.id)
    return OrderPage(
        order=order,
        token=order_token(order.public_id),
        lines=lines,
        payment=payments[-1] if payments else None,
        paid_by=find_paying_payment(session, order.id),
        in_review="review" in states,
        paid_late=order.state != "paid" and "succeeded" in states,
        passes=links,
        methods=[name for name in METHODS if name in offered],
        refunds=refunds,
        refund_lines={refund.id: told_to_buyer(refund.lines) for refund in refunds},
        pass_numbers=numbers,
        currencies={payment.id: payment.received_currency for payment in payments if payment.received_currency},
    )


def list_refunds(session: Session, order_id: int) -> Sequence[Refund]:
    """What goes back of an order, went, or was stopped, as its buyer is told."""
    return session.scalars(select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)).all()


def _methods_offered(session: Session) -> Sequence[str]:
    """What the newest payment page of all offered: an account that lost a way to pay lost it for everybody."""
    newest = select(Payment.methods).where(Payment.methods.is_not(None)).order_by(Payment.id.desc()).limit(1)
    return session.scalar(newest) or METHODS
