"""Two versions of the terms, and what a reader is told of the difference."""

from dataclasses import dataclass

import pytest

from passes.catalogue.differences import Entry, differences, parts_of
from passes.catalogue.reading import Reading, read_files
from tests.factories import CATALOGUE

TEXT = (CATALOGUE / "catalog.sample.yaml").read_text()
DAYS = (CATALOGUE / "holidays.sample.yaml").read_text()


def reading(text: str, days: str = DAYS) -> Reading:
    found, faults = read_files(text, days)
    assert found is not None, faults
    return found


@dataclass(frozen=True)
class Told:
    """A difference in English: {(kind, id): [(about, before, after)]}."""

    entries: tuple[Entry, ...]

    def of(self, kind: str, id_: str) -> list[tuple[str, str | None, str | None]]:
        (entry,) = [entry for entry in self.entries if (entry.kind, entry.id) == (kind, id_)]
        return [
            (change.about.en, change.before and change.before.en, change.after and change.after.en)
            for change in entry.changes
        ]


def told(*swaps: tuple[str, str], days: str = DAYS) -> Told:
    changed = TEXT
    for old, new in swaps:
        assert old in changed, old
        changed = changed.replace(old, new, 1)
    before, after = reading(TEXT), reading(changed, days)
    return Told(differences(before.terms, after.terms, before.calendar, after.calendar))


def test_the_same_catalogue_has_no_differences() -> None:
    assert told().entries == ()


def test_a_price_is_told_in_yuan() -> None:
    assert told(("price_fen: 19900", "price_fen: 20950")).of("product", "PASS-ADULT") == [("price", "¥199", "¥209.50")]


def test_a_rule_is_told_in_the_words_a_holder_reads() -> None:
    found = told(
        ("{per_day: 1}, {per_term: 6}], settle: 1200}", "{per_day: 1}, {blackout: [labor_day]}], settle: 900}")
    )
    assert found.of("benefit", "B15") == [
        ("rule", None, "not during the Labour Day holiday"),
        ("rule", "six times a year", None),
        ("settlement", "per use (fen) 1200", "per use (fen) 900"),
    ]


def test_a_number_behind_the_same_words_is_told_by_its_name() -> None:
    (change,) = told(("capacity_per_slot: 200", "capacity_per_slot: 240")).of("benefit", "B06")
    assert change[0].endswith(": places in a slot") and change[1:] == ("200", "240")


def test_places_hours_and_prices_are_told() -> None:
    found = told(
        ('hours: [{open: "08:30-21:00"}], list_price_fen: 1000', 'hours: [{open: "09:00-20:00"}], list_price_fen: 1200')
    )
    assert found.of("venue", "S05") == [("opening hours", "08:30–21:00", "09:00–20:00"), ("list price", "¥10", "¥12")]


def test_rules_for_every_pass_and_holidays_are_told() -> None:
    found = told(
        ("{window_days: 90, starts", "{window_days: 60, starts"),
        days=DAYS.replace("2027-01-01..2027-01-01", "2027-01-01..2027-01-03"),
    )
    assert found.of("pass_rules", "activation") == [("days of the window", "90", "60")]
    assert found.of("holidays", "2027") == [("the New Year holiday", "2027-01-01", "2027-01-01–2027-01-03")]


def test_what_comes_and_what_goes_is_named() -> None:
    line = next(line for line in TEXT.splitlines(keepends=True) if "{id: B41," in line)
    before, after = (
        reading(TEXT),
        reading(
            TEXT.replace("41 benefits", "40 benefits")
            .replace("benefits: 41", "benefits: 40")
            .replace(", B41", "")
            .replace(line, "")
        ),
    )
    gone = differences(before.terms, after.terms, before.calendar, after.calendar)
    assert [(entry.how, entry.name.zh) for entry in gone if entry.id == "B41"] == [("removed", "打卡十景续费八折")]
    new = differences(after.terms, before.terms, after.calendar, before.calendar)
    assert [entry.how for entry in new if entry.id == "B41"] == ["added"]
    adult = Told(gone).of("product", "PASS-ADULT")
    assert adult == [("benefits included", "20% off renewal after ten spots", None)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_part_of_a_catalogue_can_be_told_in_both_languages(language: str) -> None:
    """From nothing to everything: no field is without words, none breaks."""
    found = reading(TEXT)
    for thing in (*found.terms.venues.values(), *found.terms.benefits.values(), *found.terms.products.values()):
        assert all(isinstance(path, str) and isinstance(text, str) for path, text in parts_of(thing).items())
    empty = reading(
        TEXT.replace("PASS-ADULT, name", "PASS-OTHER, name", 1)
        .replace("requires: PASS-ADULT", "requires: PASS-OTHER")
        .replace("bundle: [PASS-ADULT, PASS-ADULT", "bundle: [PASS-OTHER, PASS-OTHER")
    )
    entries = differences(empty.terms, found.terms, empty.calendar, found.calendar)
    assert {entry.how for entry in entries} == {"added", "removed", "changed"}
    assert all(entry.name.in_(language) for entry in entries)
