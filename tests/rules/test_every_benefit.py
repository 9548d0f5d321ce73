"""The whole sample catalogue at the gate: each benefit is admitted, and refused for each of its rules."""

from typing import Any

import pytest

from passes import clock
from passes.entitlement.decide import decide
from passes.entitlement.facts import Decision, Facts
from passes.entitlement.rule_holders import Companion
from passes.entitlement.rule_slots import Reservation
from passes.entitlement.rule_terms import FreeItem, ThenDiscount
from passes.entitlement.terms import Benefit
from tests.rules.samples import sample
from tests.rules.situations import SPOILED, favourable, moments_of, rules_of, sheet_of

BENEFITS = list(sample().terms.benefits.values())


def decided(facts: Facts) -> Decision:
    return decide(sheet_of(clock.local_day(facts.now)), facts)


def good(benefit: Benefit, venue_id: str) -> Facts | None:
    """The first favourable moment of the year."""
    found = (favourable(benefit, moment, venue_id) for moment in moments_of())
    return next((facts for facts in found if decided(facts).outcome == "admitted"), None)


@pytest.mark.parametrize("benefit", BENEFITS, ids=lambda benefit: benefit.id)
def test_each_benefit_is_admitted_at_each_of_its_venues(benefit: Benefit) -> None:
    for venue_id in benefit.at:
        assert good(benefit, venue_id) is not None, venue_id


def refusing(benefit: Benefit) -> list[tuple[str, Any, str]]:
    """(rule, the code it gives) of each rule that can refuse this benefit."""
    found = []
    for rule in benefit.rules:
        if rule.name in SPOILED and not stays_out(rule, benefit):
            found.append((benefit, rule, code_of(rule)))
    return found  # type: ignore[return-value]


def stays_out(rule: Any, benefit: Benefit) -> bool:
    """Rules of a type that refuses, which here only say terms or ask a question."""
    if isinstance(rule, Companion):
        return not rule.guardian_required
    if isinstance(rule, FreeItem):
        return rule.stock is None
    if isinstance(rule, Reservation):
        return rule.slots is None
    return bool(rules_of(benefit, ThenDiscount)) and rule.name in ("per_day", "per_month", "per_term", "pool")


def code_of(rule: Any) -> str:
    return str(rule.refusal_code)


CASES = [case for benefit in BENEFITS for case in refusing(benefit)]


@pytest.mark.parametrize(
    ("benefit", "rule", "code"), CASES, ids=lambda part: getattr(part, "id", None) or getattr(part, "name", part)
)
def test_each_benefit_is_refused_for_each_of_its_rules(benefit: Benefit, rule: Any, code: str) -> None:
    """The same scan that is admitted, or would be on another day, with only this spoiled."""
    found = (SPOILED[rule.name](favourable(benefit, moment, benefit.at[0]), rule, benefit) for moment in moments_of())
    decision = next((one for one in map(decided, found) if one.refusal_code == code), None)
    assert decision is not None and decision.outcome == "refused" and decision.benefit_id == benefit.id
    assert decision.moves == () and decision.stock == ()


def test_together_they_put_every_rule_that_can_refuse_to_work() -> None:
    assert {rule.name for _, rule, _ in CASES} == set(SPOILED)
