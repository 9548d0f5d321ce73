"""Rate limits that hold over all processes: GCRA in one statement."""

from datetime import datetime, timedelta

from sqlalchemy import DateTime, Interval, bindparam, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.access.models import RateLimit
from passes.errors import N_, TooMany

_MOMENT = DateTime(timezone=True)
_NEXT = func.greatest(RateLimit.free_at, bindparam("now", type_=_MOMENT)) + bindparam("step", type_=Interval)
# Built once: it stands before every sign-in and every order.
_ALLOW = (
    insert(RateLimit)
    .values(key=bindparam("key"), free_at=bindparam("first", type_=_MOMENT))
    .on_conflict_do_update(
        index_elements=[RateLimit.key],
        set_={"free_at": _NEXT},
        where=bindparam("until", type_=_MOMENT) >= _NEXT,
    )
    .returning(RateLimit.key)
)


def allow(session: Session, key: str, *, limit: int, seconds: int, now: datetime) -> bool:
    """True for at most `limit` calls at once, and one more every seconds/limit; a refused call uses nothing up.

    Commit it whatever comes after: a failure that rolls the count back is a failure nobody counted.
    """
    period = timedelta(seconds=seconds)
    step = period // limit
    facts = {"key": key, "first": now + step, "now": now, "step": step, "until": now + period}
    return session.connection().execute(_ALLOW, facts).first() is not None


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
