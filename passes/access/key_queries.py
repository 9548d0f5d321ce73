"""Reading the keys of other systems."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.access.key_rules import Feed
from passes.access.models import ApiKey
from passes.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class KeyFound:
    """A key by its token, revoked or not."""

    feed: Feed
    revoked: bool
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A line of the keys page."""

    id: int
    name: str
    scopes: tuple[str, ...]
    made_at: datetime
    made_by: str | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def find_key(session: Session, token_hash: bytes) -> KeyFound | None:
    """The key with this token hash."""
    key = session.scalars(select(ApiKey).where(ApiKey.token_hash == token_hash)).first()
    if key is None:
        return None
    return KeyFound(Feed(key.id, key.name, frozenset(key.scopes)), key.revoked_at is not None, key.last_used_at)


def find_key_id(session: Session, name: str) -> int | None:
    """The key of this name, revoked or not."""
    return session.scalar(select(ApiKey.id).where(ApiKey.name == name))


def get_key(session: Session, key_id: int) -> KeyRow:
    """One key, or NotFound."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound("key_not_found", N_("We know no key with this number."))
    return _row(key)


def list_keys(session: Session, *, limit: int, offset: int) -> tuple[list[KeyRow], int]:
    """A part of the keys, those in use first, by name; and how many there are."""
    total = session.scalar(select(func.count()).select_from(ApiKey)) or 0
    keys = session.scalars(
        select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.name).offset(offset).limit(limit)
    )
    return [_row(key) for key in keys], total


def _row(key: ApiKey) -> KeyRow:
    return KeyRow(key.id, key.name, tuple(key.scopes), key.made_at, key.made_by, key.last_used_at, key.revoked_at)
