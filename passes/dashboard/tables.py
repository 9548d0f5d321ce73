"""The table behind a chart: one list of rows, shown on the page in the reader's language and sent as CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from passes.http.languages import show_count, show_day, show_percent

Cell = str | int | float | date | None
# What a spreadsheet would take for the start of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
DASH = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """kind: text, day, count, average, percent or change."""

    title: str
    kind: str = "text"

    @property
    def number(self) -> bool:
        return self.kind not in ("text", "day")


@dataclass(frozen=True, slots=True)
class Table:
    """links: {row number: the part of an address behind the ?} for rows whose name leads on."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    links: Mapping[int, str] = field(default_factory=dict)

    def texts(self) -> list[list[str]]:
        """The cells as people read them."""
        kinds = [column.kind for column in self.columns]
        return [[_shown(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in self.rows]


def show_average(number: float) -> str:
    """12.345 → 12.3; small ones with two digits, for 0.04 an hour is not nothing."""
    return f"{number:,.1f}" if number >= 1 or number == 0 else f"{number:.2f}"


def show_change(number: int) -> str:
    """+12, −3, ±0."""
    return f"{'+' if number > 0 else '−' if number else '±'}{show_count(abs(number))}"


SHOWN: Mapping[str, Callable[[object], str]] = {
    "text": str,
    "day": lambda day: show_day(day, "weekday") if isinstance(day, date) else str(day),
    # Most cells are small, and a page has a thousand of them.
    "count": lambda number: (
        (str(number) if 0 <= number < 1000 else show_count(number)) if isinstance(number, int) else DASH
    ),
    "average": lambda number: show_average(number) if isinstance(number, int | float) else DASH,
    "percent": lambda share: show_percent(share, 1) if isinstance(share, int | float) else DASH,
    "change": lambda number: show_change(number) if isinstance(number, int) else DASH,
}


def _shown(cell: Cell, kind: str) -> str:
    return DASH if cell is None else SHOWN[kind](cell)


def csv_of(table: Table) -> bytes:
    """For spreadsheets: UTF-8 with its mark, plain numbers, ISO dates; no text is taken for a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([_safe(column.title) for column in table.columns])
    writer.writerows([[_raw(cell) for cell in row] for row in table.rows])
    return written.getvalue().encode("utf-8-sig")


def _raw(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return round(cell, 4)
    if isinstance(cell, date):
        return cell.isoformat()
    return _safe(cell) if isinstance(cell, str) else cell


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
