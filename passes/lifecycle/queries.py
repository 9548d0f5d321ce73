"""Reading passes, their holds and their links."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    DateTime,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from passes import settings
from passes.errors import N_, Conflict, NotFound
from passes.lifecycle.models import Member, Pass, PassHold, WalletLink

_MAC_BYTES = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")  # 8 bytes of the id and 16 of the MAC


# Built once: this stands on the way of every scan.
_LOCK = (
    select(Pass)
    .where(Pass.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    .order_by(Pass.id)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def lock_passes(session: Session, ids: Iterable[int]) -> dict[int, Pass]:
    """The passes by id, locked in the order of their ids and read anew; an unknown id is left out."""
    wanted = sorted(set(ids))
    return {pass_.id: pass_ for pass_ in session.scalars(_LOCK, {"ids": wanted})} if wanted else {}


@dataclass(frozen=True, slots=True)
class LockedPass:
    """What a gate asks of a pass and its holder. Days are local, valid_until exclusive; both None before activation."""

    id: int
    member_id: int
    livemode: bool
    product_id: str
    terms_version: int
    holder_class: str
    state: str
    generation: int
    valid_from: date | None
    valid_until: date | None
    activated_at: datetime | None
    ended_at: datetime | None
    birth_on: date


_LOCK_FOR_SCANS = (
    select(
        Pass.id,
        Pass.member_id,
        Pass.livemode,
        Pass.product_id,
        Pass.terms_version,
        Pass.holder_class,
        Pass.state,
        Pass.generation,
        Pass.valid_from,
        Pass.valid_until,
        Pass.activated_at,
        Pass.ended_at,
        Member.birth_on,
    )
    .join(Member, Member.id == Pass.member_id)
    .where(Pass.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    .order_by(Pass.id)
    .with_for_update(of=Pass, key_share=True)
)


def lock_for_scans(session: Session, ids: Iterable[int]) -> dict[int, LockedPass]:
    """The same lock as lock_passes, and no more of the rows than a scan needs."""
    wanted = sorted(set(ids))
    rows = session.connection().execute(_LOCK_FOR_SCANS, {"ids": wanted}) if wanted else ()
    return {row.id: LockedPass(*tuple(row)) for row in rows}


def living_terms(session: Session) -> frozenset[tuple[int, str]]:
    """(terms version, product id) of every pass that still runs or may still start."""
    wanted = select(Pass.terms_version, Pass.product_id).where(Pass.state.in_(("issued", "active"))).distinct()
    return frozenset((version, product_id) for version, product_id in session.execute(wanted))


def get_pass(session: Session, pass_id: int) -> Pass:
    """The pass, or NotFound("pass_not_found")."""
    pass_ = session.get(Pass, pass_id)
    if pass_ is None:
        raise NotFound("pass_not_found", N_("We know no pass with this number."))
    return pass_


def find_pass_by_number(session: Session, number: str) -> Pass | None:
    """The pass with this printed number."""
    return session.scalar(select(Pass).where(Pass.number == number))


def find_pass_of_line(session: Session, order_line_id: int) -> Pass | None:
    """The pass issued for this line of an order."""
    return session.scalar(select(Pass).where(Pass.order_line_id == order_line_id))


def get_member(session: Session, member_id: int) -> Member:
    """The member; every pass has one."""
    return session.get_one(Member, member_id)


def _is_open(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """rules.is_open, in SQL."""
    return and_(
        PassHold.closed_at.is_(None), PassHold.since <= now, or_(PassHold.until.is_(None), PassHold.until > now)
    )


def has_open_hold(now: datetime) -> ColumnElement[bool]:
    """Of a pass in a statement: that a hold freezes it now."""
    return select(PassHold.id).where(PassHold.pass_id == Pass.id, _is_open(now)).exists()


def last_hold_ends(session: Session, ids: Iterable[int]) -> dict[int, datetime]:
    """When the last hold of each of these passes ended or will end; passes that never had one are left out."""
    ended_at = func.least(PassHold.closed_at, PassHold.until)
    statement = (
        select(PassHold.pass_id, func.max(ended_at))
        .where(PassHold.pass_id.in_(list(ids)), ended_at.is_not(None))
        .group_by(PassHold.pass_id)
    )
    return dict(session.execute(statement).all())


def find_open_hold(session: Session, pass_id: int, now: datetime) -> PassHold | None:
    """The oldest hold that freezes the pass now."""
    statement = select(PassHold).where(PassHold.pass_id == pass_id, _is_open(now)).order_by(PassHold.since, PassHold.id)
    return session.scalars(statement.limit(1)).first()


# Of the passes :pass_ids, those frozen at :now. For statements of the rooms above, to be read under the pass lock.
OPEN_HOLDS = select(PassHold.pass_id).where(
    PassHold.pass_id == any_(bindparam("pass_ids", type_=ARRAY(BigInteger))),
    _is_open(bindparam("now", type_=DateTime(timezone=True))),
)


Frozen = tuple[datetime, datetime | None]
"""Since when a hold froze its pass, and until when; None: still."""


def list_frozen(session: Session, ids: Iterable[int]) -> dict[int, list[Frozen]]:
    """When each of these passes was frozen, whatever became of its holds since."""
    found: dict[int, list[Frozen]] = {pass_id: [] for pass_id in ids}
    if found:
        ended_at = func.least(PassHold.until, PassHold.closed_at)
        rows = select(PassHold.pass_id, PassHold.since, ended_at).where(PassHold.pass_id.in_(found))
        for pass_id, since, until in session.execute(rows):
            found[pass_id].append((since, until))
    return found


def open_holds(session: Session, ids: Iterable[int], now: datetime) -> set[int]:
    """Those of these passes that are frozen now."""
    wanted = list(ids)
    if not wanted:
        return set()
    return set(session.connection().scalars(OPEN_HOLDS, {"pass_ids": wanted, "now": now}))


def link_token(link_id: int) -> str:
    """The secret of a link: its id and 16 bytes that only this installation can make."""
    raw = link_id.to_bytes(8, "big")
    return base64.urlsafe_b64encode(raw + _link_mac(raw)).decode()


def _link_mac(raw: bytes) -> bytes:
    return hmac.digest(settings.current().derive("wallet-link"), raw, hashlib.sha256)[:_MAC_BYTES]


def _link_id(token: str) -> int | None:
    """The id in a token whose secret is right; None for anything else."""
    if not _TOKEN.fullmatch(token):
        return None
    data = base64.urlsafe_b64decode(token)
    raw, given = data[:8], data[8:]
    return int.from_bytes(raw, "big") if hmac.compare_digest(given, _link_mac(raw)) else None


def get_wallet_link(session: Session, token: str, now: datetime) -> WalletLink:
    """The link of this secret; NotFound says whether it is unknown, revoked or expired."""
    link_id = _link_id(token)
    link = None if link_id is None else session.get(WalletLink, link_id, populate_existing=True)
    if link is None:
        raise NotFound(
            "wallet_link_unknown",
            N_("We do not know this link. Open it from your e-mail again, whole, or from the page of your order."),
        )
    if link.revoked_at is not None:
        raise NotFound(
            "wallet_link_revoked",
            N_("This link was replaced by a newer one. Use the newest link you were sent, or ask the service desk."),
        )
    if link.expires_at <= now:
        raise NotFound(
            "wallet_link_expired",
            N_("This pass ended more than 30 days ago, so its page is closed. The shop has new passes."),
        )
    return link


def get_pass_by_wallet_token(session: Session, token: str, now: datetime) -> Pass:
    """The pass behind a wallet link; NotFound as get_wallet_link."""
    return get_pass(session, get_wallet_link(session, token, now).pass_id)


def find_wallet_path(session: Session, pass_id: int) -> str | None:
    """ "/w/<secret>" of the pass's link that is not revoked."""
    link_id = session.scalar(
        select(WalletLink.id).where(WalletLink.pass_id == pass_id, WalletLink.revoked_at.is_(None))
    )
    return None if link_id is None else f"/w/{link_token(link_id)}"


