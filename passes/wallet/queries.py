"""All that a wallet page shows of one pass, gathered from the rooms below."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from passes.catalogue.queries import get_terms
from passes.catalogue.sheets import day_sheet
from passes.clock import local_day
from passes.entitlement.nodes import Text
from passes.entitlement.terms import Terms
from passes.feedback.queries import list_open_invitations
from passes.gate.queries import used_counters
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import find_open_hold, get_member
from passes.lifecycle.rules import masked_name
from passes.wallet.rules import Left, Life, days_left, status_of, uses_left


@dataclass(frozen=True)
class BenefitLeft:
    """One benefit of the product. `lefts` is empty where it has no limit; `open` False where no gate takes it yet."""

    id: str
    name: Text
    places: tuple[Text, ...]
    experience: bool
    open: bool
    lefts: tuple[Left, ...]


@dataclass(frozen=True)
class Survey:
    """A visit the holder may still rate."""

    id: UUID
    venue: Text
    visited_on: date


@dataclass(frozen=True)
class Wallet:
    """A pass as its holder sees it. `last_on` is the last day it is good; days_left counts it and today."""

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


def pass_status(session: Session, pass_: Pass, now: datetime) -> str:
    """rules.status_of this pass now."""
    held = find_open_hold(session, pass_.id, now) is not None
    life = Life(pass_.state, held, pass_.activate_by_on, pass_.valid_from, pass_.valid_until)
    return status_of(life, local_day(now))


def get_wallet(session: Session, pass_: Pass, now: datetime) -> Wallet:
    """The page of this pass."""
    today = local_day(now)
    terms = get_terms(session, pass_.terms_version)
    last_on = pass_.valid_until - timedelta(days=1) if pass_.valid_until else None
    return Wallet(
        status=pass_status(session, pass_, now),
        number=pass_.number,
        livemode=pass_.livemode,
        holder=masked_name(get_member(session, pass_.member_id).name),
        product=terms.products[pass_.product_id].name,
        activate_by_on=pass_.activate_by_on,
        starts_on=pass_.activate_by_on + timedelta(days=1),
        valid_from=pass_.valid_from,
        last_on=last_on,
        days_left=days_left(last_on, today) if last_on else pass_.validity_days,
        days_to_activate=days_left(pass_.activate_by_on, today),
        validity_days=pass_.validity_days,
        benefits=_benefits(session, pass_, terms, today),
        surveys=_surveys(session, pass_, terms),
    )


def _benefits(session: Session, pass_: Pass, terms: Terms, today: date) -> list[BenefitLeft]:
    """In the order of the catalogue. Before activation the whole limit is left."""
    sheet = day_sheet(session, pass_.terms_version, today)
    used = used_counters(session, pass_.id)
    found = []
    for benefit_id in terms.products[pass_.product_id].benefits:
        offer, benefit = sheet.offers[benefit_id], terms.benefits[benefit_id]
        found.append(
            BenefitLeft(
                id=benefit_id,
                name=offer.name,
                places=tuple(terms.venues[venue_id].name for venue_id in benefit.at),
                experience=offer.experience,
                open=not offer.unsupported,
                lefts=uses_left(offer.counters(today, pass_.valid_from or today), used),
            )
        )
    return found


def _surveys(session: Session, pass_: Pass, terms: Terms) -> list[Survey]:
    return [
        Survey(invitation.id, terms.venues[invitation.venue_id].name, invitation.visited_on)
        for invitation in list_open_invitations(session, pass_.id)
        if invitation.venue_id in terms.venues
    ]
