"""CSV for spreadsheets: UTF-8 with its mark, plain numbers, and no text that is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | None


def csv_answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The file `name`.csv, to be saved."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([safe(head) for head in heads])
    writer.writerows([[safe(cell) for cell in row] for row in rows])
    answer = Response(written.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def safe(cell: Cell) -> str | int:
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def plain_yuan(amount_fen: int) -> str:
    """19900 → 199.00, as a spreadsheet adds it up."""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole}.{fen:02d}"
