"""What every chart of the page is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from passes.dashboard.tables import Table


@dataclass(frozen=True, slots=True)
class Panel:
    """A title, the one sentence that says what is seen, the numbers to draw, and the table behind them.

    chart: JSON-ready, None where there is nothing to draw; then `say` tells why. note: how to read it.
    """

    name: str
    title: str
    say: str
    table: Table
    chart: Mapping[str, object] | None
    note: str = ""
