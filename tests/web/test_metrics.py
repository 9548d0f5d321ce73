"""What Prometheus is told, also of workers that have died."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from passes import db
from passes.app import create_app
from passes.events.models import DeadLetter
from passes.events.queries import server_time
from passes.events.service import Place, note_caught_up, open_checkpoint, park
from passes.settings import Settings
from tests.consumers.conftest import admitted, tell


def told(client: FlaskClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


@pytest.fixture
def analytics(session: Session) -> Place:
    """A consumer with one partition that it has never read to its end."""
    place = Place("analytics", "youyou.redemptions", 0)
    open_checkpoint(session, place, 0)
    return place


def test_the_lag_of_a_worker_that_died_grows(client: FlaskClient, session: Session, analytics: Place) -> None:
    lag = 'youyou_consumer_lag_seconds{consumer="analytics"}'
    assert told(client)[lag] == float("inf")
    note_caught_up(session, analytics, 0, server_time(session) - timedelta(minutes=5))
    assert told(client)[lag] == pytest.approx(300, abs=5)


def test_events_that_wait_for_a_dead_relay_are_counted_and_grow_old(client: FlaskClient, session: Session) -> None:
    tell(admitted(1), admitted(2))
    session.execute(text("UPDATE outbox SET recorded_at = now() - interval '90 seconds'"))
    found = told(client)
    assert found["youyou_outbox_pending"] == 2
    assert found["youyou_outbox_oldest_pending_seconds"] == pytest.approx(90, abs=5)


def test_parked_events_are_counted_until_they_are_settled(
    client: FlaskClient, session: Session, analytics: Place, now: datetime
) -> None:
    letter = DeadLetter(
        consumer="relay", topic="t", partition=-1, position=1, reason="broker_refused", error="too large", body=b""
    )
    park(session, letter)
    session.flush()
    parked = 'youyou_dead_letters{consumer="%s"}'
    found = told(client)
    assert (found[parked % "relay"], found[parked % "analytics"]) == (1, 0)
    letter.settled_at, letter.settled_as = now, "dropped"
    session.flush()
    assert told(client)[parked % "relay"] == 0


def test_a_scrape_is_answered_while_the_database_is_away(settings: Settings) -> None:
    engine = db.connect("postgresql://nobody@127.0.0.1:1/nothing")
    assert "youyou_scans_total" in create_app(settings).test_client().get("/metrics").text
    engine.dispose()
