"""Events as bytes: our CloudEvents encoder, and the reader that refuses what it cannot vouch for."""

import hashlib
import types
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from typing import Union, get_args, get_origin
from uuid import UUID

import orjson

from passes.events.contract import EVENTS, Event

CONTENT_TYPE = "application/cloudevents+json"
CLASSES = {event_class.TYPE: event_class for event_class in EVENTS}


class Unreadable(Exception):
    """A record that can never succeed. reason: undecodable, unknown_type or schema_refused."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Record:
    """An event on its way. position: Kafka offset, or outbox id where partition is -1. topic: without the prefix."""

    topic: str
    partition: int
    position: int
    key: str
    traceparent: str | None
    body: bytes


@dataclass(frozen=True)
class Envelope:
    """An opened CloudEvent whose data has not been looked at. sequence: the outbox id, growing along each key."""

    event_id: str
    type: str
    key: str
    sequence: int
    data: dict[str, object]


@dataclass(frozen=True)
class Received:
    """An event as a handler gets it. partition: of its topic, -1 where it came straight from the outbox."""

    event: Event
    event_id: str
    sequence: int
    partition: int


def encode(document: dict[str, object], sequence: int) -> bytes:
    """The stored envelope with its `sequence`: structured-mode CloudEvents 1.0."""
    return orjson.dumps(document | {"sequence": f"{sequence:016d}"})


def open_envelope(body: bytes) -> Envelope:
    """Raises Unreadable where the bytes are no CloudEvent of ours."""
    try:
        document = orjson.loads(body)
        if document["specversion"] != "1.0":
            raise ValueError("not CloudEvents 1.0")
        return Envelope(
            event_id=str(UUID(document["id"])),
            type=_text(document["type"]),
            key=_text(document["partitionkey"]),
            sequence=int(_text(document["sequence"])),
            data=dict(document["data"].items()),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise Unreadable("undecodable", f"{type(fault).__name__}: {fault}") from fault


def fingerprint(body: bytes) -> str:
    """What a checkpoint remembers of a record: the event's id, or a digest where there is none to be read."""
    try:
        return open_envelope(body).event_id
    except Unreadable:
        return "sha256:" + hashlib.sha256(body).hexdigest()


def known(type_name: str) -> bool:
    return type_name in CLASSES


def read_event(envelope: Envelope) -> Event:
    """The event behind an envelope; unknown data members are ignored, for they are a later minor version's."""
    event_class = CLASSES.get(envelope.type)
    if event_class is None:
        raise Unreadable("unknown_type", f"{envelope.type} is not in the contract of this release")
    values: dict[str, object] = {}
    for field in fields(event_class):
        if field.name not in envelope.data:
            if field.default is MISSING:
                raise Unreadable("schema_refused", f"{field.name} is missing")
            continue
        try:
            values[field.name] = _value(field.type, envelope.data[field.name])
        except (ValueError, TypeError) as fault:
            raise Unreadable("schema_refused", f"{field.name}: {fault}") from fault
    return event_class(**values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _value(kind: object, value: object) -> object:
    """One data member as the type its class declares."""
    if get_origin(kind) in (Union, types.UnionType):
        if value is None:
            return None
        kind = next(part for part in get_args(kind) if part is not types.NoneType)
    if kind is int:
        if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
            raise TypeError("not a whole number")
        return value
    if kind is bool:
        if not isinstance(value, bool):
            raise TypeError("neither true nor false")
        return value
    text = _text(value)
    if "\x00" in text:
        raise ValueError("holds a NUL character")
    if kind is datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("a moment without its offset")
        return moment
    if kind is str:
        return text
    return date.fromisoformat(text) if kind is date else UUID(text)
