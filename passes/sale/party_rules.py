"""What holds among the passes of one order, whoever each of them is for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from passes.entitlement.terms import Product
from passes.errors import N_

MOST_PASSES = 9  # of one order: a family and its grandparents; a group orders more than once

DOUBLED = N_("This document stands on another pass of this order. One person needs such a pass only once.")
ALONE = N_("This pass is an addition: the same order needs the pass it belongs to, and each of those takes only a few.")


@dataclass(frozen=True, slots=True)
class Seat:
    """One pass of an order as far as it could be read. document: (type, number as it is compared)."""

    product: Product | None
    document: tuple[str, str] | None


def path_of(index: int, field: str) -> str:
    """Names a field of one pass of an order, counted from 0: holders.0.name."""
    return f"holders.{index}.{field}"


def party_faults(seats: Sequence[Seat]) -> dict[str, list[str]]:
    """What forbids these passes together, by path_of; empty when nothing does."""
    return _doubled(seats) | _without_parent(seats)


def overlap(first: Product, second: Product) -> bool:
    """Whether one person has no use for both: they open some of the same."""
    return first.id == second.id or not frozenset(first.benefits).isdisjoint(second.benefits)


def _doubled(seats: Sequence[Seat]) -> dict[str, list[str]]:
    found = {}
    for index, seat in enumerate(seats):
        if any(_same_person_twice(seat, earlier) for earlier in seats[:index]):
            found[path_of(index, "document_number")] = [DOUBLED]
    return found


def _same_person_twice(one: Seat, other: Seat) -> bool:
    if one.document is None or one.document != other.document:
        return False
    return one.product is not None and other.product is not None and overlap(one.product, other.product)


def _without_parent(seats: Sequence[Seat]) -> dict[str, list[str]]:
    """An additional pass is sold beside the one it requires, and only so many beside each."""
    bought = Counter(seat.product.id for seat in seats if seat.product is not None)
    used: Counter[str] = Counter()
    found = {}
    for index, seat in enumerate(seats):
        if seat.product is None or seat.product.requires is None:
            continue
        used[seat.product.id] += 1
        if used[seat.product.id] > _most_of(seat.product, bought):
            found[path_of(index, "product_id")] = [ALONE]
    return found


def _most_of(product: Product, bought: Mapping[str, int]) -> int:
    parents = bought.get(product.requires or "", 0)
    if product.max_per_parent is None:
        return MOST_PASSES if parents else 0
    return parents * product.max_per_parent
