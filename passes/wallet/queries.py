"""All that a wallet page shows of one pass, gathered from the rooms below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session

from passes.booking.queries import booked_for
from passes.catalogue.closure_queries import closures_on
from passes.catalogue.queries import effective_terms
from passes.catalogue.rules import opening_of
from passes.catalogue.sheets import day_sheet
from passes.clock import local_day
from passes.entitlement.daysheet import DaySheet, Offer
from passes.entitlement.decide import decide, next_allowed
from passes.entitlement.facts import Closure, Counts, Decision, Facts, HolderClass, PassState
from passes.entitlement.nodes import Text
from passes.entitlement.phrases import discount_words
from passes.entitlement.plain import plain_words
from passes.entitlement.terms import Benefit, Terms, Venue
from passes.entitlement.words import refusal_words
from passes.feedback.queries import list_open_invitations
from passes.gate.queries import BOOKED_AHEAD, used_counters
from passes.lifecycle.models import Member, Pass
from passes.lifecycle.queries import find_open_hold, get_member
from passes.lifecycle.rules import masked_name
from passes.wallet.rules import Left, Life, Section, days_left, section_of, standing, status_of, uses_left

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class BenefitLeft:
    """One benefit of the product. words: its rules, in plain words. places: where, told only if its name does not.

    `lefts` is empty where it has no limit. then_off: the discount that holds now that its limits are spent.
    not_today: why it cannot be used anywhere today, whoever asks; opens_on: its next open day within the pass's term.
    """

    id: str
    name: Text
    section: Section
    places: tuple[Text, ...]
    words: tuple[Text, ...]
    standing: str
    lefts: tuple[Left, ...]
    then_off: Text | None
    not_today: Text | None
    opens_on: date | None


@dataclass(frozen=True)
class OpenPlace:
    """A place where this pass would be let in now, what it gives there, and until when; None: it never closes."""

    venue: Venue
    benefits: tuple[Text, ...]
    until: datetime | None


@dataclass(frozen=True)
class Surroundings:
    """Where the pass works now, in the order of the catalogue, and if nowhere, where first."""

    open: tuple[OpenPlace, ...]
    next: tuple[Venue, datetime] | None


@dataclass(frozen=True)
class Survey:
    """A visit the holder may still rate."""

    id: UUID
    venue: Text
    visited_on: date


@dataclass(frozen=True)
class Wallet:
    """A pass as its holder sees it. `last_on` is the last day it is good; days_left counts it and today.

    surroundings: None where the pass opens nothing now.
    """

    status: str
    number: str
    livemode: bool
    holder: str
    product: Text
    activate_by_on: date
    starts_on: date
    valid_from: date | None
    last_on: date | None
    days_left: int
    days_to_activate: int
    validity_days: int
    benefits: Sequence[BenefitLeft]
    surveys: Sequence[Survey]
    surroundings: Surroundings | None


@dataclass(frozen=True)
class Asker:
    """A pass that asks at every venue what a gate there would say. closures: by venue."""

    facts: Facts
    closures: Mapping[str, tuple[Closure, ...]]

    def at(self, venue_id: str, benefit_id: str) -> Facts:
        closures = self.closures.get(venue_id, ())
        return replace(self.facts, venue_id=venue_id, benefit_id=benefit_id, closures=closures)


def _asker(session: Session, pass_: Pass, member: Member, used: Counts, now: datetime) -> Asker:
    booked = booked_for(session, [pass_.id], since=now, until=now + BOOKED_AHEAD)
    facts = Facts(
        now=now,
        venue_id="",
        product_id=pass_.product_id,
        holder_class=cast(HolderClass, pass_.holder_class),
        state=cast(PassState, pass_.state),
        valid_from=pass_.valid_from,
        valid_until=pass_.valid_until,
        birth_on=member.birth_on,
        counters=used,
        reservations=booked.get(pass_.id, ()),
    )
    return Asker(facts, closures_on(session, now=now))


def pass_status(session: Session, pass_: Pass, now: datetime) -> str:
    """rules.status_of this pass now."""
    held = find_open_hold(session, pass_.id, now) is not None
    life = Life(pass_.state, held, pass_.activate_by_on, pass_.valid_from, pass_.valid_until)
    return status_of(life, local_day(now))


def get_wallet(session: Session, pass_: Pass, now: datetime) -> Wallet:
    """The page of this pass."""
    today = local_day(now)
    member = get_member(session, pass_.member_id)
    terms = effective_terms(session, pass_.terms_version)
    sheet = day_sheet(session, pass_.terms_version, today)
    used = used_counters(session, pass_.id)
    status = pass_status(session, pass_, now)
    last_on = pass_.valid_until - timedelta(days=1) if pass_.valid_until else None
    return Wallet(
        status=status,
        number=pass_.number,
        livemode=pass_.livemode,
        holder=masked_name(member.name),
        product=terms.products[pass_.product_id].name,
        activate_by_on=pass_.activate_by_on,
        starts_on=pass_.activate_by_on + timedelta(days=1),
        valid_from=pass_.valid_from,
        last_on=last_on,
        days_left=days_left(last_on, today) if last_on else pass_.validity_days,
        days_to_activate=days_left(pass_.activate_by_on, today),
        validity_days=pass_.validity_days,
        benefits=_benefits(pass_, terms, sheet, used),
        surveys=_surveys(session, pass_, terms),
        surroundings=_surroundings(terms, sheet, _asker(session, pass_, member, used, now))
        if status == "ready"
        else None,
    )


def _benefits(pass_: Pass, terms: Terms, sheet: DaySheet, used: Counts) -> list[BenefitLeft]:
    """In the order of the catalogue. Before activation the whole limit is left."""
    return [
        _benefit(pass_, terms.benefits[benefit_id], terms, sheet, used)
        for benefit_id in terms.products[pass_.product_id].benefits
    ]


def _benefit(pass_: Pass, benefit: Benefit, terms: Terms, sheet: DaySheet, used: Counts) -> BenefitLeft:
    offer = sheet.offers[benefit.id]
    venues = [terms.venues[venue_id] for venue_id in benefit.at]
    section = section_of(benefit.experience, [venue.kind for venue in venues])
    lefts = uses_left(offer.limits(sheet.day, pass_.valid_from or sheet.day), used)
    is_spent = any(left.left == 0 for left in lefts)
    then_off = discount_words(offer.then_discount) if is_spent and offer.then_discount is not None else None
    how = "usable" if then_off else standing(lefts)
    closed = _closed_today(offer)
    return BenefitLeft(
        id=benefit.id,
        name=benefit.name,
        section=section,
        places=() if section == "sights" else tuple(venue.name for venue in venues),
        words=plain_words(benefit, terms, validity_days=pass_.validity_days),
        standing="closed" if closed and how == "usable" else how,
        lefts=lefts,
        then_off=then_off,
        not_today=refusal_words(closed) if closed else None,
        opens_on=_opens_on(sheet, offer, pass_.valid_until) if closed else None,
    )


def _closed_today(offer: Offer) -> str | None:
    """Why it may be used nowhere on the day, whoever asks; None where a venue offers it."""
    closed = [offered.opening.closed for offered in offer.at.values()]
    return closed[0] if closed and all(closed) else None


def _opens_on(sheet: DaySheet, offer: Offer, valid_until: date | None) -> date | None:
    tomorrow = sheet.day + timedelta(days=1)
    found = (sheet.open_from(offered, tomorrow) for offered in offer.at.values())
    first = min((one[0] for one in found if one is not None), default=None)
    return None if first is None or (valid_until is not None and first >= valid_until) else first


def _surroundings(terms: Terms, sheet: DaySheet, asker: Asker) -> Surroundings:
    """Asked of the same rules that a gate asks; whoever only needs a word with staff counts as let in."""
    benefits = sheet.products[asker.facts.product_id].benefits
    places: list[OpenPlace] = []
    refused: list[tuple[Facts, Decision]] = []
    for venue in terms.venues.values():
        if venue.lat is None:
            continue
        usable = []
        for choice in sheet.choices.get(venue.id, ()):
            if choice.id in benefits:
                facts = asker.at(venue.id, choice.id)
                decision = decide(sheet, facts)
                if decision.outcome == "refused":
                    refused.append((facts, decision))
                else:
                    usable.append(choice)
        if usable:
            until = _until(terms, sheet, venue.id, [choice.id for choice in usable], asker.facts.now)
            places.append(OpenPlace(venue, tuple(choice.name for choice in usable), until))
    return Surroundings(tuple(places), None if places else _next(terms, sheet, refused))


def _next(terms: Terms, sheet: DaySheet, refused: Sequence[tuple[Facts, Decision]]) -> tuple[Venue, datetime] | None:
    moments = ((next_allowed(sheet, facts, decision), facts.venue_id) for facts, decision in refused)
    first = min(((moment, venue_id) for moment, venue_id in moments if moment is not None), default=None)
    return None if first is None else (terms.venues[first[1]], first[0])


def _until(terms: Terms, sheet: DaySheet, venue_id: str, benefit_ids: Sequence[str], now: datetime) -> datetime | None:
    """The end of the last entry now; where that is midnight, when the place closes."""
    second = sheet.second_of(now)
    windows = [window for id_ in benefit_ids for window in sheet.offers[id_].at[venue_id].opening.windows]
    end = max((end for begin, end in windows if begin <= second < end), default=DAY_SECONDS)
    if end >= DAY_SECONDS:
        return opening_of(terms.venues[venue_id], now).until
    return sheet.starts_at + timedelta(seconds=end)


def _surveys(session: Session, pass_: Pass, terms: Terms) -> list[Survey]:
    return [
        Survey(invitation.id, terms.venues[invitation.venue_id].name, invitation.visited_on)
        for invitation in list_open_invitations(session, pass_.id)
        if invitation.venue_id in terms.venues
    ]
