"""A prerequisite can be met: on the same day and with the same pass there is something to use first."""

from collections.abc import Iterable

from passes.catalogue.draft import Checking, needs_another, of_type
from passes.entitlement.rule_choices import Prerequisite, SameDayExclusive
from passes.entitlement.rule_holders import HolderClasses
from passes.entitlement.terms import Benefit, Product


def prerequisites(checking: Checking, benefit: Benefit) -> None:
    for rule in of_type(benefit.rules, Prerequisite):
        found = len(checking.faults.found)
        if rule.kind == "same_stay":
            stay(checking, benefit, rule)
        else:
            admission(checking, benefit, rule)
        if len(checking.faults.found) == found:
            within_products(checking, benefit, rule)


def admission(checking: Checking, benefit: Benefit, rule: Prerequisite) -> None:
    """Wherever it is asked for there is a benefit without a prerequisite, which this one does not exclude."""
    for venue_id in (rule.spot,) if rule.spot else benefit.at:
        there = [other for other in checking.terms.benefits.values() if venue_id in other.at and other != benefit]
        free = [other for other in there if not needs_another(other)]
        if there and not free:
            checking.rule_fault(
                benefit,
                rule,
                f"{venue_id} 的权益都有前提，形成链条或循环",
                f"everything at {venue_id} has a prerequisite of its own, a chain or a circle",
            )
        elif not free:
            checking.rule_fault(
                benefit, rule, f"{venue_id} 没有可先使用的权益", f"at {venue_id} nothing can be used first"
            )
        elif all(other.id in excluded(benefit) for other in free):
            checking.rule_fault(
                benefit,
                rule,
                f"same_day_exclusive 排除了 {venue_id} 唯一可先使用的权益",
                f"same_day_exclusive excludes all that can be used first at {venue_id}",
            )
        elif not any(same_day(checking, benefit, rule, other, venue_id) for other in free):
            checking.rule_fault(
                benefit,
                rule,
                f"{venue_id} 的权益从不与它同日开放",
                f"nothing at {venue_id} is open on a day on which this is",
            )


def stay(checking: Checking, benefit: Benefit, rule: Prerequisite) -> None:
    """The room benefit is at the same hotel, has no prerequisite, and is not excluded."""
    room = checking.terms.benefits[rule.stay or ""]
    if any(checking.terms.venues[venue_id].kind != "hotel" for venue_id in room.at):
        checking.rule_fault(benefit, rule, f"{room.id} 不在酒店", f"{room.id} is at a place that is no hotel")
    if not set(room.at) >= set(benefit.at):
        checking.rule_fault(benefit, rule, f"{room.id} 不在同一酒店", f"{room.id} is not at the same hotel")
    if needs_another(room):
        checking.rule_fault(
            benefit,
            rule,
            f"{room.id} 自身也有前提，形成链条或循环",
            f"{room.id} has a prerequisite of its own, a chain or a circle",
        )
    if room.id in excluded(benefit):
        checking.rule_fault(
            benefit, rule, f"same_day_exclusive 排除了 {room.id}", f"same_day_exclusive excludes {room.id}"
        )


def within_products(checking: Checking, benefit: Benefit, rule: Prerequisite) -> None:
    """Every product that gives the benefit gives something to use first."""
    for product in checking.products_with(benefit):
        if any(admits(first, product) for first in firsts(checking, benefit, rule)):
            continue
        checking.rule_fault(
            benefit,
            rule,
            f"产品“{product.id}”不含可先使用的权益",
            f"the product “{product.id}” gives nothing that can be used first",
        )


def firsts(checking: Checking, benefit: Benefit, rule: Prerequisite) -> Iterable[Benefit]:
    if rule.stay is not None:
        return (checking.terms.benefits[rule.stay],)
    places = {rule.spot} if rule.spot else set(benefit.at)
    others = (other for other in checking.terms.benefits.values() if places & set(other.at))
    return (other for other in others if not needs_another(other) and other.id not in excluded(benefit))


def admits(first: Benefit, product: Product) -> bool:
    classes = of_type(first.rules, HolderClasses)
    return first.id in product.benefits and all(product.holder in rule.classes for rule in classes)


def excluded(benefit: Benefit) -> set[str]:
    return {id_ for rule in of_type(benefit.rules, SameDayExclusive) for id_ in rule.benefits}


def same_day(checking: Checking, benefit: Benefit, rule: Prerequisite, first: Benefit, venue_id: str) -> bool:
    """Whether some day has both, the first one opening before this one closes."""
    if not checking.calendar.years:
        return True
    return any(
        opening.windows and before.windows and before.windows[0][0] < opening.windows[-1][1]
        for own_id in (benefit.at if rule.spot else (venue_id,))
        for (_, opening), (_, before) in zip(
            checking.openings(benefit, own_id), checking.openings(first, venue_id), strict=True
        )
    )
