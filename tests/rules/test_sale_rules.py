"""What may become of an order, a payment and a refund: the tables, whole."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.sale import rules
from passes.sale.provider import PaymentSnapshot

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
FACTS = ("opened", "processing", "paid", "failed", "expired", "rejected", "mismatch")
EXPECTED = rules.Expected(19900, "cny", False)
PAID = PaymentSnapshot(
    checkout_id="cs_1",
    url=None,
    checkout_status="complete",
    payment_status="paid",
    livemode=False,
    currency="cny",
    amount_fen=19900,
    intent_id="pi_1",
    intent_status="succeeded",
    amount_received_fen=19900,
)


@given(st.lists(st.sampled_from(FACTS), max_size=12))
def test_a_succeeded_payment_is_never_left_and_any_other_becomes_it(facts: list[str]) -> None:
    state = "creating"
    for fact in facts:
        state = rules.next_payment_state(state, fact).state
        assert state in rules.PAYMENT_STATES
        if state == "succeeded":
            break
    assert rules.next_payment_state(state, "paid").state == "succeeded"
    assert {rules.next_payment_state("succeeded", fact).state for fact in FACTS} == {"succeeded"}


@given(st.permutations(["opened", "processing", "paid", "opened", "failed"]))
def test_a_paid_payment_ends_paid_in_whatever_order_the_facts_come(facts: list[str]) -> None:
    state = "creating"
    for fact in facts:
        state = rules.next_payment_state(state, fact).state
    assert state == "succeeded"


def test_every_pair_of_state_and_fact_has_one_answer() -> None:
    for state in rules.PAYMENT_STATES:
        for fact in FACTS:
            step = rules.next_payment_state(state, fact)
            assert (step.outcome == "moved") == (step.state != state)
    invalid = {
        (state, fact)
        for state in rules.PAYMENT_STATES
        for fact in FACTS
        if rules.next_payment_state(state, fact).outcome == "invalid"
    }
    assert invalid == {(state, "rejected") for state in ("processing", "review", "returned", "succeeded")}


@pytest.mark.parametrize(
    ("state", "fact", "expected"),
    [
        ("pending", "paid", rules.Step("paid", "moved")),
        ("expired", "paid", rules.Step("paid", "moved")),
        ("canceled", "paid", rules.Step("canceled", "invalid")),
        ("paid", "paid", rules.Step("paid", "ignored")),
        ("paid", "hold_over", rules.Step("paid", "ignored")),
        ("paid", "cancelled", rules.Step("paid", "invalid")),
        ("pending", "hold_over", rules.Step("expired", "moved")),
        ("pending", "cancelled", rules.Step("canceled", "moved")),
        ("expired", "cancelled", rules.Step("expired", "ignored")),
    ],
)
def test_an_order_is_paid_late_but_never_after_it_was_cancelled(state: str, fact: str, expected: rules.Step) -> None:
    assert rules.next_order_state(state, fact) == expected


def test_a_refund_may_fail_after_it_succeeded_and_a_failed_one_stays() -> None:
    assert rules.next_refund_state("requested", "pending").state == "pending"
    assert rules.next_refund_state("pending", "pending").outcome == "ignored"
    assert rules.next_refund_state("succeeded", "failed").state == "failed"
    assert rules.next_refund_state("failed", "succeeded").outcome == "invalid"
    for ended in ("succeeded", "failed", "canceled"):
        assert rules.next_refund_state(ended, "pending") == rules.Step(ended, "ignored")


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({}, "paid"),
        ({"amount_fen": 19899, "amount_received_fen": 19899}, "mismatch"),
        ({"amount_received_fen": 1}, "mismatch"),
        ({"currency": "hkd"}, "mismatch"),
        ({"livemode": True}, "mismatch"),
        ({"checkout_status": "expired"}, "paid"),
        ({"intent_status": "requires_capture"}, "processing"),
        ({"checkout_status": "open", "payment_status": "unpaid", "intent_status": None}, "opened"),
        ({"checkout_status": "open", "payment_status": "unpaid", "intent_status": "requires_payment_method"}, "opened"),
        ({"checkout_status": "expired", "payment_status": "unpaid", "intent_status": None}, "expired"),
        ({"payment_status": "unpaid", "intent_status": "processing"}, "processing"),
        ({"payment_status": "unpaid", "intent_status": "requires_payment_method"}, "failed"),
        ({"payment_status": "unpaid", "intent_status": "canceled"}, "failed"),
        ({"payment_status": "no_payment_required", "intent_status": None}, "processing"),
    ],
)
def test_only_money_that_is_there_and_exactly_right_counts_as_paid(changes: dict[str, object], fact: str) -> None:
    assert rules.fact_of(replace(PAID, **changes), EXPECTED) == fact  # type: ignore[arg-type]


def test_ages_are_full_years() -> None:
    born = date(2008, 2, 29)
    assert rules.full_years(born, date(2026, 2, 28)) == 17
    assert rules.full_years(born, date(2026, 3, 1)) == 18
    assert rules.is_of_age(date(1966, 11, 25), date(2026, 11, 25), 60, None)
    assert not rules.is_of_age(date(1966, 11, 26), date(2026, 11, 25), 60, None)
    assert not rules.is_of_age(date(2008, 1, 1), date(2026, 11, 25), None, 17)


def test_a_started_checkout_keeps_the_order_but_not_for_ever() -> None:
    closes_at = NOW + timedelta(minutes=32)
    assert rules.hold_with_checkout(NOW, closes_at) == closes_at + timedelta(minutes=5)
    assert rules.hold_with_checkout(NOW + timedelta(hours=1), closes_at) == NOW + timedelta(hours=1)
    assert rules.may_start_payment(NOW, 0, NOW + timedelta(minutes=89))
    assert not rules.may_start_payment(NOW, 0, NOW + timedelta(minutes=90))
    assert not rules.may_start_payment(NOW, rules.MOST_STARTS, NOW)


def test_young_payments_are_looked_up_more_often_than_old_ones() -> None:
    minutes = []
    moment = NOW
    for _ in range(6):
        moment, before = rules.next_poll_at(NOW, moment), moment
        minutes.append((moment - before).total_seconds() / 60)
    assert minutes == [1, 2, 5, 15, 15, 15]
    assert rules.next_poll_at(NOW, NOW + timedelta(days=2)) == NOW + timedelta(days=2, hours=1)


def test_wallets_take_refunds_for_a_while_and_cards_without_end() -> None:
    assert rules.refundable_until("alipay", NOW) == NOW + timedelta(days=90)
    assert rules.refundable_until("wechat_pay", NOW) == NOW + timedelta(days=180)
    assert rules.refundable_until("card", NOW) is None


def test_what_fails_waits_longer_each_time_and_at_most_half_an_hour() -> None:
    pauses = [(rules.next_try_at(attempts, NOW) - NOW).total_seconds() for attempts in (1, 2, 3, 20)]
    assert pauses == [2, 4, 8, 1800]
