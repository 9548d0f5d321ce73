"""Finding one's own pass: asked for at the door, answered by a chore, opened by a code.

The door does the same for everybody: it keeps the question. Whether there is such a pass is looked up later, so
neither the words nor the time of the answer tell a stranger.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes import settings
from passes.catalogue.queries import get_terms
from passes.clock import local_time
from passes.entitlement.nodes import Text
from passes.errors import N_, NotFound
from passes.lifecycle.queries import find_wallet_path, get_member, get_pass, list_held_passes
from passes.lifecycle.rules import masked_name
from passes.mail.service import write_letter
from passes.mail.words import in_language
from passes.wallet.lookup_rules import (
    CODE_LIFE,
    DOUBLE_CLICK,
    KEPT,
    MOST_TRIES,
    Address,
    Asked,
    Held,
    addresses,
    standing,
)
from passes.wallet.models import Lookup, LookupCode
from passes.wallet.queries import pass_status

SUBJECT = N_("Your code to find your pass · Youyou Lanzhou")
BODY = N_(
    "Hello,\n\n"
    "somebody asked for the link to your pass, with your phone number and the last four characters of your document. "
    "If it was you, type this code on the page you have open:\n\n"
    "%(code)s\n\n"
    "It is good until %(until)s and works once. If it was not you, do nothing, and give the code to nobody: "
    "whoever has it can use your pass.\n\n"
    "Youyou Lanzhou"
)
SHORT = N_("[Youyou Lanzhou] %(code)s is your code to find your pass, good until %(until)s. Give it to nobody.")


@dataclass(frozen=True)
class FoundPass:
    """A pass as its holder chooses it from several. path: its secret link; status: rules.status_of."""

    path: str
    number: str
    product: Text
    holder: str
    status: str


@dataclass(frozen=True)
class Tried:
    """What a code opened: found with its passes; wrong with the tries left; else why no code is good any more."""

    outcome: str
    left: int = 0
    passes: tuple[FoundPass, ...] = ()


def lookup_id(form_id: UUID, phone: str, last4: str) -> UUID:
    """One form with one content is one question, however often it is sent."""
    return uuid5(form_id, f"{phone}\n{last4}")


def find_lookup(session: Session, asked_id: UUID) -> Lookup | None:
    """The question behind this address."""
    return session.get(Lookup, asked_id)


def get_lookup(session: Session, asked_id: UUID, *, lock: bool = False) -> Lookup:
    """The question, or NotFound("lookup_not_found"): never asked, or long forgotten."""
    found = session.get(Lookup, asked_id, populate_existing=True, with_for_update=True if lock else None)
    if found is None:
        raise NotFound(
            "lookup_not_found", N_("This page is too old to be answered. Open “Find my pass” and ask for a new code.")
        )
    return found


def ask_for_code(session: Session, asked_id: UUID, phone: str, last4: str, *, locale: str, now: datetime) -> None:
    """Keep the question; a chore answers it. Nothing here depends on whether there is such a pass."""
    session.execute(
        insert(Lookup)
        .values(
            id=asked_id,
            phone=phone,
            document_last4=last4,
            locale=locale,
            asked_at=now,
            expires_at=now + CODE_LIFE,
        )
        .on_conflict_do_nothing()
    )


def answer_lookups(session: Session, *, by_mail: bool, by_sms: bool, now: datetime, limit: int = 20) -> int:
    """Draw and write the codes of what was asked; returns how many letters. by_*: what this installation can send."""
    statement = select(Lookup).where(Lookup.answered_at.is_(None)).order_by(Lookup.asked_at).limit(limit)
    letters = 0
    for asked in session.scalars(statement.with_for_update(skip_locked=True)).all():
        asked.answered_at = now
        if standing(_asked(asked), now) != "open":
            continue
        held = [Held(*row) for row in list_held_passes(session, asked.phone, asked.document_last4, now=now)]
        found = addresses(held, asked.phone, by_mail=by_mail, by_sms=by_sms)
        codes = set[str]()
        while len(codes) < len(found):
            codes.add(f"{secrets.randbelow(1_000_000):06d}")
        for address, code in zip(found, sorted(codes, key=lambda _: secrets.randbits(32)), strict=True):
            _send_code(session, asked, address, code, now=now)
        letters += len(found)
    session.flush()
    return letters


def _send_code(session: Session, asked: Lookup, address: Address, code: str, *, now: datetime) -> None:
    digest = _digest(asked.id, code)
    session.add(LookupCode(lookup_id=asked.id, code_hash=digest, pass_ids=list(address.pass_ids)))
    until = f"{local_time(asked.expires_at):%H:%M}"
    subjects = [f"pass:{pass_id}" for pass_id in address.pass_ids]
    words = SHORT if address.channel == "sms" else BODY
    write_letter(
        session,
        "lookup_code",
        address.recipient,
        asked.locale,
        in_language(asked.locale, SUBJECT),
        in_language(asked.locale, words, code=code, until=until),
        # What is told of a pass and erased with it, its letters too: this one is about all that the code opens.
        about=subjects[0],
        also_about=subjects[1:],
        channel=address.channel,
        good_until=asked.expires_at,
        now=now,
    )


def try_code(session: Session, asked_id: UUID, code: str, *, now: datetime) -> Tried:
    """Use a code once; a wrong one is counted, so the caller must keep the transaction."""
    asked = get_lookup(session, asked_id, lock=True)
    how = standing(_asked(asked), now)
    is_double_click = asked.used_at is not None and now - asked.used_at <= DOUBLE_CLICK
    again = how == "used" and is_double_click and asked.tries < MOST_TRIES
    if how != "open" and not again:
        return Tried(how)
    digest = _digest(asked.id, code)
    right = [row for row in _codes(session, asked.id) if hmac.compare_digest(row.code_hash, digest)]
    if right:
        asked.used_at = asked.used_at or now
        return Tried("found", passes=_found(session, right[0].pass_ids, now=now))
    # Counted after the right one, too: there may be codes of other addresses to guess.
    asked.tries += 1
    if again:
        return Tried(how)
    return Tried("wrong", left=MOST_TRIES - asked.tries) if asked.tries < MOST_TRIES else Tried("tried_out")


def _codes(session: Session, asked_id: UUID) -> Sequence[LookupCode]:
    return session.scalars(select(LookupCode).where(LookupCode.lookup_id == asked_id)).all()


def _found(session: Session, pass_ids: Sequence[int], *, now: datetime) -> tuple[FoundPass, ...]:
    """Those whose link is still open: one may have been replaced since the code was sent."""
    found = []
    for pass_id in pass_ids:
        path = find_wallet_path(session, pass_id)
        if path is None:
            continue
        pass_ = get_pass(session, pass_id)
        product = get_terms(session, pass_.terms_version).products[pass_.product_id]
        holder = masked_name(get_member(session, pass_.member_id).name)
        found.append(FoundPass(path, pass_.number, product.name, holder, pass_status(session, pass_, now)))
    return tuple(found)


def forget_lookups(session: Session, *, now: datetime) -> int:
    """Drop what was asked a day ago, with its codes; returns how many."""
    old = delete(Lookup).where(Lookup.expires_at < now - KEPT).returning(Lookup.id)
    return len(session.scalars(old).all())


def _asked(row: Lookup) -> Asked:
    return Asked(row.expires_at, row.tries, row.used_at)


def _digest(asked_id: UUID, code: str) -> bytes:
    """Keyed: six digits alone could be found by trying all of them."""
    return hmac.digest(settings.current().derive("lookup-code"), asked_id.bytes + code.encode(), hashlib.sha256)
