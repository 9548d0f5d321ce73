"""Reservations as other systems make them, by a key."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from passes import clock
from passes.access.key_service import make_key, revoke_key
from passes.access.models import ApiKey
from passes.booking.models import Reservation
from passes.clock import day_start, local_day
from passes.lifecycle.models import Pass
from tests.factories import active_pass, city, gate_at

RULE = "/api/v1/reservations"
ONE = "/api/v1/reservations/{reservation_id}"


class FeedClient:
    """Another system with its key; every answer is compared with the document."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self.client = client
        self.key = key
        self.document = client.get("/api/openapi.json").get_json()

    def ask(self, method: str, rule: str, *, json: Any = None, query: Any = None, **path: object) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}
        response = self.client.open(rule.format(**path), method=method, json=json, query_string=query, headers=headers)
        responses = self.document["paths"][rule][method.lower()]["responses"]
        assert str(response.status_code) in responses, response.get_data(as_text=True)
        schema = responses[str(response.status_code)]["content"][response.mimetype]["schema"]
        Draft202012Validator({**schema, "components": self.document["components"]}).validate(response.get_json())
        return response


@pytest.fixture
def now(now: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(clock, "now", lambda: now)
    return now


@pytest.fixture
def pass_(session: Session, now: datetime) -> Pass:
    city(session, now=now)
    return active_pass(session, now=now)


@pytest.fixture
def feed(app: Flask, session: Session, now: datetime) -> FeedClient:
    _, key = make_key(session, name="museum", scopes=["reservations"], now=now)
    return FeedClient(app.test_client(), key)


def wanted(pass_: Pass, now: datetime, **changes: Any) -> dict[str, Any]:
    starts_at = day_start(local_day(now) + timedelta(days=1), plus_seconds=10 * 3600)
    body = {"pass_number": pass_.number, "benefit_id": "B08", "venue_id": "S08", "starts_at": starts_at.isoformat()}
    return body | changes


def test_a_feed_reserves_lists_and_cancels_and_a_repeat_does_nothing_more(
    feed: FeedClient, session: Session, pass_: Pass, now: datetime
) -> None:
    made = feed.ask("POST", RULE, json=wanted(pass_, now, reference="A-1"))
    assert made.status_code == 201
    reservation = made.get_json()
    assert (reservation["pass_number"], reservation["state"], reservation["reference"]) == (
        pass_.number,
        "booked",
        "A-1",
    )
    again = feed.ask("POST", RULE, json=wanted(pass_, now))
    assert (again.status_code, again.get_json()["facts"]) == (409, {"reservation_id": reservation["id"]})
    assert feed.ask("GET", ONE, reservation_id=reservation["id"]).get_json() == reservation
    assert feed.ask("GET", RULE, query={"day": "2026-11-26"}).get_json()["items"] == [reservation]
    assert feed.ask("GET", RULE, query={"state": "cancelled"}).get_json()["items"] == []
    for _ in range(2):
        gone = feed.ask("DELETE", ONE, reservation_id=reservation["id"])
        assert (gone.status_code, gone.get_json()["state"]) == (200, "cancelled")
    assert session.scalars(select(Reservation.made_by)).all() == ["feed:museum"]


def test_a_long_list_comes_in_pages_that_miss_nothing(feed: FeedClient, pass_: Pass, now: datetime) -> None:
    starts = [day_start(local_day(now) + timedelta(days=1), plus_seconds=hour * 3600) for hour in range(9, 14)]
    made = [
        feed.ask("POST", RULE, json=wanted(pass_, now, starts_at=moment.isoformat())).get_json()["id"]
        for moment in starts
    ]
    found, before = [], None
    while True:
        page = feed.ask("GET", RULE, query={"limit": 2} | ({"before": before} if before else {})).get_json()
        found += [item["id"] for item in page["items"]]
        before = page["next_before"]
        if before is None:
            break
    assert found == made[::-1]


def test_a_feed_sees_nothing_of_another(
    feed: FeedClient, app: Flask, session: Session, pass_: Pass, now: datetime
) -> None:
    made = feed.ask("POST", RULE, json=wanted(pass_, now)).get_json()["id"]
    other = FeedClient(app.test_client(), make_key(session, name="hotel", scopes=["reservations"], now=now)[1])
    assert other.ask("GET", RULE).get_json() == {"items": [], "next_before": None}
    for method in ("GET", "DELETE"):
        refused = other.ask(method, ONE, reservation_id=made)
        assert (refused.status_code, refused.get_json()["code"]) == (404, "reservation_not_found")


def test_what_does_not_fit_is_told_by_field_in_words(feed: FeedClient, pass_: Pass, now: datetime) -> None:
    wrong = feed.ask("POST", RULE, json=wanted(pass_, now, starts_at="2026-11-26T10:15:00+08:00"))
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "reservation_not_valid")
    assert wrong.get_json()["fields"] == {
        "starts_at": ["No slot begins at 10:15. Slots begin at: 09:00, 10:00, …, 16:00."]
    }
    unknown = feed.ask("POST", RULE, json=wanted(pass_, now, pass_number="T-0000-0000"))
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "pass_not_found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_at", "2026-11-26T10:00:00"),
        ("starts_at", "tomorrow"),
        ("starts_at", 7),
        ("starts_at", None),
        ("starts_at", "0001-01-01T00:00:00+23:59"),
        ("starts_at", "9999-12-31T23:59:59-12:00"),
        ("nights", "two"),
        ("nights", -1),
        ("nights", 2**40),
        ("benefit_id", ""),
        ("benefit_id", "a\x00b"),
        ("venue_id", ["S08"]),
        ("pass_number", "兰州" * 5_000),
        ("reference", {"id": 1}),
        ("surprise", 1),
    ],
)
def test_rubbish_is_named_field_by_field(
    feed: FeedClient, session: Session, pass_: Pass, now: datetime, field: str, value: object
) -> None:
    refused = feed.ask("POST", RULE, json=wanted(pass_, now, **{field: value}))
    assert (refused.status_code, list(refused.get_json()["fields"])) == (422, [field])
    assert session.scalars(select(Reservation.id)).all() == []


