"""A holder's request against itself and against a gate: one refund, and never money back for what is used up."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import uuid4

from sqlalchemy import func, select

from passes.access.rules import Gate
from passes.db import transaction
from passes.errors import Conflict
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass, PassHold
from passes.lifecycle.service import activate_pass
from passes.sale.holder_refunds import Wish, ask_refund
from passes.sale.models import Refund, RefundLine
from tests.city import pay, place
from tests.factories import city, code_of, gate_at

WHOLE = 19900


def sold(now: datetime, number: int) -> int:
    """An active pass that was paid and never used."""
    order_id = place(number, "王小明", now)
    pay(order_id, "alipay", now)
    with transaction() as session:
        pass_id = session.scalars(select(Pass.id).order_by(Pass.id.desc())).first()
        assert pass_id is not None
        activate_pass(session, pass_id, now=now)
    return pass_id


def ask(pass_id: int, barrier: threading.Barrier, now: datetime) -> str:
    barrier.wait()
    try:
        with transaction() as session:
            return str(ask_refund(session, pass_id, Wish(str(uuid4()), WHOLE), now=now).id)
    except Conflict as refused:
        return refused.code


def scan(gate: Gate, pass_id: int, barrier: threading.Barrier, now: datetime) -> str:
    with transaction() as session:
        code = code_of(session, session.get_one(Pass, pass_id), now=now)
    barrier.wait()
    with transaction() as session:
        [answer] = record_scans(session, gate, [ScanRequest(scan_id=uuid4(), code=code)], now=now)
    return str(answer["refusal_code"] or answer["decision"])


def test_eight_tabs_at_once_are_one_refund_and_one_hold(database: str, now: datetime) -> None:
    with transaction() as session:
        city(session, now=now)
    pass_id = sold(now, 1)
    barrier = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: ask(pass_id, barrier, now), range(8)))
    assert len(answers) == 1
    with transaction() as session:
        assert session.scalars(select(Refund.amount_fen)).all() == [WHOLE]
        assert session.scalars(select(RefundLine.amount_fen)).all() == [WHOLE]
        assert session.scalar(select(func.count()).select_from(PassHold)) == 1


def test_of_a_request_and_a_scan_at_once_exactly_one_wins(database: str, now: datetime) -> None:
    with transaction() as session:
        city(session, now=now)
        gate = gate_at(session, "S01", now=now, default_benefit_id="B01").gate
    won = set()
    for number in (1, 2, 4, 5, 6, 8):
        pass_id = sold(now, number)
        barrier = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            asked, scanned = pool.submit(ask, pass_id, barrier, now), pool.submit(scan, gate, pass_id, barrier, now)
            outcome = (asked.result(), scanned.result())
        if outcome[1] == "admitted":
            assert outcome[0] in ("amount_changed", "pass_used_meanwhile")
        else:
            assert outcome[1] == "pass_frozen" and outcome[0].isdigit()
        won.add(outcome[1])
        with transaction() as session:
            lines = session.scalar(select(func.count()).where(RefundLine.pass_id == pass_id))
            assert lines == (0 if outcome[1] == "admitted" else 1)
    assert won <= {"admitted", "pass_frozen"}
