"""Which places a visitor looks for: the words and choices of an address, and the venues they mean. Pure."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from passes.catalogue.rules import Opening, Position
from passes.catalogue.sketch import LANDMARKS
from passes.entitlement.terms import Interest, Terms, Venue, VenueKind

LONGEST_QUERY = 60
KINDS: tuple[VenueKind, ...] = get_args(VenueKind)
INTERESTS: tuple[Interest, ...] = get_args(Interest)
PLACES = {mark.key: (mark.lat, mark.lon) for mark in LANDMARKS}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; "" and False ask for nothing. near: the key of a landmark."""

    words: str = ""
    kind: str = ""
    interest: str = ""
    open: bool = False
    near: str = ""

    @property
    def position(self) -> Position | None:
        return PLACES.get(self.near)


def wanted_of(given: Mapping[str, str]) -> Wanted:
    """What an address asks for. What it cannot mean is taken as not asked: a link never leads nowhere."""
    words = " ".join(given.get("q", "")[:LONGEST_QUERY].replace("\x00", " ").split())
    kind, interest, near = (given.get(name, "") for name in ("kind", "interest", "near"))
    return Wanted(
        words=words,
        kind=kind if kind in KINDS else "",
        interest=interest if interest in INTERESTS else "",
        open=given.get("open", "") == "1",
        near=near if near in PLACES else "",
    )


def folded(text: str) -> str:
    """Text as it is compared: without case, width and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))


def haystack(terms: Terms, venue: Venue) -> str:
    """All the words a venue may be found by: its names, its district, and what the pass gives there."""
    given = [benefit.name for benefit in terms.benefits.values() if venue.id in benefit.at]
    texts = [venue.name, *([venue.district] if venue.district else []), *given]
    return folded(" ".join(f"{text.zh} {text.en}" for text in texts))


def matches(wanted: Wanted, venue: Venue, opening: Opening, words: str) -> bool:
    """Whether the venue is what was asked for; words: its haystack. Every word asked for must be in it."""
    return (
        (not wanted.kind or venue.kind == wanted.kind)
        and (not wanted.interest or wanted.interest in venue.interests)
        and (not wanted.open or opening.open)
        and all(word in words for word in folded(wanted.words).split())
    )
