"""Use cases of the keys of other systems."""

import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.access.key_queries import get_key
from passes.access.key_rules import SCOPES
from passes.access.models import ApiKey
from passes.access.rules import Staff, secret_hash
from passes.access.service import write_audit
from passes.errors import N_, Conflict, Invalid

USED_EVERY = timedelta(minutes=1)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


def make_key(
    session: Session, *, name: str, scopes: Collection[str], now: datetime, by: Staff | None = None
) -> tuple[int, str]:
    """A new key: its id, and the token, which is told this once."""
    faults: dict[str, list[str]] = {}
    if not _NAME.fullmatch(name):
        faults["name"] = [N_("Use 2 to 40 of a–z, 0–9, dot, hyphen and underscore; begin with a letter or digit.")]
    if not scopes or not set(scopes) <= set(SCOPES):
        faults["scopes"] = [N_("Choose at least one.")]
    if faults:
        raise Invalid("key_not_valid", N_("The key was not made."), fields=faults)
    token = secrets.token_urlsafe(32)
    chosen = [scope for scope in SCOPES if scope in scopes]
    key_id: int | None = session.scalar(
        insert(ApiKey)
        .values(
            name=name,
            scopes=chosen,
            token_hash=secret_hash(token),
            made_at=now,
            made_by=by.login if by else None,
        )
        .on_conflict_do_nothing(index_elements=[ApiKey.name])
        .returning(ApiKey.id)
    )
    if key_id is None:
        taken = N_("There is or was a key of this name. What a key made is told by its name: choose another one.")
        raise Conflict("key_name_taken", taken, fields={"name": [taken]})
    write_audit(session, by, "key.made", f"key:{key_id}", now=now, key=name, scopes=chosen)
    return key_id, token


def revoke_key(session: Session, key_id: int, *, now: datetime, by: Staff | None = None) -> bool:
    """Refuse the key from now on; whether it was in use until then."""
    key = get_key(session, key_id)
    revoked = session.scalar(
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id)
    )
    if revoked is None:
        return False
    write_audit(session, by, "key.revoked", f"key:{key_id}", now=now, key=key.name)
    return True


def note_used(session: Session, key_id: int, *, now: datetime) -> None:
    """Remember that the key was used, at most once a minute."""
    stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - USED_EVERY)
    session.execute(update(ApiKey).where(ApiKey.id == key_id, stale).values(last_used_at=now))
