"""Reading the issuer's keys and the revocations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.credential.codec import Trust, trusted_key
from passes.credential.models import IssuerKey, Revocation

TRUST_SECONDS = 5


@dataclass
class _Kept:
    trust: Trust
    database: object
    read_at: datetime


_kept: list[_Kept] = []
_lock = Lock()


def list_usable_keys(session: Session, token_type: str, now: datetime) -> list[IssuerKey]:
    """The keys that may sign this type at `now`, oldest first."""
    statement = (
        select(IssuerKey)
        .where(IssuerKey.types.contains([token_type]), IssuerKey.not_before <= now, IssuerKey.not_after >= now)
        .order_by(IssuerKey.not_before)
    )
    return list(session.scalars(statement))


def read_trust(session: Session, now: datetime) -> Trust:
    """Every key that is still good or will be, and every revocation."""
    keys = session.scalars(select(IssuerKey).where(IssuerKey.not_after >= now).order_by(IssuerKey.not_before.desc()))
    revoked = session.execute(select(Revocation.serial, Revocation.generation))
    return Trust(
        keys={
            row.kid: trusted_key(
                row.kid,
                row.algorithm,
                row.public_key,
                row.types,
                int(row.not_before.timestamp()),
                int(row.not_after.timestamp()),
            )
            for row in keys
        },
        revoked=dict(revoked.all()),
    )


def trust_since(session: Session, first: datetime) -> Callable[[datetime], Trust]:
    """What a gate could believe at a moment since `first`. Of a serial revoked twice only the last time is known."""
    trust = read_trust(session, first)
    revoked = select(Revocation.revoked_at, Revocation.serial, Revocation.generation)
    later = session.execute(revoked.where(Revocation.revoked_at > first)).all()

    def at(moment: datetime) -> Trust:
        spared = {serial: generation - 1 for revoked_at, serial, generation in later if revoked_at > moment}
        return Trust(trust.keys, {**trust.revoked, **spared}) if spared else trust

    return at


def get_trust(session: Session, *, now: datetime) -> Trust:
    """What this process believes: read again when it is 5 seconds old, or of another database."""
    database = session.get_bind().engine.url
    kept = _fresh(database, now)
    if kept is None:
        with _lock:
            kept = _fresh(database, now)
            if kept is None:
                kept = _Kept(read_trust(session, now), database, now)
                _kept[:] = [kept]
    return kept.trust


def _fresh(database: object, now: datetime) -> _Kept | None:
    for kept in _kept:
        if kept.database == database and 0 <= (now - kept.read_at).total_seconds() < TRUST_SECONDS:
            return kept
    return None


def forget_trust() -> None:
    """Read the keys and revocations again at the next question: after this process has changed them."""
    _kept.clear()
