"""What a pass may reserve, where, and when on a day: what the forms offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from passes.booking.rules import Slot, closed_on, is_needed, reservation_of, slots_on
from passes.catalogue.queries import effective_terms, get_calendar, list_benefits
from passes.entitlement.terms import Benefit, Venue
from passes.lifecycle.models import Pass


@dataclass(frozen=True, slots=True)
class Bookable:
    """A benefit at a venue, for which somebody must or may have a reservation."""

    benefit: Benefit
    venue: Venue

    @property
    def id(self) -> str:
        """One text for both, for an address or a form."""
        return f"{self.benefit.id}@{self.venue.id}"

    @property
    def is_stay(self) -> bool:
        rule = reservation_of(self.benefit)
        return rule is not None and rule.slots is None


def list_bookable(session: Session, pass_: Pass) -> Sequence[Bookable]:
    """What this pass may reserve, by the terms it was sold under, in the order of the catalogue."""
    terms = effective_terms(session, pass_.terms_version)
    return [
        Bookable(benefit, terms.venues[venue_id])
        for benefit in list_benefits(terms, pass_.product_id)
        if reservation_of(benefit) is not None
        for venue_id in benefit.at
    ]


def list_slots(session: Session, bookable: Bookable, day: date, *, now: datetime) -> Sequence[Slot]:
    """The slots of a day that are not over; none where the day needs or has none, and none of a stay."""
    rule, calendar = reservation_of(bookable.benefit), get_calendar(session)
    if rule is None or closed_on(bookable.benefit, bookable.venue, day, calendar) or not is_needed(rule, day, calendar):
        return []
    return [slot for slot in slots_on(rule, day) if slot.ends_at > now]
