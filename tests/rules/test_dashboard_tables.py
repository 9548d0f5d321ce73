"""A table as CSV: opened in a spreadsheet it shows what the page shows, and runs nothing."""

import csv
import io
from datetime import date

from passes.dashboard.tables import Column, Table, csv_of


def test_a_spreadsheet_reads_chinese_and_plain_numbers() -> None:
    columns = (Column("日期", "day"), Column("人次", "count"), Column("占比", "percent"), Column("变化", "change"))
    written = csv_of(Table(columns, [(date(2026, 11, 25), 1234, 1 / 3, -5), (date(2026, 11, 24), 0, None, 0)]))
    assert written.startswith(b"\xef\xbb\xbf")
    assert written.decode("utf-8-sig").splitlines() == [
        "日期,人次,占比,变化",
        "2026-11-25,1234,0.3333,-5",
        "2026-11-24,0,,0",
    ]


def test_a_name_is_never_taken_for_a_formula() -> None:
    names = ['=HYPERLINK("http://example.com")', "+1", "-1+1", "@SUM(A1)", "\t=1", "兰州,“老街”\n二"]
    written = csv_of(Table((Column("名称"),), [(name,) for name in names]))
    read = [row[0] for row in csv.reader(io.StringIO(written.decode("utf-8-sig"), newline=""))]
    assert read == ["名称", *(f"'{name}" for name in names[:-1]), names[-1]]
