"""The chores: one leader, a spare, no chore that stops another."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, func, insert, select, update
from sqlalchemy.orm import Session

from passes import chores, clock, db
from passes.chores import Chore
from passes.events.contract import OrderExpired
from passes.events.outbox import OutboxRow, emit
from passes.events.service import prune_outbox
from passes.sale import queries
from passes.sale.models import Order, WebhookEvent
from passes.settings import Settings
from passes.wallet import retention, retention_rules
from tests.services.conftest import Cashier, Shop


def wait_until(condition: object, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.05)


def test_one_leads_and_the_spare_takes_over_when_it_ends(database: str) -> None:
    counts = [0, 0]

    def chore(index: int) -> Chore:
        def run(now: datetime) -> int:
            counts[index] += 1
            return 0

        return Chore("count", 0.02, run)

    engines = [create_engine(database) for _ in counts]
    stops = [threading.Event() for _ in counts]
    threads = [
        threading.Thread(target=chores.run, args=(engines[index], {"lane": (chore(index),)}, stops[index]))
        for index in (0, 1)
    ]
    threads[0].start()
    wait_until(lambda: counts[0] > 2)
    threads[1].start()
    time.sleep(0.5)
    assert counts[1] == 0
    stops[0].set()
    threads[0].join()
    done = counts[0]
    wait_until(lambda: counts[1] > 2)
    assert counts[0] == done
    stops[1].set()
    threads[1].join()
    for engine in engines:
        engine.dispose()


def test_a_chore_that_fails_waits_longer_and_stops_no_other(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A clock of the test's own: on a busy machine five turns may last longer than the two seconds of the pause.
    hundredths = itertools.count()
    monkeypatch.setattr(clock, "seconds_running", lambda: next(hundredths) / 100)
    times: dict[str, int] = {"bad": 0, "good": 0}
    stop = threading.Event()

    def bad(now: datetime) -> int:
        times["bad"] += 1
        raise RuntimeError("no luck")

    def good(now: datetime) -> int:
        times["good"] += 1
        if times["good"] >= 5:
            stop.set()
        return 0

    chores.work((Chore("bad", 0.05, bad), Chore("good", 0.05, good)), stop)
    assert times == {"bad": 1, "good": 5}
    assert "no luck" in caplog.text


def test_old_sent_events_are_pruned_and_pending_ones_never(session: Session, now: datetime) -> None:
    for order_id in range(1, 5):
        emit(session, OrderExpired(order_id=order_id), now=now)
    session.flush()
    session.execute(update(OutboxRow).where(OutboxRow.key.in_(("1", "2"))).values(sent_at=now - timedelta(days=8)))
    session.execute(update(OutboxRow).where(OutboxRow.key == "3").values(sent_at=now - timedelta(days=6)))
    assert prune_outbox(session, now=now, limit=1) == 1
    assert prune_outbox(session, now=now) == 1
    assert prune_outbox(session, now=now) == 0
    assert sorted(session.scalars(select(OutboxRow.key))) == ["3", "4"]


def test_what_is_older_than_one_batch_is_forgotten_in_one_go(
    session: Session, settings: Settings, now: datetime
) -> None:
    old = now - retention_rules.PROVIDER_MESSAGES - timedelta(days=1)
    said = {"type": "charge.updated", "livemode": False, "object_type": "charge", "object_id": "ch_1"}
    moments = {"provider_created_at": old, "received_at": old, "next_attempt_at": old}
    rows = [
        {"event_id": f"evt_{number}", "state": "processed", "payload": {"name": "PAYER"}, **said, **moments}
        for number in range(2 * retention.BATCH + 50)
    ]
    session.execute(insert(WebhookEvent), rows)
    session.flush()
    [chore] = [chore for chore in chores.lanes(settings)["house"] if chore.name == "retention"]
    assert chore.run(now) == len(rows)
    assert session.scalar(select(func.count()).where(WebhookEvent.payload != {})) == 0
    assert chore.run(now) == 0


def test_the_process_pays_an_order_by_its_webhook_and_ends_on_sigterm(shop: Shop, cashier: Cashier) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "test",
        "PAYMENTS": "sandbox",
        "EVENTS": "direct",
        "DATABASE_URL": shop.settings.database_url,
        "PUBLIC_URL": shop.settings.public_url,
        "YOUYOU_SECRET_KEY": "b25seSBmb3IgdGVzdHMsIHRoaXJ0eS10d28gYnl0ZXMh",
        "STRIPE_SECRET_KEY": shop.settings.stripe_secret_key or "",
        "STRIPE_WEBHOOK_SECRETS": ",".join(shop.settings.stripe_webhook_secrets),
        "STRIPE_API_BASE": shop.settings.stripe_api_base or "",
    }
    process = subprocess.Popen([sys.executable, "-m", "passes.cli", "chores"], env=environment)
    try:
        order = shop.order()
        with_url = chores.flows.start_payment(shop.provider, shop.settings, order.id, now=clock.now())
        cashier.press(with_url, "pay")

        def paid() -> bool:
            with db.transaction() as session:
                return session.get_one(Order, order.id).state == "paid"

        wait_until(paid)
        with db.transaction() as session:
            assert [payment.state for payment in queries.list_payments(session, order.id)] == ["succeeded"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_chores_refuse_settings_by_name() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "passes.cli", "chores"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert answer.returncode == 2
    assert "PAYMENTS is missing" in answer.stderr and "DATABASE_URL is missing" in answer.stderr


TEST_ACCOUNT = {
    "PAYMENTS": "stripe",
    "STRIPE_SECRET_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRETS": "whsec_1",
    "STRIPE_API_BASE": "",
}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"APP_ENV": ""}, "APP_ENV=production"),
        (TEST_ACCOUNT, "only where PAYMENTS=sandbox"),
    ],
)
def test_the_cashier_refuses_to_stand_beside_real_money(changes: dict[str, str], reason: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "test",
        "PAYMENTS": "sandbox",
        "EVENTS": "direct",
        "DATABASE_URL": "postgresql://127.0.0.1:1/nothing",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "YOUYOU_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "YOUYOU_CASHIER_PORT": "9",
        "STRIPE_SECRET_KEY": "sk_sandbox_1",
        "STRIPE_WEBHOOK_SECRETS": "whsec_sandbox_1",
        "STRIPE_API_BASE": "http://127.0.0.1:9",
    } | changes
    answer = subprocess.run([sys.executable, "-m", "passes.cashier"], env=environment, capture_output=True, text=True)
    assert answer.returncode == 2
    assert reason in answer.stderr
