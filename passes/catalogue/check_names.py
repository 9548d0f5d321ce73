"""What entries call one another must be there: counts, products, benefits, members of a group, sizes of a pool."""

from collections import Counter

from passes.catalogue.draft import Checking, of_type
from passes.entitlement.rule_choices import ChoiceGroup, SameDayExclusive
from passes.entitlement.rule_counts import Pool
from passes.entitlement.rule_holders import ChildPolicy
from passes.entitlement.rule_terms import FreeItem
from passes.entitlement.terms import Benefit, Product


def check(checking: Checking) -> None:
    counts(checking)
    for product in checking.terms.products.values():
        of_product(checking, product)
    for benefit in checking.terms.benefits.values():
        references(checking, benefit)
        groups(checking, benefit)
        children(checking, benefit)
    pools(checking)
    stocks(checking)


def counts(checking: Checking) -> None:
    """The counts in meta, which show a file that was cut off."""
    terms, draft = checking.terms, checking.draft
    kinds = Counter("partners" if v.kind not in ("spot", "hotel") else v.kind + "s" for v in terms.venues.values())
    experiences = sum(benefit.experience for benefit in terms.benefits.values())
    found = {
        "spots": kinds["spots"],
        "hotels": kinds["hotels"],
        "partners": kinds["partners"],
        "benefits": len(terms.benefits) - experiences,
        "experiences": experiences,
        "products": len(terms.products),
    }
    for name, number in found.items():
        claimed = draft.counts.get(name, number)
        if claimed != number:
            checking.faults.add(
                draft.counts_line,
                "meta",
                f"counts 称有 {claimed} 项 {name}，实为 {number} 项",
                f"counts claims {claimed} {name}, there are {number}",
            )


def of_product(checking: Checking, product: Product) -> None:
    products = checking.terms.products
    for id_ in (*product.bundle, *([product.requires] if product.requires else [])):
        other = products.get(id_)
        if other is None:
            checking.fault(product.id, f"没有产品“{id_}”", f"there is no product “{id_}”")
        elif id_ == product.id or other.bundle:
            checking.fault(product.id, f"不能引用“{id_}”", f"cannot name “{id_}”: itself or a bundle")
    seen = [product.id]
    while (last := products.get(seen[-1])) and last.requires:
        if last.requires in seen:
            checking.fault(product.id, "requires 形成循环", "requires runs in a circle")
            break
        seen.append(last.requires)


def references(checking: Checking, benefit: Benefit) -> None:
    terms = checking.terms
    known = {
        "benefit": set(terms.benefits),
        "product": {product.id for product in terms.products.values() if not product.bundle},
        "spot": {venue.id for venue in terms.venues.values() if venue.kind == "spot"},
    }
    zh = {"benefit": "权益", "product": "产品", "spot": "景点"}
    for rule in benefit.rules:
        for reference in rule.references():
            if reference.id not in known[reference.kind]:
                checking.rule_fault(
                    benefit,
                    rule,
                    f"没有{zh[reference.kind]}“{reference.id}”",
                    f"there is no {reference.kind} “{reference.id}”",
                )
        if isinstance(rule, SameDayExclusive) and benefit.id in rule.benefits:
            checking.rule_fault(benefit, rule, "不能引用自己", "names the benefit itself")


def groups(checking: Checking, benefit: Benefit) -> None:
    """Every benefit a group lists carries the same group, and the carrier is one of them."""
    benefits = checking.terms.benefits
    for group in of_type(benefit.rules, ChoiceGroup):
        total = len(group.benefits) or len(group.items)
        if group.choose >= total:
            checking.rule_fault(
                benefit,
                group,
                f"{total} 选 {group.choose}，没有任何限制",
                f"choosing {group.choose} of {total} limits nothing",
            )
        if group.benefits and benefit.id not in group.benefits:
            checking.rule_fault(
                benefit,
                group,
                f"不在自己的 choice_group {group.id} 之中",
                f"is no member of its choice_group {group.id}",
            )
        for other_id in group.benefits or benefits:
            other = benefits.get(other_id)
            carried = [g for g in of_type(other.rules, ChoiceGroup) if g.id == group.id] if other else []
            if (group.benefits and other and not carried) or any(g != group for g in carried):
                checking.rule_fault(
                    benefit,
                    group,
                    f"“{other_id}”没有相同的 choice_group {group.id}",
                    f"“{other_id}” does not carry the same choice_group {group.id}",
                )


def children(checking: Checking, benefit: Benefit) -> None:
    """A child above the limits buys a product that gives the benefit."""
    for rule in of_type(benefit.rules, ChildPolicy):
        product = checking.terms.products.get(rule.product)
        if product is not None and not product.bundle and benefit.id not in product.benefits:
            checking.rule_fault(
                benefit, rule, f"产品“{product.id}”不含此权益", f"the product “{product.id}” does not include it"
            )


def pools(checking: Checking) -> None:
    """All benefits that share a pool agree on its size."""
    totals: dict[str, int] = {}
    for benefit in checking.terms.benefits.values():
        for pool in of_type(benefit.rules, Pool):
            if totals.setdefault(pool.id, pool.total) != pool.total:
                checking.rule_fault(
                    benefit, pool, f"{pool.id} 的 total 不一致", f"the pool {pool.id} has another total elsewhere"
                )


def stocks(checking: Checking) -> None:
    """All benefits that hand over the same thing at a place agree on how much of it there is."""
    found: dict[tuple[str, str], tuple[int | None, str | None]] = {}
    for benefit in checking.terms.benefits.values():
        for item in of_type(benefit.rules, FreeItem):
            mine = item.stock, item.stock_per
            if any(found.setdefault((item.sku, venue_id), mine) != mine for venue_id in benefit.at):
                checking.rule_fault(
                    benefit,
                    item,
                    f"{item.sku} 的 stock 与别处不一致",
                    f"the stock of {item.sku} is another one elsewhere",
                )
