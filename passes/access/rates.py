"""Rate limits that hold over all processes: GCRA in one statement."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.access.models import RateLimit
from passes.errors import N_, TooMany


def allow(session: Session, key: str, *, limit: int, seconds: int, now: datetime) -> bool:
    """True for at most `limit` calls at once, and one more every seconds/limit; a refused call uses nothing up.

    Commit it whatever comes after: a failure that rolls the count back is a failure nobody counted.
    """
    period = timedelta(seconds=seconds)
    step = period // limit
    free_at = func.greatest(RateLimit.free_at, literal(now)) + literal(step)
    statement = (
        insert(RateLimit)
        .values(key=key, free_at=now + step)
        .on_conflict_do_update(
            index_elements=[RateLimit.key], set_={"free_at": free_at}, where=free_at <= literal(now + period)
        )
        .returning(RateLimit.key)
    )
    return session.execute(statement).first() is not None


def spend(session: Session, key: str, *, limit: int, seconds: int, now: datetime) -> None:
    """allow, or TooMany with the time to wait. Nothing is lost when that rolls back: a refused call uses nothing up."""
    if not allow(session, key, limit=limit, seconds=seconds, now=now):
        words = N_("Too many tries. Wait a few minutes and try again.")
        raise TooMany("too_many_tries", words, retry_after_seconds=seconds // limit)


def forget(session: Session, key: str) -> None:
    """Start the key afresh: a good password pays for the bad ones before it."""
    session.execute(delete(RateLimit).where(RateLimit.key == key))


def prune(session: Session, *, now: datetime) -> None:
    """Drop the keys that limit nobody any more."""
    session.execute(delete(RateLimit).where(RateLimit.free_at < now))
