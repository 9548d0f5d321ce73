"""A pass whose money is asked back, goes back, or was charged back: held, freed again, or void for good."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.events.contract import PassVoided
from passes.events.outbox import emit
from passes.lifecycle.models import PassHold
from passes.lifecycle.queries import lock_passes
from passes.lifecycle.rules import is_open, next_status


def hold_for_money(session: Session, pass_ids: Iterable[int], reason: str, *, by: str, now: datetime) -> list[int]:
    """Freeze those of the passes that still live and are not held for this reason; returns which were held now.

    reason: refund | dispute. The passes are locked in the order of their ids.
    """
    locked = lock_passes(session, pass_ids)
    held = {hold.pass_id for hold in _open_holds(session, locked, reason, now)}
    fresh = [id_ for id_, pass_ in locked.items() if pass_.state in ("issued", "active") and id_ not in held]
    session.add_all(PassHold(pass_id=id_, reason=reason, since=now, by=by) for id_ in fresh)
    session.flush()
    return fresh


def free_from(session: Session, pass_ids: Iterable[int], reason: str, *, now: datetime) -> int:
    """Close the holds of this reason and no others; returns how many."""
    locked = lock_passes(session, pass_ids)
    holds = _open_holds(session, locked, reason, now)
    for hold in holds:
        hold.closed_at = now
    session.flush()
    return len(holds)


def void_passes(session: Session, pass_ids: Iterable[int], cause: str, *, now: datetime) -> list[int]:
    """End these passes for good; those that ended before stay as they are. Returns which are void now.

    cause: refund | dispute | given_up; holds of this reason end with the pass. Admissions already made stay.
    """
    locked = lock_passes(session, pass_ids)
    ended = []
    for pass_ in locked.values():
        state = next_status(pass_.state, "void")
        if state is None:
            continue
        pass_.state, pass_.ended_at = state, now
        ended.append(pass_.id)
        session.flush()
        emit(session, PassVoided(pass_id=pass_.id, product_id=pass_.product_id, cause=cause), now=now)
    for hold in _open_holds(session, locked, cause, now):
        hold.closed_at = now
    session.flush()
    return ended


def _open_holds(session: Session, pass_ids: Iterable[int], reason: str, now: datetime) -> list[PassHold]:
    statement = select(PassHold).where(PassHold.pass_id.in_(list(pass_ids)), PassHold.reason == reason)
    found = session.scalars(statement.order_by(PassHold.id).execution_options(populate_existing=True))
    return [hold for hold in found if is_open(hold.since, hold.until, hold.closed_at, now)]
