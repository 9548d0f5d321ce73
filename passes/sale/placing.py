"""An order is placed: several passes at once, one order a form, all of them kept in stock or none."""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Sequence
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
from passes.events.contract import OrderPlaced
from passes.events.outbox import emit
from passes.lifecycle import documents
from passes.lifecycle.service import next_serial
from passes.sale import stock
from passes.sale.consents import PRIVACY_VERSION
from passes.sale.journal import note
from passes.sale.models import Order, OrderLine
from passes.sale.party_rules import MOST_PASSES, Seat, party_faults, path_of
from passes.sale.rules import Document, birth_of, order_faults, price_of

_NUMBER_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_NUMBER_TRIES = 5


@dataclass(frozen=True, slots=True)
class PassWanted:
    """One pass for one holder. birth_on may be missing where the document's number holds it."""

    product_id: str
    name: str
    document_type: str
    document_number: str
    birth_on: date | None


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One buyer and the passes of one to MOST_PASSES holders, whom the buyer's phone and e-mail serve as well.

    form_id: drawn with the form, so that sending it twice is one order. terms_version: of the terms the buyer read and
    accepted. guardian_consent: the buyer said to be the parent or guardian of the children.
    """

    form_id: UUID
    locale: str
    terms_version: int
    phone: str
    email: str | None
    holders: tuple[PassWanted, ...]
    guardian_consent: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """A pass that may be sold: everything about it is known."""

    wanted: PassWanted
    product: Product
    birth_on: date
    number: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A pass of a form as far as it could be read; product_id is empty where it could not."""

    product_id: str
    document: Document


def place_order(
    session: Session, request: OrderRequest, *, livemode: bool, hold_minutes: int, min_charge_fen: int, now: datetime
) -> Order:
    """The order of this form; the same form sent again gives the same order. Invalid names the fields (party_rules).

    Conflict: sold out, too few left, not yet on sale, or the sale is over; then nothing was written.
    Of an ID number only a keyed digest, the last four and two bytes for the gate are kept.
    """
    terms, form_key = get_current_terms(session), _form_key(request, local_day(now))
    try:
        places = _places(terms, request, local_day(now))
        total_fen = price_of(place.product.price_fen for place in places)
        if 0 < total_fen < min_charge_fen:
            raise Invalid("amount_too_small", N_("This amount is too small to be paid online."))
        _refuse_other_terms(request, terms)
        windows = stock.find_room(session, Counter(place.product.id for place in places), now)
    except (Conflict, Invalid):
        # A form sent again finds its order, whatever has been sold, published or withdrawn since.
        order = _find_by_form(session, form_key)
        if order is None:
            raise
        return order
    hold_expires_at = now + timedelta(minutes=hold_minutes)
    order, is_new = _insert_order(
        session, request, form_key, total_fen, livemode=livemode, hold_expires_at=hold_expires_at, now=now
    )
    if is_new:
        lines = _add_lines(session, order, request, places, terms)
        note(session, order, None, actor="visitor", fact="placed", to_state="pending", now=now)
        placed = OrderPlaced(order_id=order.id, total_fen=total_fen, passes=len(lines), livemode=livemode)
        emit(session, placed, now=now)
        stock.hold(session, lines, windows, now=now)
    return order


def draft_faults(
    session: Session, drafts: Sequence[Draft], *, guardian_consent: bool, now: datetime
) -> dict[str, list[str]]:
    """What place_order would name of the holders, of a form that cannot be placed anyway: all is told at once."""
    return _faults(get_current_terms(session), drafts, guardian_consent, local_day(now))


def _faults(terms: Terms, drafts: Sequence[Draft], guardian_consent: bool, today: date) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    seats = []
    for index, draft in enumerate(drafts):
        product = _find_product(terms, draft.product_id)
        faults = order_faults(product, draft.document, today)
        found |= {path_of(index, field): texts for field, texts in faults.items()}
        seats.append(Seat(product, _identity(draft.document)))
    if not guardian_consent and any(seat.product is not None and seat.product.guardian_consent for seat in seats):
        found["guardian_consent"] = [N_("A child's pass can be bought by its parent or guardian only.")]
    return party_faults(seats) | found


