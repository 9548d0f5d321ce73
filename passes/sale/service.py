"""Orders: placed once, paid once, passes issued once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.catalogue.queries import get_current_terms, product_number
from passes.clock import local_day, local_time
from passes.credential.service import id_number_hmac, id_tag
from passes.entitlement.terms import Product, Terms
from passes.errors import N_, Conflict, Invalid
from passes.events.contract import Event, OrderCancelled, OrderExpired, OrderPaid, OrderPlaced
from passes.events.outbox import emit
from passes.lifecycle import documents
from passes.lifecycle.service import Holder, PassRequest, issue_pass, next_serial
from passes.sale import letters, stock
from passes.sale.journal import note
from passes.sale.models import Order, OrderLine, Payment
from passes.sale.queries import find_live_payment, list_lines, lock_order
from passes.sale.rules import Document, birth_of, next_order_state, order_faults, price_of

_NUMBER_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_NUMBER_TRIES = 5


@dataclass(frozen=True)
class OrderRequest:
    """One pass for one holder. form_id: drawn with the form, so that sending it twice is one order.

    birth_on may be missing where the document's number holds it.
    """

    form_id: UUID
    locale: str
    product_id: str
    holder_name: str
    phone: str
    email: str | None
    document_type: str
    document_number: str
    birth_on: date | None


def place_order(
    session: Session, request: OrderRequest, *, livemode: bool, hold_minutes: int, min_charge_fen: int, now: datetime
) -> Order:
    """The order of this form; the same form sent again gives the same order. Invalid names the fields.

    Conflict: sold out, not yet on sale, or the sale is over; then nothing was written.
    Of the ID number only a keyed digest, the last four and two bytes for the gate are kept.
    """
    terms = get_current_terms(session)
    product = _find_product(terms, request.product_id)
    document = Document(request.document_type, request.document_number, request.birth_on)
    faults, birth_on = order_faults(product, document, local_day(now)), birth_of(document, local_day(now))
    if faults or product is None or birth_on is None:
        raise Invalid("invalid_fields", N_("Some fields are missing or wrong."), fields=faults)
    if 0 < product.price_fen < min_charge_fen:
        raise Invalid("amount_too_small", N_("This amount is too small to be paid online."))
    digest = id_number_hmac(request.document_type, documents.normalised(request.document_number))
    form_key = _form_key(request, digest, birth_on)
    try:
        window = stock.refuse_unless_on_sale(session, product.id, now).window
    except Conflict:
        # A form sent again finds its order, whatever has been sold since.
        order = _find_by_form(session, form_key)
        if order is None:
            raise
        return order
    hold_expires_at = now + timedelta(minutes=hold_minutes)
    total_fen = price_of([product.price_fen])
    order, is_new = _insert_order(
        session, request, form_key, total_fen, livemode=livemode, hold_expires_at=hold_expires_at, now=now
    )
    if is_new:
        line = _add_line(session, order, request, product, terms, digest, birth_on)
        note(session, order, None, actor="visitor", fact="placed", to_state="pending", now=now)
        emit(session, OrderPlaced(order_id=order.id, total_fen=order.total_fen, passes=1, livemode=livemode), now=now)
        stock.hold(session, line, window, now=now)
    return order


def draft_faults(session: Session, product_id: str, document: Document, *, now: datetime) -> dict[str, list[str]]:
    """What place_order would name, of a form that cannot be placed anyway: a buyer is told everything at once."""
    return order_faults(_find_product(get_current_terms(session), product_id), document, local_day(now))


def _find_product(terms: Terms, product_id: str) -> Product | None:
    """The product where it is sold by itself."""
    product = terms.products.get(product_id)
    return product if product is not None and product.sold and not product.bundle else None


def _add_line(
    session: Session,
    order: Order,
    request: OrderRequest,
    product: Product,
    terms: Terms,
    digest: bytes,
    birth_on: date,
) -> OrderLine:
    number = documents.normalised(request.document_number)
    serial = next_serial(session)
    line = OrderLine(
        order_id=order.id,
        position=1,
        product_id=product.id,
        product_name={"zh": product.name.zh, "en": product.name.en},
        terms_version=terms.version,
        product_number=product_number(session, product.id, terms.version),
        validity_days=product.validity_days,
        activation_days=terms.activation_window_days,
        holder_class=product.holder,
        amount_fen=product.price_fen,
        serial=serial,
        id_tag=id_tag(serial, number),
        holder_name=request.holder_name,
        holder_phone=request.phone,
        holder_email=request.email,
        birth_on=birth_on,
        document_type=request.document_type,
        document_hmac=digest,
        document_last4=documents.last4(number),
    )
    session.add(line)
    session.flush()
    return line


def _form_key(request: OrderRequest, document: bytes, birth_on: date) -> bytes:
    """One form with one content. Going back and correcting a name makes another order."""
    parts = (
        request.form_id.hex,
        request.product_id,
        request.holder_name,
        request.phone,
        request.email or "",
        document.hex(),
        birth_on.isoformat(),
    )
    return hashlib.sha256("\n".join(parts).encode()).digest()


def _find_by_form(session: Session, form_key: bytes) -> Order | None:
    return session.scalar(select(Order).where(Order.form_key == form_key))


def _insert_order(
    session: Session,
    request: OrderRequest,
    form_key: bytes,
    total_fen: int,
    *,
    livemode: bool,
    hold_expires_at: datetime,
    now: datetime,
) -> tuple[Order, bool]:
    """The order and whether it is new. A second click waits here for the first and finds its order."""
    for _ in range(_NUMBER_TRIES):
        letters_ = "".join(secrets.choice(_NUMBER_LETTERS) for _ in range(6))
        number = f"{'' if livemode else 'T-'}{local_time(now):%y%m%d}-{letters_}"
        values = {
            "public_id": UUID(bytes=secrets.token_bytes(16), version=4),
            "number": number,
            "form_key": form_key,
            "livemode": livemode,
            "state": "pending",
            "currency": "cny",
            "total_fen": total_fen,
            "hold_expires_at": hold_expires_at,
            "hold_state": "held",
            "placed_at": now,
            "email": request.email,
            "locale": request.locale,
            "version": 1,
        }
        made = session.scalar(insert(Order).values(values).on_conflict_do_nothing().returning(Order))
        order = made or _find_by_form(session, form_key)
        if order is not None:
            return order, made is not None
    raise Conflict("order_number_taken", N_("Your order could not be stored. Please send the form once more."))


def accept_payment(session: Session, order: Order, payment: Payment, *, public_url: str, now: datetime) -> str:
    """A payment of the locked order has succeeded: paid and passes issued, once.

    Returns moved, or why this money has to go back. ignored: the order was paid already; invalid: it was cancelled;
    sold_out: it had ended, and what it held has gone to others; forgotten: nobody knows any more for whom it was.
    """
    step = next_order_state(order.state, "paid")
    if step.outcome != "moved":
        return step.outcome
    if order.erased_at is not None:
        return "forgotten"
    line_ids = [line.id for line in list_lines(session, order.id)]
    if order.state == "expired" and not stock.retake(session, line_ids, now=now):
        return "sold_out"
    was, order.state = order.state, step.state
    order.hold_state = "consumed"
    order.paid_at = now
    if was == "expired":
        add_attention(order, "late_payment_accepted")
    note(session, order, payment, actor="provider", fact="paid", from_state=was, to_state=step.state, now=now)
    passes = [issue_pass(session, _pass_request(order, line), now=now) for line in list_lines(session, order.id)]
    _say(
        session,
        OrderPaid(order_id=order.id, total_fen=order.total_fen, method=payment.method, livemode=order.livemode),
        now=now,
    )
    letters.write_paid(session, order, [pass_.id for pass_ in passes], public_url=public_url, now=now)
    if was == "pending":
        stock.sell(session, line_ids, now=now)
    return step.outcome


def _pass_request(order: Order, line: OrderLine) -> PassRequest:
    return PassRequest(
        order_line_id=line.id,
        order_id=order.id,
        serial=line.serial,
        livemode=order.livemode,
        product_id=line.product_id,
        product_number=line.product_number,
        terms_version=line.terms_version,
        validity_days=line.validity_days,
        activation_days=line.activation_days,
        holder_class=line.holder_class,
        id_tag=line.id_tag,
        holder=Holder(
            name=line.holder_name,
            phone=line.holder_phone,
            email=line.holder_email,
            birth_on=line.birth_on,
            document_type=line.document_type,
            document_hmac=line.document_hmac,
            document_last4=line.document_last4,
        ),
    )


def end_order(session: Session, order: Order, fact: str, *, actor: str, reason: str, now: datetime) -> bool:
    """The locked order ends unpaid. fact: hold_over | cancelled. False when it has ended, was paid, or may yet be."""
    step = next_order_state(order.state, fact)
    if step.outcome != "moved" or find_live_payment(session, order.id) is not None:
        return False
    was, order.state = order.state, step.state
    order.hold_state = "released"
    if step.state == "expired":
        order.expired_at = now
        _say(session, OrderExpired(order_id=order.id), now=now)
    else:
        order.canceled_at, order.cancel_reason = now, reason
        _say(session, OrderCancelled(order_id=order.id, reason=reason), now=now)
    note(session, order, None, actor=actor, fact=fact, from_state=was, to_state=step.state, now=now)
    stock.release(session, [line.id for line in list_lines(session, order.id)], now=now)
    return True


def add_attention(order: Order, flag: str) -> None:
    """Something staff should look at; each flag stands once."""
    if flag not in order.attention:
        order.attention = [*order.attention, flag]


def clear_attention(session: Session, order_id: int, flag: str, *, actor: str, now: datetime) -> None:
    """Staff has looked at it. Conflict where the flag is gone already."""
    order = lock_order(session, order_id)
    if flag not in order.attention:
        raise Conflict("flag_cleared", N_("Somebody has dealt with this already."))
    order.attention = [other for other in order.attention if other != flag]
    note(session, order, None, actor=actor, fact="looked_at", from_state=flag, now=now)
    session.flush()


def _say(session: Session, event: Event, *, now: datetime) -> None:
    """Our rows first, so that the order of the outbox is the order of what happened."""
    session.flush()
    emit(session, event, now=now)
