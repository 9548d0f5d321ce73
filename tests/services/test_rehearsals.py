"""Training decides as in life and leaves nothing behind; a refusal says where else the pass works."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from passes.access.rules import Gate
from passes.db import Base
from passes.gate.flows import upload_scans
from passes.gate.models import Scan
from passes.gate.rules import Answer, ScanRequest
from passes.gate.service import record_scans, rehearse_scan
from passes.lifecycle.models import Pass
from passes.lifecycle.service import hold_pass
from tests.factories import active_pass, city, code_of, gate_at


@pytest.fixture
def gate(session: Session, now: datetime) -> Gate:
    city(session, now=now)
    return gate_at(session, "S01", now=now, default_benefit_id="B01").gate


@pytest.fixture
def pass_(session: Session, gate: Gate, now: datetime) -> Pass:
    return active_pass(session, now=now)


def shown(session: Session, gate: Gate, pass_: Pass, *, now: datetime, **parts: str) -> Answer:
    scan = ScanRequest(scan_id=uuid4(), code=code_of(session, pass_, now=now), **parts)  # type: ignore[arg-type]
    [answer] = record_scans(session, gate, [scan], now=now)
    session.flush()
    return answer


def rows(session: Session) -> dict[str, int]:
    session.flush()
    tables = Base.metadata.sorted_tables
    return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def scans_measured() -> float:
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        if metric.name == "youyou_scans"
        for sample in metric.samples
        if sample.name == "youyou_scans_total"
    )


def test_a_rehearsal_answers_as_a_scan_would_and_keeps_nothing(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    scan = ScanRequest(scan_id=uuid4(), code=code_of(session, pass_, now=now))
    before, measured = rows(session), scans_measured()
    rehearsed = [rehearse_scan(session, gate, scan, now=now) for _ in range(3)]
    assert (rows(session), scans_measured()) == (before, measured)
    [real] = record_scans(session, gate, [scan], now=now)
    assert rehearsed == [real] * 3
    assert real["decision"] == "admitted"
    another = ScanRequest(scan_id=uuid4(), code=code_of(session, pass_, now=now + timedelta(seconds=15)))
    assert rehearse_scan(session, gate, another, now=now)["refusal_code"] == "daily_limit"
    for scan in (ScanRequest(scan_id=uuid4(), code="rubbish"), another):
        rehearsal = rehearse_scan(session, gate, scan, now=now)
        assert record_scans(session, gate, [scan], now=now) == [rehearsal]


def test_a_refusal_names_the_nearest_place_that_admits_this_pass_now(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    assert shown(session, gate, pass_, now=now)["elsewhere"] is None
    later = now + timedelta(minutes=1)
    refusal = shown(session, gate, pass_, now=later)
    assert refusal["refusal_code"] == "daily_limit"
    found = refusal["elsewhere"]
    assert isinstance(found, dict)
    assert set(found) == {"venue", "benefit", "metres", "until"}
    assert found["metres"] > 0
    other = gate_at(session, found["venue"]["id"], now=now).gate
    admission = shown(session, other, pass_, now=later + timedelta(minutes=1), benefit_id=found["benefit"]["id"])
    assert admission["decision"] == "admitted"
    # What was used there counts: the next refusal sends the visitor to something else.
    again = shown(session, gate, pass_, now=later + timedelta(minutes=2))["elsewhere"]
    assert isinstance(again, dict)
    assert again["benefit"] != found["benefit"]


def test_no_other_place_is_named_where_the_pass_or_the_code_is_the_matter(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    code = code_of(session, pass_, now=now)
    late = now + timedelta(minutes=5)
    stale = record_scans(session, gate, [ScanRequest(scan_id=uuid4(), code=code)], now=late)[0]
    assert (stale["refusal_code"], stale["elsewhere"]) == ("code_stale", None)
    hold_pass(session, pass_.id, reason="misuse", by="tests", now=late)
    frozen = shown(session, gate, pass_, now=late)
    assert (frozen["refusal_code"], frozen["elsewhere"], frozen["next_allowed_at"]) == ("pass_frozen", None, None)


@pytest.mark.parametrize("attended", [False, True])
def test_a_scan_takes_four_statements_and_one_for_the_holders_name(
    session: Session, gate: Gate, pass_: Pass, now: datetime, attended: bool
) -> None:
    lane = gate_at(session, "S01", now=now, attended=attended, default_benefit_id="B01").gate
    codes = [code_of(session, pass_, now=now + timedelta(seconds=second)) for second in (0, 15)]
    # The first scan of a process reads the terms and the keys, too.
    upload_scans(lane, [ScanRequest(scan_id=uuid4(), code="rubbish")], now=now)
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    decisions = []
    for code in codes:
        sent.clear()
        [answer] = upload_scans(lane, [ScanRequest(scan_id=uuid4(), code=code)], now=now)
        decisions.append(answer["decision"])
        statements = [statement for statement in sent if "SAVEPOINT" not in statement]
        assert len(statements) == 4 + attended, statements
    event.remove(connection, "before_cursor_execute", note)
    assert decisions == ["admitted", "refused"]
    assert session.scalar(text("SELECT count(*) FROM scan")) == session.scalar(select(func.count(Scan.id))) == 3
