"""Reading terms. Versions never change, so a process parses each once and keeps it.

Which version is the current one is remembered for two seconds: a load reaches every process within that time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from passes import clock
from passes.catalogue.additions import with_additions
from passes.catalogue.holidays import read_holidays
from passes.catalogue.models import ProductRow, TermsVersion, VenueNumber
from passes.catalogue.reading import read_catalogue
from passes.entitlement.nodes import Faults, node_of
from passes.entitlement.terms import Benefit, Calendar, Product, Terms, Venue
from passes.errors import N_, NotFound

CURRENT_SECONDS = 2.0
MOST_KEPT = 64
MAKES_VERSIONS = "catalogue.makes_versions"


@dataclass(frozen=True, slots=True)
class Pinned:
    """Which content a terms version has."""

    version: int
    digest: str
    holidays_digest: str


@dataclass
class _Shelf:
    """What one database was seen to hold."""

    pinned: dict[int, Pinned] = field(default_factory=dict)
    current: tuple[float, Pinned] | None = None


_lock = Lock()
_shelves: WeakKeyDictionary[Engine | Connection, _Shelf] = WeakKeyDictionary()
_terms: dict[tuple[int, str], Terms] = {}
_effective: dict[tuple[int, str, int, str], Terms] = {}
_calendars: dict[str, Calendar] = {}


def forget(session: Session) -> None:
    """Ask this database again which versions there are.

    What this very session sees from now on is not kept: it may have made a version that is rolled back yet.
    """
    session.info[MAKES_VERSIONS] = True
    with _lock:
        _shelves.pop(session.get_bind(), None)


def _shelf(session: Session) -> _Shelf:
    if MAKES_VERSIONS in session.info:
        return _Shelf()
    with _lock:
        return _shelves.setdefault(session.get_bind(), _Shelf())


def get_current(session: Session) -> Pinned:
    """The version on sale, or NotFound before any catalogue was loaded."""
    shelf = _shelf(session)
    kept = shelf.current
    if kept is not None and clock.seconds_running() < kept[0]:
        return kept[1]
    found = _find_pinned(session, None)
    if found is None:
        raise NotFound("catalogue_missing", N_("No catalogue has been loaded yet."))
    shelf.pinned[found.version] = found
    shelf.current = (clock.seconds_running() + CURRENT_SECONDS, found)
    return found


def get_pinned(session: Session, version: int) -> Pinned:
    shelf = _shelf(session)
    found = shelf.pinned.get(version) or _find_pinned(session, version)
    if found is None:
        raise NotFound("terms_not_found", N_("There is no terms version %(version)s."), version=version)
    shelf.pinned[version] = found
    return found


def _find_pinned(session: Session, version: int | None) -> Pinned | None:
    """The version, or the highest one."""
    wanted = select(TermsVersion.version, TermsVersion.digest, TermsVersion.holidays_digest)
    if version is not None:
        wanted = wanted.where(TermsVersion.version == version)
    row = session.execute(wanted.order_by(TermsVersion.version.desc()).limit(1)).first()
    return Pinned(*row) if row else None


def get_current_terms(session: Session) -> Terms:
    """The terms on sale."""
    return get_terms(session, get_current(session).version)


def get_terms(session: Session, version: int) -> Terms:
    """The terms a pass was sold under, or NotFound."""
    pinned = get_pinned(session, version)
    kept = _terms.get((version, pinned.digest))
    if kept is not None:
        return kept
    stored = session.scalars(select(TermsVersion.catalogue).where(TermsVersion.version == version)).one()
    faults = Faults()
    draft = read_catalogue(node_of(stored), faults)
    if draft is None or faults.found:
        raise RuntimeError(f"the stored terms version {version} cannot be read: {faults.found[:3]}")
    terms = replace(draft.terms, version=version, digest=pinned.digest)
    with _lock:
        if len(_terms) >= MOST_KEPT:
            _terms.clear()
        return _terms.setdefault((version, pinned.digest), terms)


def effective_terms(session: Session, version: int) -> Terms:
    """The terms that hold for a pass sold under the version: its own, and what was added since; or NotFound.

    Version and digest are those of its own terms.
    """
    newest = get_current(session)
    key = (version, get_pinned(session, version).digest, newest.version, newest.digest)
    kept = _effective.get(key)
    if kept is not None:
        return kept
    terms = with_additions(get_terms(session, version), get_terms(session, newest.version))
    with _lock:
        if len(_effective) >= MOST_KEPT:
            _effective.clear()
        return _effective.setdefault(key, terms)


def get_calendar(session: Session, version: int | None = None) -> Calendar:
    """The holidays that hold now, for every terms version; or as they were loaded with a version."""
    pinned = get_current(session) if version is None else get_pinned(session, version)
    kept = _calendars.get(pinned.holidays_digest)
    if kept is not None:
        return kept
    stored = session.scalars(select(TermsVersion.holidays).where(TermsVersion.version == pinned.version)).one()
    faults = Faults()
    calendar = read_holidays(node_of(stored), faults)
    if faults.found:
        raise RuntimeError(f"the stored holidays of version {pinned.version} cannot be read: {faults.found[:3]}")
    with _lock:
        if len(_calendars) >= MOST_KEPT:
            _calendars.clear()
        return _calendars.setdefault(pinned.holidays_digest, calendar)


def get_venue(session: Session, venue_id: str) -> Venue:
    """A venue of the current terms; one that has left them, as it was first loaded, for passes sold before may still
    name it; or NotFound.
    """
    venue = get_current_terms(session).venues.get(venue_id)
    if venue is not None:
        return venue
    version = session.scalar(select(VenueNumber.first_version).where(VenueNumber.id == venue_id))
    if version is None:
        raise NotFound("venue_not_found", N_("We know no venue “%(venue_id)s”."), venue_id=venue_id)
    return get_terms(session, version).venues[venue_id]


def get_product(session: Session, product_id: str, version: int | None = None) -> Product:
    """A product of the version, or of the current one; or NotFound."""
    terms = get_current_terms(session) if version is None else get_terms(session, version)
    product = terms.products.get(product_id)
    if product is None:
        raise NotFound("product_not_found", N_("We know no product “%(product_id)s”."), product_id=product_id)
    return product


def list_products_on_sale(session: Session) -> Sequence[Product]:
    """What the shop offers, in the order of the catalogue."""
    return [product for product in get_current_terms(session).products.values() if product.sold]


def list_benefits(terms: Terms, product_id: str, venue_id: str | None = None) -> Sequence[Benefit]:
    """What a product gives, everywhere or at one venue, in the order of the catalogue."""
    included = frozenset(terms.products[product_id].benefits)
    return [
        benefit
        for benefit in terms.benefits.values()
        if benefit.id in included and (venue_id is None or venue_id in benefit.at)
    ]


def product_number(session: Session, product_id: str, version: int) -> int:
    """The number in the token's `product` field, or NotFound (a bundle has none)."""
    found = session.scalar(
        select(ProductRow.number).where(ProductRow.product_id == product_id, ProductRow.version == version)
    )
    if found is None:
        raise NotFound("product_not_found", N_("We know no product “%(product_id)s”."), product_id=product_id)
    return found
