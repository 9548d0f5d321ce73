"""Making and cancelling reservations. How many a slot holds, and how early and often one may book, is not asked yet."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.booking import rules
from passes.booking.models import Reservation
from passes.booking.rules import Slot
from passes.catalogue.queries import effective_terms, get_calendar
from passes.clock import local_day, local_time
from passes.entitlement.rule_slots import EARLY, MOST_NIGHTS
from passes.entitlement.rule_slots import Reservation as ReservationRule
from passes.entitlement.terms import Benefit, Terms
from passes.errors import N_, Conflict, Invalid, NotFound
from passes.events.contract import Event, ReservationCancelled, ReservationMade
from passes.events.outbox import emit
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import find_open_hold
from passes.lifecycle.service import get_locked_pass


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be reserved. starts_at: when the slot begins; of a stay, any moment of the day of arrival."""

    pass_id: int
    benefit_id: str
    venue_id: str
    starts_at: datetime
    nights: int | None


def make_reservation(
    session: Session,
    *,
    pass_id: int,
    benefit_id: str,
    venue_id: str,
    starts_at: datetime,
    by: str,
    now: datetime,
    nights: int | None = None,
    party_reference: str | None = None,
) -> Reservation:
    """Keep a slot, or a stay of some nights, for a pass, by the terms it was sold under.

    Invalid("reservation_not_valid") names the field that is wrong; Conflict where the pass cannot be used, or has this
    very slot already.
    """
    asked = Asked(pass_id, benefit_id, venue_id, starts_at, nights)
    pass_ = get_locked_pass(session, pass_id)
    _refuse_unusable(session, pass_, now)
    slot = _slot(session, pass_, asked, now)
    _refuse_second(session, asked, slot, by)
    made = Reservation(
        pass_id=pass_id,
        benefit_id=benefit_id,
        venue_id=venue_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        nights=nights,
        state="booked",
        party_reference=party_reference,
        made_at=now,
        made_by=by,
    )
    session.add(made)
    session.flush()
    emit(session, _event(ReservationMade, made), now=now)
    return made


def cancel_reservation(
    session: Session, reservation_id: int, *, now: datetime, made_by: str | None = None
) -> Reservation:
    """Give the place back; twice changes nothing. Conflict once a gate may have admitted with it.

    made_by: only what this one made; another's is NotFound.
    """
    found = session.get(Reservation, reservation_id)
    if found is None or made_by not in (None, found.made_by):
        raise NotFound("reservation_not_found", N_("We know no reservation with this number."))
    get_locked_pass(session, found.pass_id)
    session.refresh(found)
    if found.state == "cancelled":
        return found
    if found.starts_at - EARLY <= now:
        raise Conflict("reservation_over", N_("The time of this reservation has come, so it cannot be cancelled."))
    found.state, found.cancelled_at = "cancelled", now
    session.flush()
    emit(session, _event(ReservationCancelled, found), now=now)
    return found


def _event(kind: type[ReservationMade | ReservationCancelled], made: Reservation) -> Event:
    return kind(
        pass_id=made.pass_id,
        reservation_id=made.id,
        benefit_id=made.benefit_id,
        venue_id=made.venue_id,
        starts_at=made.starts_at,
        ends_at=made.ends_at,
        nights=made.nights,
    )


def _refuse_unusable(session: Session, pass_: Pass, now: datetime) -> None:
    if pass_.state == "void":
        raise Conflict("pass_void", N_("This pass was cancelled."))
    if pass_.state == "expired":
        raise Conflict("pass_expired", N_("This pass has ended."))
    if pass_.state == "issued":
        raise Conflict("pass_not_active", N_("This pass is not activated yet. Activate it first."))
    if find_open_hold(session, pass_.id, now) is not None:
        raise Conflict("pass_frozen", N_("This pass is on hold. Please ask the service desk."))


