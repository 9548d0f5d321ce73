"""A year without holidays is told of sixty days ahead, and what rests on provisional ones always."""

from datetime import date

from passes.catalogue.differences import differences
from passes.catalogue.outlook import notes_of, warnings_of, years_ahead, years_words
from passes.catalogue.reading import read_files
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS, sample
from tests.rules.small_catalogue import benefit, read


def test_sixty_days_before_a_year_without_data_its_benefits_are_named() -> None:
    reading = sample()
    assert warnings_of(reading.terms, reading.calendar, date(2027, 11, 1)) == ()
    [warning] = warnings_of(reading.terms, reading.calendar, date(2027, 11, 2))
    assert "no holidays for 2028" in warning.en and "calendar_missing" in warning.en
    for id_ in ("B06", "B12", "B18", "B22"):
        assert id_ in warning.en and id_ in warning.zh
    assert "B01" not in warning.en and "Lanzhou Wildlife Park entry" in warning.en and "野生动物园门票" in warning.zh


def test_a_gap_in_the_years_is_found() -> None:
    holidays = SAMPLE_HOLIDAYS.replace("  2027:", "  2029:").replace("2027-", "2029-")
    reading, faults = read_files(SAMPLE, holidays)
    assert reading is not None and faults == ()
    [warning] = warnings_of(reading.terms, reading.calendar, date(2026, 12, 1))
    assert "2027" in warning.en


def test_a_year_that_has_begun_without_data_is_told() -> None:
    reading = sample()
    [warning] = warnings_of(reading.terms, reading.calendar, date(2028, 3, 1))
    assert "2028" in warning.en


def test_what_rests_on_provisional_holidays_is_said_by_name() -> None:
    reading = sample()
    [note] = notes_of(reading.terms, reading.calendar, date(2026, 11, 25))
    assert "2027 are provisional" in note.en and "B12 Xinglong Mountain entry" in note.en and "暂定" in note.zh
    assert notes_of(reading.terms, reading.calendar, date(2028, 1, 1)) == ()


def test_a_catalogue_that_names_no_holiday_needs_no_calendar() -> None:
    reading = read(benefit("B0"), benefit("B1", '{blackout: ["12-24..12-26"]}'))
    assert years_ahead(reading.terms, reading.calendar, date(2040, 1, 1)) == ()


def test_a_provisional_year_is_marked_wherever_it_is_named() -> None:
    reading = sample()
    assert years_words(reading.calendar).en == "2026, 2027 (provisional)"
    assert years_words(reading.calendar).zh == "2026、2027（暂定）"
    moved, _ = read_files(SAMPLE, SAMPLE_HOLIDAYS.replace("2027-06-09..2027-06-09", "2027-06-09..2027-06-10"))
    assert moved is not None
    [entry] = differences(reading.terms, moved.terms, reading.calendar, moved.calendar)
    assert (entry.name.en, entry.name.zh) == ("2027 (provisional)", "2027 年（暂定）")
