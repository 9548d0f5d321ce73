"""Use cases of lanes and gate devices, and the audit log of the whole house. Accounts: accounts.py."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.access import lane_queries, queries, rules
from passes.access.models import AuditEntry, Device, Enrolment, EnrolmentCode, Lane
from passes.errors import N_, Conflict, Invalid, NotFound

SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """The answer to a code: the token is shown this once and never again."""

    enrolment_id: UUID
    token: str
    gate: rules.Gate


def write_audit(
    session: Session, staff: rules.Staff | None, action: str, subject: str, *, now: datetime, **facts: object
) -> None:
    """Keep who changed what, in the transaction of the change. staff: None on the command line, and for a holder.

    action: what happened, "pass.held". subject: to what, "pass:123". facts: JSON-able, what a reader needs to
    understand it later: a reason, a value before and after. No secrets, no more of a visitor than a number.
    """
    session.add(
        AuditEntry(
            happened_at=now,
            staff_id=staff.id if staff else None,
            staff_login=staff.login if staff else None,
            action=action,
            subject=subject,
            facts=facts,
        )
    )
    session.flush()


def create_lane(
    session: Session,
    *,
    venue_id: str,
    name: str,
    attended: bool,
    default_benefit_id: str | None,
    now: datetime,
    by: rules.Staff | None = None,
) -> int:
    """A new entrance. The caller has looked the venue and the benefit up in the catalogue, which lies above us."""
    name = _lane_name(name)
    lane_id: int | None = session.scalar(
        insert(Lane)
        .values(venue_id=venue_id, name=name, attended=attended, default_benefit_id=default_benefit_id, created_at=now)
        .on_conflict_do_nothing(index_elements=[Lane.venue_id, Lane.name])
        .returning(Lane.id)
    )
    if lane_id is None:
        raise _lane_name_taken()
    write_audit(session, by, "lane.created", f"lane:{lane_id}", now=now, lane=name, venue_id=venue_id)
    return lane_id


def update_lane(
    session: Session,
    lane_id: int,
    *,
    name: str,
    attended: bool,
    default_benefit_id: str | None,
    by: rules.Staff | None,
    now: datetime,
) -> bool:
    """Rename a lane, or change what a scan there means; whether anything differed. Its venue stays."""
    lane = _locked_lane(session, lane_id)
    wanted = {"name": _lane_name(name), "attended": attended, "default_benefit_id": default_benefit_id}
    changes = {key: [getattr(lane, key), value] for key, value in wanted.items() if getattr(lane, key) != value}
    if "name" in changes and session.scalar(
        select(Lane.id).where(Lane.venue_id == lane.venue_id, Lane.name == wanted["name"], Lane.id != lane_id)
    ):
        raise _lane_name_taken()
    for key, (_, value) in changes.items():
        setattr(lane, key, value)
    if changes:
        write_audit(session, by, "lane.changed", f"lane:{lane_id}", now=now, lane=lane.name, **changes)
        queries.forget_gates()
    return bool(changes)


def close_lane(session: Session, lane_id: int, *, by: rules.Staff | None, now: datetime) -> int:
    """Nobody passes here any more: its devices are signed off, its codes enrol nothing. How many devices there were."""
    lane = _locked_lane(session, lane_id)
    if lane.closed_at is not None:
        return 0
    lane.closed_at = now
    revoked = session.scalars(
        update(Enrolment)
        .where(Enrolment.lane_id == lane_id, Enrolment.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Enrolment.id)
    ).all()
    session.execute(delete(EnrolmentCode).where(EnrolmentCode.lane_id == lane_id, EnrolmentCode.used_at.is_(None)))
    write_audit(session, by, "lane.closed", f"lane:{lane_id}", now=now, lane=lane.name, devices=len(revoked))
    queries.forget_gates()
    return len(revoked)


def reopen_lane(session: Session, lane_id: int, *, by: rules.Staff | None, now: datetime) -> None:
    """Let devices be enrolled here again; those signed off stay so."""
    lane = _locked_lane(session, lane_id)
    if lane.closed_at is not None:
        lane.closed_at = None
        write_audit(session, by, "lane.reopened", f"lane:{lane_id}", now=now, lane=lane.name)


def _locked_lane(session: Session, lane_id: int) -> Lane:
    lane = session.get(Lane, lane_id, with_for_update=True, populate_existing=True)
    if lane is None:
        raise NotFound("lane_not_found", N_("We know no lane with this number."))
    return lane


def _lane_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 60:
        fault = N_("Write 1 to 60 characters.")
        raise Invalid("lane_not_valid", N_("The lane was not saved."), fields={"name": [fault]})
    return name


def _lane_name_taken() -> Conflict:
    taken = N_("This venue already has a lane with this name. Choose another one.")
    return Conflict("lane_name_taken", taken, fields={"name": [taken]})


def make_enrolment_code(session: Session, lane_id: int, *, now: datetime, by: rules.Staff | None = None) -> str:
    """A code that enrols one device at this lane within 15 minutes. Only its hash is stored."""
    lane = _locked_lane(session, lane_id)
    if lane.closed_at is not None:
        raise Conflict("lane_closed", N_("This lane is closed. Open it again before you enrol a device there."))
    write_audit(session, by, "lane.code_made", f"lane:{lane_id}", now=now, lane=lane.name)
    session.execute(delete(EnrolmentCode).where(EnrolmentCode.expires_at < now - timedelta(days=1)))
    code = "".join(secrets.choice(rules.CODE_ALPHABET) for _ in range(rules.CODE_LENGTH))
    session.add(
        EnrolmentCode(
            code_hash=rules.secret_hash(code),
            lane_id=lane_id,
            made_by_staff_id=by.id if by else None,
            made_at=now,
            expires_at=now + rules.ENROLMENT_CODE_LIFE,
        )
    )
    session.flush()
    return code


def enrol_device(
    session: Session, *, code: str, device_name: str, replaces: str | None = None, now: datetime
) -> NewEnrolment:
    """Use a code up: whoever's UPDATE finds it unused has it, however many try.

    `replaces` is the token the device had; it is revoked, and the device moves to the new lane.
    """
    device_name = device_name.strip()
    if not 1 <= len(device_name) <= 60:
        fault = N_("Write 1 to 60 characters.")
        raise Invalid("device_not_valid", N_("The device was not enrolled."), fields={"device_name": [fault]})
    lane_id = _use_code(session, code, now=now)
    device_id = _moved_device(session, replaces, device_name, now=now)
    token, enrolment_id = secrets.token_urlsafe(32), uuid4()
    session.add(
        Enrolment(
            id=enrolment_id,
            device_id=device_id,
            lane_id=lane_id,
            token_hash=rules.secret_hash(token),
            enrolled_at=now,
            last_seen_at=now,
        )
    )
    session.flush()
    lane = lane_queries.get_lane(session, lane_id)
    gate = rules.Gate(
        enrolment_id, lane.id, lane.venue_id, lane.attended, lane.default_benefit_id, lane.name, device_name
    )
    return NewEnrolment(enrolment_id, token, gate)


def _use_code(session: Session, code: str, *, now: datetime) -> int:
    normal = rules.normal_code(code)
    wrong = N_("This code is not right. Compare it with the code in the back office.")
    if normal is None:
        raise NotFound("enrolment_code_unknown", wrong)
    code_hash = rules.secret_hash(normal)
    lane_id: int | None = session.scalar(
        update(EnrolmentCode)
        .where(EnrolmentCode.code_hash == code_hash, EnrolmentCode.used_at.is_(None), EnrolmentCode.expires_at > now)
        .values(used_at=now)
        .returning(EnrolmentCode.lane_id)
    )
    if lane_id is not None:
        return lane_id
    known = session.execute(select(EnrolmentCode.used_at).where(EnrolmentCode.code_hash == code_hash)).first()
    if known is None:
        raise NotFound("enrolment_code_unknown", wrong)
    if known.used_at is not None:
        raise Conflict("enrolment_code_used", N_("This code was used already. Ask for a new one."))
    raise Conflict("enrolment_code_expired", N_("This code is older than 15 minutes. Ask for a new one."))


def _moved_device(session: Session, replaces: str | None, device_name: str, *, now: datetime) -> int:
    device_id: int | None = None
    if replaces is not None and rules.is_token(replaces):
        device_id = session.scalar(
            update(Enrolment)
            .where(Enrolment.token_hash == rules.secret_hash(replaces), Enrolment.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(Enrolment.device_id)
        )
        queries.forget_gates()
    if device_id is not None:
        session.execute(update(Device).where(Device.id == device_id).values(name=device_name))
        return device_id
    device = Device(name=device_name, created_at=now)
    session.add(device)
    session.flush()
    return device.id


def revoke_device(session: Session, enrolment_id: UUID, *, now: datetime, by: rules.Staff | None = None) -> int:
    """Refuse this enrolment's token from now on; other web processes follow within two seconds. Returns its lane."""
    revoked = session.scalar(
        update(Enrolment)
        .where(Enrolment.id == enrolment_id, Enrolment.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Enrolment.id)
    )
    queries.forget_gates()
    enrolment = session.get(Enrolment, enrolment_id)
    if enrolment is None:
        raise NotFound("enrolment_not_found", N_("We know no enrolled device with this number."))
    if revoked is not None:
        device = session.get_one(Device, enrolment.device_id)
        write_audit(session, by, "device.revoked", f"device:{device.id}", now=now, device=device.name)
    return enrolment.lane_id


def note_seen(session: Session, enrolment_id: UUID, *, now: datetime) -> None:
    """Remember that the device called, at most once a minute: a row every scan rewrites would be a queue.

    Its first call is always remembered: a device that never called since it was enrolled stands at no gate.
    """
    is_first = Enrolment.last_seen_at == Enrolment.enrolled_at
    session.execute(
        update(Enrolment)
        .where(Enrolment.id == enrolment_id, is_first | (Enrolment.last_seen_at < now - SEEN_EVERY))
        .values(last_seen_at=now)
    )
