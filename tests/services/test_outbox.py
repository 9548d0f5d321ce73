"""The outbox row is part of the caller's transaction."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import db
from passes.events.contract import OrderPaid
from passes.events.outbox import OutboxRow, emit

PAID = OrderPaid(order_id=7, total_fen=19900, method="alipay", livemode=False)


def test_an_event_is_stored_as_a_cloud_event_without_its_sequence(session: Session, now: datetime) -> None:
    emit(session, PAID, now=now)
    session.flush()
    row = session.scalars(select(OutboxRow)).one()
    assert (row.topic, row.type, row.key, row.sent_at) == ("youyou.orders", "order.paid.v1", "7", None)
    assert row.event["subject"] == "order/7"
    assert row.event["time"] == "2026-11-25T02:00:00.000Z"
    assert row.event["data"] == {"order_id": 7, "total_fen": 19900, "method": "alipay", "livemode": False}
    assert "sequence" not in row.event


def test_an_event_leaves_no_trace_when_the_use_case_fails(session: Session, now: datetime) -> None:
    with pytest.raises(RuntimeError, match="the use case failed"), db.transaction() as inner:
        emit(inner, PAID, now=now)
        raise RuntimeError("the use case failed")
    assert session.scalar(select(func.count()).select_from(OutboxRow)) == 0
