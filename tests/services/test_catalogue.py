"""Loading a catalogue is all or nothing, idempotent, and never takes back what a pass was sold under."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes import db
from passes.catalogue import queries, sheets
from passes.catalogue.models import ProductRow, TermsVersion, VenueNumber
from passes.catalogue.service import LoadResult, load_catalogue
from passes.catalogue.sheets import day_sheet
from passes.errors import Conflict, Invalid, NotFound
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS

NATIONAL_DAY = date(2026, 10, 2)


def load(
    session: Session, now: datetime, *changes: tuple[str, str], holidays: str | None = SAMPLE_HOLIDAYS
) -> LoadResult:
    """Load the sample with these replacements made in it."""
    text = SAMPLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return load_catalogue(session, text, holidays, now=now)


def rows(session: Session) -> Counter[str]:
    return Counter(
        {
            model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in (TermsVersion, VenueNumber, ProductRow)
        }
    )


def faults_of(refused: pytest.ExceptionInfo[Invalid]) -> list[dict[str, Any]]:
    found = refused.value.facts["faults"]
    assert isinstance(found, list)
    return found


def test_the_first_load_is_version_one_with_all_its_numbers(session: Session, now: datetime) -> None:
    assert load(session, now) == LoadResult(1, True)
    assert rows(session) == {"terms_version": 1, "venue": 34, "product_row": 4}
    assert [queries.product_number(session, id_, 1) for id_ in ("PASS-ADULT", "PASS-CHILD", "PASS-SENIOR")] == [1, 2, 3]


def test_the_same_content_again_changes_nothing(session: Session, now: datetime) -> None:
    load(session, now)
    assert load(session, now + timedelta(days=1)) == LoadResult(1, False)
    assert rows(session)["terms_version"] == 1


def test_comments_format_and_the_order_of_rules_are_no_content(session: Session, now: datetime) -> None:
    load(session, now)
    result = load(
        session,
        now,
        ("meta:", "# a comment\nmeta:"),
        ("walk_in_share: 0.0,", "walk_in_share: 0,"),
        ("{id: B01, at: [S01], name", "{at: [ S01 ],   id: 'B01', name"),
        ("[{per_day: 1}, {per_term: 4}, {season:", "[{per_term: 4}, {per_day: 1}, {season:"),
    )
    assert result == LoadResult(1, False)


def test_a_change_is_a_new_version_and_the_old_one_stays_as_it_was_sold(session: Session, now: datetime) -> None:
    load(session, now)
    before = queries.get_terms(session, 1)
    result = load(session, now, ("{per_day: 1}, {per_term: 6}], settle: 1200", "{per_day: 2}], settle: 1200"))
    assert result == LoadResult(2, True)
    assert queries.get_current_terms(session).version == 2
    assert len(queries.get_current_terms(session).benefits["B15"].rules) == 1
    assert queries.get_terms(session, 1) is before
    assert len(before.benefits["B15"].rules) == 2
    assert queries.product_number(session, "PASS-ADULT", 1) == 1
    assert queries.product_number(session, "PASS-ADULT", 2) == 5
    assert rows(session) == {"terms_version": 2, "venue": 34, "product_row": 8}


def test_going_back_to_older_content_is_a_new_version_too(session: Session, now: datetime) -> None:
    load(session, now)
    load(session, now, ("price_fen: 19900", "price_fen: 29900"))
    assert load(session, now) == LoadResult(3, True)
    assert queries.get_product(session, "PASS-ADULT").price_fen == 19900
    assert queries.get_product(session, "PASS-ADULT", 2).price_fen == 29900


def test_stored_terms_mean_what_the_file_meant(session: Session, now: datetime) -> None:
    load(session, now)
    session.expire_all()
    queries.forget(session)
    terms = queries.get_current_terms(session)
    assert len(terms.venues) == 34 and len(terms.benefits) == 52 and len(terms.products) == 5
    assert terms.sample
    assert terms.activation_window_days == 90


def test_a_bad_catalogue_is_refused_with_all_its_faults_and_nothing_is_taken(session: Session, now: datetime) -> None:
    load(session, now)
    before = rows(session)
    with pytest.raises(Invalid) as refused:
        load(session, now, ("{per_day: 1}", "{per_day: 0}"), ("number: 2,", "number: 900,"), ("at: [S04]", "at: [S99]"))
    assert refused.value.code == "catalogue_refused"
    told = faults_of(refused)
    assert [fault["line"] for fault in told] == sorted(fault["line"] for fault in told)
    assert {fault["id"] for fault in told} >= {"B01", "S02", "B04"}
    assert all(fault["line"] > 0 and fault["zh"] and fault["en"] for fault in told)
    assert rows(session) == before
    assert queries.get_current_terms(session).version == 1


def test_no_more_than_fifty_faults_are_told(session: Session, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        load_catalogue(session, SAMPLE.replace("per_day: ", "per_week: ").replace("lat:", "latitude:"), None, now=now)
    assert len(faults_of(refused)) == 50
    assert refused.value.facts["count"] == 85


@pytest.mark.parametrize("text", ["", "{", "a: &a [*a]", "x" * 3_000_000, "spots: 7", '"\\0"'])
def test_rubbish_is_refused_and_leaves_the_database_empty(session: Session, now: datetime, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        load_catalogue(session, text, SAMPLE_HOLIDAYS, now=now)
    assert faults_of(refused)
    assert not +rows(session)


def test_a_venue_keeps_its_number(session: Session, now: datetime) -> None:
    load(session, now)
    with pytest.raises(Invalid) as refused:
        load(session, now, ("{id: S01, number: 1,", "{id: S01, number: 99,"))
    [fault] = faults_of(refused)
    assert fault["id"] == "S01" and "always was 1" in fault["en"]


def test_the_number_of_a_venue_that_left_is_never_given_to_another(session: Session, now: datetime) -> None:
    load(session, now)
    load(session, now, ("{id: SHOP3, number: 47,", "{id: SHOP4, number: 49,"))
    assert "SHOP3" not in queries.get_current_terms(session).venues
    with pytest.raises(Invalid) as refused:
        load(session, now, ("{id: SHOP3, number: 47,", "{id: SHOP5, number: 47,"))
    [fault] = faults_of(refused)
    assert fault["id"] == "SHOP5" and "was that of SHOP3" in fault["en"]
    assert load(session, now).version == 3  # the venue itself may come back


def test_the_database_refuses_a_number_given_twice(session: Session, now: datetime) -> None:
    load(session, now)
    session.add(VenueNumber(id="S99", number=1, first_version=1))
    with pytest.raises(IntegrityError, match="uq_venue_number"):
        session.flush()


def test_product_numbers_end_where_the_token_ends(session: Session, now: datetime) -> None:
    load(session, now)
    session.add(ProductRow(number=65533, product_id="OLD", version=1))
    session.flush()
    with pytest.raises(Conflict) as refused:
        load(session, now, ("price_fen: 19900", "price_fen: 29900"))
    assert refused.value.code == "product_numbers_spent"


def test_new_holidays_are_a_new_version_and_hold_for_passes_sold_before(session: Session, now: datetime) -> None:
    load(session, now, ("{per_day: 1}, {per_term: 6}], settle: 1200", "{blackout: [national_day]}], settle: 1200"))
    assert day_sheet(session, 1, NATIONAL_DAY).offers["B15"].at["S15"].opening.closed == "blackout"
    moved = SAMPLE_HOLIDAYS.replace("2026-10-01..2026-10-07", "2026-10-03..2026-10-07")
    result = load(
        session,
        now,
        ("{per_day: 1}, {per_term: 6}], settle: 1200", "{blackout: [national_day]}], settle: 1200"),
        holidays=moved,
    )
    assert result == LoadResult(2, True)
    assert day_sheet(session, 1, NATIONAL_DAY).offers["B15"].at["S15"].opening.closed is None


def test_without_a_holidays_file_those_loaded_last_stay(session: Session, now: datetime) -> None:
    load(session, now)
    assert load(session, now, holidays=None) == LoadResult(1, False)
    assert queries.get_calendar(session).knows(date(2027, 5, 1))


def test_a_year_without_holidays_is_warned_of_sixty_days_ahead(session: Session, now: datetime) -> None:
    assert load(session, datetime(2027, 11, 1, tzinfo=UTC)).warnings == ()
    [warning] = load(session, datetime(2027, 11, 2, 16, tzinfo=UTC)).warnings
    assert "2028" in warning.en and "B12" in warning.en and "2028" in warning.zh


def test_what_is_not_there_is_named(session: Session, now: datetime) -> None:
    for asked in (queries.get_current_terms, queries.get_calendar, queries.list_products_on_sale):
        with pytest.raises(NotFound) as missing:
            asked(session)
        assert missing.value.code == "catalogue_missing"
    load(session, now)
    with pytest.raises(NotFound, match="terms_not_found"):
        queries.get_terms(session, 7)
    with pytest.raises(NotFound, match="terms_not_found"):
        day_sheet(session, 7, NATIONAL_DAY)
    with pytest.raises(NotFound, match="venue_not_found"):
        queries.get_venue(session, "S99")
    with pytest.raises(NotFound, match="product_not_found"):
        queries.get_product(session, "PASS-NONE")
    with pytest.raises(NotFound, match="product_not_found"):
        queries.product_number(session, "PASS-FAMILY", 1)  # a bundle has no terms of its own


def test_the_shop_lists_what_is_sold_and_what_it_opens(session: Session, now: datetime) -> None:
    load(session, now)
    assert [product.id for product in queries.list_products_on_sale(session)] == ["PASS-ADULT", "PASS-SENIOR"]
    terms = queries.get_current_terms(session)
    assert len(queries.list_benefits(terms, "PASS-ADULT")) == 51
    assert [benefit.id for benefit in queries.list_benefits(terms, "PASS-ADULT", "S15")] == ["B15", "B39", "B40"]


def test_a_sheet_is_compiled_once_and_the_oldest_are_forgotten(session: Session, now: datetime) -> None:
    load(session, now)
    first = day_sheet(session, 1, NATIONAL_DAY)
    assert day_sheet(session, 1, NATIONAL_DAY) is first
    for n in range(sheets.MOST_SHEETS):
        day_sheet(session, 1, date(2026, 1, 1) + timedelta(days=n))
    assert len(sheets._sheets) == sheets.MOST_SHEETS
    assert day_sheet(session, 1, NATIONAL_DAY) is not first


def test_loads_at_the_same_moment_make_one_version(database: str, now: datetime) -> None:
    barrier = Barrier(4)
    results: list[LoadResult] = []

    def loading() -> None:
        barrier.wait()
        with db.transaction() as session:
            results.append(load(session, now))

    threads = [Thread(target=loading) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((result.version, result.changed) for result in results) == [(1, False)] * 3 + [(1, True)]
    with db.transaction() as session:
        assert rows(session)["terms_version"] == 1


def test_a_load_that_is_rolled_back_leaves_nothing_in_memory(database: str, now: datetime) -> None:
    with db.transaction() as session:
        load(session, now)
    with pytest.raises(RuntimeError, match="undone"), db.transaction() as session:
        load(session, now, ("price_fen: 19900", "price_fen: 29900"))
        assert queries.get_product(session, "PASS-ADULT").price_fen == 29900
        raise RuntimeError("undone")
    with db.transaction() as session:
        assert queries.get_product(session, "PASS-ADULT").price_fen == 19900
