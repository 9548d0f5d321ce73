"""Use cases of clerks and their shifts."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.access import queries
from passes.access.clerk_queries import OpenShift, find_clerk_by_pin, find_shift, get_clerk, pin_hash
from passes.access.models import Clerk, Enrolment, Shift
from passes.access.rules import PIN_LENGTH, SHIFT_LIFE, Gate, Staff, normal_pin
from passes.access.service import write_audit
from passes.errors import N_, Conflict, Invalid

PIN_TRIES = 20


def add_clerk(session: Session, *, venue_id: str, name: str, now: datetime, by: Staff | None = None) -> tuple[int, str]:
    """A new clerk of a venue the caller has looked up: the id, and the PIN, which is told this once."""
    name = name.strip()
    if not 1 <= len(name) <= 60:
        fault = N_("Write 1 to 60 characters.")
        raise Invalid("clerk_not_valid", N_("The clerk was not added."), fields={"name": [fault]})
    _refuse_taken_name(session, venue_id, name)
    for _ in range(PIN_TRIES):
        pin = _drawn_pin()
        clerk_id: int | None = session.scalar(
            insert(Clerk)
            .values(venue_id=venue_id, name=name, pin_hash=pin_hash(venue_id, pin), created_at=now)
            .on_conflict_do_nothing()
            .returning(Clerk.id)
        )
        if clerk_id is not None:
            write_audit(session, by, "clerk.added", f"clerk:{clerk_id}", now=now, name=name, venue_id=venue_id)
            return clerk_id, pin
        _refuse_taken_name(session, venue_id, name)
    raise _no_pin_left()


def renew_pin(session: Session, clerk_id: int, *, now: datetime, by: Staff | None = None) -> str:
    """Another PIN; the old one opens nothing from now on. A shift that is open goes on."""
    clerk = get_clerk(session, clerk_id, lock=True)
    if clerk.disabled_at is not None:
        raise Conflict("clerk_disabled", N_("This clerk is disabled. Enable the clerk first."))
    _audit(session, by, "clerk.pin_renewed", clerk, now=now)
    return _set_new_pin(session, clerk)


def enable_clerk(session: Session, clerk_id: int, *, now: datetime, by: Staff | None = None) -> str:
    """Let a disabled clerk begin shifts again, with a PIN of its own: the old one may be somebody else's by now."""
    clerk = get_clerk(session, clerk_id, lock=True)
    if clerk.disabled_at is None:
        raise Conflict("clerk_enabled", N_("This clerk is not disabled."))
    _refuse_taken_name(session, clerk.venue_id, clerk.name)
    # First the PIN: enabled with the old one, the clerk could share it with somebody for a moment.
    pin = _set_new_pin(session, clerk)
    clerk.disabled_at = None
    _audit(session, by, "clerk.enabled", clerk, now=now)
    return pin


def disable_clerk(session: Session, clerk_id: int, *, now: datetime, by: Staff | None = None) -> None:
    """Refuse the PIN from now on and end every shift of this clerk. Twice changes nothing."""
    clerk = get_clerk(session, clerk_id, lock=True)
    if clerk.disabled_at is not None:
        return
    clerk.disabled_at = now
    _audit(session, by, "clerk.disabled", clerk, now=now)
    session.execute(
        update(Shift).where(Shift.clerk_id == clerk_id, Shift.ended_at.is_(None)).values(ended_at=_end(now))
    )
    session.flush()
    queries.forget_gates()


def start_shift(session: Session, gate: Gate, pin: str, *, now: datetime) -> OpenShift:
    """Begin the shift of whose PIN it is; that of another clerk at this device ends. The same clerk's goes on.

    Invalid("pin_wrong") for any text that is no PIN of an enabled clerk of this venue.
    """
    wrong = N_("This PIN is not right. Type it again, or ask the gate manager for a new one.")
    normal = normal_pin(pin)
    clerk = find_clerk_by_pin(session, gate.venue_id, normal, lock=True) if normal else None
    if clerk is None:
        raise Invalid("pin_wrong", wrong, fields={"pin": [wrong]})
    # One device begins one shift at a time; scans, which refer to the enrolment, need not wait for that.
    session.scalar(select(Enrolment.id).where(Enrolment.id == gate.enrolment_id).with_for_update(key_share=True))
    shift = find_shift(session, gate.enrolment_id, now=now)
    if shift is None or shift.clerk_id != clerk.id:
        end_shift(session, gate.enrolment_id, now=now)
        session.add(Shift(enrolment_id=gate.enrolment_id, clerk_id=clerk.id, started_at=now))
        session.flush()
    found = find_shift(session, gate.enrolment_id, now=now)
    assert found is not None
    return found


def end_shift(session: Session, enrolment_id: UUID, *, now: datetime) -> None:
    """End whatever shift is open at this device; without one nothing changes."""
    session.execute(
        update(Shift).where(Shift.enrolment_id == enrolment_id, Shift.ended_at.is_(None)).values(ended_at=_end(now))
    )
    queries.forget_gates()


def _audit(session: Session, by: Staff | None, action: str, clerk: Clerk, *, now: datetime) -> None:
    write_audit(session, by, action, f"clerk:{clerk.id}", now=now, name=clerk.name, venue_id=clerk.venue_id)


def _end(now: datetime) -> object:
    """Now, or when the shift had ended by itself; never before it began, should another process's clock be ahead."""
    return func.greatest(Shift.started_at, func.least(literal(now), Shift.started_at + SHIFT_LIFE))


def _drawn_pin() -> str:
    return f"{secrets.randbelow(10**PIN_LENGTH):0{PIN_LENGTH}d}"


def _set_new_pin(session: Session, clerk: Clerk) -> str:
    for _ in range(PIN_TRIES):
        pin = _drawn_pin()
        if find_clerk_by_pin(session, clerk.venue_id, pin) is None:
            clerk.pin_hash = pin_hash(clerk.venue_id, pin)
            session.flush()
            return pin
    raise _no_pin_left()


def _refuse_taken_name(session: Session, venue_id: str, name: str) -> None:
    same = select(Clerk.id).where(Clerk.venue_id == venue_id, Clerk.name == name, Clerk.disabled_at.is_(None))
    if session.scalar(same) is not None:
        taken = N_("This venue already has a clerk with this name. Add something that tells them apart.")
        raise Conflict("clerk_name_taken", taken, fields={"name": [taken]})


def _no_pin_left() -> Conflict:
    return Conflict("no_pin_left", N_("No free PIN was found. Disable clerks who no longer work at this venue."))
