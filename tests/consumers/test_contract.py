"""What every event promises to whoever reads it."""

import json
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest
from click.testing import CliRunner
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured_event
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from consumers.wiring import CONSUMERS, UNHEARD
from passes.cli import youyou
from passes.events import asyncapi
from passes.events.contract import EVENTS, TOPICS, Event, envelope
from passes.events.wire import CLASSES, CONTENT_TYPE, Unreadable, encode, open_envelope, read_event
from tests.conftest import ROOT

EXAMPLES = sorted((ROOT / "tests" / "data" / "events").glob("*.json"))
SCHEMAS = sorted((ROOT / "passes" / "events" / "schemas").glob("*/*.json"))
NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)


def validator(path: Path) -> Draft202012Validator:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def test_every_released_schema_has_a_stored_example() -> None:
    assert [f"{path.parent.name}.{path.name}" for path in SCHEMAS] == [path.name for path in EXAMPLES]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_once_released_loads_for_ever(path: Path) -> None:
    body = path.read_bytes()
    event = read_event(open_envelope(body))
    assert json.loads(body)["type"] == event.TYPE
    name, _, version = path.stem.rpartition(".")
    document = json.loads(body)
    assert document["dataschema"] == f"urn:youyou:events:{name}:{version}"
    validator(ROOT / "passes" / "events" / "schemas" / name / f"{version}.json").validate(document["data"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_we_emit_today_is_what_was_released(path: Path) -> None:
    stored = json.loads(path.read_text())
    event = read_event(open_envelope(path.read_bytes()))
    today = json.loads(encode(envelope(event, now=datetime.fromisoformat(stored["time"])), int(stored["sequence"])))
    assert today | {"id": stored["id"]} == stored
    name, _, version = today["dataschema"].removeprefix("urn:youyou:events:").rpartition(":")
    validator(ROOT / "passes" / "events" / "schemas" / name / f"{version}.json").validate(today["data"])


@pytest.mark.parametrize("event_class", EVENTS, ids=lambda event_class: event_class.TYPE)
def test_a_class_and_its_schema_tell_the_same_story(event_class: type[Event]) -> None:
    schema = asyncapi.released_schema(event_class)
    assert set(schema["properties"]) == {field.name for field in fields(event_class)}
    assert set(schema["required"]) == {field.name for field in fields(event_class) if field.default is MISSING}
    for field in fields(event_class):
        assert _json_type(field.type) == _declared(schema["properties"][field.name]), field.name


def _json_type(kind: Any) -> tuple[set[str], str | None]:
    kinds = get_args(kind) or (kind,)
    names = {int: "integer", bool: "boolean", str: "string", date: "string", datetime: "string", UUID: "string"}
    formats = {date: "date", datetime: "date-time", UUID: "uuid"}
    plain = next(one for one in kinds if one is not type(None))
    return {names[plain]} | ({"null"} if type(None) in kinds else set()), formats.get(plain)


def _declared(schema: dict[str, Any]) -> tuple[set[str], str | None]:
    types = schema["type"]
    return {types} if isinstance(types, str) else set(types), schema.get("format")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_cloudevents_sdk_reads_our_bytes(path: Path) -> None:
    document = json.loads(path.read_text())
    sequence = int(document.pop("sequence"))
    body = encode(document, sequence)
    message = KafkaMessage({"content-type": CONTENT_TYPE.encode()}, document["partitionkey"].encode(), body)
    event = from_structured_event(message)
    assert event.get_type() == document["type"]
    assert event.get_id() == document["id"]
    assert event.get_subject() == document["subject"]
    assert event.get_extension("partitionkey") == document["partitionkey"]
    assert event.get_extension("sequence") == f"{sequence:016d}"
    assert event.get_data() == document["data"]


def test_every_event_has_a_consumer_or_is_listed_as_unheard() -> None:
    heard = {event_type for consumer in CONSUMERS.values() for event_type in consumer.handlers}
    assert heard | UNHEARD == set(CLASSES)
    assert not heard & UNHEARD


def test_no_event_carries_what_belongs_to_a_person() -> None:
    personal = ("name", "phone", "email", "document", "birth", "address", "last4")
    told = [field.name for event_class in EVENTS for field in fields(event_class)]
    assert [name for name in told if any(word in name for word in personal)] == []


def test_every_topic_is_one_the_broker_is_given() -> None:
    assert {event_class.TOPIC for event_class in EVENTS} <= set(TOPICS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "redemption.admitted.v2"}, "unknown_type"),
        ({"type": "somebody.elses.v1"}, "unknown_type"),
        ({"specversion": "0.3"}, "undecodable"),
        ({"id": 7}, "undecodable"),
        ({"data": []}, "undecodable"),
        ({"sequence": None}, "undecodable"),
        ({"data": {}}, "schema_refused"),
        ({"data": {"order_id": "77"}}, "schema_refused"),
        ({"data": {"order_id": True}}, "schema_refused"),
        ({"data": {"order_id": 2**63}}, "schema_refused"),
    ],
)
def test_what_we_cannot_vouch_for_is_refused_by_name(change: dict[str, object], reason: str) -> None:
    good = json.loads((ROOT / "tests" / "data" / "events" / "order.expired.1-0.json").read_text())
    with pytest.raises(Unreadable) as refusal:
        read_event(open_envelope(json.dumps(good | change).encode()))
    assert refusal.value.reason == reason


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"null", b"{}", b"[" * 2000, b'{"id": NaN}'])
def test_bytes_that_are_no_event_are_undecodable(body: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        open_envelope(body)
    assert refusal.value.reason == "undecodable"


def test_a_later_minor_version_is_read_without_what_it_added() -> None:
    stored = json.loads((ROOT / "tests" / "data" / "events" / "order.paid.1-0.json").read_text())
    stored["data"]["added_later"] = {"anything": 1}
    assert read_event(open_envelope(json.dumps(stored).encode())).key == stored["partitionkey"]


def test_the_asyncapi_document_is_one_by_its_own_schema() -> None:
    path = ROOT / "passes" / "web" / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
    fault = best_match(Draft7Validator(json.loads(path.read_text())).iter_errors(asyncapi.document()))
    assert fault is None, f"{fault.json_path}: {fault.message}"


def test_the_asyncapi_document_names_every_event() -> None:
    printed = CliRunner().invoke(youyou, ["events", "asyncapi"])
    assert printed.exit_code == 0
    document = json.loads(printed.output)
    assert set(document["components"]["messages"]) == set(CLASSES)
    for message in document["components"]["messages"].values():
        Draft202012Validator.check_schema(message["payload"])
        example = ROOT / "tests" / "data" / "events" / f"{message['name'].replace('.v1', '.1-0')}.json"
        Draft202012Validator(message["payload"], format_checker=FormatChecker()).validate(
            json.loads(example.read_text())
        )
