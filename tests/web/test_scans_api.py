"""POST /api/v1/scans as a device sees it."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from passes import clock
from passes.gate.models import Scan
from passes.lifecycle.models import Pass
from tests.factories import active_pass, city, code_of, gate_at


@pytest.fixture
def now() -> datetime:
    """The API reads the real clock."""
    return clock.now()


@pytest.fixture
def token(session: Session, now: datetime) -> str:
    city(session, now=now)
    return gate_at(session, "S10", now=now).token


@pytest.fixture
def pass_(session: Session, token: str, now: datetime) -> Pass:
    return active_pass(session, now=now)


class Device:
    """A gate device with its token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def post(self, body: Any, **headers: str) -> TestResponse:
        return self.client.post("/api/v1/scans", json=body, headers=self.headers | headers)


@pytest.fixture
def device(client: FlaskClient, token: str) -> Device:
    return Device(client, token)


def scan(code: str, **parts: Any) -> dict[str, Any]:
    return {"scan_id": str(uuid4()), "code": code} | parts


def test_one_scan_is_answered_as_the_document_says(
    client: FlaskClient, device: Device, session: Session, pass_: Pass, now: datetime
) -> None:
    response = device.post(scan(code_of(session, pass_, now=now)))
    assert response.status_code == 200
    document = client.get("/api/openapi.json").get_json()
    schema = document["paths"]["/api/v1/scans"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": document["components"]}).validate(response.get_json())


def test_the_document_takes_one_scan_or_a_list_of_them(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    schema = document["paths"]["/api/v1/scans"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": document["components"]})
    validator.validate(scan("x"))
    validator.validate({"scans": [scan("x"), scan("y")]})
    assert not validator.is_valid({"scans": []})
    assert not validator.is_valid({"code": "x"})


def test_a_list_is_answered_element_by_element(device: Device, session: Session, pass_: Pass, now: datetime) -> None:
    good = scan(code_of(session, pass_, now=now))
    late = scan("rubbish", scanned_at=(now - timedelta(minutes=2)).isoformat())
    elements = [good, 5, {"code": "x"}, scan("rubbish"), late, scan("x", surprise=1), {**good, "scan_id": "no uuid"}]
    answers = device.post({"scans": elements}).get_json()["answers"]
    assert [answer["refusal_code"] for answer in answers] == [
        None,
        "scan_malformed",
        "scan_malformed",
        "foreign",
        "scanned_at_too_far",
        "scan_malformed",
        "scan_malformed",
    ]
    assert answers[2]["fields"]["scan_id"]
    assert list(answers[5]["fields"]) == ["surprise"]
    assert answers[6]["scan_id"] == "no uuid"
    assert {answer["decision"] for answer in answers} <= {"admitted", "refused", "needs_confirmation"}
    assert session.scalar(select(func.count()).select_from(Scan)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        5,
        "text",
        {"scans": []},
        {"scans": {}},
        {"scans": [{}] * 501},
        {"scans": [{}], "more": 1},
        {"scan_id": "x", "code": "y"},
        {"scan_id": str(uuid4()), "code": 5},
        {"scan_id": str(uuid4()), "code": "x" * 2001},
        {"scan_id": str(uuid4()), "code": "x", "confirmed": "all"},
        {"scan_id": str(uuid4()), "code": "x", "benefit_id": "\x00"},
        {"scan_id": str(uuid4()), "code": "x", "sequence": -1},
        {"scan_id": str(uuid4()), "code": "x", "sequence": 2**60},
        {"scan_id": str(uuid4()), "code": "x", "scanned_at": "yesterday"},
        {"scan_id": str(uuid4()), "code": "x", "scanned_at": "2026-11-25T10:00:00"},
    ],
)
def test_bad_bodies_are_named_field_by_field(device: Device, session: Session, body: Any) -> None:
    response = device.post(body)
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert response.get_json()["fields"]
    assert session.scalar(select(func.count()).select_from(Scan)) == 0


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b"[" * 100_000, b"\xff\xfe", b'{"a": NaN}', b'{"code": "\\ud800"}', b"1" * 5000]
)
def test_a_body_that_is_no_json_is_a_422_never_a_500(client: FlaskClient, device: Device, raw: bytes) -> None:
    response = client.post("/api/v1/scans", data=raw, headers=device.headers, content_type="application/json")
    assert response.status_code == 422
    assert json.loads(response.data)["code"] in ("not_json", "invalid_fields")


def test_a_scan_id_used_twice_is_a_409(device: Device) -> None:
    first = scan("rubbish")
    assert device.post(first).status_code == 200
    response = device.post({**first, "code": "other"})
    assert (response.status_code, response.get_json()["code"]) == (409, "scan_id_reused")


def test_a_device_whose_clock_is_off_is_told_so(device: Device, now: datetime) -> None:
    response = device.post(scan("rubbish", scanned_at=(now + timedelta(minutes=3)).isoformat()))
    assert (response.status_code, response.get_json()["code"]) == (422, "scanned_at_too_far")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic abc", "Bearer " + "A" * 43])
def test_an_unknown_device_is_turned_away(client: FlaskClient, token: str, header: str) -> None:
    response = client.post("/api/v1/scans", json=scan("x"), headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.get_json()["code"].startswith("device_")


def test_words_come_in_both_languages_and_problems_in_the_readers(device: Device) -> None:
    answer = device.post(scan("rubbish")).get_json()["answers"][0]
    assert answer["words"]["zh"].startswith("不是本系统的码")
    assert answer["words"]["en"].startswith("Not our code")
    chinese = device.post({}, **{"Accept-Language": "zh-CN"}).get_json()["detail"]
    english = device.post({}, **{"Accept-Language": "en"}).get_json()["detail"]
    assert english == "Some fields are missing or wrong."
    assert chinese != english
