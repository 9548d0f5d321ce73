"""`youyou chores`: what has to be done by the clock, by one leader, safe to start twice.

Each lane is a thread: a mail server that hangs holds up no payment. A chore that fails is logged, waits longer each
time, and stops no other.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import click
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from passes import clock, db, logs, settings
from passes.access import rates
from passes.admin.service import note_chore
from passes.credential.service import ensure_issuer_keys
from passes.events.service import prune_outbox
from passes.lifecycle.service import auto_start_passes, expire_passes
from passes.mail.post import send_waiting
from passes.sale import flows, inbox, money_flows, reconciliation_flows, webhook_flows
from passes.sale.stripe_gateway import StripePayments
from passes.settings import Settings, SettingsRefused
from passes.wallet import lookups, retention

log = logging.getLogger(__name__)

LEADER_LOCK = 7_310_002
_SPARE_SECONDS = 2.0
_CHECK_SECONDS = 5.0
_LONGEST_BACK_OFF = 300.0
_EVENTS_BACK = timedelta(days=3)
_STOP_SECONDS = 40.0
_NOTED_EVERY_SECONDS = 30.0
_FORGOTTEN_BATCHES = 50


@dataclass(frozen=True)
class Chore:
    """run(now) at most once in every_seconds; returns how much it did."""

    name: str
    every_seconds: float
    run: Callable[[datetime], int]


def lanes(chosen: Settings) -> dict[str, Sequence[Chore]]:
    """What is done, how often, and what waits for what."""
    provider = StripePayments(chosen, retries=2)
    return {
        "payments": (
            Chore("webhook inbox", 0.5, lambda now: webhook_flows.process_webhook_inbox(provider, chosen, now=now)),
            Chore("payment poller", 5, lambda now: flows.poll_payments(provider, chosen, now=now)),
            Chore("hold expiry", 5, lambda now: flows.expire_holds(provider, chosen, now=now)),
            Chore("refunds", 5, lambda now: money_flows.submit_refunds(provider, now=now)),
            Chore(
                "undelivered events",
                60,
                lambda now: webhook_flows.sweep_undelivered_events(provider, chosen, since=now - _EVENTS_BACK, now=now),
            ),
        ),
        # A lane of its own: a long night of reading books holds up no payment.
        "books": (
            Chore(
                "reconciliation",
                300,
                lambda now: reconciliation_flows.reconcile_nightly(provider, chosen, now=now),
            ),
            Chore("refused messages", 3600, _prune_refusals),
        ),
        "mail": (
            Chore("look-ups", 1, lambda now: _answer_lookups(chosen, now)),
            Chore("mail", 2, lambda now: send_waiting(chosen, now=now)),
        ),
        "house": (
            Chore("passes to start", 60, _auto_start),
            Chore("passes to end", 60, _expire),
            Chore("issuer keys", 3600, _issuer_keys),
            Chore("outbox pruning", 60, _prune_outbox),
            Chore("rates", 600, _prune_rates),
            Chore("old look-ups", 3600, _forget_lookups),
            Chore("retention", 3600, _forget_old_data),
        ),
    }


def _answer_lookups(chosen: Settings, now: datetime) -> int:
    with db.transaction() as session:
        by_mail, by_sms = chosen.smtp_url is not None, chosen.sms_url is not None
        return lookups.answer_lookups(session, by_mail=by_mail, by_sms=by_sms, now=now)


def _forget_lookups(now: datetime) -> int:
    with db.transaction() as session:
        return lookups.forget_lookups(session, now=now)


def _forget_old_data(now: datetime) -> int:
    """Batch after batch until nothing is left; bounded, for the other chores of the lane wait."""
    forgotten = 0
    for _ in range(_FORGOTTEN_BATCHES):
        with db.transaction() as session:
            batch = retention.forget_old_data(session, now=now)
        forgotten += batch
        if not batch:
            break
    return forgotten


def _auto_start(now: datetime) -> int:
    with db.transaction() as session:
        return auto_start_passes(session, now=now)


def _expire(now: datetime) -> int:
    with db.transaction() as session:
        return expire_passes(session, now=now)


def _issuer_keys(now: datetime) -> int:
    with db.transaction() as session:
        return ensure_issuer_keys(session, now=now)


def _prune_outbox(now: datetime) -> int:
    with db.transaction() as session:
        return prune_outbox(session, now=now)


def _prune_refusals(now: datetime) -> int:
    with db.transaction() as session:
        return inbox.prune_refusals(session, now=now)


def _prune_rates(now: datetime) -> int:
    with db.transaction() as session:
        rates.prune(session, now=now)
    return 0


def work(chores: Sequence[Chore], stop: threading.Event) -> None:
    """One lane, until it is told to stop: whatever is due, in order; then sleep until something is."""
    due = {chore.name: 0.0 for chore in chores}
    failures = {chore.name: 0 for chore in chores}
    diary = _Diary()
    while not stop.is_set():
        for chore in chores:
            if stop.is_set() or clock.seconds_running() < due[chore.name]:
                continue
            error = _do(chore)
            failures[chore.name] = failures[chore.name] + 1 if error else 0
            diary.note(chore, error)
            due[chore.name] = clock.seconds_running() + _pause(chore, failures[chore.name])
        stop.wait(max(0.05, min(due.values()) - clock.seconds_running()))


def _do(chore: Chore) -> str | None:
    """None, or what it died of."""
    try:
        done = chore.run(clock.now())
    except Exception as error:
        log.exception("chore %s failed", chore.name)
        return f"{type(error).__name__}: {error}"
    if done:
        log.info("chore %s: %s", chore.name, done)
    return None


class _Diary:
    """When each chore of a lane ran, for the back office: every failure, and what goes well twice a minute."""

    def __init__(self) -> None:
        self.noted: dict[str, tuple[float, bool]] = {}

    def note(self, chore: Chore, error: str | None) -> None:
        moment, was_well = self.noted.get(chore.name, (-_NOTED_EVERY_SECONDS, True))
        running = clock.seconds_running()
        if error is None and was_well and running - moment < _NOTED_EVERY_SECONDS:
            return
        self.noted[chore.name] = running, error is None
        try:
            with db.transaction() as session:
                note_chore(session, chore.name, chore.every_seconds, error=error, now=clock.now())
        except SQLAlchemyError as fault:
            log.warning("chore %s was not noted: %s", chore.name, type(fault).__name__)


def _pause(chore: Chore, failures: int) -> float:
    return chore.every_seconds if not failures else min(max(chore.every_seconds, 1.0) * 2**failures, _LONGEST_BACK_OFF)


def run(engine: Engine, found: dict[str, Sequence[Chore]], stop: threading.Event) -> None:
    """Wait to lead, work while leading, and do not outlive the lock. Returns when told to stop."""
    waiting_said = False
    while not stop.is_set():
        try:
            connection = db.lead(engine, LEADER_LOCK)
        except SQLAlchemyError as error:
            log.error("the database does not answer: %s", type(error).__name__)
            stop.wait(_SPARE_SECONDS)
            continue
        if connection is None:
            if not waiting_said:
                log.info("another process does the chores; this one stands by")
                waiting_said = True
            stop.wait(_SPARE_SECONDS)
            continue
        waiting_said = False
        log.info("doing the chores")
        try:
            _work_while_leading(connection, found, stop)
        finally:
            connection.close()


def _work_while_leading(connection: Connection, found: dict[str, Sequence[Chore]], stop: threading.Event) -> None:
    rest = threading.Event()
    threads = [
        threading.Thread(target=work, args=(chores, rest), name=name, daemon=True) for name, chores in found.items()
    ]
    for thread in threads:
        thread.start()
    while not stop.wait(_CHECK_SECONDS):
        try:
            with connection.begin():
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            log.error("the lock of the chores is lost; leading anew")
            break
    rest.set()
    for thread in threads:
        thread.join(timeout=_STOP_SECONDS)


@click.command()
def chores() -> None:
    """Work off webhooks, payments, holds, letters, keys and old rows, until stopped."""
    try:
        chosen = Settings.read(os.environ)
        settings.use(chosen)
        logs.set_up("chores")
        engine = db.connect(chosen.database_url)
        flows.check_installation(chosen, now=clock.now())
    except SettingsRefused as refused:
        click.echo(str(refused), err=True)
        sys.exit(2)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(engine, lanes(chosen), stop)
    engine.dispose()