def _refuse_second(session: Session, asked: Asked, slot: Slot, by: str) -> None:
    """Under the pass's lock; uq_reservation_slot has the last word."""
    other = session.execute(
        select(Reservation.id, Reservation.made_by).where(
            Reservation.pass_id == asked.pass_id,
            Reservation.benefit_id == asked.benefit_id,
            Reservation.starts_at == slot.starts_at,
            Reservation.state == "booked",
        )
    ).first()
    if other is not None:
        taken = N_("This pass has a reservation for this time already.")
        own = {"reservation_id": other.id} if other.made_by == by else {}
        raise Conflict("reservation_exists", taken, fields={"starts_at": [taken]}, **own)


def _slot(session: Session, pass_: Pass, asked: Asked, now: datetime) -> Slot:
    terms = effective_terms(session, pass_.terms_version)
    rule = _rule(terms, pass_, asked)
    _refuse_day(session, terms, rule, asked)
    slot = _stay(rule, asked) if rule.slots is None else _timed(rule, asked)
    if slot.ends_at <= now:
        raise _wrong("starts_at", N_("This time is over already."))
    _refuse_outside(pass_, local_day(slot.starts_at))
    return slot


def _rule(terms: Terms, pass_: Pass, asked: Asked) -> ReservationRule:
    benefit = _benefit(terms, pass_, asked)
    rule = rules.reservation_of(benefit)
    if rule is None:
        raise _wrong("benefit_id", N_("This benefit is used without a reservation."))
    return rule


def _benefit(terms: Terms, pass_: Pass, asked: Asked) -> Benefit:
    benefit = terms.benefits.get(asked.benefit_id)
    if benefit is None or asked.benefit_id not in terms.products[pass_.product_id].benefits:
        raise _wrong("benefit_id", N_("This pass does not give this benefit."))
    if asked.venue_id not in benefit.at:
        raise _wrong("venue_id", N_("This benefit is not offered at this venue. Choose another one."))
    return benefit


def _stay(rule: ReservationRule, asked: Asked) -> Slot:
    if asked.nights is None:
        raise _wrong("nights", N_("Say for how many nights: 1 to 30."))
    if not 1 <= asked.nights <= MOST_NIGHTS:
        raise _wrong("nights", N_("A stay is 1 to 30 nights long."))
    return rules.stay_of(asked.starts_at, asked.nights)


def _timed(rule: ReservationRule, asked: Asked) -> Slot:
    if asked.nights is not None:
        raise _wrong("nights", N_("Only a stay at a hotel has nights."))
    for slot in rules.slots_on(rule, local_day(asked.starts_at)):
        if slot.starts_at == asked.starts_at:
            return slot
    raise _wrong(
        "starts_at",
        N_("No slot begins at %(time)s. Slots begin at: %(starts)s."),
        time=f"{local_time(asked.starts_at):%H:%M}",
        starts=rules.slots_words(rule),
    )


def _refuse_day(session: Session, terms: Terms, rule: ReservationRule, asked: Asked) -> None:
    """Refuse a day on which the benefit is not given, or needs no reservation."""
    day, calendar = local_day(asked.starts_at), get_calendar(session)
    if rules.closed_on(terms.benefits[asked.benefit_id], terms.venues[asked.venue_id], day, calendar):
        raise _wrong("starts_at", N_("This benefit is not given on %(day)s."), day=day.isoformat())
    needed = rules.is_needed(rule, day, calendar)
    if needed is None:
        raise _wrong("starts_at", N_("The holidays of %(year)s are not known yet."), year=day.year)
    if not needed:
        raise _wrong("starts_at", N_("No reservation is needed on %(day)s."), day=day.isoformat())


def _refuse_outside(pass_: Pass, day: date) -> None:
    if pass_.valid_from is None or pass_.valid_until is None or not pass_.valid_from <= day < pass_.valid_until:
        raise _wrong("starts_at", N_("The pass is not valid on %(day)s."), day=day.isoformat())


def _wrong(field: str, message: str, **facts: object) -> Invalid:
    return Invalid("reservation_not_valid", message, fields={field: [message]}, **facts)
