"""Scenario 48, and the night's comparison: our payments and refunds, the provider's lines, its payouts.

A till of its own for each test: a provider's books are those of one account.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import clock
from passes.cashier import balance
from passes.db import transaction
from passes.sale import money_back, reconciliation_flows, webhook_flows
from passes.sale.models import Order
from passes.sale.money_models import BalanceLine, MoneyException, Payout, ReconciliationRun
from passes.sale.provider import MoneyBack, ProviderUnavailable
from passes.sale.stock_models import SaleWindow
from tests.conftest import TEST_SETTINGS, clone, drop
from tests.services.conftest import SECRETS, Cashier, Shop, free_port, start_cashier, wait_for
from tests.services.payment_scenes import (
    ask_back,
    attention_of,
    finish,
    paid_order,
    passes_of,
    payments_of,
    quota,
    refunds_of,
    send_refunds,
)


@pytest.fixture
def running_cashier(postgres_url: str) -> Iterator[Cashier]:
    """A till whose books hold nothing but this test's."""
    url = clone(postgres_url, None)
    port = free_port()
    settings = replace(
        TEST_SETTINGS,
        database_url=url,
        public_url=f"http://127.0.0.1:{free_port()}",
        stripe_api_base=f"http://127.0.0.1:{port}",
        stripe_webhook_secrets=SECRETS,
    )
    process = start_cashier(settings)
    wait_for(port, process)
    yield Cashier(settings, process)
    process.terminate()
    assert process.wait(20) == 0
    drop(postgres_url, url)


def night(shop: Shop, hours: int = 2) -> list[tuple[str, str]]:
    """Compare; returns what is open afterwards."""
    reconciliation_flows.reconcile(shop.provider, shop.settings, now=clock.now() + timedelta(hours=hours))
    with transaction() as session:
        rows = session.scalars(select(MoneyException).where(MoneyException.settled_at.is_(None)))
        return sorted((row.kind, row.subject) for row in rows)


def test_a_day_of_sales_refunds_and_payouts_agrees_to_the_cent(shop: Shop, cashier: Cashier) -> None:
    orders = [paid_order(shop, cashier, method, holder_name=f"王{method}") for method in ("card", "alipay", "card")]
    ask_back(orders[0], [passes_of(orders[0])[0].id])
    ask_back(orders[1], [passes_of(orders[1])[0].id], fen=5000)
    send_refunds(shop)
    charge = payments_of(orders[2])[0].provider_charge_id
    dispute = cashier.helper(f"charges/{charge}/dispute")["id"]
    cashier.helper(f"disputes/{dispute}/win")
    payout = cashier.helper("payouts")
    finish(shop, cashier)
    assert night(shop) == []
    with transaction() as session:
        found = session.scalars(select(Payout)).one()
        lines = session.scalars(select(BalanceLine).where(BalanceLine.payout_id == found.id)).all()
        mine = [line for line in lines if line.category != "payout"]
        assert (found.id, found.currency, found.itemised_at is not None) == (payout["id"], "hkd", True)
        assert sum(line.net_minor for line in mine) == found.amount_minor
        assert {line.exchange_rate for line in mine} == {Decimal("1.083700000")}
        fees = {line.category: line.fee_minor for line in mine}
        assert fees["charge"] == balance.charge_fee(balance.settled(19900)) and fees["dispute"] == balance.DISPUTE_FEE
        assert {line.category for line in mine} == {"charge", "refund", "dispute", "dispute_reversal"}
    cashier.helper(f"payouts/{payout['id']}/fail")
    assert night(shop) == []
    with transaction() as session:
        assert session.get_one(Payout, payout["id"]).state == "failed"
        run = session.scalars(select(ReconciliationRun)).one()
        assert (run.payments, run.refunds, run.exceptions) == (3, 2, 0)


