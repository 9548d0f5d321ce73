"""What a gate is told, and what is kept of it."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.access.rules import Gate
from passes.booking.service import make_reservation
from passes.catalogue.closure_service import ClosureRequest, close_venues
from passes.errors import Conflict
from passes.events.outbox import OutboxRow
from passes.gate.models import CodeUse, PassCounter, Scan, StockCounter
from passes.gate.rules import Answer, ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass
from passes.lifecycle.service import hold_pass
from tests.factories import active_pass, city, code_of, gate_at, issued_pass


@pytest.fixture
def gate(session: Session, now: datetime) -> Gate:
    """The staffed lane of Baita Mountain Park, whose entry is B01: once a day."""
    city(session, now=now)
    return gate_at(session, "S01", now=now, default_benefit_id="B01").gate


@pytest.fixture
def pass_(session: Session, gate: Gate, now: datetime) -> Pass:
    return active_pass(session, now=now)


def scan_of(code: str, **parts: object) -> ScanRequest:
    return ScanRequest(**{"scan_id": uuid4(), "code": code} | parts)  # type: ignore[arg-type]


def shown(session: Session, gate: Gate, code: str, *, now: datetime, **parts: object) -> Answer:
    [answer] = record_scans(session, gate, [scan_of(code, **parts)], now=now)
    session.flush()
    return answer


def events(session: Session) -> list[tuple[str, str]]:
    session.flush()
    rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == "youyou.redemptions").order_by(OutboxRow.id))
    return [(row.type, row.key) for row in rows]


def test_an_active_pass_is_admitted_counted_and_told_of(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    answer = shown(session, gate, code_of(session, pass_, now=now), now=now)
    assert (answer["decision"], answer["refusal_code"]) == ("admitted", None)
    assert answer["benefit"] == {"id": "B01", "zh": "白塔山首道门票", "en": "Baita Mountain Park entry"}
    assert answer["holder"] == {
        "name": "王*明",
        "document_last4": "002X",
        "holder_class": "adult",
        "product": {"zh": "悠游兰州年卡·成人", "en": "Youyou Lanzhou Annual Pass (Adult)"},
    }
    counter = session.scalars(select(PassCounter).where(PassCounter.allowed.is_not(None))).one()
    assert (counter.pass_id, counter.used, counter.allowed, counter.overdrawn) == (pass_.id, 1, 1, 0)
    scan = session.scalars(select(Scan)).one()
    assert (scan.shown, scan.answer, scan.verdict) == ("admitted", "admitted", "admitted")
    assert (scan.pass_id, scan.code_type, len(scan.code_body or b"")) == (pass_.id, "T", 16)
    assert events(session) == [("redemption.admitted.v1", str(pass_.id))]


def test_a_second_visit_on_one_day_is_refused_until_tomorrow_morning(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    shown(session, gate, code_of(session, pass_, now=now), now=now)
    later = now + timedelta(hours=2)
    answer = shown(session, gate, code_of(session, pass_, now=later), now=later)
    assert (answer["decision"], answer["refusal_code"]) == ("refused", "daily_limit")
    # Winter hours: from 07:00 in Lanzhou, 23:00 UTC of the day before.
    assert answer["next_allowed_at"] == "2026-11-25T23:00:00+00:00"
    assert events(session)[1] == ("redemption.refused.v1", str(pass_.id))
    assert set(session.scalars(select(PassCounter.used))) == {1}


@pytest.mark.parametrize("code", ["hello", "", "YP", "YP" + "A" * 126, "\ud800", "悠游" * 300])
def test_rubbish_is_refused_and_kept_but_belongs_to_no_pass(
    session: Session, gate: Gate, now: datetime, code: str
) -> None:
    answer = shown(session, gate, code, now=now)
    assert answer["decision"] == "refused"
    assert answer["refusal_code"] in ("foreign", "malformed")
    assert session.scalars(select(Scan.pass_id)).all() == [None]
    assert events(session) == [("redemption.refused.v1", str(gate.enrolment_id))]


def test_a_forged_code_is_never_attributed_to_the_pass_it_names(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    good = code_of(session, pass_, now=now)
    forged = good[:-1] + ("0" if good[-1] != "0" else "1")
    answer = shown(session, gate, forged, now=now)
    assert answer["refusal_code"] in ("forged", "malformed")
    assert answer["holder"] is None
    assert session.scalars(select(Scan.pass_id)).all() == [None]


def test_a_repeat_gets_its_first_answer_and_is_counted_once(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    scan = scan_of(code_of(session, pass_, now=now))
    [first] = record_scans(session, gate, [scan], now=now)
    session.flush()
    [second] = record_scans(session, gate, [scan], now=now + timedelta(minutes=5))
    assert second == first
    assert session.scalar(select(func.count()).select_from(Scan)) == 1


def test_a_scan_id_used_for_other_content_is_a_conflict(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    scan = scan_of(code_of(session, pass_, now=now))
    record_scans(session, gate, [scan], now=now)
    other = scan_of("something else", scan_id=scan.scan_id)
    with pytest.raises(Conflict, match="scan_id_reused"):
        record_scans(session, gate, [other], now=now)


def test_in_a_list_only_the_element_with_a_reused_id_is_told_so(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    scan = scan_of(code_of(session, pass_, now=now))
    other = scan_of("something else", scan_id=scan.scan_id)
    answers = record_scans(session, gate, [scan, other, scan], now=now)
    assert [a["decision"] for a in answers] == ["admitted", "refused", "admitted"]
    assert answers[1]["refusal_code"] == "scan_id_reused"
    assert answers[0] == answers[2]
    assert session.scalar(select(func.count()).select_from(Scan)) == 1


def test_two_devices_may_use_the_same_scan_id(session: Session, gate: Gate, pass_: Pass, now: datetime) -> None:
    neighbour = gate_at(session, "S03", now=now, default_benefit_id="B04").gate
    scan_id = UUID(int=7)
    first = shown(session, gate, code_of(session, pass_, now=now), now=now, scan_id=scan_id)
    second = shown(session, neighbour, "rubbish", now=now, scan_id=scan_id)
    assert (first["decision"], second["refusal_code"]) == ("admitted", "foreign")


def test_one_list_counts_as_it_goes(session: Session, gate: Gate, pass_: Pass, now: datetime) -> None:
    codes = [code_of(session, pass_, now=now + timedelta(seconds=second)) for second in range(3)]
    answers = record_scans(session, gate, [scan_of(code) for code in codes], now=now)
    assert [a["refusal_code"] for a in answers] == [None, "daily_limit", "daily_limit"]


def test_a_code_is_used_up_by_an_admitted_scan_of_the_same_benefit(session: Session, now: datetime) -> None:
    entry = "name: {zh: 白塔山首道门票, en: Baita Mountain Park entry}, value_fen: 600, rules: [{per_day: 1}]"
    city(session, now=now, **{entry: entry.replace("per_day: 1", "per_day: 5")})
    gate = gate_at(session, "S01", now=now, default_benefit_id="B01").gate
    pass_ = active_pass(session, now=now)
    code = code_of(session, pass_, now=now)
    answers = [shown(session, gate, code, now=now), shown(session, gate, code, now=now)]
    assert [a["refusal_code"] for a in answers] == [None, "replayed"]
    assert session.scalars(select(CodeUse.benefit_id)).all() == ["B01"]
    fresh = code_of(session, pass_, now=now + timedelta(seconds=15))
    assert shown(session, gate, fresh, now=now + timedelta(seconds=15))["decision"] == "admitted"


def test_several_benefits_and_none_named_is_amber_and_uses_nothing(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    door = gate_at(session, "S03", now=now).gate
    code = code_of(session, pass_, now=now)
    amber = shown(session, door, code, now=now)
    assert (amber["decision"], amber["refusal_code"]) == ("needs_confirmation", None)
    [item] = amber["confirm"]  # type: ignore[misc]
    assert item["item"] == "choose_benefit"
    assert "B40" in [choice["id"] for choice in item["choices"]]
    assert events(session) == []
    assert session.scalars(select(Scan.verdict)).all() == ["needs_confirmation"]
    plain = gate_at(session, "S04", now=now).gate
    chosen = shown(session, plain, code, now=now, benefit_id="B04")
    assert chosen["decision"] == "admitted"


def test_a_benefit_that_must_be_reserved_is_refused_without_and_admitted_in_its_slot(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    museum = gate_at(session, "S08", now=now, default_benefit_id="B08").gate
    answer = shown(session, museum, code_of(session, pass_, now=now), now=now)
    assert (answer["decision"], answer["refusal_code"]) == ("refused", "reservation_required")
    slot = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    parts = {"pass_id": pass_.id, "benefit_id": "B08", "venue_id": "S08", "starts_at": slot, "by": "desk"}
    make_reservation(session, **parts, now=now)  # type: ignore[arg-type]
    early = slot - timedelta(minutes=16)
    refused = shown(session, museum, code_of(session, pass_, now=early), now=early)
    assert (refused["refusal_code"], refused["next_allowed_at"]) == (
        "slot_not_now",
        (slot - timedelta(minutes=15)).isoformat(),
    )
    on_time = early + timedelta(minutes=1)
    assert shown(session, museum, code_of(session, pass_, now=on_time), now=on_time)["decision"] == "admitted"
    used = session.scalars(select(PassCounter).where(PassCounter.name.startswith("slot:"))).one()
    assert (used.used, used.allowed) == (1, 1)


def test_a_closed_place_admits_nobody_until_it_opens_again(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    until = now + timedelta(hours=1)
    close_venues(session, ClosureRequest("venue_closed", ["S01"], ends_at=until), by="desk", now=now)
    answer = shown(session, gate, code_of(session, pass_, now=now), now=now)
    assert (answer["refusal_code"], answer["next_allowed_at"]) == ("venue_closed", until.isoformat())
    assert shown(session, gate, code_of(session, pass_, now=until), now=until)["decision"] == "admitted"


def test_the_last_piece_of_a_stock_goes_to_one_and_the_next_is_told_at_once(
    session: Session, gate: Gate, now: datetime
) -> None:
    desk = gate_at(session, "S02", now=now, default_benefit_id="B33").gate
    passes = [active_pass(session, now=now) for _ in range(2)]
    session.add(StockCounter(name="stock:WELCOME@S02", period="ever", allowed=3000, used=2999))
    asked = shown(session, desk, code_of(session, passes[0], now=now), now=now)
    [item] = asked["confirm"]  # type: ignore[misc]
    assert (asked["decision"], item["item"]) == ("needs_confirmation", "choose_item")  # type: ignore[index]
    answers = [shown(session, desk, code_of(session, pass_, now=now), now=now, item_id="MAP") for pass_ in passes]
    assert [answer["refusal_code"] for answer in answers] == [None, "out_of_stock"]
    assert answers[1]["next_allowed_at"] is None
    session.expire_all()
    stock = session.get(StockCounter, ("stock:WELCOME@S02", "ever"))
    assert stock is not None and (stock.used, stock.overdrawn) == (3000, 0)


def test_a_stay_opens_what_hangs_on_it_until_the_day_of_leaving(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    desk = gate_at(session, "H1", now=now).gate

    def used(benefit_id: str, at: datetime, **parts: object) -> Answer:
        return shown(session, desk, code_of(session, pass_, now=at), now=at, benefit_id=benefit_id, **parts)

    confirmed = {"confirmed": ("manual_confirm",)}
    assert used("B23", now, **confirmed)["refusal_code"] == "prerequisite_missing"
    [item] = used("B22", now)["confirm"]  # type: ignore[misc]
    assert item["item"] == "nights"  # type: ignore[index]
    assert used("B22", now, nights=2)["decision"] == "admitted"
    assert [used("B23", now + timedelta(days=n), **confirmed)["refusal_code"] for n in (2, 3)] == [
        None,
        "prerequisite_missing",
    ]


def test_a_benefit_of_another_venue_is_refused(session: Session, gate: Gate, pass_: Pass, now: datetime) -> None:
    answer = shown(session, gate, code_of(session, pass_, now=now), now=now, benefit_id="B04")
    assert answer["refusal_code"] == "not_at_this_venue"


def test_a_venue_that_left_the_catalogue_still_admits_passes_sold_with_it(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    city(session, now=now, **{"id: S01, number: 1,": "id: S01, number: 99,", "S01": "S99"})
    assert shown(session, gate, code_of(session, pass_, now=now), now=now)["decision"] == "admitted"
    newcomer = active_pass(session, now=now, terms_version=2)
    assert shown(session, gate, code_of(session, newcomer, now=now), now=now)["refusal_code"] == "not_at_this_venue"


def test_a_frozen_pass_is_refused(session: Session, gate: Gate, pass_: Pass, now: datetime) -> None:
    hold_pass(session, pass_.id, reason="misuse", by="tests", now=now)
    assert shown(session, gate, code_of(session, pass_, now=now), now=now)["refusal_code"] == "pass_frozen"


def test_an_old_photo_of_a_code_is_refused(session: Session, gate: Gate, pass_: Pass, now: datetime) -> None:
    code = code_of(session, pass_, now=now)
    later = now + timedelta(seconds=81)
    assert shown(session, gate, code, now=later)["refusal_code"] == "code_stale"


def test_a_replaced_credential_is_refused(session: Session, gate: Gate, pass_: Pass, now: datetime) -> None:
    code = code_of(session, pass_, now=now)
    pass_.generation = 1
    session.flush()
    assert shown(session, gate, code, now=now)["refusal_code"] == "credential_revoked"


def test_a_pass_that_was_never_activated_is_refused(session: Session, gate: Gate, now: datetime) -> None:
    pass_ = issued_pass(session, now=now)
    # No wallet shows a code before activation; one is made here all the same.
    code = code_of(session, pass_, now=now)
    assert shown(session, gate, code, now=now)["refusal_code"] == "pass_not_active"


def test_the_same_visitor_is_named_only_where_staff_stands(
    session: Session, gate: Gate, pass_: Pass, now: datetime
) -> None:
    turnstile = gate_at(session, "S01", now=now, attended=False, default_benefit_id="B01").gate
    answer = shown(session, turnstile, code_of(session, pass_, now=now), now=now)
    assert (answer["decision"], answer["holder"]) == ("admitted", None)
