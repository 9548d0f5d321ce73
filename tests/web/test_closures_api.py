"""Closures and counts of people as other systems send them, by a key."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import clock
from passes.access.key_service import make_key
from passes.catalogue.closure_models import ClosureRow, Occupancy
from passes.catalogue.closure_queries import closures_of
from tests.factories import city
from tests.web.test_reservations_api import FeedClient

CLOSURES, ONE = "/api/v1/closures", "/api/v1/closures/{reference}"
COUNT, COUNTS = "/api/v1/venues/{venue_id}/occupancy", "/api/v1/occupancy"
WIND: dict[str, Any] = {"reference": "W-7", "kind": "wind", "venue_ids": ["S01", "S02"]}


@pytest.fixture
def now(now: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(clock, "now", lambda: now)
    return now


@pytest.fixture
def feed(app: Flask, session: Session, now: datetime) -> FeedClient:
    city(session, now=now)
    _, key = make_key(session, name="weather", scopes=["closures", "occupancy"], now=now)
    return FeedClient(app.test_client(), key)


def test_a_feed_switches_on_repeats_itself_and_ends(feed: FeedClient, session: Session, now: datetime) -> None:
    made = feed.ask("POST", CLOSURES, json=WIND).get_json()
    assert [item["venue_id"] for item in made["items"]] == ["S01", "S02"]
    assert [one.kind for one in closures_of(session, "S02", now=now)] == ["wind"]
    assert feed.ask("POST", CLOSURES, json=WIND).get_json() == made
    assert {item["id"] for item in feed.ask("GET", CLOSURES).get_json()["items"]} == {
        item["id"] for item in made["items"]
    }
    reused = feed.ask("POST", CLOSURES, json=WIND | {"kind": "lightning"})
    assert (reused.status_code, reused.get_json()["code"]) == (409, "reference_reused")
    for _ in range(2):
        ended = feed.ask("DELETE", ONE, reference="W-7").get_json()["items"]
        assert all(item["ended_at"] is not None for item in ended)
    assert feed.ask("GET", CLOSURES).get_json() == {"items": []}
    assert closures_of(session, "S02", now=now) == ()
    assert session.scalar(select(func.count()).select_from(ClosureRow)) == 2
    for reference in ("no-such", "%00", "a%00b", "%F0%9F%8E%AB", "..%5C..", "W" * 5_000):
        unknown = feed.ask("DELETE", ONE, reference=reference)
        assert (unknown.status_code, unknown.get_json()["code"]) == (404, "closure_not_found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "earthquake"),
        ("kind", None),
        ("reference", ""),
        ("reference", "a/b"),
        ("reference", "W" * 81),
        ("reference", "a\x00b"),
        ("venue_ids", []),
        ("venue_ids", "S01"),
        ("venue_ids", ["S01", "atlantis"]),
        ("venue_ids", ["S01"] * 201),
        ("starts_at", "2026-11-25T10:00:00"),
        ("starts_at", "2028-01-01T00:00:00Z"),
        ("ends_at", "2026-11-25T09:00:00+08:00"),
        ("ends_at", "9999-12-31T23:59:59-12:00"),
        ("note", "风" * 201),
        ("surprise", True),
    ],
)
def test_rubbish_about_a_closure_is_named_field_by_field(
    feed: FeedClient, session: Session, field: str, value: object
) -> None:
    refused = feed.ask("POST", CLOSURES, json=WIND | {field: value})
    assert (refused.status_code, list(refused.get_json()["fields"])) == (422, [field])
    assert session.scalar(select(func.count()).select_from(ClosureRow)) == 0


def test_a_counter_tells_how_full_a_venue_is(feed: FeedClient, session: Session, now: datetime) -> None:
    assert feed.ask("GET", COUNTS).get_json() == {"items": []}
    told = feed.ask("PUT", COUNT, venue_id="S03", json={"people": 2400}).get_json()
    assert (told["capacity_people"], told["share"], told["level"]) == (3000, 0.8, "notice")
    full = feed.ask("PUT", COUNT, venue_id="S03", json={"people": 3000, "measured_at": now.isoformat()}).get_json()
    assert full["level"] == "stop"
    assert [one.kind for one in closures_of(session, "S03", now=now)] == ["venue_full"]
    old = {"people": 5, "measured_at": (now - timedelta(minutes=31)).isoformat()}
    assert feed.ask("PUT", COUNT, venue_id="S03", json=old).get_json() == full
    assert feed.ask("PUT", COUNT, venue_id="S01", json=old).get_json()["level"] == "old"
    assert feed.ask("PUT", COUNT, venue_id="H1", json=old).get_json()["level"] == "no_limit"
    assert [item["venue_id"] for item in feed.ask("GET", COUNTS).get_json()["items"]] == ["S01", "S03", "H1"]
    assert session.scalar(select(Occupancy.source).where(Occupancy.venue_id == "S03")) == "feed:weather"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("people", {}),
        ("people", {"people": -1}),
        ("people", {"people": 10_000_001}),
        ("people", {"people": 1.5}),
        ("people", {"people": "many"}),
        ("measured_at", {"people": 1, "measured_at": "2026-11-25T10:02:00+08:00"}),
        ("measured_at", {"people": 1, "measured_at": "now"}),
        ("surprise", {"people": 1, "surprise": 1}),
    ],
)
def test_rubbish_about_a_count_is_named_field_by_field(
    feed: FeedClient, session: Session, field: str, body: dict[str, Any]
) -> None:
    refused = feed.ask("PUT", COUNT, venue_id="S01", json=body)
    assert (refused.status_code, list(refused.get_json()["fields"])) == (422, [field])
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 0


def test_each_scope_opens_its_own_part(feed: FeedClient, app: Flask, session: Session, now: datetime) -> None:
    unknown = feed.ask("PUT", COUNT, venue_id="atlantis", json={"people": 1})
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "venue_not_found")
    counter = FeedClient(app.test_client(), make_key(session, name="counter", scopes=["occupancy"], now=now)[1])
    assert counter.ask("PUT", COUNT, venue_id="S01", json={"people": 1}).status_code == 200
    for method, rule in (("POST", CLOSURES), ("GET", CLOSURES), ("DELETE", ONE)):
        assert counter.ask(method, rule, json=WIND, reference="W-7").get_json()["code"] == "scope_missing"
