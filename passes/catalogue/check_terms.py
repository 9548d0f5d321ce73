"""Rules of one benefit that only mean something beside another, or that contradict one another."""

from passes.catalogue.draft import Checking, of_type
from passes.entitlement.rule_counts import LimitRule
from passes.entitlement.rule_holders import Companion
from passes.entitlement.rule_slots import NoShowStrike, Reservation
from passes.entitlement.rule_terms import Deposit, Discount, ThenDiscount, Variants
from passes.entitlement.terms import Benefit


def check(checking: Checking) -> None:
    for benefit in checking.terms.benefits.values():
        discounts(checking, benefit)
        bookings(checking, benefit)
        settlement(checking, benefit)


def discounts(checking: Checking, benefit: Benefit) -> None:
    for rule in of_type(benefit.rules, ThenDiscount):
        if not any(isinstance(other, LimitRule) for other in benefit.rules):
            checking.rule_fault(
                benefit,
                rule,
                "没有 per_day、per_month、per_term 或 pool，次数永远用不完",
                "without per_day, per_month, per_term or pool nothing is ever spent",
            )
    for variants in of_type(benefit.rules, Variants):
        if of_type(benefit.rules, Discount):
            checking.rule_fault(
                benefit, variants, "不能与 discount 并列", "cannot stand beside discount: which of the two holds?"
            )


def bookings(checking: Checking, benefit: Benefit) -> None:
    if any(isinstance(rule, Reservation) for rule in benefit.rules):
        return
    for rule in benefit.rules:
        if isinstance(rule, NoShowStrike | Deposit):
            checking.rule_fault(benefit, rule, "没有 reservation，无从预约", "without reservation nothing is booked")


def settlement(checking: Checking, benefit: Benefit) -> None:
    if benefit.settle.share_of_discount and not gives_a_discount(benefit):
        checking.fault(benefit.id, "settle：没有可分担的优惠", "settle: there is no discount to share")
    if benefit.settle.list_price_share is None:
        return
    for venue_id in benefit.at:
        if checking.terms.venues[venue_id].list_price_fen is None:
            checking.fault(
                benefit.id, f"settle：{venue_id} 没有 list_price_fen", f"settle: {venue_id} has no list_price_fen"
            )


def gives_a_discount(benefit: Benefit) -> bool:
    return any(
        isinstance(rule, Discount | ThenDiscount | Variants)
        or (isinstance(rule, Companion) and rule.discount_percent is not None)
        for rule in benefit.rules
    )
