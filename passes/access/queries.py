"""Reading staff accounts, and which gate a device is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import ColumnElement, and_, func, or_, select, true
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
    """An enrolment by its token, revoked or not. last_seen_at: None before its first call."""

    gate: Gate
    revoked: bool
    last_seen_at: datetime | None


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
    email: str | None
    created_at: datetime
    has_password: bool
    must_change_password: bool
    has_second_factor: bool
    disabled_at: datetime | None
    last_sign_in_at: datetime | None

    @property
    def state(self) -> str:
        """disabled, invited (no password chosen yet), first_password or active."""
        if self.disabled_at is not None:
            return "disabled"
        if not self.has_password:
            return "invited"
        return "first_password" if self.must_change_password else "active"


@dataclass(frozen=True, slots=True)
class StaffSearch:
    """Which accounts: a part of the login, name or e-mail; a role; a state of StaffRow. None: any."""

    text: str | None = None
    role: str | None = None
    state: str | None = None


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
            Enrolment.enrolled_at,
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
    return GateFound(Gate(*row[:8]), revoked=row[8] is not None, last_seen_at=row[9] if row[9] > row[10] else None)


def find_credentials(session: Session, login: str) -> Credentials | None:
    """For signing in: None for an unknown or disabled name."""
    account = session.scalars(
        select(StaffAccount).where(StaffAccount.login == login, StaffAccount.disabled_at.is_(None))
    ).first()
    if account is None:
        return None
    return Credentials(staff_of(account), account.password_hash, account.session_epoch)


def staff_of(account: StaffAccount) -> Staff:
    """What a request knows of who made it."""
    return Staff(
        account.id,
        account.login,
        account.name,
        account.role,
        account.must_change_password,
        account.totp_confirmed_at is not None,
    )


def get_staff(session: Session, staff_id: int) -> StaffRow:
    """One account, or NotFound."""
    account = session.get(StaffAccount, staff_id)
    if account is None:
        raise NotFound("staff_not_found", N_("We know no staff account with this number."))
    return _staff_row(account)


def find_staff_id(session: Session, login: str) -> int | None:
    """The account with this login, disabled or not."""
    return session.scalar(select(StaffAccount.id).where(StaffAccount.login == login))


def list_staff(
    session: Session, search: StaffSearch | None = None, *, limit: int, offset: int
) -> tuple[list[StaffRow], int]:
    """A part of the accounts searched for, by login, and how many there are."""
    wanted = and_(true(), *_staff_conditions(search or StaffSearch()))
    total = session.scalar(select(func.count()).select_from(StaffAccount).where(wanted)) or 0
    accounts = session.scalars(
        select(StaffAccount).where(wanted).order_by(StaffAccount.login).offset(offset).limit(limit)
    )
    return [_staff_row(account) for account in accounts], total


def _staff_conditions(search: StaffSearch) -> Iterator[ColumnElement[bool]]:
    shut, chosen = StaffAccount.disabled_at.is_not(None), StaffAccount.password_hash.is_not(None)
    if search.text is not None:
        columns = (StaffAccount.login, StaffAccount.name, StaffAccount.email)
        yield or_(*(column.icontains(search.text, autoescape=True) for column in columns))
    if search.role is not None:
        yield StaffAccount.role == search.role
    if search.state == "disabled":
        yield shut
    elif search.state == "invited":
        yield and_(~shut, ~chosen)
    elif search.state == "first_password":
        yield and_(~shut, chosen, StaffAccount.must_change_password)
    elif search.state == "active":
        yield and_(~shut, chosen, ~StaffAccount.must_change_password)


def _staff_row(account: StaffAccount) -> StaffRow:
    return StaffRow(
        account.id,
        account.login,
        account.name,
        account.role,
        account.email,
        account.created_at,
        account.password_hash is not None,
        account.must_change_password,
        account.totp_confirmed_at is not None,
        account.disabled_at,
        account.last_sign_in_at,
    )
