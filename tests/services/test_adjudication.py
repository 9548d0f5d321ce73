"""Three truths of a scan: whatever the order in which offline gates come back, the ledger ends the same."""

import hashlib
import itertools
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from consumers.analytics import ANALYTICS
from passes.access.rules import Gate
from passes.booking.service import make_reservation
from passes.dashboard.projections import RefusalsDaily, UniquePasses, VisitsByHour, VisitsDaily
from passes.events.outbox import OutboxRow
from passes.events.wire import Received, encode, open_envelope, read_event
from passes.gate.models import CodeUse, PassCounter, Scan, StockCounter
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.gate.voids import void_scan
from passes.lifecycle.models import Pass
from passes.lifecycle.service import hold_pass
from tests.factories import active_pass, city, code_of, gate_at

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Town:
    """Gates that may be without network, and passes that come to them."""

    gates: dict[str, Gate]
    passes: list[Pass]


@pytest.fixture
def town(session: Session, now: datetime) -> Town:
    version = city(session, now=now)
    assert version
    gates = {
        name: gate_at(session, name[:3], now=now, default_benefit_id=default).gate
        for name, default in {"S01": "B01", "S01 side": "B01", "S15": "B15", "S02": None}.items()
    }
    return Town(gates, [active_pass(session, now=now) for _ in range(2)])


def report(session: Session, pass_: Pass, at: datetime, shown: str = "admitted", **parts: object) -> ScanRequest:
    code = code_of(session, pass_, now=at)
    return ScanRequest(uuid4(), code, scanned_at=at, shown=shown, **parts)  # type: ignore[arg-type]


def verdicts(session: Session) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(Scan.verdict).order_by(Scan.scanned_at, Scan.enrolment_id)))


def told(session: Session) -> list[tuple[str, object]]:
    rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == "youyou.redemptions").order_by(OutboxRow.id))
    return [(row.type.split(".")[1], row.event["data"].get("after")) for row in rows]  # type: ignore[attr-defined]


def counted(session: Session, pass_: Pass, name: str) -> dict[str, tuple[int, int]]:
    rows = session.scalars(select(PassCounter).where(PassCounter.pass_id == pass_.id, PassCounter.name == name))
    return {row.period: (row.used, row.overdrawn) for row in rows}


def test_a_late_report_of_an_earlier_visit_makes_the_later_one_the_second(
    session: Session, town: Town, now: datetime
) -> None:
    pass_, main, side = town.passes[0], town.gates["S01"], town.gates["S01 side"]
    later = now + 2 * HOUR
    [online] = record_scans(session, main, [ScanRequest(uuid4(), code_of(session, pass_, now=later))], now=later)
    assert online["decision"] == "admitted"
    early = report(session, pass_, now + HOUR)
    [late] = record_scans(session, side, [early], now=later + HOUR)
    assert (late["decision"], late["verdict"]) == ("admitted", "admitted")
    assert verdicts(session) == ["admitted", "refused/daily_limit"]
    assert told(session) == [("admitted", None), ("admitted", None), ("adjudicated", "refused/daily_limit")]
    day = "2026-11-25"
    assert counted(session, pass_, "benefit:B01")[day] == (1, 1)
    shown = session.execute(select(Scan.shown, Scan.answer).order_by(Scan.scanned_at)).all()
    assert shown == [("admitted", "admitted")] * 2


def test_voiding_the_first_makes_the_second_good_again(session: Session, town: Town, now: datetime) -> None:
    pass_, main, side = town.passes[0], town.gates["S01"], town.gates["S01 side"]
    first, second = report(session, pass_, now + HOUR), report(session, pass_, now + 2 * HOUR)
    record_scans(session, main, [second], now=now + 3 * HOUR)
    record_scans(session, side, [first], now=now + 3 * HOUR)
    assert verdicts(session) == ["admitted", "refused/daily_limit"]
    void_scan(session, side, first.scan_id, "wrong pass", now=now + 3 * HOUR)
    assert verdicts(session) == ["voided", "admitted"]
    assert told(session)[-2:] == [("voided", None), ("adjudicated", "admitted")]
    assert counted(session, pass_, "benefit:B01") == {"2026-11-25": (1, 0)}


def test_a_prerequisite_that_comes_in_late_makes_what_followed_right(
    session: Session, town: Town, now: datetime
) -> None:
    pass_, gate = town.passes[0], town.gates["S01"]
    parking = report(session, pass_, now + 2 * HOUR, benefit_id="B36")
    [answer] = record_scans(session, town.gates["S01 side"], [parking], now=now + 3 * HOUR)
    assert (answer["refusal_code"], answer["verdict"]) == ("prerequisite_missing", "refused/prerequisite_missing")
    record_scans(session, gate, [report(session, pass_, now + HOUR)], now=now + 4 * HOUR)
    assert verdicts(session) == ["admitted", "admitted"]


