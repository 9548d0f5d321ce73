"""POST /api/v1/enrolments and GET /api/v1/gate/lane as a device sees them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from passes import clock
from passes.access import lane_queries, service
from passes.app import create_app
from passes.settings import Settings
from tests.factories import city, gate_at


@pytest.fixture
def now() -> datetime:
    """The API reads the real clock."""
    return clock.now()


@pytest.fixture
def code(session: Session, now: datetime) -> str:
    """A fresh code for a lane at Hekou, where B16 is the default."""
    city(session, now=now)
    lane_id = service.create_lane(
        session, venue_id="S16", name="east gate", attended=False, default_benefit_id="B16", now=now
    )
    return service.make_enrolment_code(session, lane_id, now=now)


def enrol(client: FlaskClient, code: Any, device_name: Any = "tablet", **headers: str) -> TestResponse:
    return client.post("/api/v1/enrolments", json={"code": code, "device_name": device_name}, headers=headers)


def of_document(client: FlaskClient, path: str, method: str, status: str) -> Draft202012Validator:
    document = client.get("/api/openapi.json").get_json()
    schema = document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document["components"]})


def test_a_device_is_told_its_lane_as_the_document_says(client: FlaskClient, code: str) -> None:
    made = enrol(client, code)
    assert made.status_code == 201
    of_document(client, "/api/v1/enrolments", "post", "201").validate(made.json)
    bearer = {"Authorization": f"Bearer {made.json['token']}"}
    shown = client.get("/api/v1/gate/lane", headers=bearer)
    of_document(client, "/api/v1/gate/lane", "get", "200").validate(shown.json)
    assert shown.json == made.json["lane"]
    assert shown.json["venue"] == {"id": "S16", "zh": "河口古镇", "en": "Hekou Ancient Town"}
    assert shown.json["attended"] is False and shown.json["default_benefit"]["id"] == "B16"
    assert {"B16", "B40"} <= {benefit["id"] for benefit in shown.json["benefits"]}
    assert "B01" not in {benefit["id"] for benefit in shown.json["benefits"]}


def test_a_used_an_old_and_an_unknown_code_say_so(
    client: FlaskClient, session: Session, code: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert enrol(client, code).status_code == 201
    used, unknown = enrol(client, code), enrol(client, "ABCD-2345")
    assert (used.status_code, used.json["code"]) == (409, "enrolment_code_used")
    assert (unknown.status_code, unknown.json["code"]) == (404, "enrolment_code_unknown")
    lanes, _ = lane_queries.list_lanes(session, limit=1, offset=0)
    late = service.make_enrolment_code(session, lanes[0].id, now=now - timedelta(minutes=16))
    old = enrol(client, late)
    assert (old.status_code, old.json["code"]) == (409, "enrolment_code_expired")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"code", "device_name"}),
        ({"code": "", "device_name": " "}, {"code", "device_name"}),
        ({"code": 5, "device_name": None}, {"code", "device_name"}),
        ({"code": "ABCD2345", "device_name": "x" * 61}, {"device_name"}),
        ({"code": "ABCD2345", "device_name": "a\x00b"}, {"device_name"}),
        ({"code": "ABCD2345", "device_name": "x", "lane_id": 1}, {"lane_id"}),
    ],
)
def test_wrong_fields_are_named(client: FlaskClient, body: dict[str, Any], fields: set[str]) -> None:
    answer = client.post("/api/v1/enrolments", json=body)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert set(answer.json["fields"]) == fields


def test_guessing_codes_is_stopped_and_a_good_code_pays_for_bad_ones(client: FlaskClient, code: str) -> None:
    assert [enrol(client, "ABCD-2345").status_code for _ in range(9)] == [404] * 9
    assert enrol(client, code).status_code == 201
    assert [enrol(client, "ABCD-2345").status_code for _ in range(11)] == [404] * 10 + [429]
    answer = enrol(client, "ABCD-2345")
    assert answer.json["code"] == "too_many_tries" and int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 404)])
def test_visitors_behind_a_known_proxy_do_not_share_one_limit(
    settings: Settings, session: Session, now: datetime, proxies: int, status: int
) -> None:
    client = create_app(replace(settings, proxies=proxies)).test_client()
    city(session, now=now)
    for _ in range(11):
        enrol(client, "ABCD-2345", **{"X-Forwarded-For": "192.0.2.1"})
    stranger = "203.0.113.9, 192.0.2.2"
    assert enrol(client, "ABCD-2345", **{"X-Forwarded-For": stranger}).status_code == status
    assert enrol(client, "ABCD-2345", **{"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}).status_code == 429


def test_a_device_that_moves_sends_its_old_token_and_loses_it(
    client: FlaskClient, session: Session, code: str, now: datetime
) -> None:
    old = gate_at(session, "S02", now=now)
    made = enrol(client, code, "tablet", Authorization=f"Bearer {old.token}")
    assert made.status_code == 201
    refused = client.get("/api/v1/gate/lane", headers={"Authorization": f"Bearer {old.token}"})
    assert (refused.status_code, refused.json["code"]) == (401, "device_revoked")
    moved = client.get("/api/v1/gate/lane", headers={"Authorization": f"Bearer {made.json['token']}"})
    assert moved.json["venue"]["id"] == "S16"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "device_token_missing"),
        ("Basic YTpi", "device_token_missing"),
        ("Bearer", "device_token_missing"),
        ("Bearer short", "device_unknown"),
        ("Bearer " + "A" * 43, "device_unknown"),
        ("bearer " + "A" * 5000, "device_unknown"),
        ("Bearer 王", "device_unknown"),
    ],
)
def test_a_stranger_is_told_to_enrol(client: FlaskClient, header: str | None, code: str) -> None:
    sent = {} if header is None else {"Authorization": header.encode().decode("latin-1")}
    answer = client.get("/api/v1/gate/lane", headers=sent)
    assert (answer.status_code, answer.json["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.mimetype == "application/problem+json"


def test_a_staff_session_is_no_device(client: FlaskClient, session: Session, now: datetime) -> None:
    made = gate_at(session, "S16", now=now)
    client.set_cookie("youyou", made.token)
    assert client.get("/api/v1/gate/lane").status_code == 401
