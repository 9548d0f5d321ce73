"""Reservations, closures and counts of people from the back office: done in their rooms, and written into the audit
log.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from passes.access.rules import Staff
from passes.access.service import write_audit
from passes.booking.queries import get_reservation
from passes.booking.service import cancel_reservation, make_reservation
from passes.catalogue.closure_service import ClosureRequest, close_venues, end_closure, report_people
from passes.lifecycle.queries import get_pass
from passes.lifecycle.service import get_locked_pass


def book_from_desk(
    session: Session,
    staff: Staff,
    *,
    pass_id: int,
    benefit_id: str,
    venue_id: str,
    starts_at: datetime,
    nights: int | None,
    party_reference: str | None,
    now: datetime,
) -> int:
    """Keep a slot or a stay; returns the reservation's number. Refusals as make_reservation."""
    made = make_reservation(
        session,
        pass_id=pass_id,
        benefit_id=benefit_id,
        venue_id=venue_id,
        starts_at=starts_at,
        nights=nights,
        party_reference=party_reference,
        by=staff.login,
        now=now,
    )
    number = get_pass(session, pass_id).number
    facts = {"number": number, "benefit_id": benefit_id, "venue_id": venue_id}
    write_audit(session, staff, "reservation.made", f"reservation:{made.id}", now=now, **facts)
    return made.id


def cancel_from_desk(session: Session, staff: Staff, reservation_id: int, *, now: datetime) -> None:
    """Give a place back, whoever made the reservation. Twice changes nothing, and is written once."""
    # Under the pass's lock: of two clicks at once, the second sees what the first did.
    pass_ = get_locked_pass(session, get_reservation(session, reservation_id).pass_id)
    stood = get_reservation(session, reservation_id).state == "booked"
    cancel_reservation(session, reservation_id, now=now)
    if stood:
        subject = f"reservation:{reservation_id}"
        write_audit(session, staff, "reservation.cancelled", subject, now=now, number=pass_.number)


def close_from_desk(session: Session, staff: Staff, request: ClosureRequest, *, now: datetime) -> int:
    """Switch something on at all venues of the request; returns at how many."""
    made = close_venues(session, request, by=staff.login, now=now)
    for one in made:
        facts = {"kind": one.kind, "venue_id": one.venue_id, "note": one.note}
        write_audit(session, staff, "closure.switched_on", f"closure:{one.id}", now=now, **facts)
    return len(made)


def end_from_desk(session: Session, staff: Staff, closure_id: int, *, now: datetime) -> None:
    """Switch one off now, whoever switched it on."""
    ended = end_closure(session, closure_id, by=staff.login, now=now)
    facts = {"kind": ended.kind, "venue_id": ended.venue_id}
    write_audit(session, staff, "closure.ended", f"closure:{closure_id}", now=now, **facts)


def count_from_desk(session: Session, staff: Staff, venue_id: str, people: int, *, now: datetime) -> None:
    """Keep how many people staff counted in a venue."""
    report_people(session, venue_id, people=people, source=staff.login, now=now)
    write_audit(session, staff, "occupancy.counted", f"venue:{venue_id}", now=now, people=people)
