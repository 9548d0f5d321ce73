"""A pass keeps the terms it was sold under; what is added later reaches it, and nothing else does."""

from dataclasses import replace
from datetime import date

from passes.catalogue.additions import with_additions
from passes.catalogue.losses import Loss, loss_words, losses_of
from passes.entitlement.terms import Terms
from tests.rules.small_catalogue import benefit, read

TODAY = date(2026, 11, 25)
ADULTS = frozenset({"ADULT"})


def terms_of(version: int, *benefits: str, child: str = "") -> Terms:
    return replace(read(*benefits, child=child).terms, version=version, digest=f"digest {version}")


def lost(old: Terms, new: Terms, *, today: date = TODAY) -> set[Loss]:
    calendar = read(benefit("B0")).calendar
    return set(losses_of(old, new, calendar, products=ADULTS, today=today))


OLD = terms_of(1, benefit("B0", "{per_day: 1}"), benefit("B1"))


def test_a_new_benefit_reaches_a_pass_sold_before() -> None:
    new = terms_of(2, benefit("B0", "{per_day: 1}"), benefit("B1"), benefit("B2", at="H1"))
    both = with_additions(OLD, new)
    assert both.products["ADULT"].benefits == ("B0", "B1", "B2")
    assert both.products["CHILD"].benefits == ("B0",)  # its product did not gain it
    assert both.benefits["B2"] is new.benefits["B2"]
    assert (both.version, both.digest) == (1, "digest 1")


def test_a_changed_rule_stays_as_it_was_sold() -> None:
    new = terms_of(2, benefit("B0", "{per_day: 1}", "{per_term: 2}"), benefit("B1"))
    assert with_additions(OLD, new) is OLD
    wider = terms_of(2, benefit("B0", "{per_day: 5}"), benefit("B1"), benefit("B2"))
    assert with_additions(OLD, wider).benefits["B0"] == OLD.benefits["B0"]


def test_what_was_removed_stays() -> None:
    assert with_additions(OLD, terms_of(2, benefit("B0", "{per_day: 1}"))) is OLD
    moved = with_additions(OLD, terms_of(2, benefit("B0", "{per_day: 1}", at="V2"), benefit("B1")))
    assert moved.benefits["B0"].at == ("V1", "V2")


def test_a_new_place_reaches_a_benefit_of_all_places() -> None:
    old = terms_of(1, benefit("B0", at="all_spots"))
    reading = read(benefit("B0", at="all_spots"))
    opened = replace(reading.terms.venues["V2"], id="V3", number=9)
    everywhere = replace(reading.terms.benefits["B0"], at=("V1", "V2", "V3"))
    new = replace(reading.terms, version=2, venues={**reading.terms.venues, "V3": opened}, benefits={"B0": everywhere})
    both = with_additions(old, new)
    assert both.benefits["B0"].at == ("V1", "V2", "V3")
    assert both.venues["V3"] is opened
    assert "V3" not in old.venues


def test_a_place_that_no_benefit_of_the_pass_has_does_not_flow_in() -> None:
    new = terms_of(
        2, benefit("B0", "{per_day: 1}"), benefit("B1"), benefit("B2", "{holder_class: [child]}", at="SHOP"), child="B2"
    )
    both = with_additions(OLD, new)
    assert both.products["ADULT"].benefits == ("B0", "B1") and both.products["CHILD"].benefits == ("B0", "B2")


def test_a_benefit_another_product_had_flows_in_with_the_rules_it_had() -> None:
    old = terms_of(1, benefit("B0"), benefit("B1", "{per_term: 9}"), child="B0")
    new = terms_of(2, benefit("B0"), benefit("B1", "{per_term: 1}"), child="B0, B1")
    both = with_additions(old, new)
    assert both.products["CHILD"].benefits == ("B0", "B1")
    assert both.benefits["B1"] == old.benefits["B1"]


def test_terms_that_promise_no_additions_get_none() -> None:
    closed = replace(OLD, pass_rules={**OLD.pass_rules, "new_venue": "passes_sold_after"})
    new = terms_of(2, benefit("B0", "{per_day: 1}"), benefit("B1"), benefit("B2"))
    assert with_additions(closed, new) is closed


def test_older_terms_add_nothing() -> None:
    older = terms_of(1, benefit("B0"), benefit("B1"))
    newer = terms_of(2, benefit("B0"))
    assert with_additions(newer, older) is newer


def test_additions_twice_are_additions_once() -> None:
    new = terms_of(2, benefit("B0", "{per_day: 1}"), benefit("B1"), benefit("B2"))
    once = with_additions(OLD, new)
    twice = with_additions(once, new)
    assert twice is once or (twice.benefits, twice.products, twice.venues) == (
        once.benefits,
        once.products,
        once.venues,
    )


