"""Reading lanes and the devices enrolled to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from passes.access.models import Device, Enrolment, Lane
from passes.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class LaneSearch:
    """Which lanes: a part of the name; a venue; "open" or "closed". None: any."""

    text: str | None = None
    venue_id: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """An enrolment as the lanes page shows it."""

    enrolment_id: UUID
    device_name: str
    enrolled_at: datetime
    revoked_at: datetime | None
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A lane with its devices in use."""

    id: int
    venue_id: str
    name: str
    attended: bool
    default_benefit_id: str | None
    closed_at: datetime | None
    devices: tuple[DeviceRow, ...]


def get_lane(session: Session, lane_id: int) -> LaneRow:
    """One lane with all its devices, or NotFound."""
    lane = session.get(Lane, lane_id)
    if lane is None:
        raise NotFound("lane_not_found", N_("We know no lane with this number."))
    return _lane_rows(session, [lane])[0]


def list_lanes(
    session: Session, search: LaneSearch | None = None, *, limit: int, offset: int
) -> tuple[list[LaneRow], int]:
    """A part of the lanes by venue and name, each with its devices, those in use first; and how many there are."""
    wanted = and_(true(), *_lane_conditions(search or LaneSearch()))
    total = session.scalar(select(func.count()).select_from(Lane).where(wanted)) or 0
    lanes = session.scalars(
        select(Lane).where(wanted).order_by(Lane.venue_id, Lane.name, Lane.id).offset(offset).limit(limit)
    ).all()
    return _lane_rows(session, lanes), total


def _lane_conditions(search: LaneSearch) -> Iterator[ColumnElement[bool]]:
    if search.text is not None:
        yield Lane.name.icontains(search.text, autoescape=True)
    if search.venue_id is not None:
        yield Lane.venue_id == search.venue_id
    if search.state is not None:
        yield Lane.closed_at.is_(None) if search.state == "open" else Lane.closed_at.is_not(None)


def _lane_rows(session: Session, lanes: Sequence[Lane]) -> list[LaneRow]:
    devices: dict[int, list[DeviceRow]] = {lane.id: [] for lane in lanes}
    found = session.execute(
        select(
            Enrolment.lane_id,
            Enrolment.id,
            Device.name,
            Enrolment.enrolled_at,
            Enrolment.revoked_at,
            Enrolment.last_seen_at,
        )
        .join(Device, Device.id == Enrolment.device_id)
        .where(Enrolment.lane_id.in_(list(devices)))
        .order_by(Enrolment.revoked_at.desc().nulls_first(), Enrolment.enrolled_at.desc())
    )
    for row in found:
        devices[row[0]].append(DeviceRow(*row[1:]))
    return [
        LaneRow(
            lane.id,
            lane.venue_id,
            lane.name,
            lane.attended,
            lane.default_benefit_id,
            lane.closed_at,
            tuple(devices[lane.id]),
        )
        for lane in lanes
    ]
