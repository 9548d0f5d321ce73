"""Refunds, disputes and the way money may take: the tables, whole."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.lifecycle.rules import STATES, STEPS, next_status
from passes.sale import money_rules, rules

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
REFUND_STATES = ("requested", "pending", "succeeded", "failed", "canceled")


def test_the_table_of_refunds_whole() -> None:
    moves = {
        (was, state)
        for was in REFUND_STATES
        for state in REFUND_STATES
        if rules.next_refund_state(was, state).outcome == "moved"
    }
    assert moves == {
        ("requested", "pending"),
        ("requested", "succeeded"),
        ("requested", "failed"),
        ("requested", "canceled"),
        ("pending", "succeeded"),
        ("pending", "failed"),
        ("pending", "canceled"),
        ("succeeded", "failed"),
    }


def test_the_table_of_orders_whole() -> None:
    moves = {
        (state, fact): rules.next_order_state(state, fact).state
        for state in ("pending", "paid", "expired", "canceled")
        for fact in ("paid", "hold_over", "cancelled")
        if rules.next_order_state(state, fact).outcome == "moved"
    }
    assert moves == {
        ("pending", "paid"): "paid",
        ("pending", "hold_over"): "expired",
        ("pending", "cancelled"): "canceled",
        ("expired", "paid"): "paid",
    }


def test_the_table_of_passes_whole() -> None:
    moves = {(state, step): next_status(state, step) for state in STATES for step in STEPS if next_status(state, step)}
    assert moves == {
        ("issued", "activate"): "active",
        ("active", "expire"): "expired",
        ("issued", "void"): "void",
        ("active", "void"): "void",
    }


def test_staff_ends_a_review_and_nobody_else_may() -> None:
    for fact, state in (("accepted", "succeeded"), ("sent_back", "returned")):
        assert rules.next_payment_state("review", fact) == rules.Step(state, "moved")
        others = {rules.next_payment_state(s, fact).outcome for s in rules.PAYMENT_STATES if s != "review"}
        assert others == {"invalid"}
    assert rules.next_payment_state("returned", "paid").outcome == "ignored"


def test_the_table_of_disputes_whole() -> None:
    moves = {
        (was, seen)
        for was in money_rules.DISPUTE_STATES
        for seen in money_rules.DISPUTE_STATES
        if money_rules.next_dispute_state(was, seen).outcome == "moved"
    }
    assert moves == {
        *(("none", seen) for seen in ("inquiry", "open", "won", "lost", "closed")),
        *(("inquiry", seen) for seen in ("open", "won", "lost", "closed")),
        ("open", "won"),
        ("open", "lost"),
        ("lost", "open"),
        ("lost", "won"),
    }
    assert money_rules.next_dispute_state("open", "closed").outcome == "invalid"
    assert money_rules.next_dispute_state("won", "open").outcome == "ignored"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, "none"),
        ("warning_needs_response", "inquiry"),
        ("warning_closed", "closed"),
        ("prevented", "closed"),
        ("needs_response", "open"),
        ("appeal_under_review", "open"),
        ("won", "won"),
        ("lost", "lost"),
        ("a_word_of_next_year", "open"),
    ],
)
def test_a_dispute_is_open_unless_the_word_for_it_says_otherwise(status: str | None, state: str) -> None:
    assert money_rules.dispute_state(status) == state


@given(st.lists(st.sampled_from(REFUND_STATES), max_size=8), st.integers(1, 10**8))
def test_a_refund_moves_its_amount_out_once_and_back_at_most_once(seen: list[str], amount: int) -> None:
    state, moved = "requested", 0
    for status in seen:
        step = rules.next_refund_state(state, status)
        moved += money_rules.moved_by_refund(state, step.state, amount)
        state = step.state
    assert moved == (-amount if state in ("pending", "succeeded") else 0)


@given(st.integers(0, 10**8), st.lists(st.integers(1, 10**7), max_size=5), st.integers(0, 10**8))
def test_refunds_and_a_dispute_take_no_more_than_was_received(received: int, refunds: list[int], claimed: int) -> None:
    refunded, disputed = min(sum(refunds), received), min(claimed, received)
    taken = money_rules.taken_by_dispute(disputed, refunded)
    left = money_rules.refundable_fen(received, [refunded], disputed)
    assert left == received - refunded - taken and 0 <= left <= received


@given(st.integers(0, 10**8), st.integers(0, 10**8), st.sampled_from([None, "1", "1.0837", "0.1404"]))
def test_what_the_provider_took_counts_where_it_is_not_what_we_reckon(
    disputed: int, taken: int, rate: str | None
) -> None:
    per_yuan = Decimal(rate) if rate else None
    minor = round(taken * (per_yuan or 1))
    found = money_rules.taken_by_dispute(disputed, 0, minor, per_yuan)
    # A currency that is worth more than the yuan does not tell the last few fen.
    assert abs(found - taken) <= (0 if rate != "0.1404" else 8)
    assert money_rules.taken_by_dispute(taken, 0, minor, per_yuan) == taken


@pytest.mark.parametrize(
    ("method", "days", "route"),
    [
        ("alipay", 89, "provider"),
        ("alipay", 90, "manual"),
        ("wechat_pay", 179, "provider"),
        ("wechat_pay", 180, "manual"),
        ("card", 900, "provider"),
    ],
)
def test_the_original_way_is_open_for_a_while(method: str, days: int, route: str) -> None:
    until = rules.refundable_until(method, NOW)
    assert money_rules.route_of(until, "stripe", NOW + timedelta(days=days)) == route
    assert money_rules.route_of(None, "zero", NOW) == "manual"
