"""Every event that leaves the house: class, wire name, topic, key. No personal data, ever: ids only.

A released event is never edited. Within a major version only optional additions; else a new class with `.v2`.
"""

import secrets
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

REDEMPTIONS = "youyou.redemptions"
PASSES = "youyou.passes"
ORDERS = "youyou.orders"
RESERVATIONS = "youyou.reservations"
FEEDBACK = "youyou.feedback"
TOPICS = (REDEMPTIONS, PASSES, ORDERS, RESERVATIONS, FEEDBACK)


@dataclass(frozen=True, kw_only=True)
class Event:
    """TYPE: the wire name. ROOM: who says it. The fields of a subclass are the event's data."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    ROOM: ClassVar[str]

    @property
    def subject(self) -> str:
        raise AttributeError("an event names its subject")

    @property
    def key(self) -> str:
        """The partition key: the part of the subject behind the slash."""
        return self.subject.partition("/")[2]


@dataclass(frozen=True, kw_only=True)
class _OfPass(Event):
    pass_id: int

    @property
    def subject(self) -> str:
        return f"pass/{self.pass_id}"


@dataclass(frozen=True, kw_only=True)
class _OfAdmission(_OfPass):
    """scan_ref = "<enrolment id>/<scan id>", the natural key of the fact."""

    TOPIC = REDEMPTIONS
    ROOM = "gate"
    scan_ref: str
    venue_id: str
    venue_kind: str
    benefit_id: str
    product_id: str
    terms_version: int
    holder_class: str
    lane_id: int
    scanned_at: datetime
    local_day: date
    local_hour: int


@dataclass(frozen=True, kw_only=True)
class RedemptionAdmitted(_OfAdmission):
    """A scan was admitted."""

    TYPE = "redemption.admitted.v1"


@dataclass(frozen=True, kw_only=True)
class RedemptionRefused(Event):
    """A scan was refused. Without a proved credential it belongs to no pass and is keyed by the gate."""

    TYPE = "redemption.refused.v1"
    TOPIC = REDEMPTIONS
    ROOM = "gate"
    pass_id: int | None
    gate_key: str
    scan_ref: str
    venue_id: str
    benefit_id: str | None
    product_id: str | None
    refusal_code: str
    lane_id: int
    scanned_at: datetime
    local_day: date
    local_hour: int

    @property
    def subject(self) -> str:
        return f"gate/{self.gate_key}" if self.pass_id is None else f"pass/{self.pass_id}"


@dataclass(frozen=True, kw_only=True)
class RedemptionVoided(_OfAdmission):
    """An admission was taken back at its lane, minutes after it: what it said then, to be counted as −1."""

    TYPE = "redemption.voided.v1"
    voided_at: datetime


@dataclass(frozen=True, kw_only=True)
class RedemptionAdjudicated(_OfAdmission):
    """A visitor went in, and what that counts as changed: before and after are admitted or refused/<code>.

    revision counts the changes of one scan, so that the last one is known whatever the order they come in.
    """

    TYPE = "redemption.adjudicated.v1"
    before: str
    after: str
    revision: int
    adjudicated_at: datetime


@dataclass(frozen=True, kw_only=True)
class PassIssued(_OfPass):
    TYPE = "pass.issued.v1"
    TOPIC = PASSES
    ROOM = "lifecycle"
    product_id: str
    terms_version: int
    holder_class: str
    order_id: int
    livemode: bool


@dataclass(frozen=True, kw_only=True)
class PassActivated(_OfPass):
    """valid_until is exclusive, as everywhere inside the house."""

    TYPE = "pass.activated.v1"
    TOPIC = PASSES
    ROOM = "lifecycle"
    product_id: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, kw_only=True)
class PassExpired(_OfPass):
    TYPE = "pass.expired.v1"
    TOPIC = PASSES
    ROOM = "lifecycle"
    product_id: str


@dataclass(frozen=True, kw_only=True)
class PassVoided(_OfPass):
    """The money went back, was charged back, or the holder gave the pass up. cause: refund | dispute | given_up."""

    TYPE = "pass.voided.v1"
    TOPIC = PASSES
    ROOM = "lifecycle"
    product_id: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class _OfOrder(Event):
    order_id: int

    @property
    def subject(self) -> str:
        return f"order/{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(_OfOrder):
    TYPE = "order.placed.v1"
    TOPIC = ORDERS
    ROOM = "sale"
    total_fen: int
    passes: int
    livemode: bool


@dataclass(frozen=True, kw_only=True)
class OrderPaid(_OfOrder):
    TYPE = "order.paid.v1"
    TOPIC = ORDERS
    ROOM = "sale"
    total_fen: int
    method: str | None
    livemode: bool


@dataclass(frozen=True, kw_only=True)
class OrderExpired(_OfOrder):
    TYPE = "order.expired.v1"
    TOPIC = ORDERS
    ROOM = "sale"


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(_OfOrder):
    TYPE = "order.cancelled.v1"
    TOPIC = ORDERS
    ROOM = "sale"
    reason: str


@dataclass(frozen=True, kw_only=True)
class _OfReservation(_OfPass):
    """A slot of a benefit at a venue, half-open; nights of a stay, null of anything else."""

    TOPIC = RESERVATIONS
    ROOM = "booking"
    reservation_id: int
    benefit_id: str
    venue_id: str
    starts_at: datetime
    ends_at: datetime
    nights: int | None


@dataclass(frozen=True, kw_only=True)
class ReservationMade(_OfReservation):
    TYPE = "reservation.made.v1"


@dataclass(frozen=True, kw_only=True)
class ReservationCancelled(_OfReservation):
    TYPE = "reservation.cancelled.v1"


@dataclass(frozen=True, kw_only=True)
class SurveyInvited(_OfPass):
    TYPE = "survey.invited.v1"
    TOPIC = FEEDBACK
    ROOM = "feedback"
    invitation_id: UUID
    venue_id: str
    visited_on: date


@dataclass(frozen=True, kw_only=True)
class SurveyAnswered(_OfPass):
    """score: 1 (poor) to 3 (good)."""

    TYPE = "survey.answered.v1"
    TOPIC = FEEDBACK
    ROOM = "feedback"
    invitation_id: UUID
    venue_id: str
    visited_on: date
    score: int


EVENTS: tuple[type[Event], ...] = (
    RedemptionAdmitted,
    RedemptionRefused,
    RedemptionVoided,
    RedemptionAdjudicated,
    PassIssued,
    PassActivated,
    PassExpired,
    PassVoided,
    OrderPlaced,
    OrderPaid,
    OrderExpired,
    OrderCancelled,
    ReservationMade,
    ReservationCancelled,
    SurveyInvited,
    SurveyAnswered,
)


def envelope(event: Event, *, now: datetime) -> dict[str, object]:
    """CloudEvents 1.0 in structured JSON, without `sequence`: the reader adds that from the outbox id."""
    name, _, major = event.TYPE.rpartition(".v")
    return {
        "specversion": "1.0",
        "id": str(uuid7(now)),
        "source": f"/youyou/{event.ROOM}",
        "type": event.TYPE,
        "subject": event.subject,
        "time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"urn:youyou:events:{name}:{major}-0",
        "partitionkey": event.key,
        "data": {field.name: _plain(getattr(event, field.name)) for field in fields(event)},
    }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def uuid7(now: datetime) -> UUID:
    """RFC 9562 version 7; Python brings its own from 3.14 on."""
    milliseconds = int(now.timestamp() * 1000)
    number = (milliseconds << 80) | secrets.randbits(80)
    number = (number & ~(0xF << 76)) | (0x7 << 76)
    return UUID(int=(number & ~(0x3 << 62)) | (0x2 << 62))
