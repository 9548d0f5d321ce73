"""Gates that scan at the same moment count exactly and never wait for each other for ever."""

import threading
import time
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select

from passes import db
from passes.access.rules import Gate
from passes.gate.flows import upload_scans
from passes.gate.models import PassCounter, Scan
from passes.gate.rules import ScanRequest
from tests.factories import active_pass, city, code_of, gate_at

THREADS = 200
GATES = 20
# Each thread waits for its turn at the database: as many at once as a service with several processes has.
CONNECTIONS = 20
ROUNDS = 50
CPU_SECONDS = 8


def scan(code: str) -> ScanRequest:
    return ScanRequest(scan_id=uuid4(), code=code)


def test_a_pass_with_one_use_left_is_admitted_once(database: str, now: datetime) -> None:
    race_for_the_last_use(database, now, cpu_seconds=CPU_SECONDS)


def race_for_the_last_use(database: str, now: datetime, *, cpu_seconds: float | None = None) -> int:
    """200 threads scan a pass with one use left at once, up to 50 times, or until this much of the CPU was used.

    Returns how many rounds there were.
    """
    engine = db.connect(database, pool_size=CONNECTIONS)
    with db.transaction() as session:
        city(session, now=now)
        gates = [gate_at(session, "S01", now=now, default_benefit_id="B01").gate for _ in range(GATES)]
        passes = [active_pass(session, now=now) for _ in range(ROUNDS)]
        codes = [
            [code_of(session, pass_, now=now + timedelta(seconds=second)) for second in range(15)] for pass_ in passes
        ]
    started, rounds = time.process_time(), 0

    def begin() -> None:
        nonlocal rounds
        used = time.process_time() - started
        if rounds == ROUNDS or (cpu_seconds is not None and rounds and used > cpu_seconds):
            raise threading.BrokenBarrierError
        rounds += 1

    barrier = threading.Barrier(THREADS, action=begin, timeout=120)
    admitted: list[list[bool]] = [[] for _ in range(ROUNDS)]

    def visit(thread: int) -> None:
        for number in range(ROUNDS + 1):
            try:
                barrier.wait()
            except threading.BrokenBarrierError:
                return
            [answer] = upload_scans(gates[thread % GATES], [scan(codes[number][thread % 15])], now=now)
            admitted[number].append(answer["decision"] == "admitted")

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=900)
    assert [(sum(one), len(one)) for one in admitted[:rounds]] == [(1, THREADS)] * rounds
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Scan)) == THREADS * rounds
        of_benefit = select(func.sum(PassCounter.used), func.sum(PassCounter.overdrawn))
        found = session.execute(of_benefit.where(PassCounter.name == "benefit:B01")).one()
        assert tuple(found) == (rounds, 0)
    engine.dispose()
    return rounds


def test_uploads_naming_the_same_passes_in_opposite_order_do_not_deadlock(database: str, now: datetime) -> None:
    with db.transaction() as session:
        city(session, now=now)
        gates = [gate_at(session, "S01", now=now, default_benefit_id="B01").gate for _ in range(2)]
        passes = [active_pass(session, now=now) for _ in range(20)]
    answers: list[str] = []
    barrier = threading.Barrier(2)

    def visit(gate: Gate, backwards: bool) -> None:
        for second in range(10):
            with db.transaction() as session:
                codes = [code_of(session, pass_, now=now + timedelta(seconds=second)) for pass_ in passes]
            scans = [scan(code) for code in (reversed(codes) if backwards else codes)]
            barrier.wait(timeout=60)
            answers.extend(str(answer["decision"]) for answer in upload_scans(gate, scans, now=now))

    threads = [threading.Thread(target=visit, args=(gate, bool(number))) for number, gate in enumerate(gates)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(answers) == 2 * 10 * 20
    assert answers.count("admitted") == len(passes)


def test_the_same_scan_sent_twice_at_once_is_one_scan(database: str, now: datetime) -> None:
    with db.transaction() as session:
        city(session, now=now)
        gate = gate_at(session, "S01", now=now, default_benefit_id="B01").gate
        pass_ = active_pass(session, now=now)
        codes = [code_of(session, pass_, now=now), "rubbish"]
    for code in codes:
        one = scan(code)
        barrier = threading.Barrier(8)
        answers: list[object] = []

        def send(one: ScanRequest = one, barrier: threading.Barrier = barrier, answers: list[object] = answers) -> None:
            barrier.wait(timeout=60)
            answers.append(upload_scans(gate, [one], now=now)[0])

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert len(answers) == 8
        assert all(answer == answers[0] for answer in answers)
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Scan)) == 2
