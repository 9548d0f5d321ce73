"""The lock order of money, Order → Payment → Refund → Pass → Stock, in every statement that locks; and the ledger."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, event, select, text, update
from sqlalchemy.exc import DBAPIError

from passes import clock
from passes.db import transaction
from passes.sale import flows, money_flows, queries, refund_outcomes
from passes.sale.models import PaymentEvent
from passes.sale.refunds import RefundPart
from tests.services.conftest import Cashier, Shop
from tests.services.hands import Hands, task
from tests.services.payment_scenes import (
    ROUNDS,
    ask,
    ask_back,
    finish,
    paid_order,
    passes_of,
    payments_of,
    quota,
    refunds_of,
    send_refunds,
    start,
    sync,
)

RANKS = {"orders": 0, "payment": 1, "refund": 2, "pass": 3, "sale_window": 4}
_LOCKS = re.compile(r'\bFROM "?(orders|payment|refund|pass)"?\s.*FOR (?:NO KEY )?UPDATE', re.S)
_UPDATES = re.compile(r'UPDATE "?(sale_window)"?\s')


@contextmanager
def locks_in_order() -> Iterator[list[list[str]]]:
    """The tables each transaction locks, as it goes. AssertionError where one is locked against the house's order.

    Locking again the very rows that are held waits for nobody.
    """
    held: dict[object, list[tuple[str, str]]] = {}
    every: list[list[str]] = []
    wrong: list[list[str]] = []

    def hear(connection, cursor, statement, parameters, context, many) -> None:  # type: ignore[no-untyped-def]
        found = _LOCKS.search(statement) or _UPDATES.search(statement)
        if found is None or "SKIP LOCKED" in statement:
            return
        if connection not in held:
            held[connection] = []
            every.append([])
        taken, lock = held[connection], (found[1], repr(parameters))
        if lock not in taken and any(RANKS[table] > RANKS[found[1]] for table, _ in taken):
            wrong.append([*(table for table, _ in taken), found[1]])
        taken.append(lock)
        every[-1].append(found[1])

    def forget(connection) -> None:  # type: ignore[no-untyped-def]
        held.pop(connection, None)

    events = (("before_cursor_execute", hear), ("commit", forget), ("rollback", forget))
    for name, listener in events:
        event.listen(Engine, name, listener)
    try:
        yield every
    finally:
        for name, listener in events:
            event.remove(Engine, name, listener)
    assert wrong == []


def test_everything_that_moves_money_locks_in_one_order(shop: Shop, cashier: Cashier) -> None:
    quota(shop, 9)
    with locks_in_order() as every:
        order = paid_order(shop, cashier)
        other = paid_order(shop, cashier, "alipay", holder_name="李四")
        ended = shop.order(holder_name="王五")
        start(shop, ended)
        flows.expire_holds(shop.provider, shop.settings, now=clock.now() + timedelta(minutes=40))
        ask_back(order, [passes_of(order)[0].id])
        send_refunds(shop)
        by_hand = ask_back(other, [passes_of(other)[0].id], manual=True)
        with transaction() as session:
            refund_outcomes.record_payout_by_hand(session, by_hand.id, by="f", evidence="x", now=clock.now())
        third = paid_order(shop, cashier, holder_name="赵六")
        cashier.helper(f"charges/{payments_of(third)[0].provider_charge_id}/dispute")
        cashier.refund(payments_of(paid_order(shop, cashier, holder_name="孙七"))[0].provider_intent_id or "", 5)
        for payment in [payments_of(found)[0] for found in (order, other, third)]:
            money_flows.sync_money(shop.provider, shop.settings, payment.id, now=clock.now())
        finish(shop, cashier)
    seen = {table for locks in every for table in locks}
    assert seen == set(RANKS)


def sync_back(shop: Shop, payment_id: int) -> None:
    money_flows.sync_money(shop.provider, shop.settings, payment_id, now=clock.now())


def test_no_deadlock_when_everything_happens_to_one_order_at_once(shop: Shop, cashier: Cashier, hands: Hands) -> None:
    for number in range(ROUNDS):
        order = paid_order(shop, cashier, holder_name=f"王{number}")
        (payment,), (pass_,) = payments_of(order), passes_of(order)
        asking = (order, RefundPart(pass_.id, 19900), "form")
        first = ask(shop, *asking)
        told = hands.at_once(
            [task(ask, *asking)] * 3
            + [task(sync, payment.id)] * 3
            + [task(sync_back, payment.id)] * 3
            + [task(send_refunds)] * 3
        )
        assert told[:3] == [first] * 3
        assert [refund.state for refund in refunds_of(order)] == ["succeeded"]
    finish(shop, cashier)


@pytest.mark.parametrize(
    "statement",
    [update(PaymentEvent).values(moved_fen=0), delete(PaymentEvent), text("TRUNCATE payment_event")],
    ids=["update", "delete", "truncate"],
)
def test_the_database_lets_nobody_change_the_ledger(shop: Shop, cashier: Cashier, statement: object) -> None:
    order = paid_order(shop, cashier)
    with pytest.raises(DBAPIError, match="only ever added to"), transaction() as session:
        session.execute(statement)  # type: ignore[call-overload]
    with transaction() as session:
        assert session.scalars(select(PaymentEvent).where(PaymentEvent.order_id == order.id)).all()


def test_a_transition_and_its_line_of_the_ledger_come_together_or_not_at_all(shop: Shop, cashier: Cashier) -> None:
    order = shop.order()
    with transaction() as session:
        before = len(session.scalars(select(PaymentEvent.id)).all())
    with pytest.raises(RuntimeError, match="late"), transaction() as session:
        locked = queries.lock_order(session, order.id)
        from_state = locked.state
        flows.service.end_order(session, locked, "cancelled", actor="visitor", reason="by_buyer", now=clock.now())
        session.flush()
        raise RuntimeError("late")
    with transaction() as session:
        assert queries.lock_order(session, order.id).state == from_state
        assert len(session.scalars(select(PaymentEvent.id)).all()) == before