def test_what_a_gate_refused_stays_refused_and_counts_nothing(session: Session, town: Town, now: datetime) -> None:
    scan = report(session, town.passes[0], now + HOUR, shown="refused/outside_hours")
    [answer] = record_scans(session, town.gates["S01"], [scan], now=now + 2 * HOUR)
    assert (answer["decision"], answer["verdict"]) == ("admitted", "refused/outside_hours")
    assert session.scalars(select(PassCounter)).all() == []
    assert told(session) == [("refused", None)]


def test_a_hold_of_then_speaks_against_a_visit_whenever_the_report_comes(
    session: Session, town: Town, now: datetime
) -> None:
    pass_ = town.passes[0]
    hold_pass(session, pass_.id, reason="lost", by="desk", now=now + 2 * HOUR)
    before, after = report(session, pass_, now + HOUR), report(session, pass_, now + 3 * HOUR, benefit_id="B15")
    record_scans(session, town.gates["S15"], [after], now=now + 5 * HOUR)
    record_scans(session, town.gates["S01"], [before], now=now + 5 * HOUR)
    assert verdicts(session) == ["admitted", "refused/pass_frozen"]


def test_a_code_shown_at_two_gates_counts_where_it_was_first(session: Session, town: Town, now: datetime) -> None:
    pass_ = town.passes[0]
    at = now + HOUR
    first = report(session, pass_, at, benefit_id="B02")
    second = replace(first, scan_id=uuid4(), scanned_at=at + timedelta(seconds=20))
    second_gate = gate_at(session, "S02", now=now).gate
    for gate, scan in ((second_gate, second), (town.gates["S02"], first)):
        record_scans(session, gate, [scan], now=now + 2 * HOUR)
    assert verdicts(session) == ["admitted", "refused/daily_limit"]
    guides = [replace(scan, scan_id=uuid4(), benefit_id="B37") for scan in (second, first)]
    for scan in guides:
        record_scans(session, second_gate, [scan], now=now + 2 * HOUR)
    assert verdicts(session)[2:].count("refused/replayed") + verdicts(session)[:2].count("refused/replayed") == 1
    assert len(session.scalars(select(CodeUse)).all()) == 2


def test_one_slot_admits_one_visit_whatever_the_order_of_the_reports(
    session: Session, town: Town, now: datetime
) -> None:
    pass_ = town.passes[0]
    slot = now.replace(minute=0, second=0, microsecond=0) + HOUR
    made = make_reservation(
        session, pass_id=pass_.id, benefit_id="B08", venue_id="S08", starts_at=slot, by="desk", now=now
    )
    gates = [gate_at(session, "S08", now=now, default_benefit_id="B08").gate for _ in range(2)]
    scans = [report(session, pass_, slot + timedelta(minutes=n)) for n in (5, 10)]
    found = set()
    for order in ((0, 1), (1, 0)):
        with session.begin_nested() as tried:
            for n in order:
                record_scans(session, gates[n], [scans[n]], now=slot + HOUR)
            used = counted(session, pass_, f"slot:{made.id}")
            found.add((tuple(verdicts(session)), tuple(used.items()), ledger_hash(session)))
            tried.rollback()
    assert len(found) == 1
    assert found.pop()[:2] == (("admitted", "refused/daily_limit"), (("ever", (1, 1)),))


def test_a_report_is_held_to_what_was_booked_and_left_then(session: Session, town: Town, now: datetime) -> None:
    pass_ = town.passes[0]
    slot = now.replace(minute=0, second=0, microsecond=0) + HOUR
    museum = gate_at(session, "S08", now=now, default_benefit_id="B08").gate
    before = report(session, pass_, slot + timedelta(minutes=5))
    booked_later = {"pass_id": pass_.id, "benefit_id": "B08", "venue_id": "S08", "starts_at": slot}
    make_reservation(session, **booked_later, by="desk", now=slot + timedelta(minutes=20))  # type: ignore[arg-type]
    [answer] = record_scans(session, museum, [before], now=slot + HOUR)
    assert answer["verdict"] == "refused/reservation_required"
    gift = report(session, town.passes[1], now + HOUR, benefit_id="B33", item_id="MAP")
    session.add(StockCounter(name="stock:WELCOME@S02", period="ever", allowed=3000, used=3000))
    [handed] = record_scans(session, town.gates["S02"], [gift], now=now + 2 * HOUR)
    assert (handed["refusal_code"], handed["verdict"]) == ("out_of_stock", "admitted")
    nothing_chosen = report(session, town.passes[1], now + 3 * HOUR, benefit_id="B33")
    [unsaid] = record_scans(session, town.gates["S02"], [nothing_chosen], now=now + 4 * HOUR)
    assert unsaid["verdict"] == "refused/term_limit"


