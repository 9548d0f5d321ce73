"""Use cases of the second factor: a code by the clock, and ten written codes for the day the phone is lost."""

import hashlib
import hmac
import os
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from passes import settings
from passes.access import rules, totp
from passes.access.accounts import locked_staff
from passes.access.models import StaffAccount, StaffRecoveryCode
from passes.access.queries import staff_of
from passes.access.rules import Staff
from passes.access.service import write_audit
from passes.errors import N_, Conflict

RECOVERY_CODES = 10
_NONCE_BYTES = 12


def begin_second_factor(session: Session, staff_id: int) -> bytes:
    """The secret for the app, not counting until a code confirms it. Asked again, it is the same."""
    account = locked_staff(session, staff_id)
    if account.totp_confirmed_at is not None:
        raise Conflict("second_factor_set", N_("Your second factor is set up already. Remove it first."))
    if account.totp_sealed is None:
        account.totp_sealed = _sealed(staff_id, os.urandom(totp.SECRET_BYTES))
        session.flush()
    return _opened(staff_id, account.totp_sealed)


def confirm_second_factor(session: Session, staff: Staff, code: str, *, now: datetime) -> list[str] | None:
    """Count the second factor from now on; the written codes, shown this once. None: the code is wrong."""
    account = locked_staff(session, staff.id)
    if account.totp_sealed is None or account.totp_confirmed_at is not None:
        raise Conflict("second_factor_not_begun", N_("Begin again: open “My account” and set up the second factor."))
    step = _matching_step(account, code, now=now)
    if step is None:
        return None
    account.totp_confirmed_at, account.totp_last_step = now, step
    write_audit(session, staff, "staff.second_factor_set", f"staff:{staff.id}", now=now, login=staff.login)
    return _new_codes(session, staff.id)


def is_second_factor(session: Session, staff_id: int, code: str, *, now: datetime) -> bool:
    """Whether the code is right, and then used up: six digits of the app, or a written one."""
    account = locked_staff(session, staff_id)
    if account.totp_sealed is None or account.totp_confirmed_at is None:
        return False
    normal = rules.normal_recovery_code(code)
    if normal is not None and _use_recovery_code(session, staff_id, normal, now=now):
        owner = staff_of(account)
        write_audit(session, owner, "staff.recovery_code_used", f"staff:{owner.id}", now=now, login=owner.login)
        return True
    step = _matching_step(account, code, now=now)
    if step is not None:
        account.totp_last_step = step
    return step is not None


def remove_second_factor(session: Session, staff_id: int, *, by: Staff | None, now: datetime) -> None:
    """Sign in with the password alone again; the secret and the written codes are deleted."""
    account = locked_staff(session, staff_id)
    if account.totp_sealed is None:
        return
    was_set = account.totp_confirmed_at is not None
    account.totp_sealed = account.totp_confirmed_at = account.totp_last_step = None
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_id == staff_id))
    if was_set:
        write_audit(session, by, "staff.second_factor_removed", f"staff:{staff_id}", now=now, login=account.login)


def renew_recovery_codes(session: Session, staff: Staff, *, now: datetime) -> list[str]:
    """Ten new written codes; the ones before are worth nothing."""
    if locked_staff(session, staff.id).totp_confirmed_at is None:
        raise Conflict("second_factor_not_set", N_("Your second factor is not set up."))
    write_audit(session, staff, "staff.recovery_codes_made", f"staff:{staff.id}", now=now, login=staff.login)
    return _new_codes(session, staff.id)


def count_recovery_codes(session: Session, staff_id: int) -> int:
    """How many written codes are left."""
    left = select(func.count()).where(StaffRecoveryCode.staff_id == staff_id, StaffRecoveryCode.used_at.is_(None))
    return session.scalar(left) or 0


def _matching_step(account: StaffAccount, code: str, *, now: datetime) -> int | None:
    digits = rules.normal_digits(code)
    if digits is None or account.totp_sealed is None:
        return None
    secret = _opened(account.id, account.totp_sealed)
    return totp.matching_step(secret, digits, now=now, after=account.totp_last_step)


def _new_codes(session: Session, staff_id: int) -> list[str]:
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_id == staff_id))
    length = rules.RECOVERY_CODE_LENGTH
    codes = ["".join(secrets.choice(rules.CODE_ALPHABET) for _ in range(length)) for _ in range(RECOVERY_CODES)]
    session.add_all(StaffRecoveryCode(staff_id=staff_id, code_hash=_code_hash(staff_id, code)) for code in codes)
    session.flush()
    return [rules.shown_recovery_code(code) for code in codes]


def _use_recovery_code(session: Session, staff_id: int, code: str, *, now: datetime) -> bool:
    used = session.scalar(
        update(StaffRecoveryCode)
        .where(
            StaffRecoveryCode.staff_id == staff_id,
            StaffRecoveryCode.code_hash == _code_hash(staff_id, code),
            StaffRecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(StaffRecoveryCode.staff_id)
    )
    return used is not None


def _code_hash(staff_id: int, code: str) -> bytes:
    """Keyed: fifty bits alone could be guessed from a stolen table."""
    return hmac.digest(settings.current().derive("recovery-codes"), f"{staff_id}:{code}".encode(), hashlib.sha256)


def _sealed(staff_id: int, secret: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(settings.current().derive("second-factors")).encrypt(nonce, secret, str(staff_id).encode())


def _opened(staff_id: int, sealed: bytes) -> bytes:
    key = AESGCM(settings.current().derive("second-factors"))
    return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], str(staff_id).encode())