def test_fewer_uses_and_other_hours_take_nothing_from_a_pass_already_sold() -> None:
    stricter = ["{per_day: 1}", "{per_term: 2}", '{time_window: [{enter: "10:00-11:00"}]}']
    assert lost(OLD, terms_of(2, benefit("B0", *stricter), benefit("B1"))) == set()


def test_a_benefit_that_goes_is_a_loss_of_those_who_have_it() -> None:
    new = terms_of(2, benefit("B0", "{per_day: 1}"))
    assert lost(OLD, new) == {Loss("B1", "benefit_removed")}
    calendar = read(benefit("B0")).calendar
    assert losses_of(OLD, new, calendar, products={"CHILD"}, today=TODAY) == set()
    assert losses_of(OLD, new, calendar, products={"NONE"}, today=TODAY) == set()


def test_a_benefit_the_product_lists_no_more_is_a_loss() -> None:
    old, new = (terms_of(n, benefit("B0"), benefit("B1"), child=ids) for n, ids in ((1, "B0, B1"), (2, "B1")))
    calendar = read(benefit("B0")).calendar
    assert losses_of(old, new, calendar, products={"CHILD"}, today=TODAY) == {Loss("B0", "benefit_removed")}


def test_a_place_that_goes_is_a_loss() -> None:
    old = terms_of(1, benefit("B0", at="V1, V2"))
    assert lost(old, terms_of(2, benefit("B0", at="V1"))) == {Loss("B0", "venue_removed", "V2")}


def test_a_contract_that_ends_earlier_is_a_loss_and_one_that_ran_out_is_none() -> None:
    until = '{contract_validity: {until: "%s"}}'
    old, new = terms_of(1, benefit("B0", until % "2029-12-31")), terms_of(2, benefit("B0", until % "2029-06-30"))
    assert lost(old, new) == {Loss("B0", "contract_ends_earlier", "2029-06-30")}
    assert lost(new, old) == set()
    ended, gone = (
        terms_of(1, benefit("B0", until % "2026-11-24"), benefit("B1")),
        terms_of(2, benefit("B1"), child="B1"),
    )
    assert lost(ended, gone) == set()
    assert lost(ended, gone, today=date(2026, 11, 24)) == {Loss("B0", "benefit_removed")}


def test_a_new_blackout_is_a_loss_of_each_of_its_days_to_come() -> None:
    new = terms_of(2, benefit("B0", "{per_day: 1}", '{blackout: ["12-24..12-26", "11-01..11-24"]}'), benefit("B1"))
    days = {loss.what for loss in lost(OLD, new) if loss.kind == "days_excluded"}
    assert days == {
        *("2026-12-24", "2026-12-25", "2026-12-26", "2027-12-24", "2027-12-25", "2027-12-26"),
        *(f"2027-11-{n:02d}" for n in range(1, 25)),
    }
    assert {loss.kind for loss in lost(OLD, new)} == {"days_excluded"}


def test_a_shorter_season_and_fewer_weekdays_are_losses_and_wider_ones_none() -> None:
    summer, spring = '{season: ["05-01..09-30"]}', '{season: ["05-01..06-30"]}'
    old, new = (terms_of(n, benefit("B0", rule)) for n, rule in ((1, summer), (2, spring)))
    assert {loss.what[:7] for loss in lost(old, new)} == {"2027-07", "2027-08", "2027-09"}
    assert lost(new, old) == set()
    mondays = terms_of(2, benefit("B0", "{per_day: 1}", "{weekday_in: [mon]}"), benefit("B1"))
    assert {date.fromisoformat(loss.what).weekday() for loss in lost(OLD, mondays)} == {1, 2, 3, 4, 5, 6}


def test_a_benefit_that_newly_excludes_another_is_a_loss() -> None:
    new = terms_of(2, benefit("B0", "{per_day: 1}", "{same_day_exclusive: [B1]}"), benefit("B1"))
    assert lost(OLD, new) == {Loss("B0", "benefit_excluded", "B1")}


def test_losses_are_told_in_words() -> None:
    losses = {Loss("B0", "venue_removed", "V2"), Loss("B0", "days_excluded", "2026-12-24")}
    words = loss_words(losses, OLD)
    assert words.en == "is no longer given at Two; 1 more days are excluded, from 24 Dec 2026 on"
    assert words.zh == "不再适用于乙；新增 1 天不可用，自2026年12月24日起"
    assert loss_words({Loss("B1", "benefit_removed")}, OLD).en == "is removed"
    assert "30 Jun 2029" in loss_words({Loss("B1", "contract_ends_earlier", "2029-06-30")}, OLD).en
    assert loss_words({Loss("B0", "benefit_excluded", "B1")}, OLD).en == "is no longer given on a day with Benefit B1"
