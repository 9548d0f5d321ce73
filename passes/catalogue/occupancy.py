"""How full each venue is, for pages and the API."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from passes.catalogue.closure_queries import list_counts
from passes.catalogue.closure_rules import Level, level_of, share_of, thresholds_of
from passes.catalogue.queries import get_current_terms
from passes.entitlement.terms import Venue


@dataclass(frozen=True, slots=True)
class Fullness:
    """A venue with its last count: people, measured_at and source are None where it was never counted."""

    venue: Venue
    people: int | None
    measured_at: datetime | None
    source: str | None
    share: float | None
    level: Level

    @property
    def venue_id(self) -> str:
        return self.venue.id

    @property
    def capacity_people(self) -> int | None:
        return self.venue.capacity_instant_people


def list_fullness(session: Session, *, now: datetime) -> list[Fullness]:
    """Every venue of the current terms that has a capacity or was ever counted, in the order of the catalogue."""
    terms = get_current_terms(session)
    limits = thresholds_of(terms)
    counts = {counted.venue_id: counted for counted in list_counts(session)}
    found = []
    for venue in terms.venues.values():
        counted, capacity = counts.get(venue.id), venue.capacity_instant_people
        if counted is not None or capacity:
            found.append(
                Fullness(
                    venue,
                    counted.people if counted else None,
                    counted.measured_at if counted else None,
                    counted.source if counted else None,
                    share_of(counted, capacity),
                    level_of(counted, capacity, limits, now),
                )
            )
    return found
