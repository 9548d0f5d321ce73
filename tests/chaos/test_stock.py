"""`make chaos`: 5 000 buyers at one moment, over HTTP, from several processes, for 500 passes; three times.

Not part of `make test`, whose races are smaller: it takes minutes. BUYERS=20000 makes it longer.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from passes import clock
from passes.db import transaction
from passes.launcher.places import free_port
from passes.launcher.services import answers, web_command
from passes.sale import stock
from passes.sale.models import Order, OrderLine
from passes.sale.stock_models import SaleWindow, StockMove
from passes.sale.stock_windows import NewWindow, add_window
from tests.conftest import TEST_SETTINGS
from tests.factories import city

BUYERS = int(os.environ.get("BUYERS", "5000"))
PIECES, PROCESSES, THREADS = 500, 4, 24


@contextmanager
def web(url: str) -> Iterator[int]:
    """The web server as `make run` starts it, behind one proxy."""
    port = free_port()
    environment = os.environ | {
        "APP_ENV": "test",
        "PAYMENTS": "sandbox",
        "EVENTS": "direct",
        "DATABASE_URL": url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "YOUYOU_SECRET_KEY": base64.b64encode(TEST_SETTINGS.secret_key).decode(),
        "YOUYOU_PROXIES": "1",
        "STRIPE_SECRET_KEY": "sk_sandbox_tests",
        "STRIPE_WEBHOOK_SECRETS": "whsec_sandbox_tests",
        "STRIPE_API_BASE": "http://127.0.0.1:1",
    }
    with subprocess.Popen(web_command(port), env=environment) as server:
        try:
            for _ in range(300):
                time.sleep(0.2)
                if answers(port, "/readyz"):
                    break
            yield port
        finally:
            server.terminate()


def rush(port: int, first: int) -> tuple[Counter[str], list[float], float]:
    """All buyers at one moment: how many got which status, the seconds of each answer, and of all."""
    share = BUYERS // PROCESSES
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.buyers", *map(str, (port, share, THREADS, first + number * share))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    begun = time.monotonic()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    statuses: Counter[str] = Counter()
    seconds: list[float] = []
    for process in processes:
        counted, taken = json.loads(process.communicate(timeout=900)[0])
        assert process.returncode == 0
        statuses.update(counted)
        seconds.extend(taken)
    return statuses, sorted(seconds), time.monotonic() - begun


@pytest.mark.parametrize("repeat", range(3))
def test_five_thousand_buyers_get_five_hundred_passes_and_the_others_are_told_at_once(
    database: str, repeat: int, capsys: pytest.CaptureFixture[str]
) -> None:
    now = clock.now()
    with transaction() as session:
        city(session, now=now)
        add_window(session, None, NewWindow("PASS-ADULT", now - timedelta(days=1), None, PIECES), now=now)
    with web(database) as port:
        statuses, seconds, whole = rush(port, 100_000_000 + repeat * 10_000_000)
    asked = sum(statuses.values())
    with capsys.disabled():
        p50, p99 = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
        figures = {"buyers": asked, "in_flight": PROCESSES * THREADS, "seconds": round(whole, 1)}
        print(json.dumps(figures | {"statuses": statuses, "p50_s": round(p50, 2), "p99_s": round(p99, 2)}))
    assert statuses == {"303": PIECES, "409": asked - PIECES}
    assert asked > BUYERS * 0.95
    with transaction() as session:
        window = session.scalars(select(SaleWindow)).one()
        assert (window.held, window.sold) == (PIECES, 0)
        assert session.scalar(select(func.count()).select_from(Order)) == PIECES
        assert session.scalar(select(func.count()).select_from(OrderLine)) == PIECES
        assert session.scalar(select(func.count()).where(StockMove.kind == "hold")) == PIECES
        # The proof over every moment of the ledger.
        assert stock.list_faults(session) == []
