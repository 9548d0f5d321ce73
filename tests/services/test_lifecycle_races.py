"""Whoever comes at the same time gets the same pass."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import TypeVar

from sqlalchemy import func, select

from passes.db import transaction
from passes.events.outbox import OutboxRow
from passes.lifecycle.models import Member, Pass, WalletLink
from passes.lifecycle.service import activate_pass, auto_start_passes, issue_pass, renew_wallet_link
from tests.factories import issued_pass, pass_request

Answer = TypeVar("Answer")


def at_once(count: int, call: Callable[[], Answer]) -> list[Answer]:
    """What `count` threads get that begin together."""
    barrier = Barrier(count)

    def run(_: int) -> Answer:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def count_of(table: type) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def count_events(name: str) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.type == name)) or 0


def test_issuing_one_line_at_the_same_time_gives_one_pass(database: str, now: datetime) -> None:
    for round_ in range(1, 11):
        with transaction() as session:
            request = pass_request(session)

        def issue() -> int:
            with transaction() as session:
                return issue_pass(session, request, now=now).id  # noqa: B023

        assert set(at_once(6, issue)) == {request.serial}
        assert [count_of(table) for table in (Pass, Member, WalletLink)] == [round_] * 3
        assert count_events("pass.issued.v1") == round_


def test_activating_at_the_same_time_starts_the_pass_once(database: str, now: datetime) -> None:
    for round_ in range(1, 11):
        with transaction() as session:
            pass_id = issued_pass(session, now=now).id

        def activate() -> str:
            with transaction() as session:
                return activate_pass(session, pass_id, now=now).state  # noqa: B023

        assert at_once(6, activate) == ["active"] * 6
        assert count_events("pass.activated.v1") == round_


def test_two_chores_start_each_pass_once(database: str, now: datetime) -> None:
    with transaction() as session:
        for _ in range(30):
            issued_pass(session, now=now)
    late = now.replace(year=2027)

    def start() -> int:
        with transaction() as session:
            return auto_start_passes(session, now=late, limit=20)

    # A pass one chore holds is passed over by the other, which comes again.
    assert sum(at_once(2, start)) + start() == 30
    assert count_events("pass.activated.v1") == 30


def test_renewing_a_link_at_the_same_time_leaves_one_open(database: str, now: datetime) -> None:
    with transaction() as session:
        pass_id = issued_pass(session, now=now).id

    def renew() -> int:
        with transaction() as session:
            return renew_wallet_link(session, pass_id, now=now).id

    assert len(set(at_once(6, renew))) == 6
    with transaction() as session:
        open_links = select(func.count()).select_from(WalletLink).where(WalletLink.revoked_at.is_(None))
        assert session.scalar(open_links) == 1
