"""Loading a catalogue: all or nothing, and nothing at all where it means what is already there."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from passes import clock
from passes.catalogue.models import ProductRow, TermsVersion, VenueNumber
from passes.catalogue.outlook import notes_of, warnings_of
from passes.catalogue.publishing import Publication, record_remedies, refuse_unneeded, settle
from passes.catalogue.queries import forget, get_terms
from passes.catalogue.reading import Reading, read_files
from passes.entitlement.nodes import CatalogueFault, Faults, Node, Text, mapping, plain_of
from passes.entitlement.terms import Terms
from passes.errors import N_, Conflict, Invalid

MOST_FAULTS_TOLD = 50
LOAD_LOCK = 0x63_61_74_61  # “cata”: one load at a time
NOBODYS = Publication()


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The terms version now on sale, whether this load made it, and what the operator should look at soon.

    notes: what rests on provisional holidays.
    """

    version: int
    changed: bool
    warnings: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = field(default=(), compare=False)


def load_catalogue(
    session: Session,
    catalogue_text: str,
    holidays_text: str | None,
    *,
    now: datetime,
    publication: Publication = NOBODYS,
) -> LoadResult:
    """Make the files the terms on sale. Without holidays those loaded last stay.

    Invalid("catalogue_refused") with every fault (the first 50) as a fact; Invalid("remedy_missing") likewise where
    something is taken from the passes that publication.living speaks of; then nothing was taken.
    """
    session.execute(select(func.pg_advisory_xact_lock(LOAD_LOCK)))
    current = session.scalars(select(TermsVersion).order_by(TermsVersion.version.desc()).limit(1)).first()
    if holidays_text is None:
        holidays_text = json.dumps(current.holidays if current else {"years": {}})
    reading = _read(session, catalogue_text, holidays_text)
    today = clock.local_day(now)
    warnings = warnings_of(reading.terms, reading.calendar, today)
    notes = notes_of(reading.terms, reading.calendar, today)
    catalogue, holidays = content_of(reading.catalogue), plain_of(reading.holidays)
    digests = (digest_of(catalogue), digest_of(holidays))
    if current is not None and (current.digest, current.holidays_digest) == digests:
        refuse_unneeded(publication.remedies, {})
        return LoadResult(current.version, False, warnings, notes)
    taken = settle(session, reading, current.version, publication, now) if current else []
    version = current.version + 1 if current else 1
    session.execute(
        insert(TermsVersion).values(
            version=version,
            digest=digests[0],
            catalogue=catalogue,
            holidays_digest=digests[1],
            holidays=holidays,
            loaded_at=now,
        )
    )
    if current is not None:
        record_remedies(session, version, taken, publication, get_terms(session, current.version), now)
    _register_venues(session, reading.terms, version)
    _register_products(session, reading.terms, version)
    forget(session)
    return LoadResult(version, True, warnings, notes)


def _read(session: Session, catalogue_text: str, holidays_text: str) -> Reading:
    faults = Faults()
    reading, found = read_files(catalogue_text, holidays_text)
    faults.found += found
    if reading is not None:
        _compare_venue_numbers(session, reading, faults)
    if reading is None or faults.found:
        raise refused(faults.found)
    return reading


def refused(faults: list[CatalogueFault]) -> Invalid:
    """The refusal of a catalogue. Fact `faults`: line, id, and the reason in zh and en, in the order of the lines."""
    told = sorted(faults, key=lambda fault: fault.line)[:MOST_FAULTS_TOLD]
    return Invalid(
        "catalogue_refused",
        N_("The catalogue was refused and nothing of it was taken: %(count)s faults."),
        count=len(faults),
        faults=[{"line": f.line, "id": f.id, "zh": f.reason.zh, "en": f.reason.en} for f in told],
    )


def _compare_venue_numbers(session: Session, reading: Reading, faults: Faults) -> None:
    """A venue keeps its number, and no other ever gets it: codes in the field carry it."""
    known = {id_: number for id_, number in session.execute(select(VenueNumber.id, VenueNumber.number))}
    owners = {number: id_ for id_, number in known.items()}
    for venue in reading.terms.venues.values():
        number, owner = known.get(venue.id, venue.number), owners.get(venue.number, venue.id)
        line = reading.lines[venue.id]
        if number != venue.number:
            faults.add(
                line, venue.id, f"number 不可更改：原为 {number}", f"the number cannot change: it always was {number}"
            )
        elif owner != venue.id:
            faults.add(
                line,
                venue.id,
                f"number {venue.number} 曾属于 {owner}，不可再用",
                f"the number {venue.number} was that of {owner} and is never reused",
            )


def _register_venues(session: Session, terms: Terms, version: int) -> None:
    known = set(session.scalars(select(VenueNumber.id)))
    new = [
        {"id": venue.id, "number": venue.number, "first_version": version}
        for venue in terms.venues.values()
        if venue.id not in known
    ]
    if new:
        session.execute(insert(VenueNumber), new)


def _register_products(session: Session, terms: Terms, version: int) -> None:
    """A fresh number for every product that has terms of its own."""
    last = session.scalar(select(func.max(ProductRow.number))) or 0
    sellable = [product.id for product in terms.products.values() if not product.bundle]
    if last + len(sellable) > 65535:
        raise Conflict("product_numbers_spent", N_("All 65535 product numbers of the credential are in use."))
    rows = [{"number": last + n, "product_id": id_, "version": version} for n, id_ in enumerate(sellable, start=1)]
    if rows:
        session.execute(insert(ProductRow), rows)


def content_of(catalogue: Node) -> dict[str, Any]:
    """The catalogue as plain values, each list of rules in one order: their order in the file means nothing."""
    content = {name: plain_of(section) for name, section in mapping(catalogue).items()}
    for name in ("benefits", "experiences"):
        entries = content[name]
        assert isinstance(entries, list)
        for entry in entries:
            entry["rules"] = sorted(entry["rules"], key=canonical)
    return content


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest_of(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
