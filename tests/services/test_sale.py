"""Orders: one of a form, whoever sends it how often; ended only when nothing can pay them any more."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes.catalogue.queries import get_current
from passes.db import transaction
from passes.errors import Invalid, NotFound
from passes.events.outbox import OutboxRow
from passes.sale import queries, service
from passes.sale.models import Order, OrderLine, Payment
from passes.sale.placing import OrderRequest, place_order
from tests.factories import city, one_pass

request = one_pass


def place(session: Session, given: OrderRequest, now: datetime, **changes: object) -> Order:
    """As the shop's page does: under the terms of this moment."""
    options: dict[str, object] = {"livemode": False, "hold_minutes": 35, "min_charge_fen": 500}
    given = replace(given, terms_version=get_current(session).version)
    return place_order(session, given, now=now, **options | changes)  # type: ignore[arg-type]


def test_a_form_sent_by_sixteen_clicks_at_once_is_one_order(database: str, now: datetime) -> None:
    with transaction() as session:
        city(session, now=now)
    for _ in range(10):
        form = request()
        barrier = threading.Barrier(16)

        def click(form: OrderRequest = form, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            with transaction() as session:
                return place(session, form, now).id

        with ThreadPoolExecutor(16) as pool:
            ids = {future.result() for future in [pool.submit(click) for _ in range(16)]}
        assert len(ids) == 1
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(OrderLine)) == 10
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 10


def test_an_order_pins_price_terms_and_serial(session: Session, now: datetime) -> None:
    version = city(session, now=now)
    order = place(session, request(), now, hold_minutes=20)
    (line,) = queries.list_lines(session, order.id)
    assert order.hold_expires_at == now + timedelta(minutes=20)
    assert (order.total_fen, line.amount_fen, line.terms_version, line.validity_days) == (19900, 19900, version, 365)
    assert (line.activation_days, line.holder_class) == (90, "adult")
    second = place(session, request(), now)
    assert queries.list_lines(session, second.id)[0].serial == line.serial + 1


def test_a_live_order_has_no_test_mark_and_the_database_insists(session: Session, now: datetime) -> None:
    city(session, now=now)
    order = place(session, request(), now, livemode=True)
    assert order.livemode and not order.number.startswith("T-")
    order.number = f"T-{order.number}"
    with pytest.raises(IntegrityError, match="number_says_test"):
        session.flush()


def test_an_amount_below_the_providers_minimum_is_refused(session: Session, now: datetime) -> None:
    city(session, now=now)
    with pytest.raises(Invalid, match="amount_too_small"):
        place(session, request(), now, min_charge_fen=20000)


@pytest.mark.parametrize("token", ["", "x", "AAAA", "=" * 40, "A" * 43, "é" * 43])
def test_a_link_that_is_not_ours_finds_no_order(session: Session, token: str) -> None:
    with pytest.raises(NotFound, match="order_not_found"):
        queries.get_order_by_token(session, token)


def test_an_order_that_may_yet_be_paid_is_not_ended(session: Session, now: datetime) -> None:
    city(session, now=now)
    order = place(session, request(), now)
    session.add(payment_of(order, now, state="processing"))
    session.flush()
    assert not service.end_order(session, order, "hold_over", actor="chore", reason="", now=now)
    assert order.state == "pending"


def test_the_database_allows_one_live_payment_an_order(session: Session, now: datetime) -> None:
    city(session, now=now)
    order = place(session, request(), now)
    session.add_all([payment_of(order, now, attempt_no=1), payment_of(order, now, attempt_no=2, state="failed")])
    session.flush()
    session.add(payment_of(order, now, attempt_no=3, state="review"))
    with pytest.raises(IntegrityError, match="uq_payment_live"):
        session.flush()


def payment_of(order: Order, now: datetime, **changes: object) -> Payment:
    uid = uuid4()
    facts: dict[str, object] = {
        "uid": uid,
        "order_id": order.id,
        "attempt_no": 1,
        "provider": "stripe",
        "livemode": False,
        "state": "open",
        "amount_fen": order.total_fen,
        "currency": "cny",
        "idempotency_key": f"pay:{uid}",
        "request": {},
        "expires_at": now + timedelta(minutes=32),
        "created_at": now,
    }
    return Payment(**facts | changes)
