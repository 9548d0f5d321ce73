"""The refund calculator against an oracle of ten lines, and its cases one by one."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.admin.money_rules import agreed_amounts
from passes.catalogue.reading import read_files
from passes.entitlement.nodes import Text
from passes.sale.refund_lines import agreed, is_agreed, kept_of, lines_of, once_more, paid_again
from passes.sale.refund_rules import (
    Cause,
    Clause,
    History,
    Line,
    RefundTerms,
    Use,
    refund_of,
    refund_terms_of,
    value_of_use,
)
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS, sample, small_terms

DAY = timedelta(days=1)
TODAY = date(2026, 11, 25)
TERMS = RefundTerms(
    cooling_off=Clause("full", days=7),
    unactivated=Clause("full", days=90),
    unused=Clause("remaining_days"),
    used=Clause("remaining_days", minus_uses=True),
    operator_fault=Clause("remaining_days"),
    compensates=True,
)


def oracle(terms: RefundTerms, pass_: History, today: date) -> int:
    """The same by other means: numbers of days and one formula a case."""
    cool, unactivated, unused, used = terms.cooling_off, terms.unactivated, terms.unused, terms.used
    assert cool and unactivated and unused and used and cool.days and unactivated.days
    if pass_.state in ("expired", "void"):
        return 0
    if not pass_.uses and (today - pass_.paid_on).days <= cool.days:
        return pass_.paid_fen
    if pass_.state == "issued" and (today - pass_.issued_on).days < unactivated.days:
        return max(0, pass_.paid_fen - unactivated.fee_fen)
    days = pass_.validity_days
    left = days if pass_.valid_until is None else max(0, min(days, (pass_.valid_until - today).days))
    share, floor = pass_.paid_fen * left // days, min(used.floor_fen, pass_.paid_fen)
    return (
        max(floor, share - sum(use.value_fen for use in pass_.uses)) if pass_.uses else max(0, share - unused.fee_fen)
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    paid_on = TODAY - draw(st.integers(0, 500)) * DAY
    issued_on = paid_on
    validity = draw(st.sampled_from([1, 2, 90, 365]))
    state = draw(st.sampled_from(["issued", "active", "expired", "void"]))
    first = until = None
    uses: tuple[Use, ...] = ()
    if state != "issued":
        first = issued_on + draw(st.integers(0, (TODAY - issued_on).days)) * DAY
        until = first + validity * DAY
        values = draw(st.lists(st.integers(0, 30_000), max_size=8))
        uses = tuple(Use(Text("某处", "somewhere"), min(first + DAY, TODAY), value) for value in values)
    paid = draw(st.integers(0, 60_000))
    return History(paid, paid_on, issued_on, state, validity, first, until, uses)


@st.composite
def terms(draw: st.DrawFn) -> RefundTerms:
    fee = st.integers(0, 40_000)
    return RefundTerms(
        cooling_off=Clause("full", days=draw(st.integers(1, 30))),
        unactivated=Clause("full", days=draw(st.integers(1, 120)), fee_fen=draw(fee)),
        unused=Clause("remaining_days", fee_fen=draw(fee)),
        used=Clause("remaining_days", minus_uses=True, floor_fen=draw(fee)),
        operator_fault=Clause("remaining_days"),
        compensates=draw(st.booleans()),
    )


@given(terms(), histories())
@settings(max_examples=400, deadline=None)
def test_the_lines_add_up_to_what_the_oracle_says(found: RefundTerms, pass_: History) -> None:
    quote = refund_of(found, pass_, TODAY)
    assert quote.payout_fen == sum(line.amount_fen for line in quote.lines) == oracle(found, pass_, TODAY)
    assert 0 <= quote.payout_fen <= pass_.paid_fen
    assert all(line.words.zh and line.words.en for line in quote.lines)


@given(terms(), histories(), st.integers(0, 100_000))
@settings(max_examples=200, deadline=None)
def test_at_the_operators_fault_nobody_gets_less_and_nobody_more_than_was_paid(
    found: RefundTerms, pass_: History, compensation: int
) -> None:
    quote = refund_of(found, pass_, TODAY, cause="operator", compensation_fen=compensation)
    assert 0 <= quote.payout_fen <= pass_.paid_fen
    plain = refund_of(found, pass_, TODAY, cause="operator")
    used = found.used
    floor = used.floor_fen if used and pass_.uses else 0
    assert plain.payout_fen >= refund_of(found, pass_, TODAY).payout_fen - floor
    assert quote.payout_fen == min(pass_.paid_fen, plain.payout_fen + (compensation if found.compensates else 0))


@given(
    terms(),
    st.lists(histories(), min_size=1, max_size=4),
    st.integers(0, 200_000),
    st.sampled_from(["holder", "operator"]),
)
@settings(max_examples=300, deadline=None)
def test_whatever_staff_gives_the_kept_lines_add_up_to_it(
    found: RefundTerms, passes: list[History], given_fen: int, cause: Cause
) -> None:
    quotes = {
        id_: refund_of(found, pass_, TODAY, cause=cause, compensation_fen=500) for id_, pass_ in enumerate(passes)
    }
    prices = {id_: pass_.paid_fen for id_, pass_ in enumerate(passes)}
    amount = min(given_fen, sum(prices.values()))
    amounts = agreed_amounts(amount, {id_: quote.payout_fen for id_, quote in quotes.items()}, prices)
    assert sum(amounts.values()) == amount
    for id_, quote in quotes.items():
        assert 0 <= amounts[id_] <= prices[id_]
        kept = kept_of(id_, agreed(quote, amounts[id_]).lines)
        assert sum(line["amount_fen"] for line in kept) == amounts[id_]
        assert lines_of(kept, id_) == agreed(quote, amounts[id_]).lines and lines_of(kept, id_ + 1) == ()
        again = once_more(quote, lines_of(kept, id_), amounts[id_])
        assert again.payout_fen == amounts[id_] and paid_again(kept_of(id_, again.lines)) == {id_}
        assert is_agreed(kept) == (amounts[id_] != quote.payout_fen)


def test_the_sample_catalogue_says_what_we_calculate_with() -> None:
    assert refund_terms_of(sample().terms.pass_rules) == TERMS


def history(**changes: object) -> History:
    facts: dict[str, object] = {
        "paid_fen": 19900,
        "paid_on": TODAY - 100 * DAY,
        "issued_on": TODAY - 100 * DAY,
        "state": "active",
        "validity_days": 365,
        "valid_from": TODAY - 100 * DAY,
        "valid_until": TODAY + 265 * DAY,
    }
    return History(**facts | changes)  # type: ignore[arg-type]


TEMPLE = Use(Text("白塔山门票", "Baita Mountain entry"), TODAY - 3 * DAY, 600)


def test_a_used_pass_gets_its_days_less_its_uses_line_by_line() -> None:
    quote = refund_of(TERMS, history(uses=(TEMPLE, TEMPLE)), TODAY)
    assert quote.case == "used"
    assert [(line.code, line.amount_fen) for line in quote.lines] == [
        ("paid", 19900),
        ("days_gone", 19900 * 265 // 365 - 19900),
        ("use", -600),
        ("use", -600),
    ]
    assert quote.lines[2] == Line(
        "use",
        Text("2026-11-22 使用：白塔山门票", "Used on 2026-11-22: Baita Mountain entry"),
        -600,
    )


@pytest.mark.parametrize(("days", "case"), [(0, "cooling_off"), (7, "cooling_off"), (8, "unused")])
def test_the_cooling_off_ends_with_its_last_day(days: int, case: str) -> None:
    bought = TODAY - days * DAY
    assert refund_of(TERMS, history(paid_on=bought, valid_from=bought), TODAY).case == case


def test_one_use_ends_the_cooling_off() -> None:
    quote = refund_of(TERMS, history(paid_on=TODAY, uses=(TEMPLE,)), TODAY)
    assert quote.case == "used"


@pytest.mark.parametrize(("days", "case"), [(89, "unactivated"), (90, "unused")])
def test_an_unactivated_pass_gets_all_back_to_the_end_of_day_ninety(days: int, case: str) -> None:
    bought = TODAY - days * DAY
    pass_ = history(state="issued", valid_from=None, valid_until=None, paid_on=bought, issued_on=bought)
    quote = refund_of(TERMS, pass_, TODAY)
    assert (quote.case, quote.payout_fen) == (case, 19900)


def test_who_used_more_than_is_left_gets_the_floor_and_never_less_than_nothing() -> None:
    dear = Use(Text("热气球", "Balloon"), TODAY, 50_000)
    assert refund_of(TERMS, history(uses=(dear,)), TODAY).payout_fen == 0
    floor = RefundTerms(used=Clause("remaining_days", minus_uses=True, floor_fen=1000))
    quote = refund_of(floor, history(uses=(dear,)), TODAY)
    assert (quote.lines[-1].code, quote.payout_fen) == ("floor", 1000)


def test_a_case_the_terms_do_not_name_gives_nothing_and_says_so() -> None:
    quote = refund_of(RefundTerms(), history(), TODAY)
    assert (quote.case, quote.payout_fen, quote.lines[-1].code) == ("no_right", 0, "no_right")


def test_compensation_is_capped_by_what_was_paid() -> None:
    quote = refund_of(TERMS, history(uses=(TEMPLE,)), TODAY, cause="operator", compensation_fen=19900)
    assert (quote.case, quote.payout_fen) == ("operator_fault", 19900)
    assert [line.code for line in quote.lines] == ["paid", "days_gone", "compensation", "no_more_than_paid"]


def test_a_use_at_another_weekdays_discount_is_worth_its_percentage() -> None:
    benefits = sample().terms.benefits.values()
    varied = [benefit for benefit in benefits if any(rule.name == "variants" for rule in benefit.rules)]
    assert varied
    for benefit in varied:
        values = {value_of_use(benefit, TODAY + n * DAY) for n in range(7)}
        assert benefit.value_fen in values and min(values) < benefit.value_fen


def test_a_use_after_the_limit_is_worth_its_discount() -> None:
    (spent,) = [b for b in sample().terms.benefits.values() if any(rule.name == "then_discount" for rule in b.rules)]
    first = value_of_use(spent, TODAY)
    assert (first, value_of_use(spent, TODAY, [TODAY - DAY])) == (spent.value_fen, spent.value_fen * 20 // 100)
    monthly = small_terms({"per_month": 2}, {"per_day": 1}, {"then_discount": {"percent": 50}}).benefits["B1"]
    assert value_of_use(monthly, TODAY, [TODAY - DAY]) == 100
    assert value_of_use(monthly, TODAY, [TODAY - DAY, TODAY - 2 * DAY]) == 50
    assert value_of_use(monthly, TODAY, [TODAY - 40 * DAY, TODAY - 41 * DAY]) == 100
    assert value_of_use(monthly, TODAY, [TODAY]) == 50


def test_a_ratio_nobody_can_calculate_is_refused_with_its_line() -> None:
    old = "activated_unused: {ratio: remaining_days"
    assert old in SAMPLE
    reading, faults = read_files(SAMPLE.replace(old, "activated_unused: {ratio: half"), SAMPLE_HOLIDAYS)
    assert reading is None
    (fault,) = faults
    assert fault.id == "pass_rules refund" and SAMPLE.splitlines()[fault.line - 1].strip().startswith(
        "activated_unused"
    )