def find_first_wallet_path(session: Session, pass_id: int) -> str | None:
    """The link the pass was issued with; None once it was revoked, however many were made since."""
    first = session.scalars(select(WalletLink).where(WalletLink.pass_id == pass_id).order_by(WalletLink.id)).first()
    return None if first is None or first.revoked_at is not None else f"/w/{link_token(first.id)}"


def list_held_passes(
    session: Session, phone: str, document_last4: str, *, now: datetime, limit: int = 20
) -> list[tuple[int, str | None]]:
    """Passes of this telephone (E.164) and document whose link is open, with the holder's e-mail, newest first."""
    statement = (
        select(Pass.id, Member.email)
        .join(Member, Member.id == Pass.member_id)
        .join(WalletLink, WalletLink.pass_id == Pass.id)
        .where(
            Member.phone == phone,
            Member.document_last4 == document_last4,
            Pass.state != "void",
            WalletLink.revoked_at.is_(None),
            WalletLink.expires_at > now,
        )
        .order_by(Pass.issued_at.desc(), Pass.id.desc())
    )
    return [(pass_id, email) for pass_id, email in session.execute(statement.limit(limit))]


def wallet_path(session: Session, pass_id: int) -> str:
    """ "/w/<secret>" of the pass; Conflict("wallet_link_revoked") where its link was revoked and none made anew."""
    path = find_wallet_path(session, pass_id)
    if path is None:
        raise Conflict("wallet_link_revoked", N_("The link to this pass was revoked. Make a new one first."))
    return path


@dataclass(frozen=True, slots=True)
class Holder:
    """What staff may compare with the person before them."""

    name: str
    document_last4: str


def list_holders(session: Session, member_ids: Iterable[int]) -> dict[int, Holder]:
    """The holders by member id."""
    rows = session.execute(
        select(Member.id, Member.name, Member.document_last4).where(Member.id.in_(sorted(set(member_ids))))
    )
    return {member_id: Holder(name, last4) for member_id, name, last4 in rows}