def test_s48_payout_lines_do_not_sum_or_are_unknown(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    stray = cashier.helper("stray_lines", amount=-700)
    payout = cashier.helper("payouts")
    alter(cashier, str(payout["id"]), "amount", int(str(payout["amount"])) + 1)
    finish(shop, cashier)
    assert night(shop) == [("payout_sum", payout["id"]), ("unknown_line", stray["id"])]
    assert night(shop, 26) == [("payout_sum", payout["id"]), ("unknown_line", stray["id"])]
    with transaction() as session:
        assert len(session.scalars(select(MoneyException)).all()) == 2
        assert session.get_one(Order, order.id).state == "paid"


def alter(cashier: Cashier, object_id: str, name: str, value: int) -> None:
    with psycopg.connect(cashier.settings.database_url) as connection:
        connection.execute(
            "UPDATE cashier.objects SET body = jsonb_set(body, %s, to_jsonb(%s::bigint)) WHERE id = %s",
            ([name], value, object_id),
        )


def test_what_was_missed_is_heard_by_night_and_an_amount_that_differs_is_told(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    other = paid_order(shop, cashier, holder_name="李四")
    cashier.behave(webhooks="drop")
    cashier.refund(payments_of(order)[0].provider_intent_id or "", 700)
    charge = payments_of(other)[0].provider_charge_id or ""
    cashier.helper(f"charges/{charge}/dispute")
    assert night(shop) == []
    assert [(refund.source, refund.amount_fen) for refund in refunds_of(order)] == [("external", 700)]
    assert attention_of(other) == ["disputed"]
    third = paid_order(shop, cashier, holder_name="王五")
    alter(cashier, payments_of(third)[0].provider_charge_id or "", "amount", 19901)
    assert night(shop) == [("amount_differs", f"payment:{payments_of(third)[0].id}")]


def test_a_window_that_does_not_come_to_its_ledger_is_told_by_night(shop: Shop, cashier: Cashier) -> None:
    paid_order(shop, cashier)
    window = quota(shop, 7)
    with transaction() as session:
        session.get_one(SaleWindow, window).sold = 1
    assert night(shop) == [("stock_differs", f"window:{window}")]
    with transaction() as session:
        session.get_one(SaleWindow, window).sold = 0
    assert night(shop, 3) == []


def test_one_payment_that_cannot_be_read_does_not_stop_the_books(
    shop: Shop, cashier: Cashier, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [paid_order(shop, cashier, holder_name=f"王{number}") for number in range(2)]
    cashier.behave(webhooks="drop")
    for order in orders:
        cashier.refund(payments_of(order)[0].provider_intent_id or "", 700)
    bad, read = payments_of(orders[0])[0].id, money_back.record_money_back

    def stumble(session: Session, payment_id: int, money: MoneyBack, *, now: datetime) -> None:
        if payment_id == bad:
            raise ValueError("a fault of ours")
        read(session, payment_id, money, now=now)

    monkeypatch.setattr(money_back, "record_money_back", stumble)
    assert night(shop)
    assert [len(refunds_of(order)) for order in orders] == [0, 1]
    with transaction() as session:
        assert len(session.scalars(select(ReconciliationRun)).all()) == 1
    cashier.behave(api="down")
    with pytest.raises(ProviderUnavailable):
        night(shop)


def test_a_payment_the_provider_never_booked_is_told_and_settles_itself_when_it_is(
    shop: Shop, cashier: Cashier
) -> None:
    order = paid_order(shop, cashier)
    with psycopg.connect(cashier.settings.database_url) as connection:
        connection.execute("UPDATE cashier.objects SET object = 'hidden' WHERE object = 'balance_transaction'")
    payment_id = payments_of(order)[0].id
    assert night(shop, 0) == []  # a line may come a little later than its payment
    assert night(shop) == [("payment_without_line", f"payment:{payment_id}")]
    with psycopg.connect(cashier.settings.database_url) as connection:
        connection.execute("UPDATE cashier.objects SET object = 'balance_transaction' WHERE object = 'hidden'")
    assert night(shop, 3) == []
    with transaction() as session:
        assert session.scalars(select(MoneyException.settled_by)).all() == ["reconciliation"]


def test_the_night_runs_once_a_day_and_a_payout_is_read_when_it_is_told(shop: Shop, cashier: Cashier) -> None:
    now = clock.now()
    runs = [
        reconciliation_flows.reconcile_nightly(shop.provider, shop.settings, now=now + timedelta(hours=hours))
        for hours in (0, 0, 24, 24)
    ]
    assert runs == [1, 0, 1, 0]
    paid_order(shop, cashier)
    payout = cashier.helper("payouts")
    cashier.behave(webhooks="deliver", release="true")
    finish(shop, cashier)
    webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=clock.now() + timedelta(hours=1))
    with transaction() as session:
        assert [(row.id, row.itemised_at is not None) for row in session.scalars(select(Payout))] == [
            (payout["id"], True)
        ]
