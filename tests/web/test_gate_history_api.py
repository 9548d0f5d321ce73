"""What a lane's device may ask beside scanning: its day, a void, a shift, a rehearsal."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from prometheus_client import REGISTRY
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from passes import clock
from passes.access import queries
from passes.access.clerk_service import add_clerk
from passes.access.models import Shift
from passes.access.service import enrol_device, make_enrolment_code
from passes.gate.models import Scan, ScanVoid
from passes.lifecycle.models import Pass
from tests.factories import active_pass, city, code_of, gate_at

VENUE, ENTRY = "S01", "B01"
# The API reads the real clock, and the park is to be open whenever the tests run.
CLOSES = (
    'hours: [{season: ["04-01..10-31"], open: "06:30-22:00"}, {season: ["11-01..03-31"], open: "07:00-20:00"}], '
    "list_price_fen: 600"
)
NEVER_CLOSES = 'hours: [{open: "00:00-24:00"}], list_price_fen: 600'


@pytest.fixture
def now() -> datetime:
    """The API reads the real clock."""
    return clock.now()


class Device:
    """A gate device with its token; every answer is compared with the document."""

    def __init__(self, client: FlaskClient, token: str, lane_id: int) -> None:
        self.client = client
        self.token = token
        self.lane_id = lane_id
        self.document = client.get("/api/openapi.json").get_json()

    def ask(self, method: str, rule: str, *, json: Any = None, query: Any = None, **path: object) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        address = rule.format(**path)
        response = self.client.open(address, method=method, json=json, query_string=query, headers=headers)
        responses = self.document["paths"][rule][method.lower()]["responses"]
        assert str(response.status_code) in responses, response.get_data(as_text=True)
        content = responses[str(response.status_code)].get("content", {})
        if content:
            schema = content[response.mimetype]["schema"]
            Draft202012Validator({**schema, "components": self.document["components"]}).validate(response.get_json())
        else:
            assert response.data == b""
        return response

    def scan(self, code: str, **parts: Any) -> dict[str, Any]:
        body = {"scan_id": str(uuid4()), "code": code} | parts
        answer: dict[str, Any] = self.ask("POST", "/api/v1/scans", json=body).get_json()["answers"][0]
        return answer

    def list(self, **query: object) -> dict[str, Any]:
        listed: dict[str, Any] = self.ask("GET", "/api/v1/gate/scans", query=query).get_json()
        return listed

    def lane(self) -> dict[str, Any]:
        lane: dict[str, Any] = self.ask("GET", "/api/v1/gate/lane").get_json()
        return lane

    def void(self, scan_id: object, reason: object = "wrong benefit") -> TestResponse:
        return self.ask("POST", "/api/v1/gate/scans/{scan_id}/void", json={"reason": reason}, scan_id=scan_id)


@pytest.fixture
def device(client: FlaskClient, session: Session, now: datetime) -> Device:
    city(session, now=now, **{CLOSES: NEVER_CLOSES})
    enrolled = gate_at(session, VENUE, now=now, default_benefit_id=ENTRY)
    return Device(client, enrolled.token, enrolled.gate.lane_id)


@pytest.fixture
def pass_(session: Session, device: Device, now: datetime) -> Pass:
    return active_pass(session, now=now)


def test_the_day_of_a_lane_is_listed_newest_first_with_its_totals(
    device: Device, session: Session, pass_: Pass, now: datetime
) -> None:
    admission = device.scan(code_of(session, pass_, now=now))
    rubbish = device.scan("rubbish")
    assert (admission["decision"], rubbish["decision"]) == ("admitted", "refused")
    listed = device.list()
    assert [item["scan_id"] for item in listed["items"]] == [rubbish["scan_id"], admission["scan_id"]]
    refused, admitted = listed["items"]
    assert (refused["outcome"], refused["refusal_code"], refused["words"]) == ("refused", "foreign", rubbish["words"])
    assert (refused["benefit"], refused["holder"], refused["voidable_until"]) == (None, None, None)
    assert admitted["benefit"]["id"] == ENTRY
    assert admitted["holder"] == {"name_masked": "王*明", "holder_class": "adult"}
    assert datetime.fromisoformat(admitted["voidable_until"]) - datetime.fromisoformat(
        admitted["scanned_at"]
    ) == timedelta(minutes=10)
    assert (admitted["clerk"], admitted["voided_at"], admitted["void_reason"]) == (None, None, None)
    assert listed["totals"] == {"admitted": 1, "refused": 1, "needs_confirmation": 0, "voided": 0}
    neighbour = gate_at(session, VENUE, now=now)
    assert Device(device.client, neighbour.token, neighbour.gate.lane_id).list()["items"] == []


def test_a_long_day_comes_in_pages_that_miss_nothing(device: Device) -> None:
    sent = [device.scan(f"rubbish {number}")["scan_id"] for number in range(5)]
    found: list[str] = []
    page = device.list(limit=2)
    while True:
        found += [item["scan_id"] for item in page["items"]]
        if page["next_before"] is None:
            break
        page = device.list(limit=2, before=page["next_before"])
    assert found == sent[::-1]
    yesterday = clock.local_day(clock.now()) - timedelta(days=1)
    assert device.list(day=yesterday.isoformat())["items"] == []
    assert device.list(day=date.max.isoformat())["totals"]["refused"] == 0


def test_a_strange_question_about_the_day_is_named_field_by_field(device: Device) -> None:
    for query in (
        {"day": "yesterday"},
        {"day": "2026-13-01"},
        {"day": "\x00"},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "many"},
        {"limit": "9" * 5000},
        {"before": "-1"},
        {"before": "9" * 30},
        {"before": "١"},
        {"mine": "yes"},
        {"surprise": "1"},
    ):
        response = device.ask("GET", "/api/v1/gate/scans", query=query)
        assert (response.status_code, list(response.get_json()["fields"])) == (422, list(query))


def test_a_voided_admission_is_listed_as_such_and_counts_as_nothing_else(
    device: Device, session: Session, pass_: Pass, now: datetime
) -> None:
    scan_id = device.scan(code_of(session, pass_, now=now))["scan_id"]
    counted = REGISTRY.get_sample_value("youyou_voids_total") or 0
    voided = device.void(scan_id, "  游客要改用缆车 ").get_json()
    assert (voided["outcome"], voided["void_reason"], voided["voidable_until"]) == ("admitted", "游客要改用缆车", None)
    assert voided["voided_at"] is not None
    listed = device.list()
    assert listed["items"] == [voided]
    assert listed["totals"] == {"admitted": 0, "refused": 0, "needs_confirmation": 0, "voided": 1}
    assert device.void(scan_id, "游客要改用缆车").get_json() == voided
    again = device.void(scan_id, "another reason")
    assert (again.status_code, again.get_json()["code"]) == (409, "void_done")
    assert REGISTRY.get_sample_value("youyou_voids_total") == counted + 1


def test_what_cannot_be_voided_is_refused_by_name(device: Device, session: Session, pass_: Pass, now: datetime) -> None:
    refused = device.scan("rubbish")["scan_id"]
    late = device.scan(code_of(session, pass_, now=now))["scan_id"]
    session.execute(update(Scan).values(recorded_at=now - timedelta(minutes=11)))
    for scan_id, status, code in (
        (refused, 409, "void_not_admitted"),
        (late, 409, "void_too_late"),
        (uuid4(), 404, "scan_not_found"),
        ("no-uuid", 404, "not_found"),
    ):
        response = device.void(scan_id)
        assert (response.status_code, response.get_json()["code"]) == (status, code)


def test_a_void_wants_a_reason_of_three_to_two_hundred_characters(
    device: Device, session: Session, pass_: Pass, now: datetime
) -> None:
    scan_id = device.scan(code_of(session, pass_, now=now))["scan_id"]
    for reason in (None, "", "  ", "ab", "兰州" * 5_000, 7, "a\x00bc", ["why"]):
        response = device.void(scan_id, reason)
        assert (response.status_code, list(response.get_json()["fields"])) == (422, ["reason"])
    assert session.scalar(select(func.count()).select_from(ScanVoid)) == 0
    assert device.void(scan_id, "好" * 200).status_code == 200


def test_a_clerk_begins_a_shift_sees_its_own_count_and_ends_it(
    device: Device, session: Session, pass_: Pass, now: datetime
) -> None:
    assert (device.lane()["clerks_required"], device.lane()["shift"]) == (False, None)
    clerk_id, pin = add_clerk(session, venue_id=VENUE, name="李梅", now=now)
    device.scan("before the shift")
    assert device.lane()["clerks_required"] is True
    begun = device.ask("POST", "/api/v1/gate/shifts", json={"pin": pin})
    assert (begun.status_code, begun.get_json()["clerk"]) == (201, {"id": clerk_id, "name": "李梅"})
    scan_id = device.scan(code_of(session, pass_, now=now))["scan_id"]
    device.scan("rubbish")
    device.void(scan_id)
    shift = device.lane()["shift"]
    assert {name: shift[name] for name in ("admitted", "refused", "voided")} == {
        "admitted": 0,
        "refused": 1,
        "voided": 1,
    }
    mine = device.list(mine=1)
    assert [item["clerk"] for item in mine["items"]] == [{"id": clerk_id, "name": "李梅"}] * 2
    assert (mine["totals"]["refused"], device.list()["totals"]["refused"]) == (1, 2)
    assert device.ask("DELETE", "/api/v1/gate/shifts/current").status_code == 204
    assert device.ask("DELETE", "/api/v1/gate/shifts/current").status_code == 204
    assert (device.lane()["shift"], device.list(mine=1)["items"]) == (None, [])


def test_wrong_pins_begin_nothing_and_soon_have_to_wait(device: Device, session: Session, now: datetime) -> None:
    _, pin = add_clerk(session, venue_id=VENUE, name="李梅", now=now)
    for typed in ("", "12345", "😀" * 6, "兰州" * 5_000, "a\x00b", None, 123456):
        response = device.ask("POST", "/api/v1/gate/shifts", json={"pin": typed})
        assert (response.status_code, list(response.get_json()["fields"])) == (422, ["pin"])
    wrong = f"{(int(pin) + 1) % 1_000_000:06d}"
    answers = [device.ask("POST", "/api/v1/gate/shifts", json={"pin": wrong}) for _ in range(12)]
    codes = [answer.get_json()["code"] for answer in answers]
    assert codes[0] == "pin_wrong"
    assert codes[-1] == "too_many_tries"
    assert int(answers[-1].headers["Retry-After"]) == 60
    assert device.ask("POST", "/api/v1/gate/shifts", json={"pin": pin}).status_code == 429
    assert session.scalar(select(func.count()).select_from(Shift)) == 0


def test_a_clerk_cannot_try_out_the_pins_of_others_between_two_of_the_own(
    device: Device, session: Session, now: datetime
) -> None:
    _, pin = add_clerk(session, venue_id=VENUE, name="李梅", now=now)
    wrong = f"{(int(pin) + 1) % 1_000_000:06d}"
    tried = [pin if n % 5 == 0 else wrong for n in range(15)]
    statuses = [device.ask("POST", "/api/v1/gate/shifts", json={"pin": typed}).status_code for typed in tried]
    assert statuses == [201, 422, 422, 422, 422, 201, 422, 422, 422, 422, 429, 429, 429, 429, 429]


def test_a_rehearsal_is_answered_like_a_scan_and_not_listed(
    device: Device, session: Session, pass_: Pass, now: datetime
) -> None:
    body = {"scan_id": str(uuid4()), "code": code_of(session, pass_, now=now)}
    rehearsals = [device.ask("POST", "/api/v1/gate/rehearsals", json=body).get_json() for _ in range(2)]
    assert rehearsals[0] == rehearsals[1]
    assert rehearsals[0]["answers"][0]["decision"] == "admitted"
    assert device.list()["items"] == []
    assert device.ask("POST", "/api/v1/scans", json=body).get_json() == rehearsals[0]
    late = body | {"scan_id": str(uuid4()), "scanned_at": (now - timedelta(minutes=3)).isoformat()}
    response = device.ask("POST", "/api/v1/gate/rehearsals", json=late)
    assert (response.status_code, response.get_json()["code"]) == (422, "scanned_at_too_far")
    assert device.ask("POST", "/api/v1/gate/rehearsals", json={"scans": [body]}).status_code == 422


def test_only_an_enrolled_device_may_ask(device: Device, session: Session, now: datetime) -> None:
    code = make_enrolment_code(session, device.lane_id, now=now)
    second = enrol_device(session, code=code, device_name="second tablet", now=now)
    device.scan("rubbish")
    assert len(Device(device.client, second.token, device.lane_id).list()["items"]) == 1
    queries.forget_gates()
    stranger = Device(device.client, "A" * 43, 0)
    for method, rule in (
        ("GET", "/api/v1/gate/scans"),
        ("POST", "/api/v1/gate/scans/{scan_id}/void"),
        ("POST", "/api/v1/gate/shifts"),
        ("DELETE", "/api/v1/gate/shifts/current"),
        ("POST", "/api/v1/gate/rehearsals"),
    ):
        assert stranger.ask(method, rule, json={}, scan_id=uuid4()).status_code == 401
