"""Reading staff, lanes, devices and enrolments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from passes.access.models import Device, Enrolment, Lane, Shift, StaffAccount
from passes.access.rules import SHIFT_LIFE, Gate, Staff
from passes.errors import N_, NotFound

GATE_CACHE = timedelta(seconds=2)
_GATE_CACHE_SIZE = 4096

_gates: dict[bytes, tuple[datetime, "GateFound"]] = {}
_gates_lock = Lock()


@dataclass(frozen=True, slots=True)
class GateFound:
    """An enrolment by its token, revoked or not."""

    gate: Gate
    revoked: bool
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in compares with."""

    staff: Staff
    password_hash: str | None
    session_epoch: int


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A line of the staff page."""

    id: int
    login: str
    name: str
    role: str
    must_change_password: bool
    disabled_at: datetime | None
    last_sign_in_at: datetime | None


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
    devices: tuple[DeviceRow, ...]


def find_gate(session: Session, token_hash: bytes, *, now: datetime) -> GateFound | None:
    """The enrolment with this token hash: one indexed look-up, remembered by this process for two seconds.

    A device revoked through another process may therefore scan for up to two seconds more.
    """
    kept = remembered_gate(token_hash, now=now)
    if kept is not None:
        return kept
    found = _find_gate_row(session, token_hash, now)
    with _gates_lock:
        if found is None:
            _gates.pop(token_hash, None)
        else:
            if len(_gates) >= _GATE_CACHE_SIZE:
                _gates.clear()
            _gates[token_hash] = (now, found)
    return found


def remembered_gate(token_hash: bytes, *, now: datetime) -> GateFound | None:
    """What find_gate still remembers, without a database."""
    kept = _gates.get(token_hash)
    return kept[1] if kept is not None and timedelta(0) <= now - kept[0] < GATE_CACHE else None


def forget_gates() -> None:
    """Ask the database again at the next scan."""
    with _gates_lock:
        _gates.clear()


def _find_gate_row(session: Session, token_hash: bytes, now: datetime) -> GateFound | None:
    row = session.execute(
        select(
            Enrolment.id,
            Lane.id,
            Lane.venue_id,
            Lane.attended,
            Lane.default_benefit_id,
            Lane.name,
            Device.name,
            Shift.id,
            Enrolment.revoked_at,
            Enrolment.last_seen_at,
        )
        .join(Lane, Lane.id == Enrolment.lane_id)
        .join(Device, Device.id == Enrolment.device_id)
        .outerjoin(
            Shift,
            and_(Shift.enrolment_id == Enrolment.id, Shift.ended_at.is_(None), Shift.started_at > now - SHIFT_LIFE),
        )
        .where(Enrolment.token_hash == token_hash)
    ).first()
    if row is None:
        return None
    return GateFound(Gate(*row[:8]), revoked=row[8] is not None, last_seen_at=row[9])


def find_credentials(session: Session, login: str) -> Credentials | None:
    """For signing in: None for an unknown or disabled name."""
    account = session.scalars(
        select(StaffAccount).where(StaffAccount.login == login, StaffAccount.disabled_at.is_(None))
    ).first()
    if account is None:
        return None
    return Credentials(_staff(account), account.password_hash, account.session_epoch)


def find_signed_in(session: Session, staff_id: int, session_epoch: int) -> Staff | None:
    """The staff a session cookie speaks of, None when disabled or the session was ended since."""
    account = session.get(StaffAccount, staff_id)
    if account is None or account.disabled_at is not None or account.session_epoch != session_epoch:
        return None
    return _staff(account)


def _staff(account: StaffAccount) -> Staff:
    return Staff(account.id, account.login, account.name, account.role, account.must_change_password)


def get_staff(session: Session, staff_id: int) -> StaffRow:
    """One account, or NotFound."""
    account = session.get(StaffAccount, staff_id)
    if account is None:
        raise NotFound("staff_not_found", N_("We know no staff account with this number."))
    return _staff_row(account)


def find_staff_id(session: Session, login: str) -> int | None:
    """The account with this login, disabled or not."""
    return session.scalar(select(StaffAccount.id).where(StaffAccount.login == login))


def list_staff(session: Session, *, limit: int, offset: int) -> tuple[list[StaffRow], int]:
    """A part of all accounts by login, and how many there are."""
    total = session.scalar(select(func.count()).select_from(StaffAccount)) or 0
    accounts = session.scalars(select(StaffAccount).order_by(StaffAccount.login).offset(offset).limit(limit))
    return [_staff_row(account) for account in accounts], total


def _staff_row(account: StaffAccount) -> StaffRow:
    return StaffRow(
        account.id,
        account.login,
        account.name,
        account.role,
        account.must_change_password,
        account.disabled_at,
        account.last_sign_in_at,
    )


def get_lane(session: Session, lane_id: int) -> LaneRow:
    """One lane with all its devices, or NotFound."""
    lane = session.get(Lane, lane_id)
    if lane is None:
        raise NotFound("lane_not_found", N_("We know no lane with this number."))
    return _lane_rows(session, [lane])[0]


def list_lanes(session: Session, *, limit: int, offset: int) -> tuple[list[LaneRow], int]:
    """A part of all lanes by venue and name, each with its devices, those in use first; and how many there are."""
    total = session.scalar(select(func.count()).select_from(Lane)) or 0
    lanes = session.scalars(select(Lane).order_by(Lane.venue_id, Lane.name, Lane.id).offset(offset).limit(limit)).all()
    return _lane_rows(session, lanes), total


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
        LaneRow(lane.id, lane.venue_id, lane.name, lane.attended, lane.default_benefit_id, tuple(devices[lane.id]))
        for lane in lanes
    ]