def history(session: Session, town: Town, now: datetime, seed: int) -> list[tuple[Gate, ScanRequest]]:
    """Three days of visits to several gates, of which more than one breaks a rule."""
    chance = random.Random(seed)
    found = []
    for n in range(14):
        name = chance.choice(sorted(town.gates))
        at = now + timedelta(days=chance.randrange(3), minutes=chance.randrange(6) * 7)
        benefit = chance.choice({"S15": [None], "S02": ["B02", "B37", "B33", "B39"]}.get(name, [None, "B36"]))
        shown = "refused/outside_hours" if chance.random() < 0.1 else "admitted"
        scan = report(
            session, chance.choice(town.passes), at, shown, benefit_id=benefit, sequence=n,
            item_id="MAP" if benefit == "B33" else None,
        )  # fmt: skip
        found.append((town.gates[name], replace(scan, scan_id=UUID(int=chance.getrandbits(128), version=4))))
    return found


def deliver(session: Session, scans: Sequence[tuple[Gate, ScanRequest]], chance: random.Random, now: datetime) -> None:
    """In some order, a gate's scans in pieces of several."""
    pending = list(scans)
    chance.shuffle(pending)
    while pending:
        gate = pending[0][0]
        piece = [one for one in pending if one[0] == gate][: chance.randint(1, 4)]
        pending = [one for one in pending if one not in piece]
        record_scans(session, gate, [scan for _, scan in piece], now=now)


def ledger_hash(session: Session) -> str:
    """What scans show and count as, the counters, the stock and the used codes: everything but the answers."""
    scans = session.execute(select(Scan.enrolment_id, Scan.scan_id, Scan.shown, Scan.verdict)).all()
    counters = session.execute(
        select(PassCounter.pass_id, PassCounter.name, PassCounter.period, PassCounter.used, PassCounter.overdrawn)
    ).all()
    stock = session.execute(select(StockCounter.name, StockCounter.used, StockCounter.overdrawn)).all()
    codes = session.execute(select(CodeUse.pass_id, CodeUse.moment, CodeUse.benefit_id)).all()
    parts = [sorted(map(str, rows)) for rows in (scans, counters, stock, codes)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def statistics(session: Session, now: datetime) -> dict[str, list[tuple[object, ...]]]:
    """What the dashboard shows once the workers have read everything that was told."""
    rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == "youyou.redemptions").order_by(OutboxRow.id))
    opened = [open_envelope(encode(row.event, row.id)) for row in rows]
    for type_, run in itertools.groupby(opened, key=lambda one: one.type):
        received = [Received(read_event(one), one.event_id, one.sequence, -1) for one in run]
        ANALYTICS.handlers[type_](session, received, now)
    session.expire_all()
    visits = session.execute(select(VisitsByHour.day, VisitsByHour.venue_id, VisitsByHour.hour, VisitsByHour.visits))
    daily = session.execute(
        select(
            VisitsDaily.day, VisitsDaily.venue_id, VisitsDaily.benefit_id, VisitsDaily.product_id, VisitsDaily.visits
        )
    )
    refusals = session.execute(
        select(RefusalsDaily.day, RefusalsDaily.venue_id, RefusalsDaily.refusal_code, RefusalsDaily.refusals)
    )
    uniques = session.execute(
        select(UniquePasses.period, UniquePasses.starts_on, UniquePasses.venue_id, UniquePasses.passes)
    )
    return {
        "visits": sorted(tuple(row) for row in visits if row.visits),
        "daily": sorted(tuple(row) for row in daily if row.visits),
        "refusals": sorted(tuple(row) for row in refusals if row.refusals),
        "uniques": sorted(tuple(row) for row in uniques),
    }


@pytest.mark.parametrize("seed", range(2))
def test_every_order_of_delivery_ends_in_one_ledger_and_one_statistics(
    session: Session, town: Town, now: datetime, seed: int
) -> None:
    scans = history(session, town, now, seed)
    end = now + timedelta(days=4)
    ledgers, figures, changed = set(), [], 0
    for order in range(int(os.environ.get("YOUYOU_TEST_ORDERS", "15"))):
        with session.begin_nested() as tried:
            deliver(session, scans, random.Random(1000 * seed + order), end)
            session.expire_all()
            ledgers.add(ledger_hash(session))
            changed += sum(name == "adjudicated" for name, _ in told(session))
            figures.append(statistics(session, end))
            tried.rollback()
        session.expire_all()
    assert len(ledgers) == 1
    assert all(one == figures[0] for one in figures)
    assert changed > 0
    assert {code.partition("/")[0] for code in [row[2] for row in figures[0]["refusals"]]}  # some rule was broken
