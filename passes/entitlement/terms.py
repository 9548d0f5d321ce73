"""A catalogue, parsed and frozen: venues, benefits, products and pass rules under one terms version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from passes.entitlement.calendars import Calendar, Holiday, Year
from passes.entitlement.facts import HolderClass
from passes.entitlement.nodes import Text
from passes.entitlement.rule import Rule
from passes.entitlement.rule_terms import Settle
from passes.entitlement.spans import Window

__all__ = ["Benefit", "Calendar", "Holiday", "Interest", "Product", "Terms", "Text", "Venue", "VenueKind", "Year"]

VenueKind = Literal["spot", "hotel", "shop", "transport", "online"]
Interest = Literal["views", "river", "history", "museum", "nature", "family", "food", "crafts", "wellness"]


@dataclass(frozen=True, slots=True)
class Venue:
    """A place of redemption. hours cover the year; closed_weekdays as date.weekday() counts them.

    interests: what draws people there; about: a sentence or two for a reader. Neither changes what a pass gives.
    """

    id: str
    number: int
    kind: VenueKind
    name: Text
    hours: tuple[Window, ...]
    district: Text | None = None
    lat: float | None = None
    lon: float | None = None
    closed_weekdays: tuple[int, ...] = ()
    grade: str | None = None
    list_price_fen: int | None = None
    capacity_instant_people: int | None = None
    capacity_day_people: int | None = None
    free_admission: bool = False
    open_district: bool = False
    interests: tuple[Interest, ...] = ()
    about: Text | None = None


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a pass gives. at: the venues' ids, words such as all_spots resolved. rules: in the order of asking."""

    id: str
    experience: bool
    at: tuple[str, ...]
    name: Text
    value_fen: int
    rules: tuple[Rule, ...]
    settle: Settle


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold. benefits: the ids it includes, `all` resolved; none for a bundle, which has no terms of its own."""

    id: str
    name: Text
    price_fen: int
    sold: bool
    kind: Literal["pass", "ticket"] = "pass"
    holder: HolderClass | None = None
    min_age: int | None = None
    max_age: int | None = None
    validity_days: int | None = None
    benefits: tuple[str, ...] = ()
    bundle: tuple[str, ...] = ()
    requires: str | None = None
    max_per_parent: int | None = None
    guardian_consent: bool = False
    min_qty: int | None = None
    fulfilment: str | None = None
    invoice: str | None = None


@dataclass(frozen=True, eq=False)
class Terms:
    """One terms version. Compared by identity: it is loaded once and kept.

    pass_rules: the catalogue's section of that name, its shape checked, as plain values.
    """

    version: int
    digest: str
    venues: Mapping[str, Venue]
    benefits: Mapping[str, Benefit]
    products: Mapping[str, Product]
    pass_rules: Mapping[str, object] = field(default_factory=dict)
    sample: bool = False

    @property
    def activation_window_days(self) -> int:
        """Days after the sale in which a pass may be activated before it starts by itself."""
        activation = self.pass_rules["activation"]
        assert isinstance(activation, Mapping)
        return int(activation["window_days"])
