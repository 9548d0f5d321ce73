"""What can happen to a pass."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.clock import day_start, local_day
from passes.errors import N_, Conflict, NotFound
from passes.events.contract import PassActivated, PassExpired, PassIssued
from passes.events.outbox import emit
from passes.lifecycle.models import PASS_SERIAL, Member, Pass, PassHold, WalletLink
from passes.lifecycle.queries import (
    find_open_hold,
    find_pass_of_line,
    get_pass,
    has_open_hold,
    last_hold_ends,
    lock_passes,
    open_holds,
)
from passes.lifecycle.rules import (
    NUMBER_ALPHABET,
    Validity,
    activate_by,
    auto_start_on,
    link_ends_on,
    next_status,
    number_of,
    validity_of,
)

_NUMBER_TRIES = 5


@dataclass(frozen=True)
class Holder:
    """Who the pass is for. The document is its type, its keyed digest and its last four: never the number."""

    name: str
    phone: str
    email: str | None
    birth_on: date
    document_type: str
    document_hmac: bytes
    document_last4: str


@dataclass(frozen=True)
class PassRequest:
    """A paid line of an order. `serial` was drawn with the line (next_serial), `id_tag` made for it.

    `validity_days` and `activation_days` are those of the terms it was sold under.
    """

    order_line_id: int
    order_id: int
    serial: int
    livemode: bool
    product_id: str
    product_number: int
    terms_version: int
    validity_days: int
    activation_days: int
    holder_class: str
    id_tag: int
    holder: Holder


def next_serial(session: Session) -> int:
    """The next pass serial: dense, below 2^32."""
    serial: int = session.execute(PASS_SERIAL.next_value()).scalar_one()
    return serial


def issue_pass(session: Session, request: PassRequest, *, now: datetime) -> Pass:
    """The pass of this order line, made once however often it is asked for, with its member and wallet link."""
    made = find_pass_of_line(session, request.order_line_id)
    if made is not None:
        return made
    for _ in range(_NUMBER_TRIES):
        # A savepoint: whoever loses the race for the line leaves no member behind.
        with session.begin_nested() as savepoint:
            inserted = _insert_pass(session, request, now=now)
            if not inserted:
                savepoint.rollback()
        if inserted:
            pass_ = get_pass(session, request.serial)
            _make_link(session, pass_, now=now)
            emit(session, _issued(request), now=now)
            return pass_
        made = find_pass_of_line(session, request.order_line_id)
        if made is not None:
            return made
    raise Conflict("pass_serial_taken", N_("This pass serial belongs to another order."))


def _issued(request: PassRequest) -> PassIssued:
    return PassIssued(
        pass_id=request.serial,
        product_id=request.product_id,
        terms_version=request.terms_version,
        holder_class=request.holder_class,
        order_id=request.order_id,
        livemode=request.livemode,
    )


def _insert_pass(session: Session, request: PassRequest, *, now: datetime) -> bool:
    """False when the line, the serial or the drawn number is taken. Waits for whoever is taking it now."""
    holder = request.holder
    member = Member(
        name=holder.name,
        phone=holder.phone,
        email=holder.email,
        birth_on=holder.birth_on,
        document_type=holder.document_type,
        document_hmac=holder.document_hmac,
        document_last4=holder.document_last4,
        created_at=now,
    )
    session.add(member)
    session.flush()
    letters = "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(8))
    statement = insert(Pass).values(
        id=request.serial,
        number=number_of(letters, livemode=request.livemode),
        livemode=request.livemode,
        order_line_id=request.order_line_id,
        member_id=member.id,
        product_id=request.product_id,
        terms_version=request.terms_version,
        product_number=request.product_number,
        validity_days=request.validity_days,
        holder_class=request.holder_class,
        state="issued",
        id_tag=request.id_tag,
        issued_at=now,
        activate_by_on=activate_by(local_day(now), request.activation_days),
    )
    return session.scalar(statement.on_conflict_do_nothing().returning(Pass.id)) is not None


def get_locked_pass(session: Session, pass_id: int) -> Pass:
    """The pass, locked and read anew; NotFound("pass_not_found")."""
    pass_ = lock_passes(session, [pass_id]).get(pass_id)
    if pass_ is None:
        raise NotFound("pass_not_found", N_("We know no pass with this number."))
    return pass_


def activate_pass(session: Session, pass_id: int, *, now: datetime) -> Pass:
    """Start the pass today. An active pass stays as it is; a held, late, ended or void one is refused with Conflict."""
    pass_ = get_locked_pass(session, pass_id)
    if pass_.state == "active":
        return pass_
    if next_status(pass_.state, "activate") is None:
        raise _ended(pass_)
    if find_open_hold(session, pass_id, now) is not None:
        raise Conflict("pass_frozen", N_("This pass is on hold. Please ask the service desk."))
    today = local_day(now)
    if today > pass_.activate_by_on:
        raise Conflict(
            "activation_window_over",
            N_("The last day to activate this pass was %(day)s. It starts by itself; please look again in an hour."),
            day=pass_.activate_by_on.isoformat(),
        )
    _start(session, pass_, validity_of(today, pass_.validity_days), now=now)
    return pass_


def _ended(pass_: Pass) -> Conflict:
    if pass_.state == "void":
        return Conflict("pass_void", N_("This pass was cancelled."))
    return Conflict("pass_expired", N_("This pass has ended."))


def _start(session: Session, pass_: Pass, validity: Validity, *, now: datetime) -> None:
    pass_.state = "active"
    pass_.activated_at = now
    pass_.valid_from, pass_.valid_until = validity.valid_from, validity.valid_until
    session.execute(
        update(WalletLink)
        .where(WalletLink.pass_id == pass_.id, WalletLink.revoked_at.is_(None))
        .values(expires_at=_link_end(pass_))
    )
    emit(
        session,
        PassActivated(
            pass_id=pass_.id,
            product_id=pass_.product_id,
            valid_from=validity.valid_from,
            valid_until=validity.valid_until,
        ),
        now=now,
    )


def auto_start_passes(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Start passes nobody activated in time, on the day after their window; held ones wait. Returns how many."""
    statement = (
        select(Pass)
        .where(Pass.state == "issued", Pass.activate_by_on < local_day(now), ~has_open_hold(now))
        .order_by(Pass.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    locked = list(session.scalars(statement))
    # Asked again behind the lock: a hold may have come in between.
    held = open_holds(session, [pass_.id for pass_ in locked], now)
    started = [pass_ for pass_ in locked if pass_.id not in held]
    ends = last_hold_ends(session, [pass_.id for pass_ in started])
    for pass_ in started:
        held_until = ends.get(pass_.id)
        day = auto_start_on(pass_.activate_by_on, local_day(held_until) if held_until else None)
        _start(session, pass_, validity_of(day, pass_.validity_days), now=now)
    return len(started)


def expire_passes(session: Session, *, now: datetime, limit: int = 500) -> int:
    """End active passes whose last day is over. Returns how many."""
    statement = (
        select(Pass)
        .where(Pass.state == "active", Pass.valid_until <= local_day(now))
        .order_by(Pass.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    ended = list(session.scalars(statement))
    for pass_ in ended:
        pass_.state = "expired"
        pass_.ended_at = now
        emit(session, PassExpired(pass_id=pass_.id, product_id=pass_.product_id), now=now)
    return len(ended)


def hold_pass(
    session: Session, pass_id: int, reason: str, *, by: str, now: datetime, until: datetime | None = None
) -> PassHold:
    """Freeze an issued or active pass. Holds add up: the pass is free when the last of them has ended."""
    pass_ = get_locked_pass(session, pass_id)
    if pass_.state not in ("issued", "active"):
        raise _ended(pass_)
    hold = PassHold(pass_id=pass_id, reason=reason, since=now, until=until, by=by)
    session.add(hold)
    session.flush()
    return hold


def release_hold(session: Session, hold_id: int, *, now: datetime) -> PassHold:
    """Close this hold and no other; closing it twice changes nothing."""
    hold = session.get(PassHold, hold_id)
    if hold is None:
        raise NotFound("hold_not_found", N_("We know no such hold."))
    get_locked_pass(session, hold.pass_id)
    session.refresh(hold)
    if hold.closed_at is None:
        hold.closed_at = now
        session.flush()
    return hold


def revoke_wallet_link(session: Session, pass_id: int, *, now: datetime) -> bool:
    """Close the pass's link for good; False where there is none open."""
    get_locked_pass(session, pass_id)
    closed = session.scalars(
        update(WalletLink)
        .where(WalletLink.pass_id == pass_id, WalletLink.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(WalletLink.id)
    )
    return bool(closed.all())


def renew_wallet_link(session: Session, pass_id: int, *, now: datetime) -> WalletLink:
    """A new secret link; the one before it is revoked."""
    revoke_wallet_link(session, pass_id, now=now)
    return _make_link(session, get_pass(session, pass_id), now=now)


def _make_link(session: Session, pass_: Pass, *, now: datetime) -> WalletLink:
    link = WalletLink(pass_id=pass_.id, created_at=now, expires_at=_link_end(pass_))
    session.add(link)
    session.flush()
    return link


def _link_end(pass_: Pass) -> datetime:
    validity = Validity(pass_.valid_from, pass_.valid_until) if pass_.valid_from and pass_.valid_until else None
    return day_start(link_ends_on(pass_.activate_by_on, validity, pass_.validity_days))
