"""Use cases of staff accounts, lanes and gate devices."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.access import passwords, queries, rules
from passes.access.models import AuditEntry, Device, Enrolment, EnrolmentCode, Lane, StaffAccount
from passes.errors import N_, Conflict, Invalid, NotFound

SEEN_EVERY = timedelta(minutes=1)
FIRST_LOGIN = "admin"


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """The answer to a code: the token is shown this once and never again."""

    enrolment_id: UUID
    token: str
    gate: rules.Gate


def write_audit(
    session: Session, staff: rules.Staff | None, action: str, subject: str, *, now: datetime, **facts: object
) -> None:
    """Keep who changed what, in the transaction of the change. staff: None on the command line.

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


def ensure_first_staff(session: Session, now: datetime) -> str | None:
    """Make the first account, `admin`, when there is none at all; its password, or None when there was one."""
    if session.scalar(select(StaffAccount.id).limit(1)) is not None:
        return None
    return create_staff(session, login=FIRST_LOGIN, name="Admin", role=rules.ADMIN, now=now)


def create_staff(session: Session, *, login: str, name: str, role: str, now: datetime) -> str:
    """A new account; returns its first password, which must be changed at the first sign-in."""
    login, name = rules.normal_login(login), name.strip()
    faults = {}
    if not rules.is_login(login):
        faults["login"] = [N_("Use 2 to 40 letters a–z, digits, dots, hyphens or underscores.")]
    if not 1 <= len(name) <= 80:
        faults["name"] = [N_("Write 1 to 80 characters.")]
    if role not in rules.ROLES:
        faults["role"] = [N_("Choose one of the roles offered.")]
    if faults:
        raise Invalid("staff_not_valid", N_("The account was not created. Look at the marked fields."), fields=faults)
    password = generated_password()
    created = session.scalar(
        insert(StaffAccount)
        .values(
            login=login,
            name=name,
            role=role,
            password_hash=passwords.hashed(password),
            must_change_password=True,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[StaffAccount.login])
        .returning(StaffAccount.id)
    )
    if created is None:
        taken = N_("This sign-in name is taken. Choose another one.")
        raise Conflict("login_taken", taken, fields={"login": [taken]})
    return password


def generated_password() -> str:
    """Twenty characters in four groups, about 97 bits, without look-alikes."""
    alphabet = rules.CODE_ALPHABET.lower()
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def reset_password(session: Session, staff_id: int) -> str:
    """A new first password; every session of this account ends and a disabled account stays disabled."""
    account = _locked_staff(session, staff_id)
    password = generated_password()
    _set_password(account, password, must_change=True)
    session.flush()
    return password


def change_password(session: Session, staff_id: int, *, password: str) -> int:
    """Set a password its owner chose and end every session; returns the epoch for the session to go on with."""
    account = _locked_staff(session, staff_id)
    _set_password(account, password, must_change=False)
    session.flush()
    return account.session_epoch


def _set_password(account: StaffAccount, password: str, *, must_change: bool) -> None:
    account.password_hash = passwords.hashed(rules.normal_password(password))
    account.must_change_password = must_change
    account.session_epoch += 1


def disable_staff(session: Session, staff_id: int, *, now: datetime) -> None:
    """End every session and refuse further ones. The last admin who can sign in cannot be disabled."""
    admins = session.scalars(
        select(StaffAccount.id)
        .where(StaffAccount.role == rules.ADMIN, StaffAccount.disabled_at.is_(None))
        .order_by(StaffAccount.id)
        .with_for_update(key_share=True)
    ).all()
    account = _locked_staff(session, staff_id)
    if account.disabled_at is not None:
        return
    if list(admins) == [staff_id]:
        raise Conflict(
            "last_admin", N_("This is the last account that may manage staff. Create another admin first.")
        )
    account.disabled_at = now
    account.session_epoch += 1
    session.flush()


def enable_staff(session: Session, staff_id: int) -> None:
    """Let a disabled account sign in again with its old password."""
    _locked_staff(session, staff_id).disabled_at = None
    session.flush()


def _locked_staff(session: Session, staff_id: int) -> StaffAccount:
    account = session.get(StaffAccount, staff_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise NotFound("staff_not_found", N_("We know no staff account with this number."))
    return account


def record_sign_in(session: Session, staff_id: int, *, password: str, now: datetime) -> None:
    """Note the moment, and store the password anew when the hash's parameters have changed."""
    account = _locked_staff(session, staff_id)
    account.last_sign_in_at = now
    if account.password_hash is not None and passwords.is_outdated(account.password_hash):
        account.password_hash = passwords.hashed(password)


def create_lane(
    session: Session, *, venue_id: str, name: str, attended: bool, default_benefit_id: str | None, now: datetime
) -> int:
    """A new entrance. The caller has looked the venue and the benefit up in the catalogue, which lies above us."""
    name = name.strip()
    if not 1 <= len(name) <= 60:
        fault = N_("Write 1 to 60 characters.")
        raise Invalid("lane_not_valid", N_("The lane was not created."), fields={"name": [fault]})
    lane_id: int | None = session.scalar(
        insert(Lane)
        .values(venue_id=venue_id, name=name, attended=attended, default_benefit_id=default_benefit_id, created_at=now)
        .on_conflict_do_nothing(index_elements=[Lane.venue_id, Lane.name])
        .returning(Lane.id)
    )
    if lane_id is None:
        taken = N_("This venue already has a lane with this name. Choose another one.")
        raise Conflict("lane_name_taken", taken, fields={"name": [taken]})
    return lane_id


def make_enrolment_code(session: Session, lane_id: int, *, staff_id: int | None, now: datetime) -> str:
    """A code that enrols one device at this lane within 15 minutes. Only its hash is stored."""
    queries.get_lane(session, lane_id)
    session.execute(delete(EnrolmentCode).where(EnrolmentCode.expires_at < now - timedelta(days=1)))
    code = "".join(secrets.choice(rules.CODE_ALPHABET) for _ in range(rules.CODE_LENGTH))
    session.add(
        EnrolmentCode(
            code_hash=rules.secret_hash(code),
            lane_id=lane_id,
            made_by_staff_id=staff_id,
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
    lane = queries.get_lane(session, lane_id)
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


def revoke_device(session: Session, enrolment_id: UUID, *, now: datetime) -> None:
    """Refuse this enrolment's token from now on; other web processes follow within two seconds."""
    revoked = session.scalar(
        update(Enrolment)
        .where(Enrolment.id == enrolment_id, Enrolment.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Enrolment.id)
    )
    queries.forget_gates()
    if revoked is None and session.get(Enrolment, enrolment_id) is None:
        raise NotFound("enrolment_not_found", N_("We know no enrolled device with this number."))


def note_seen(session: Session, enrolment_id: UUID, *, now: datetime) -> None:
    """Remember that the device called, at most once a minute: a row every scan rewrites would be a queue."""
    session.execute(
        update(Enrolment)
        .where(Enrolment.id == enrolment_id, Enrolment.last_seen_at < now - SEEN_EVERY)
        .values(last_seen_at=now)
    )
