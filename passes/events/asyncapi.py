"""The AsyncAPI 3 document of what leaves the house, from the contract and its released schemas."""

import json
from pathlib import Path
from typing import Any

from passes.events.contract import EVENTS, TOPICS, Event
from passes.events.wire import CONTENT_TYPE

SCHEMAS = Path(__file__).parent / "schemas"


def released_schema(event_class: type[Event]) -> dict[str, Any]:
    """The newest released schema of an event's data; released files are never edited."""
    name, _, major = event_class.TYPE.rpartition(".v")
    files = sorted((SCHEMAS / name).glob(f"{major}-*.json"), key=lambda path: int(path.stem.partition("-")[2]))
    schema: dict[str, Any] = json.loads(files[-1].read_text())
    return schema


def document() -> dict[str, Any]:
    """One channel a topic, one message an event; the payload is a structured CloudEvent."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "悠游兰州: events",
            "version": "1.0.0",
            "description": "Each event may arrive twice: keep its id, or the natural key in its data. "
            "Events of one key arrive in order, and `sequence` grows along each key.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic: _channel(topic) for topic in TOPICS},
        "operations": {
            f"send.{event_class.TYPE}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{event_class.TOPIC}"},
                "messages": [{"$ref": f"#/channels/{event_class.TOPIC}/messages/{event_class.TYPE}"}],
            }
            for event_class in EVENTS
        },
        "components": {"messages": {event_class.TYPE: _message(event_class) for event_class in EVENTS}},
    }


def _channel(topic: str) -> dict[str, Any]:
    types = [event_class.TYPE for event_class in EVENTS if topic == event_class.TOPIC]
    return {
        "address": topic,
        "messages": {event_type: {"$ref": f"#/components/messages/{event_type}"} for event_type in types},
    }


def _message(event_class: type[Event]) -> dict[str, Any]:
    schema = released_schema(event_class)
    data = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    text = {"type": "string"}
    payload = {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "partitionkey", "sequence", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid"},
            "source": {"const": f"/youyou/{event_class.ROOM}"},
            "type": {"const": event_class.TYPE},
            "subject": text,
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"const": schema["$id"]},
            "partitionkey": text,
            "sequence": {"type": "string", "pattern": "^[0-9]{16}$"},
            "data": data,
        },
    }
    return {
        "name": event_class.TYPE,
        "title": schema["description"],
        "contentType": CONTENT_TYPE,
        "headers": {"type": "object", "properties": {"traceparent": text}},
        "payload": payload,
    }