def _identity(document: Document) -> tuple[str, str] | None:
    if document.type is None or document.number is None:
        return None
    return document.type, documents.normalised(document.number)


def _find_product(terms: Terms, product_id: str) -> Product | None:
    """The product where it is sold by itself."""
    product = terms.products.get(product_id)
    return product if product is not None and product.sold and not product.bundle else None


def _places(terms: Terms, request: OrderRequest, today: date) -> list[_Place]:
    """The passes of a form, or Invalid with every field that is wrong."""
    if not 1 <= len(request.holders) <= MOST_PASSES:
        raise Invalid("too_many_passes", N_("One order holds at most nine passes. Please make a second one."))
    drafts = [
        Draft(one.product_id, Document(one.document_type, one.document_number, one.birth_on)) for one in request.holders
    ]
    faults = _faults(terms, drafts, request.guardian_consent, today)
    if faults:
        raise Invalid("invalid_fields", N_("Some fields are missing or wrong."), fields=faults)
    return [_place(terms, one, draft.document, today) for one, draft in zip(request.holders, drafts, strict=True)]


def _place(terms: Terms, wanted: PassWanted, document: Document, today: date) -> _Place:
    product, birth_on = terms.products[wanted.product_id], birth_of(document, today)
    assert birth_on is not None, "a document without a birth date is a fault"
    number = documents.normalised(wanted.document_number)
    return _Place(wanted, product, birth_on, number, id_number_hmac(wanted.document_type, number))


def _refuse_other_terms(request: OrderRequest, terms: Terms) -> None:
    if request.terms_version != terms.version:
        words = N_("The terms have changed since you opened this page. Please look at them once more, and accept them.")
        raise Invalid("terms_changed", words, fields={"accept_terms": [words]})


def _add_lines(
    session: Session, order: Order, request: OrderRequest, places: Sequence[_Place], terms: Terms
) -> list[OrderLine]:
    numbers = {id_: product_number(session, id_, terms.version) for id_ in {place.product.id for place in places}}
    lines = []
    for position, place in enumerate(places, 1):
        product, serial = place.product, next_serial(session)
        line = OrderLine(
            order_id=order.id,
            position=position,
            product_id=product.id,
            product_name={"zh": product.name.zh, "en": product.name.en},
            terms_version=terms.version,
            product_number=numbers[product.id],
            validity_days=product.validity_days,
            activation_days=terms.activation_window_days,
            holder_class=product.holder,
            amount_fen=product.price_fen,
            serial=serial,
            id_tag=id_tag(serial, place.number),
            holder_name=place.wanted.name,
            holder_phone=request.phone,
            holder_email=request.email,
            birth_on=place.birth_on,
            document_type=place.wanted.document_type,
            document_hmac=place.digest,
            document_last4=documents.last4(place.number),
        )
        lines.append(line)
    session.add_all(lines)
    session.flush()
    return lines


def _form_key(request: OrderRequest, today: date) -> bytes:
    """One form with one content, right or wrong. Going back and correcting a name makes another order."""
    holders = []
    for one in request.holders:
        number = documents.normalised(one.document_number)
        birth_on = birth_of(Document(one.document_type, one.document_number, one.birth_on), today)
        digest = id_number_hmac(one.document_type, number).hex()
        holders.append((one.product_id, one.name, digest, birth_on.isoformat() if birth_on else None))
    content = json.dumps([request.form_id.hex, request.phone, request.email, holders])
    return hashlib.sha256(content.encode()).digest()


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
            "terms_accepted_at": now,
            "terms_version": request.terms_version,
            "terms_locale": request.locale,
            "privacy_version": PRIVACY_VERSION,
            "guardian_consent": request.guardian_consent,
            "version": 1,
        }
        made = session.scalar(insert(Order).values(values).on_conflict_do_nothing().returning(Order))
        order = made or _find_by_form(session, form_key)
        if order is not None:
            return order, made is not None
    raise Conflict("order_number_taken", N_("Your order could not be stored. Please send the form once more."))
