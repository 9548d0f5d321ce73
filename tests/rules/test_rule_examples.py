"""What the help page says of the rules is what the rules do: every example is read, told and decided."""

from datetime import timedelta

import pytest

from passes.catalogue.rule_example import (
    CALENDAR,
    Answered,
    Example,
    answers_of,
    facts_at,
    holder_reads,
    rules_of,
    terms_of,
)
from passes.catalogue.rule_examples import EXAMPLES
from passes.clock import SHANGHAI, local_day
from passes.entitlement import daysheet
from passes.entitlement.decide import decide
from passes.entitlement.facts import Decision
from passes.entitlement.rules import REGISTRY, RULE_TYPES
from passes.entitlement.words import WORDS
from tests.rules.small_catalogue import benefit, faults_of

BY_RULE = {example.rule: example for example in EXAMPLES}
CAN_REFUSE = [example.rule for example in EXAMPLES if REGISTRY[example.rule].refusal_code]


def outcomes(example: Example) -> dict[str, list[Decision]]:
    found: dict[str, list[Decision]] = {}
    for answered in answers_of(example):
        found.setdefault(answered.decision.outcome, []).append(answered.decision)
    return found


def test_every_rule_has_one_example_in_the_order_of_asking() -> None:
    assert [example.rule for example in EXAMPLES] == [rule_type.name for rule_type in RULE_TYPES]
    assert len(EXAMPLES) == 32


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_an_example_is_read_as_its_rule_and_told_to_a_holder(example: Example) -> None:
    assert example.rule in {rule.name for rule in rules_of(example)}
    assert example.written.startswith(f"{example.rule}: ")
    words = holder_reads(example)
    assert words and all(text.zh and text.en for text in words)
    assert example.about.zh and example.about.en and example.cases


@pytest.mark.parametrize("rule", CAN_REFUSE)
def test_a_rule_that_can_refuse_is_shown_admitting_and_refusing(rule: str) -> None:
    example = BY_RULE[rule]
    found = outcomes(example)
    assert found["admitted"] and found["refused"]
    refused = {decision.refusal_code for decision in found["refused"]}
    assert REGISTRY[rule].refusal_code in refused
    assert example.waits is not None


@pytest.mark.parametrize("rule", sorted(set(BY_RULE) - set(CAN_REFUSE)))
def test_a_rule_that_never_refuses_is_shown_admitting(rule: str) -> None:
    example = BY_RULE[rule]
    assert set(outcomes(example)) == {"admitted"}
    assert example.codes == () and example.waits is None


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_what_a_gate_answers_is_among_the_codes_told(example: Example) -> None:
    for decisions in outcomes(example).values():
        for decision in decisions:
            said = [decision.refusal_code, *(item.item for item in decision.confirm)]
            assert {code for code in said if code} <= set(example.codes)
    assert set(example.codes) <= set(WORDS)


def answered_again(example: Example, answered: Answered, later: timedelta) -> str:
    assert answered.next_at is not None
    now = answered.next_at + later
    sheet = daysheet.compile(terms_of(example), CALENDAR, local_day(now))
    return decide(sheet, facts_at(now, answered.case.facts)).outcome


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_the_next_moment_told_is_exact(example: Example) -> None:
    for answered in answers_of(example):
        if answered.next_at is not None:
            assert answered.decision.outcome == "refused"
            assert answered_again(example, answered, timedelta()) == "admitted"
            assert answered_again(example, answered, timedelta(seconds=-1)) == "refused"


@pytest.mark.parametrize(
    ("rule", "next_"),
    [
        ("season", "2026-05-01 09:00"),
        ("weekday_in", "2026-05-11 09:00"),
        ("time_window", "2026-05-07 08:30"),
        ("condition_closure", "2026-05-06 12:00"),
        ("per_month", "2026-06-01 09:00"),
        ("cooldown_days", "2026-05-10 09:00"),
        ("reservation", "2026-05-06 13:45"),
        ("birthday", "2026-06-01 09:00"),
        ("per_term", None),
        ("holder_class", None),
        ("prerequisite", None),
    ],
)
def test_examples_say_when_next(rule: str, next_: str | None) -> None:
    found = next(one for one in answers_of(BY_RULE[rule]) if one.decision.outcome == "refused")
    local = found.next_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.next_at else None
    assert local == next_


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_an_example_stands_in_a_whole_catalogue(example: Example) -> None:
    """At V1 of the small catalogue, whose hours are those of the examples."""
    rules = [f"{{{text}}}" for text in (example.written, *example.beside)]
    text = "\n".join(rules).replace("B02", "B0").replace("PASS-CHILD", "CHILD")
    found = faults_of(benefit("B0", at="V1, V2"), benefit("B1", *text.split("\n")), child="B0, B1")
    allowed = {"holder_class": "includes B1, which is not for a holder"}
    assert [fault for fault in found if allowed.get(example.rule, "\0") not in fault.reason.en] == []
