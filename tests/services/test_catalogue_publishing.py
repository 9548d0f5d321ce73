"""Passes keep the terms they were sold under; nothing is taken from them unless a remedy is written down."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes.catalogue import queries
from passes.catalogue.changes import changes_since
from passes.catalogue.models import TermsRemedy, TermsVersion
from passes.catalogue.publishing import Living, Publication, list_remedies
from passes.catalogue.remedies import Remedy, read_remedy
from passes.catalogue.service import LoadResult, load_catalogue
from passes.catalogue.sheets import day_sheet
from passes.errors import Invalid
from passes.lifecycle.queries import living_terms
from tests.factories import active_pass, issued_pass
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS

ADULTS: Living = frozenset({(1, "PASS-ADULT")})
DAY = date(2026, 11, 26)

STRICTER = ("{per_day: 1}, {per_term: 6}], settle: 1200", "{per_day: 1}, {per_term: 2}], settle: 1200")
NO_B20 = (
    "  - {id: B20, at: [S20], name: {zh: 秦王川湿地公园门票, en: Qinwangchuan Wetland Park entry}, value_fen: 1000, "
    "rules: [{per_day: 1}], settle: 300}\n",
    "",
)
COUNTS_40 = ("benefits: 41,", "benefits: 40,")
COUNTS_42 = ("benefits: 41,", "benefits: 42,")
CHILD_WITHOUT = ("B19, B20, B21", "B19, B21")
NEW_BENEFIT = (
    "benefits:   # at",
    "benefits:\n  - {id: B42, at: [S04], name: {zh: 缆车, en: Cable car}, value_fen: 500, rules: [{per_day: 1}], "
    "settle: 100}   # at",
)
BLACKOUT = (
    "rules: [{per_day: 1}, {per_term: 6}], settle: 1200",
    'rules: [{per_day: 1}, {per_term: 6}, {blackout: ["12-24..12-26"]}], settle: 1200',
)


def load(
    session: Session, now: datetime, *changes: tuple[str, str], living: Living = ADULTS, remedies: str = ""
) -> LoadResult:
    """Load the sample with these replacements made in it, for passes of these terms."""
    text = SAMPLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    publication = Publication(living, [read_remedy(one) for one in remedies.split()], "partner left", "tester")
    return load_catalogue(session, text, SAMPLE_HOLIDAYS, now=now, publication=publication)


def test_stricter_terms_hold_only_for_passes_sold_later(session: Session, now: datetime) -> None:
    load(session, now)
    assert load(session, now, STRICTER).version == 2
    limits = [
        [tally.limit for tally in day_sheet(session, version, DAY).offers["B15"].at["S15"].moves if tally.per == "term"]
        for version in (1, 2)
    ]
    assert limits[0][0] == 6 and limits[1][0] == 2
    assert [day_sheet(session, version, DAY).version for version in (1, 2)] == [1, 2]


def test_an_addition_reaches_passes_sold_before(session: Session, now: datetime) -> None:
    load(session, now)
    before = day_sheet(session, 1, DAY)
    assert "B42" not in before.offers
    load(session, now, NEW_BENEFIT, COUNTS_42)
    after = day_sheet(session, 1, DAY)
    assert "B42" in after.products["PASS-ADULT"].benefits and "B42" not in after.products["PASS-CHILD"].benefits
    assert "B42" in {choice.id for choice in after.choices["S04"]}
    assert day_sheet(session, 1, DAY) is after
    terms = queries.effective_terms(session, 1)
    assert (terms.version, terms.digest) == (1, queries.get_pinned(session, 1).digest)
    assert queries.effective_terms(session, 1) is terms
    assert "B42" not in queries.get_terms(session, 1).benefits


def test_an_addition_that_is_taken_back_is_a_loss_too(session: Session, now: datetime) -> None:
    load(session, now)
    load(session, now, NEW_BENEFIT, COUNTS_42)
    with pytest.raises(Invalid) as refused:
        load(session, now)
    assert refused.value.code == "remedy_missing"
    load(session, now, living=frozenset({(1, "PASS-CHILD")}))  # a child never had it


def test_a_removed_benefit_needs_a_remedy(session: Session, now: datetime) -> None:
    load(session, now)
    with pytest.raises(Invalid) as refused:
        load(session, now, NO_B20, COUNTS_40, CHILD_WITHOUT)
    assert refused.value.code == "remedy_missing"
    [fault] = refused.value.facts["faults"]  # type: ignore[misc]
    assert fault["id"] == "B20" and "is removed" in fault["en"] and "--remedy B20" in fault["zh"]
    assert queries.get_current_terms(session).version == 1
    result = load(session, now, NO_B20, COUNTS_40, CHILD_WITHOUT, remedies="B20=extend_days:30")
    assert result.version == 2
    [row] = list_remedies(session)
    assert (row.version, row.benefit_id, row.kind, row.amount) == (2, "B20", "extend_days", 30)
    assert (row.loss_en, row.note, row.recorded_by) == ("is removed", "partner left", "tester")
    assert row.effective_on == date(2026, 12, 25)  # thirty days' notice
    assert "B20" in day_sheet(session, 1, DAY).products["PASS-ADULT"].benefits


def test_what_was_made_good_once_is_not_asked_for_again(session: Session, now: datetime) -> None:
    load(session, now)
    load(session, now, NO_B20, COUNTS_40, CHILD_WITHOUT, remedies="B20=credit:2000")
    result = load(session, now, NO_B20, COUNTS_40, CHILD_WITHOUT, STRICTER)
    assert result.version == 3
    assert len(list_remedies(session)) == 1


def test_nobody_who_lives_loses_nothing(session: Session, now: datetime) -> None:
    load(session, now)
    assert load(session, now, NO_B20, COUNTS_40, CHILD_WITHOUT, living=frozenset()).version == 2
    assert load(session, now, living=frozenset({(2, "PASS-SENIOR")})).version == 3


def test_a_new_blackout_needs_a_remedy_at_its_line(session: Session, now: datetime) -> None:
    load(session, now)
    with pytest.raises(Invalid) as refused:
        load(session, now, BLACKOUT)
    [fault] = refused.value.facts["faults"]  # type: ignore[misc]
    line = next(n for n, text in enumerate(SAMPLE.splitlines(), start=1) if "{id: B15," in text)
    assert (fault["id"], fault["line"]) == ("B15", line)
    assert "6 more days are excluded, from 24 Dec 2026 on" in fault["en"]
    assert load(session, now, BLACKOUT, remedies="B15=prorated_refund_right").version == 2
    assert day_sheet(session, 1, date(2026, 12, 24)).offers["B15"].at["S15"].opening.closed is None
    assert day_sheet(session, 2, date(2026, 12, 24)).offers["B15"].at["S15"].opening.closed == "blackout"


@pytest.mark.parametrize(
    ("old", "new", "id_", "reason"),
    [
        ("at: [S02, S08, S09, S14], name", "at: [S02, S08, S09], name", "B37", "no longer given at Lu Tusi Yamen"),
        ('until: "2026-12-31"', 'until: "2026-12-01"', "B21", "ends earlier, on 1 Dec 2026"),
        (
            '{per_term: 4}, {season: ["05-01..10-15',
            '{per_term: 4}, {season: ["05-01..09-30',
            "B13",
            "days are excluded",
        ),
    ],
)
def test_other_things_taken_need_one_too(
    session: Session, now: datetime, old: str, new: str, id_: str, reason: str
) -> None:
    load(session, now)
    with pytest.raises(Invalid) as refused:
        load(session, now, (old, new))
    [fault] = refused.value.facts["faults"]  # type: ignore[misc]
    assert fault["id"] == id_ and reason in fault["en"]


def test_a_remedy_that_nothing_needs_is_refused(session: Session, now: datetime) -> None:
    load(session, now)
    for changes, remedies in (
        ((STRICTER,), "B15=credit:100"),
        ((), "B15=credit:100"),
        ((BLACKOUT,), "B15=credit:100 B15=extend_days:3"),
        ((BLACKOUT,), "B15=credit:100 B16=extend_days:3"),
    ):
        with pytest.raises(Invalid) as refused:
            load(session, now, *changes, remedies=remedies)
        assert refused.value.code == "remedy_unneeded"
    assert queries.get_current_terms(session).version == 1 and list_remedies(session) == []


def test_only_promised_remedies_are_taken(session: Session, now: datetime) -> None:
    only = ("remedy: [extend_days, credit, prorated_refund_right]", "remedy: [extend_days]")
    load(session, now, only)
    with pytest.raises(Invalid) as refused:
        load(session, now, only, BLACKOUT, remedies="B15=credit:100")
    assert refused.value.code == "remedy_not_promised"
    load(session, now, only, BLACKOUT, remedies="B15=extend_days:3")


def test_a_remedy_is_written_in_one_way() -> None:
    assert read_remedy("B07=extend_days:30") == Remedy("B07", "extend_days", 30)
    assert read_remedy("B07=credit:2000") == Remedy("B07", "credit", 2000)
    assert str(read_remedy("E01=prorated_refund_right")) == "E01=prorated_refund_right"
    for wrong in (
        "B07",
        "B07=extend_days",
        "B07=extend_days:0",
        "B07=prorated_refund_right:3",
        "B07=gift:1",
        "=credit:1",
    ):
        with pytest.raises(Invalid, match="remedy_malformed"):
            read_remedy(wrong)


def test_the_database_keeps_no_remedy_without_its_amount(session: Session, now: datetime) -> None:
    load(session, now)
    session.add(
        TermsRemedy(
            version=1, benefit_id="B01", kind="credit", amount=None, loss_zh="", loss_en="", effective_on=DAY,
            recorded_at=now, recorded_by="x",
        )
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="amount_where_it_is_one"):
        session.flush()


def test_living_terms_are_those_of_passes_that_run_or_may_start(session: Session, now: datetime) -> None:
    load(session, now)
    assert living_terms(session) == frozenset()
    active_pass(session, now=now)
    issued_pass(session, now=now, terms_version=1, product_id="PASS-SENIOR", holder_class="senior")
    ended = active_pass(session, now=now, terms_version=1, product_id="PASS-CHILD", holder_class="child")
    ended.state = "expired"
    session.flush()
    assert living_terms(session) == {(1, "PASS-ADULT"), (1, "PASS-SENIOR")}


def test_a_holder_is_told_what_happened_since(session: Session, now: datetime) -> None:
    load(session, now)
    assert changes_since(session, 1, "PASS-ADULT") == ()
    load(
        session, now, NO_B20, NEW_BENEFIT, CHILD_WITHOUT, STRICTER, ("B37, at: [S02,", "B37, at: [S01, S02,"),
        remedies="B20=extend_days:30",
    )  # fmt: skip
    found = {
        (one.how, one.benefit_id): [line.en for line in one.lines] for one in changes_since(session, 1, "PASS-ADULT")
    }
    assert found == {
        ("added", "B37"): ["it may now be used at Baita Mountain Park, too"],
        ("added", "B42"): ["your pass has it now, at Wuquan Mountain Park", "once a day"],
        ("removed", "B20"): [
            "from 25 Dec 2026 on: it is removed",
            "for this the operator promises: your pass runs 30 days longer; the service desk sees to it",
            "partner left",
        ],
        ("changed", "B15"): ["passes sold now: twice a year; yours stays: six times a year"],
    }
    child = {(one.how, one.benefit_id) for one in changes_since(session, 1, "PASS-CHILD")}
    assert ("added", "B42") not in child and ("removed", "B20") in child
    assert all(line.zh for one in changes_since(session, 1, "PASS-ADULT") for line in one.lines)
    assert changes_since(session, 2, "PASS-ADULT") == ()


def test_what_is_sold_no_more_without_a_loss_is_kept_and_said(session: Session, now: datetime) -> None:
    load(session, now)
    load(session, now + timedelta(days=1), NO_B20, COUNTS_40, CHILD_WITHOUT, living=frozenset())
    [one] = changes_since(session, 1, "PASS-ADULT")
    assert (one.how, one.benefit_id, one.lines[0].en) == (
        "removed",
        "B20",
        "it is not sold any more; your pass keeps it",
    )
    assert session.scalars(select(TermsVersion.version)).all() == [1, 2]
