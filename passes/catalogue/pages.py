"""The shop's window: what the pass is, the map of the places, and a page for every place and benefit."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock
from passes.access.guard import public
from passes.catalogue import queries, shown, sketch
from passes.catalogue.closure_queries import closures_on
from passes.catalogue.closure_rules import longest
from passes.catalogue.closure_words import NOTICES
from passes.catalogue.rules import opening_of
from passes.catalogue.search import Wanted, wanted_of
from passes.catalogue.sheets import day_sheet
from passes.catalogue.value import value_of
from passes.db import transaction
from passes.entitlement.plain import venue_hours
from passes.entitlement.terms import Terms
from passes.errors import N_, NotFound

blueprint = Blueprint("places", __name__)

HIGHLIGHTS = 6


def _terms() -> Terms:
    with transaction() as session:
        return queries.get_current_terms(session)


def _offered(terms: Terms) -> tuple[str, ...]:
    """The ids of the benefits somebody can buy now, in the order of the catalogue; all where nothing is on sale."""
    sold = {id_ for product in terms.products.values() if product.sold for id_ in product.benefits}
    return tuple(id_ for id_ in terms.benefits if id_ in sold or not sold)


def _names(texts: dict[str, str]) -> dict[str, str]:
    return {name: gettext(text) for name, text in texts.items()}


@blueprint.get("/")
@public
def front() -> ResponseReturnValue:
    """What the pass opens, what it costs and what it saves."""
    terms, now = _terms(), clock.now()
    products = [product for product in terms.products.values() if product.sold]
    # A bundle has no terms of its own to tell of.
    main = next((product for product in products if product.benefits), None)
    places = shown.places_of(terms, _offered(terms), Wanted(), now)
    experiences = [terms.benefits[id_] for id_ in _offered(terms) if terms.benefits[id_].experience]
    return render_template(
        "catalogue/front.html",
        terms=terms,
        products=products,
        main=main,
        value=value_of(terms, main) if main else None,
        places=places,
        open_now=[place for place in places if place.opening.open and place.venue.kind == "spot"][:HIGHLIGHTS],
        experiences=[shown.benefit_shown(terms, benefit) for benefit in experiences[:HIGHLIGHTS]],
        sights=sum(place.venue.kind == "spot" for place in places),
        hotels=sum(place.venue.kind == "hotel" for place in places),
        opening_words=lambda opening: shown.opening_words(opening, now),
        sketch=sketch,
        kinds=_names(shown.KINDS),
    )


@blueprint.get("/places")
@public
def listing() -> ResponseReturnValue:
    """The map and the list: searched, filtered and ordered by the address, so that a link shows the same to others."""
    terms, now, wanted = _terms(), clock.now(), wanted_of(request.args)
    places = shown.places_of(terms, _offered(terms), wanted, now)
    present = {place.venue.kind for place in places}
    drawing = {interest for place in places for interest in place.venue.interests}
    return render_template(
        "catalogue/places.html",
        terms=terms,
        places=places,
        wanted=wanted,
        matched=sum(place.matched for place in places),
        changes_at=min((at for place in places if (at := place.opening.until or place.opening.next_at)), default=None),
        kinds={kind: name for kind, name in _names(shown.KINDS).items() if kind in present},
        interests={name: words for name, words in _names(shown.INTERESTS).items() if name in drawing},
        opening_words=lambda opening: shown.opening_words(opening, now),
        distance_words=shown.distance_words,
        sketch=sketch,
    )


@blueprint.get("/places/<venue_id>")
@public
def venue(venue_id: str) -> ResponseReturnValue:
    """One place: when it is open, what closes it just now, and what the pass gives there."""
    now = clock.now()
    with transaction() as session:
        terms = queries.get_current_terms(session)
        closed = closures_on(session, now=now).get(venue_id, ())
    if venue_id not in terms.venues:
        raise NotFound("place_not_found", N_("We know no such place. It may have left the pass: see all places."))
    found = terms.venues[venue_id]
    places = shown.places_of(terms, _offered(terms), Wanted(), now)
    here = [terms.benefits[id_] for id_ in _offered(terms) if venue_id in terms.benefits[id_].at]
    return render_template(
        "catalogue/venue.html",
        terms=terms,
        venue=found,
        state=opening_of(found, now),
        closed=[(gettext(NOTICES[kind]), until) for kind, until in longest(closed).items()],
        hours=venue_hours(found),
        # What is special to this place before what is offered everywhere.
        benefits=[shown.benefit_shown(terms, benefit) for benefit in sorted(here, key=lambda one: len(one.at))],
        places=places,
        near=shown.open_nearby(terms, found, now),
        opening_words=lambda opening: shown.opening_words(opening, now),
        interests=_names(shown.INTERESTS),
        kinds=_names(shown.KINDS),
        sketch=sketch,
    )


@blueprint.get("/benefits/<benefit_id>")
@public
def benefit(benefit_id: str) -> ResponseReturnValue:
    """One benefit: its rules in plain words, where it is used and what it saves."""
    now = clock.now()
    with transaction() as session:
        terms = queries.get_current_terms(session)
        sheet = day_sheet(session, terms.version, clock.local_day(now))
    if benefit_id not in terms.benefits:
        raise NotFound("benefit_not_found", N_("We know no such benefit. It may have ended: see all places."))
    found = terms.benefits[benefit_id]
    places = shown.places_of(terms, (benefit_id,), Wanted(), now)
    return render_template(
        "catalogue/benefit.html",
        terms=terms,
        shown=shown.benefit_shown(terms, found),
        benefit=found,
        places=places,
        products=shown.products_with(terms, found),
        today={place.venue.id: shown.today_words(sheet, benefit_id, place.venue.id) for place in places},
        topics=_names(shown.TOPICS),
        opening_words=lambda opening: shown.opening_words(opening, now),
        sketch=sketch,
        kinds=_names(shown.KINDS),
    )
