"""Workers as real processes and in this one, on a broker shared by all tests and topics of each test's own."""

import base64
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import text

from passes.clock import local_time
from passes.db import transaction
from passes.events.contract import Event, RedemptionAdmitted, RedemptionRefused, SurveyAnswered
from passes.events.outbox import emit
from passes.events.topics import create_topics
from passes.events.wire import Received
from tests.conftest import MORNING, ROOT

_prefixes = itertools.count(1)
NAMESPACE = UUID("8c2c9a36-31a5-4a5a-9c6a-6c3c4a7d7a10")


def admitted(number: int, **changes: Any) -> RedemptionAdmitted:
    """The number-th admitted scan; the same number is the same scan."""
    scanned_at = MORNING + timedelta(seconds=number)
    facts: dict[str, Any] = {
        "pass_id": number,
        "scan_ref": f"{uuid5(NAMESPACE, 'gate')}/{uuid5(NAMESPACE, str(number))}",
        "venue_id": "S06",
        "venue_kind": "spot",
        "benefit_id": f"B{number % 3}",
        "product_id": "PASS-ADULT",
        "terms_version": 1,
        "holder_class": "adult",
        "lane_id": 1,
        "scanned_at": scanned_at,
        "local_day": local_time(scanned_at).date(),
        "local_hour": local_time(scanned_at).hour,
    }
    return RedemptionAdmitted(**facts | changes)


def refused(number: int, code: str = "pass_expired") -> RedemptionRefused:
    return RedemptionRefused(
        pass_id=None,
        gate_key="gate-1",
        scan_ref=f"{uuid5(NAMESPACE, 'gate')}/{uuid5(NAMESPACE, f'refused {number}')}",
        venue_id="S06",
        benefit_id=None,
        product_id=None,
        refusal_code=code,
        lane_id=1,
        scanned_at=MORNING,
        local_day=local_time(MORNING).date(),
        local_hour=local_time(MORNING).hour,
    )


def answered(number: int, *, score: int) -> SurveyAnswered:
    return SurveyAnswered(
        pass_id=number,
        invitation_id=uuid5(NAMESPACE, f"invitation {number}"),
        venue_id="S06",
        visited_on=local_time(MORNING).date(),
        score=score,
    )


def received(*events: Event, partition: int = 0) -> list[Received]:
    """Events as a handler gets them."""
    return [
        Received(event, str(uuid5(NAMESPACE, f"event {number}")), number, partition)
        for number, event in enumerate(events, start=1)
    ]


def tell(*events: Event) -> None:
    """Write events to the outbox, in one transaction."""
    with transaction() as session:
        for event in events:
            emit(session, event, now=MORNING)


def ask(statement: str) -> object:
    """One value from the database."""
    with transaction() as session:
        return session.execute(text(statement)).scalar_one_or_none()


def eventually(question: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for a truth, or fail."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


@pytest.fixture
def prefix(kafka: str) -> str:
    """Topics of this test's own, three partitions each."""
    name = f"t{os.getpid()}-{next(_prefixes)}."
    create_topics(kafka, prefix=name, partitions=3)
    return name


class Processes:
    """Worker processes of one test."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self._environ = environ
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, **environ: str) -> "subprocess.Popen[bytes]":
        log = self._folder / f"{len(self._started)}-{arguments[0]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "consumers", *arguments],
                env={**self._environ, **environ},
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._started.append(process)
        return process

    @contextmanager
    def running(self, *arguments: str, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
        process = self.start(*arguments, **environ)
        yield process
        assert self.stop(process) == 0, self.said()

    def stop(self, process: "subprocess.Popen[bytes]") -> int:
        process.send_signal(signal.SIGTERM)
        return process.wait(60)

    def said(self) -> str:
        """What all of them have written."""
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.log")))

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait(10)


def worker_environ(database: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "APP_ENV": "test",
        "PAYMENTS": "sandbox",
        "DATABASE_URL": database,
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "YOUYOU_SECRET_KEY": base64.b64encode(b"only for tests, thirty-two bytes!").decode(),
        "STRIPE_SECRET_KEY": "sk_sandbox_tests",
        "STRIPE_WEBHOOK_SECRETS": "whsec_sandbox_tests",
        "STRIPE_API_BASE": "http://127.0.0.1:1",
    }


@pytest.fixture
def kafka_processes(database: str, kafka: str, prefix: str, tmp_path: Path) -> Iterator[Processes]:
    environ = {"EVENTS": "kafka", "KAFKA_BOOTSTRAP_SERVERS": kafka, "YOUYOU_TOPIC_PREFIX": prefix}
    processes = Processes(worker_environ(database) | environ, tmp_path)
    yield processes
    processes.end()


@pytest.fixture
def direct_processes(database: str, tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(worker_environ(database) | {"EVENTS": "direct"}, tmp_path)
    yield processes
    processes.end()
