"""What reaches a pass that was sold before: a pass keeps the terms it was sold under, and additions flow in. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from passes.catalogue.reading import admits
from passes.entitlement.terms import Benefit, Product, Terms

APPLIES = "applies_to_all_valid_passes"


def with_additions(pinned: Terms, newest: Terms) -> Terms:
    """The pinned terms with all that came later and that the same product includes in the newest.

    What flows in: benefits that a product has gained, new places of a benefit, and the venues of both. Nothing else
    changes: a benefit that was there keeps its rules and its places, one that was removed stays, and a product keeps
    its price. A benefit that another product already had flows in with the pinned rules, if they admit the holder.
    Version and digest stay those of the pinned terms. The pinned terms themselves where there is nothing to add, where
    the other are no newer, or where their pass_rules.new_venue promises no additions.
    """
    if newest.version <= pinned.version or pinned.pass_rules.get("new_venue", APPLIES) != APPLIES:
        return pinned
    products = {id_: _product(product, pinned, newest) for id_, product in pinned.products.items()}
    benefits = {id_: _with_places(benefit, newest) for id_, benefit in pinned.benefits.items()}
    for product in products.values():
        benefits |= {id_: newest.benefits[id_] for id_ in product.benefits if id_ not in benefits}
    if benefits == pinned.benefits and products == pinned.products:
        return pinned
    venues = dict(pinned.venues)
    for benefit in benefits.values():
        venues |= {id_: newest.venues[id_] for id_ in benefit.at if id_ not in venues}
    return replace(pinned, venues=venues, benefits=benefits, products=products)


def _product(product: Product, pinned: Terms, newest: Terms) -> Product:
    now = newest.products.get(product.id)
    gained = tuple(_gained(product, now, pinned)) if now is not None else ()
    return replace(product, benefits=(*product.benefits, *gained)) if gained else product


def _gained(product: Product, now: Product, pinned: Terms) -> Iterator[str]:
    for id_ in now.benefits:
        known = pinned.benefits.get(id_)
        if id_ not in product.benefits and (known is None or admits(known, product)):
            yield id_


def _with_places(benefit: Benefit, newest: Terms) -> Benefit:
    now = newest.benefits.get(benefit.id)
    gained = tuple(id_ for id_ in now.at if id_ not in benefit.at) if now is not None else ()
    return replace(benefit, at=(*benefit.at, *gained)) if gained else benefit
