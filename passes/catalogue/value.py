"""What a pass saves, told so that anybody can add it up again: each thing once, at the list price. Pure."""

from dataclasses import dataclass

from passes.entitlement.rule_choices import ChoiceGroup
from passes.entitlement.terms import Benefit, Product, Terms


@dataclass(frozen=True, slots=True)
class Part:
    """Benefits of one sort: how many, and what they save when each is used once."""

    count: int
    value_fen: int


@dataclass(frozen=True, slots=True)
class Value:
    """sights: entries to sights; experiences: what is booked; others: all else."""

    sights: Part
    experiences: Part
    others: Part

    @property
    def total(self) -> Part:
        parts = (self.sights, self.experiences, self.others)
        return Part(sum(part.count for part in parts), sum(part.value_fen for part in parts))


def value_of(terms: Terms, product: Product) -> Value:
    """Each benefit of the product used once; of a group to choose from, only as many as may be chosen, the cheapest."""
    benefits = [terms.benefits[id_] for id_ in product.benefits]
    left_out = _beyond_the_choice(benefits)
    sights = [benefit for benefit in benefits if is_entry(terms, benefit)]
    experiences = [benefit for benefit in benefits if benefit.experience]
    others = [benefit for benefit in benefits if benefit not in sights and not benefit.experience]

    def part(chosen: list[Benefit]) -> Part:
        return Part(len(chosen), sum(benefit.value_fen for benefit in chosen if benefit.id not in left_out))

    return Value(part(sights), part(experiences), part(others))


def is_entry(terms: Terms, benefit: Benefit) -> bool:
    """Whether the benefit is the entry to a sight: used there alone, and no experience."""
    return not benefit.experience and len(benefit.at) == 1 and terms.venues[benefit.at[0]].kind == "spot"


def _beyond_the_choice(benefits: list[Benefit]) -> frozenset[str]:
    """The dearest members of each group of benefits, beyond those that may be chosen."""
    groups: dict[str, tuple[int, list[Benefit]]] = {}
    for benefit in benefits:
        for rule in benefit.rules:
            if isinstance(rule, ChoiceGroup) and rule.benefits:
                groups.setdefault(rule.id, (rule.choose, []))[1].append(benefit)
    return frozenset(
        benefit.id
        for choose, members in groups.values()
        for benefit in sorted(members, key=lambda member: member.value_fen)[choose:]
    )
