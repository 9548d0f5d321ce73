"""All rule types in the fixed order in which they are asked (ENTITLEMENT.md's table); reading a benefit's list."""

from collections.abc import Sequence

from passes.entitlement.nodes import Fault, Faults, Node, mapping, sequence
from passes.entitlement.rule import Rule
from passes.entitlement.rule_choices import Achievement, ChoiceGroup, Prerequisite, SameDayExclusive
from passes.entitlement.rule_counts import CooldownDays, PerDay, PerMonth, PerTerm, Pool
from passes.entitlement.rule_dates import (
    Blackout,
    ConditionClosure,
    ContractValidity,
    Season,
    TimeWindow,
    WeekdayIn,
    WeekdayNot,
)
from passes.entitlement.rule_holders import (
    Birthday,
    ChildPolicy,
    Companion,
    HolderClasses,
    HolderLimits,
    ManualConfirm,
)
from passes.entitlement.rule_slots import NoShowStrike, Reservation
from passes.entitlement.rule_terms import (
    BuyXGetY,
    Deposit,
    Discount,
    Excludes,
    FreeItem,
    Supplement,
    ThenDiscount,
    Variants,
)

RULE_TYPES: tuple[type[Rule], ...] = (
    ContractValidity,
    Season,
    WeekdayIn,
    WeekdayNot,
    Blackout,
    ConditionClosure,
    TimeWindow,
    HolderClasses,
    HolderLimits,
    Birthday,
    PerDay,
    PerMonth,
    PerTerm,
    Pool,
    CooldownDays,
    ChoiceGroup,
    SameDayExclusive,
    Prerequisite,
    Achievement,
    Reservation,
    NoShowStrike,
    FreeItem,
    Discount,
    ThenDiscount,
    Variants,
    Supplement,
    Deposit,
    BuyXGetY,
    Companion,
    ChildPolicy,
    ManualConfirm,
    Excludes,
)

REGISTRY: dict[str, type[Rule]] = {rule_type.name: rule_type for rule_type in RULE_TYPES}
ORDER: dict[str, int] = {rule_type.name: place for place, rule_type in enumerate(RULE_TYPES)}


def in_order(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules as they are asked, whatever their order in the file."""
    return tuple(sorted(rules, key=lambda rule: ORDER[rule.name]))


def parse_rule(node: Node) -> Rule:
    """One entry `{name: value}` of a benefit's rules; Fault where it is none."""
    parts = mapping(node)
    if len(parts) != 1:
        raise Fault(node.line, "每条规则只写一个键", "a rule has exactly one key")
    name, value = next(iter(parts.items()))
    if name not in REGISTRY:
        raise Fault(value.line, f"不认识的规则“{name}”", f"unknown rule “{name}”")
    try:
        return REGISTRY[name].parse(value)
    except Fault as fault:
        raise Fault(fault.line, f"{name}：{fault.reason.zh}", f"{name}: {fault.reason.en}") from None


def parse_rules(node: Node, id_: str, faults: Faults) -> tuple[Rule, ...]:
    """The rules of the benefit id_, in the order of asking. What cannot be read is added to the faults and left out."""
    found: list[Rule] = []
    for entry in sequence(node, least=0, most=40):
        with faults.of(id_):
            rule = parse_rule(entry)
            if not rule.repeatable and any(other.name == rule.name for other in found):
                raise Fault(entry.line, f"规则“{rule.name}”重复", f"the rule “{rule.name}” stands twice")
            found.append(rule)
    return in_order(found)
