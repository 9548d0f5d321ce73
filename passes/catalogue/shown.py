"""What the pages of places show, as values, and the few sentences they are told in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from flask_babel import gettext

from passes.catalogue.rules import Opening, metres_between, nearest_open, opening_of, position_of
from passes.catalogue.search import Wanted, haystack, matches
from passes.catalogue.sketch import Point, venue_points
from passes.clock import local_day, local_time
from passes.entitlement.daysheet import DaySheet
from passes.entitlement.plain import Topic, plain_topics, short_words
from passes.entitlement.spans import TimeSpan
from passes.entitlement.terms import Benefit, Product, Terms, Text, Venue
from passes.entitlement.words import refusal_words
from passes.errors import N_
from passes.http.languages import pick, show_clock, show_day

KINDS = {
    "spot": N_("Sights"),
    "hotel": N_("Hotels"),
    "shop": N_("Shops and food"),
    "transport": N_("Getting around"),
    "online": N_("Online"),
}

INTERESTS = {
    "views": N_("Views"),
    "river": N_("The river"),
    "history": N_("History"),
    "museum": N_("Museums"),
    "nature": N_("Nature"),
    "family": N_("With children"),
    "food": N_("Food"),
    "crafts": N_("Crafts and gifts"),
    "wellness": N_("Wellness"),
}

TOPICS = {
    "often": N_("How often"),
    "when": N_("When to use it"),
    "who": N_("For whom"),
    "before": N_("Before you use it"),
    "terms": N_("What you get and pay"),
    "excluded": N_("Not included"),
}


@dataclass(frozen=True)
class Place:
    """A venue in a list and on the map. matched: it is what was asked for. point None: it has no place (online)."""

    venue: Venue
    opening: Opening
    point: Point | None
    words: str
    matched: bool
    metres: int | None
    benefits: tuple[Benefit, ...]
    """What the pass gives here: what is special to the place first, what is given everywhere last."""


@lru_cache(maxsize=2048)
def words_of(terms: Terms, venue_id: str) -> str:
    return haystack(terms, terms.venues[venue_id])


def places_of(terms: Terms, benefit_ids: Sequence[str], wanted: Wanted, now: datetime) -> list[Place]:
    """Every venue at which one of the benefits may be used: the matching ones first, and the nearest first if asked."""
    points = venue_points(terms)
    benefits = [terms.benefits[id_] for id_ in benefit_ids]
    found = []
    for venue in terms.venues.values():
        own = tuple(sorted((one for one in benefits if venue.id in one.at), key=lambda one: len(one.at)))
        if not own:
            continue
        opening, words, position = opening_of(venue, now), words_of(terms, venue.id), position_of(venue)
        metres = metres_between(wanted.position, position) if wanted.position and position else None
        matched = matches(wanted, venue, opening, words)
        found.append(Place(venue, opening, points.get(venue.id), words, matched, metres, own))
    if wanted.position:
        found.sort(key=lambda place: 10**9 if place.metres is None else place.metres)
    return found


def open_nearby(terms: Terms, venue: Venue, now: datetime, most: int = 4) -> list[tuple[Venue, str, str]]:
    """What is open near a venue now: (venue, how far, until when)."""
    others = [id_ for id_ in terms.venues if id_ != venue.id]
    near = nearest_open(terms, position_of(venue), now, venue_ids=others, most=most)
    return [(one.venue, distance_words(one.metres), opening_words(one.opening, now)) for one in near if one.metres]


def opening_words(opening: Opening, now: datetime) -> str:
    """“Open until 17:00”, “Closed, opens tomorrow at 09:00”."""
    if opening.open:
        if opening.until is None:
            return str(gettext("Open round the clock"))
        return str(gettext("Open until %(time)s", time=closing_time(opening.until)))
    if opening.next_at is None:
        return str(gettext("Closed"))
    time = show_clock(opening.next_at)
    days = (local_day(opening.next_at) - local_day(now)).days
    if days == 0:
        return str(gettext("Closed, opens today at %(time)s", time=time))
    if days == 1:
        return str(gettext("Closed, opens tomorrow at %(time)s", time=time))
    return str(gettext("Closed, opens on %(day)s at %(time)s", day=show_day(opening.next_at, "weekday"), time=time))


def today_words(sheet: DaySheet, benefit_id: str, venue_id: str) -> str:
    """When a benefit may be used at a venue today, or why not."""
    opening = sheet.offers[benefit_id].at[venue_id].opening
    if opening.closed:
        return pick(refusal_words(opening.closed))
    hours = [str(TimeSpan(opens // 60, closes // 60)) for opens, closes in opening.windows]
    return str(gettext("Usable today %(hours)s", hours=", ".join(hours)))


def closing_time(moment: datetime) -> str:
    """Midnight closes a day: 24:00."""
    local = local_time(moment)
    return "24:00" if (local.hour, local.minute) == (0, 0) else show_clock(moment)


def distance_words(metres: int | None) -> str:
    """“350 m”, “1.2 km”, “14 km”; nothing where it is not known."""
    if metres is None:
        return ""
    if metres < 995:
        return str(gettext("%(metres)s m", metres=max(round(metres, -1), 10)))
    return str(gettext("%(km)s km", km=f"{metres / 1000:.1f}" if metres < 9_950 else round(metres / 1000)))


@dataclass(frozen=True)
class BenefitShown:
    """A benefit with its rules in plain words: line is how often and when, topics is all there is to know."""

    benefit: Benefit
    line: Text
    topics: tuple[tuple[Topic, tuple[Text, ...]], ...]


def benefit_shown(terms: Terms, benefit: Benefit) -> BenefitShown:
    """Other benefits and places are called by their names."""
    return BenefitShown(benefit, short_words(benefit), plain_topics(benefit, terms))


def products_with(terms: Terms, benefit: Benefit) -> list[Product]:
    """The products on sale that give the benefit."""
    return [product for product in terms.products.values() if product.sold and benefit.id in product.benefits]