def test_strange_questions_are_named_field_by_field(feed: FeedClient, pass_: Pass) -> None:
    for query in ({"day": "x"}, {"limit": "0"}, {"before": "-1"}, {"state": "used"}, {"surprise": "1"}):
        refused = feed.ask("GET", RULE, query=query)
        assert (refused.status_code, list(refused.get_json()["fields"])) == (422, list(query))


def test_only_a_key_in_use_that_opens_reservations_may_ask(
    feed: FeedClient, app: Flask, session: Session, pass_: Pass, now: datetime
) -> None:
    client = app.test_client()
    key_id, other = make_key(session, name="weather", scopes=["closures"], now=now)
    device = gate_at(session, "S08", now=now).token
    for key, status, code in (
        ("", 401, "key_missing"),
        ("A" * 43, 401, "key_unknown"),
        ("rubbish \x7f", 401, "key_unknown"),
        (device, 401, "key_unknown"),
        (other, 403, "scope_missing"),
    ):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        for method, path in (("POST", RULE), ("GET", RULE), ("GET", f"{RULE}/1"), ("DELETE", f"{RULE}/1")):
            refused = client.open(path, method=method, json={}, headers=headers)
            assert (refused.status_code, refused.get_json()["code"]) == (status, code), (key, method)
    revoke_key(session, key_id, now=now)
    refused = client.get(RULE, headers={"Authorization": f"Bearer {other}"})
    assert (refused.status_code, refused.get_json()["code"]) == (401, "key_revoked")
    assert client.get("/api/v1/gate/lane", headers={"Authorization": f"Bearer {feed.key}"}).status_code == 401
    feed.ask("GET", RULE)
    assert session.scalars(select(ApiKey.last_used_at).where(ApiKey.name == "museum")).one() == now
