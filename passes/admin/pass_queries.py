"""Passes as the desk looks for them: by what the holder says, and one with all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select, true, union_all
from sqlalchemy.orm import Session

from passes.admin.rules import Sought
from passes.catalogue.queries import effective_terms, get_terms
from passes.catalogue.sheets import day_sheet
from passes.clock import local_day
from passes.entitlement.nodes import Text
from passes.gate.models import Scan
from passes.gate.queries import used_counters
from passes.lifecycle.models import Member, Pass, PassHold, WalletLink
from passes.lifecycle.queries import get_member, get_pass, has_open_hold
from passes.lifecycle.rules import is_open, masked_name
from passes.sale.models import Order, OrderLine

MOST_FOUND = 1000
STATES = ("issued", "active", "frozen", "expired", "void")


@dataclass(frozen=True, slots=True)
class PassRow:
    """A pass in a list. The holder is masked: whoever looks for one pass reads no other's name."""

    id: int
    number: str
    product: Text
    state: str
    holder: str
    phone_end: str
    document_last4: str
    issued_at: datetime
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Use:
    """What a pass did with one benefit. limits: (day, month or term, used, allowed) of the limits that count now."""

    benefit: Text
    times: int
    last_at: datetime | None
    limits: Sequence[tuple[str, int, int]]


@dataclass(frozen=True)
class PassPage:
    """All that stands still on the page of one pass. last_on: the last day it is good."""

    pass_: Pass
    state: str
    member: Member
    product: Text
    order: Order | None
    last_on: date | None
    open_holds: Sequence[PassHold]
    link: WalletLink | None
    uses: Sequence[Use]


def list_passes(
    session: Session, ids: Sequence[int] | None, state: str | None, *, now: datetime, limit: int, offset: int
) -> tuple[list[PassRow], int]:
    """Newest first: those that were found, or all where ids is None; of one state or all; and how many there are."""
    chosen = [_is_in(state, now), *([Pass.id.in_(ids)] if ids is not None else [])]
    total = session.scalar(select(func.count()).select_from(Pass).where(*chosen)) or 0
    rows = session.execute(
        select(Pass, Member, has_open_hold(now))
        .join(Member, Member.id == Pass.member_id)
        .where(*chosen)
        .order_by(Pass.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [_row(session, pass_, member, frozen) for pass_, member, frozen in rows], total


def _is_in(state: str | None, now: datetime) -> ColumnElement[bool]:
    if state is None:
        return true()
    if state == "frozen":
        return Pass.state.in_(("issued", "active")) & has_open_hold(now)
    chosen = Pass.state == state
    return chosen & ~has_open_hold(now) if state in ("issued", "active") else chosen


def find_passes(session: Session, wanted: Sought) -> Sequence[int]:
    """The ids of the passes a search means, MOST_FOUND + 1 at most: then it means too many to be of use."""
    people = select(Pass.id).join(Member, Member.id == Pass.member_id)
    parts = [select(Pass.id).where(Pass.number.in_(wanted.pass_numbers))]
    if wanted.order_numbers:
        lines = select(Pass.id).join(OrderLine, OrderLine.id == Pass.order_line_id)
        parts.append(lines.join(Order, Order.id == OrderLine.order_id).where(Order.number.in_(wanted.order_numbers)))
    if wanted.phone is not None:
        parts.append(people.where(Member.phone == wanted.phone))
    if wanted.ending is not None:
        ends = or_(Member.document_last4 == wanted.ending, func.right(Member.phone, 4) == wanted.ending)
        parts.append(people.where(ends))
    if wanted.name is not None:
        parts.append(people.where(func.lower(Member.name).startswith(wanted.name, autoescape=True)))
    return first_of(session, parts)


def first_of(session: Session, parts: Sequence[Select[int]]) -> Sequence[int]:
    """What these statements find: each has an index of its own, and none is read on for ever."""
    return [id_ for (id_,) in session.execute(union_all(*parts).limit(MOST_FOUND + 1))]


def _row(session: Session, pass_: Pass, member: Member, frozen: bool) -> PassRow:
    return PassRow(
        id=pass_.id,
        number=pass_.number,
        product=product_name(session, pass_),
        state=_state(pass_, frozen=frozen),
        holder=masked_name(member.name),
        phone_end=member.phone[-4:],
        document_last4=member.document_last4,
        issued_at=pass_.issued_at,
        last_on=last_day(pass_),
    )


def last_day(pass_: Pass) -> date | None:
    """The last day it is good; None before activation."""
    return pass_.valid_until - timedelta(days=1) if pass_.valid_until else None


def _state(pass_: Pass, *, frozen: bool) -> str:
    return "frozen" if frozen and pass_.state in ("issued", "active") else pass_.state


def product_name(session: Session, pass_: Pass) -> Text:
    """As it is called in the terms the pass was sold under."""
    return get_terms(session, pass_.terms_version).products[pass_.product_id].name


def list_open_holds(session: Session, pass_id: int, now: datetime) -> list[PassHold]:
    """What freezes the pass now, oldest first."""
    holds = session.scalars(select(PassHold).where(PassHold.pass_id == pass_id).order_by(PassHold.id))
    return [hold for hold in holds if is_open(hold.since, hold.until, hold.closed_at, now)]


def find_order_of_pass(session: Session, pass_: Pass) -> Order | None:
    line = select(OrderLine.order_id).where(OrderLine.id == pass_.order_line_id)
    return session.scalar(select(Order).where(Order.id == line.scalar_subquery()))


def get_pass_page(session: Session, pass_id: int, *, now: datetime) -> PassPage:
    """The pass, or NotFound("pass_not_found")."""
    pass_ = get_pass(session, pass_id)
    holds = list_open_holds(session, pass_id, now)
    link = select(WalletLink).where(WalletLink.pass_id == pass_id, WalletLink.revoked_at.is_(None))
    return PassPage(
        pass_=pass_,
        state=_state(pass_, frozen=bool(holds)),
        member=get_member(session, pass_.member_id),
        product=product_name(session, pass_),
        order=find_order_of_pass(session, pass_),
        last_on=last_day(pass_),
        open_holds=holds,
        link=session.scalar(link),
        uses=_uses(session, pass_, local_day(now)),
    )


def _uses(session: Session, pass_: Pass, today: date) -> list[Use]:
    benefits = effective_terms(session, pass_.terms_version).benefits
    admitted = session.execute(
        select(Scan.benefit_id, func.count(), func.max(Scan.scanned_at))
        .where(Scan.pass_id == pass_.id, Scan.verdict == "admitted")
        .group_by(Scan.benefit_id)
    )
    counters = used_counters(session, pass_.id)
    sheet = day_sheet(session, pass_.terms_version, today)
    found = []
    for benefit_id, times, last_at in admitted:
        counted = sheet.offers[benefit_id or ""].limits(today, pass_.valid_from or today)
        limits = [(limit.per, counters.get(limit.key, 0), limit.limit or 0) for limit in counted]
        found.append(Use(benefits[benefit_id or ""].name, times, last_at, limits))
    return sorted(found, key=lambda use: (-use.times, use.benefit.en))
