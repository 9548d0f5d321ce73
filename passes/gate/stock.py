"""What venues have left to hand over: locked before it is decided, so that the last piece goes to one visitor."""

from collections.abc import Collection

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from passes.entitlement.facts import Counter, CounterKey
from passes.gate.models import StockCounter
from passes.gate.queries import Counts


def lock_stock(session: Session, wanted: Collection[Counter]) -> Counts:
    """How much of each is gone, its row locked until the transaction ends, all in one order.

    A stock nobody took from yet gets its row first: else two could both find nothing to lock.
    """
    if not wanted:
        return {}
    rows = {counter.key: counter.limit for counter in wanted}
    keys: list[CounterKey] = sorted(rows)
    session.execute(_missing(keys, [rows[key] or 0 for key in keys]))
    found = session.execute(
        select(StockCounter.name, StockCounter.period, StockCounter.used + StockCounter.overdrawn)
        .where(tuple_(StockCounter.name, StockCounter.period).in_(keys))
        .order_by(StockCounter.name, StockCounter.period)
        .with_for_update()
    )
    return {(name, period): gone for name, period, gone in found}


def _missing(keys: list[CounterKey], limits: list[int]) -> Insert:
    rows = [
        {"name": name, "period": period, "allowed": limit, "used": 0}
        for (name, period), limit in zip(keys, limits, strict=True)
    ]
    return insert(StockCounter).values(rows).on_conflict_do_nothing()
