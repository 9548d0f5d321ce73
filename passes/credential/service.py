"""Issuer keys made ahead, timed codes signed, generations revoked."""

import hashlib
import hmac
import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes import clock, settings
from passes.credential import idtag
from passes.credential.models import IssuerKey, Revocation
from passes.credential.queries import forget_trust, list_usable_keys
from passes.credential.rules import KeyPeriod, free_kid, key_periods, signing_key
from passes.credential.token import Body, card_text, flags_of, timed_text, wire_day
from passes.errors import N_, Conflict

CODE_SECONDS = 60


@dataclass(frozen=True)
class PassFacts:
    """What a code says of a pass. `valid_until` is exclusive, as everywhere inside the house."""

    serial: int
    generation: int
    product_number: int
    valid_from: date
    valid_until: date
    holder_class: str
    id_tag: int


@dataclass(frozen=True)
class TimedCode:
    """The text of a T code and the moment it runs out."""

    text: str
    expires_at: datetime


def ensure_issuer_keys(session: Session, *, now: datetime) -> int:
    """Make the keys of this period and the next where they are missing; returns how many. Safe to run twice."""
    periods = key_periods(clock.local_day(now))
    if not _missing(session, periods):
        return 0
    # One at a time, and read again behind the lock: two starting processes make one set.
    session.execute(text("LOCK TABLE issuer_key IN SHARE ROW EXCLUSIVE MODE"))
    missing = _missing(session, periods)
    for period in missing:
        _make_key(session, period, now=now)
    forget_trust()
    return len(missing)


def _missing(session: Session, periods: list[KeyPeriod]) -> list[KeyPeriod]:
    made = {(tuple(types), not_before) for types, not_before in session.execute(
        select(IssuerKey.types, IssuerKey.not_before)
    )}  # fmt: skip
    return [period for period in periods if (period.types, period.not_before) not in made]


def _make_key(session: Session, period: KeyPeriod, *, now: datetime) -> None:
    last_use = dict(session.execute(
        select(IssuerKey.kid, func.max(IssuerKey.not_after)).group_by(IssuerKey.kid)
    ).all())  # fmt: skip
    kid = free_kid(last_use, period.not_before)
    if kid is None:
        raise Conflict("no_kid_free", N_("All key numbers are in use: too many issuer keys are alive."))
    private_key = Ed25519PrivateKey.generate()
    public_key = private_key.public_key().public_bytes_raw()
    nonce = os.urandom(12)
    sealed = nonce + AESGCM(_sealing_key()).encrypt(nonce, private_key.private_bytes_raw(), public_key)
    session.add(
        IssuerKey(
            kid=kid,
            algorithm="Ed25519",
            public_key=public_key,
            private_key_sealed=sealed,
            types=list(period.types),
            not_before=period.not_before,
            not_after=period.not_after,
            made_at=now,
        )
    )
    session.flush()


def _sealing_key() -> bytes:
    return settings.current().derive("issuer-keys")


@lru_cache(maxsize=16)
def _opened(sealing_key: bytes, sealed: bytes, public_key: bytes) -> Ed25519PrivateKey:
    """The private key; kept opened in this process, because opening costs as much as signing."""
    return Ed25519PrivateKey.from_private_bytes(AESGCM(sealing_key).decrypt(sealed[:12], sealed[12:], public_key))


def timed_code(session: Session, facts: PassFacts, *, now: datetime) -> TimedCode:
    """A T code of the pass, good for a minute. Makes a missing key first."""
    key = _signing_key(session, "T", now)
    expiry = int(now.timestamp()) + CODE_SECONDS
    expires_at = now.replace(microsecond=0) + timedelta(seconds=CODE_SECONDS)
    return TimedCode(timed_text(_body(facts), key.kid, expiry, _private(key).sign), expires_at)


def card_code(session: Session, facts: PassFacts, *, now: datetime) -> str:
    """The C code of the pass, for paper: good until the pass ends or its generation is revoked."""
    key = _signing_key(session, "C", now)
    return card_text(_body(facts), key.kid, _private(key).sign)


def _signing_key(session: Session, token_type: str, now: datetime) -> IssuerKey:
    rows = list_usable_keys(session, token_type, now)
    if not rows:
        ensure_issuer_keys(session, now=now)
        rows = list_usable_keys(session, token_type, now)
    return rows[signing_key([row.not_before for row in rows], now)]


def _private(key: IssuerKey) -> Ed25519PrivateKey:
    return _opened(_sealing_key(), key.private_key_sealed, key.public_key)


def _body(facts: PassFacts) -> Body:
    return Body(
        serial=facts.serial,
        generation=facts.generation,
        product=facts.product_number,
        valid_from=wire_day(facts.valid_from),
        valid_until=wire_day(facts.valid_until) - 1,
        flags=flags_of(facts.holder_class),
        id_tag=facts.id_tag,
    )


def revoke_generation(session: Session, serial: int, generation: int, *, now: datetime) -> None:
    """Refuse this generation of the serial and every lower one from now on. A lower number changes nothing."""
    statement = insert(Revocation).values(serial=serial, generation=generation, revoked_at=now)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["serial"],
            set_={"generation": statement.excluded.generation, "revoked_at": statement.excluded.revoked_at},
            where=Revocation.generation < statement.excluded.generation,
        )
    )
    forget_trust()


def id_tag(serial: int, number: str) -> int:
    """The two bytes that let a gate match a shown ID card. `number` is normalised (lifecycle.documents)."""
    return idtag.id_tag(settings.current().derive("id-tag"), serial, number)


def id_number_hmac(document_type: str, number: str) -> bytes:
    """All that is stored of a normalised ID number, beside its last four: 32 bytes that only this house can make."""
    key = settings.current().derive("id-number")
    return hmac.digest(key, f"{document_type}:{number}".encode(), hashlib.sha256)
