"""Orders a second with an exact quota: everybody wants the same product, whose one row of stock all of them move.

Its limit is that of a scan: the same web server with nothing in it, and the same SQL with nothing around it.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
from sqlalchemy import event

from passes import clock, db
from passes.access import rates
from passes.catalogue.queries import get_current
from passes.sale.placing import OrderRequest, PassWanted, place_order

HERE = Path(__file__).resolve().parent
# More than can be placed: what is measured is the row that all wait for, and that it counts right.
QUOTA = 1_000_000
ADDRESS_LIMIT, PHONE_LIMIT, SECONDS = 1200, 60, 600


@dataclass
class Buyers:
    """`sent` counts the forms that were made."""

    url: str
    sent: int = 0

    def forms(self, count: int) -> list[bytes]:
        """Forms nobody has sent before, each of another phone."""
        first, version = self.sent, _terms_version()
        self.sent += count
        return [_form(number, version) for number in range(first, self.sent)]


def _terms_version() -> int:
    """What a buyer accepts: earlier measures may have published other terms."""
    with db.transaction() as session:
        return get_current(session).version


def _form(number: int, terms_version: int) -> bytes:
    given = {
        "form_id": str(uuid4()),
        "terms_version": str(terms_version),
        "phone": f"+8613{number:09d}",
        "holder-1-product_id": "PASS-ADULT",
        "holder-1-name": "王小明",
        "holder-1-document_type": "PASSPORT",
        "holder-1-document_number": f"E{number:08d}",
        "holder-1-birth_on": "1990-05-17",
        "accept_terms": "yes",
    }
    return urlencode(given).encode()


WINDOW = """
INSERT INTO sale_window (product_id, opens_at, quota) VALUES ('PASS-ADULT', now() - interval '1 day', %s) RETURNING id
"""
FIRST_MOVE = (
    "INSERT INTO stock_move (at, window_id, kind, held_by, sold_by, quota) VALUES (now(), %s, 'quota', 0, 0, %s)"
)


def open_sale(url: str) -> Buyers:
    """One window for the adult pass; the first one of its database."""
    with psycopg.connect(url) as connection:
        row = connection.execute(WINDOW, [QUOTA]).fetchone()
        assert row is not None
        connection.execute(FIRST_MOVE, [row[0], QUOTA])
    return Buyers(url)


def statements_of_an_order() -> int:
    """How many statements one placed order sends, with its two limits of tries."""
    sent: list[str] = []
    with db.transaction() as session:
        engine = session.get_bind()

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", note)
    for number in range(2):
        # The first order of a process reads the terms, too: the second is one like all others.
        sent.clear()
        _place(number)
    event.remove(engine, "before_cursor_execute", note)
    return len(sent)


def _place(number: int) -> None:
    now = clock.now()
    form = OrderRequest(
        form_id=uuid4(),
        locale="zh",
        terms_version=_terms_version(),
        phone=f"+8615{number:09d}",
        email=None,
        holders=(PassWanted("PASS-ADULT", "王小明", "CN_ID", "11010519491231002X", None),),
    )
    with db.transaction() as session:
        for key, limit in ((f"order:bench {number}", ADDRESS_LIMIT), (f"order:{form.phone}", PHONE_LIMIT)):
            rates.allow(session, key, limit=limit, seconds=SECONDS, now=now)
    with db.transaction() as session:
        place_order(session, form, livemode=False, hold_minutes=35, min_charge_fen=500, now=now)


def statements() -> int:
    """How many statements order.sql sends, without those that begin and end a transaction."""
    lines = (HERE / "order.sql").read_text().splitlines()
    return sum(bool(re.match(r"(INSERT|SELECT|WITH) ", line)) for line in lines)


def count_orders(url: str) -> int:
    """Orders placed; SystemExit where the stock, its ledger and the lines do not agree to a piece."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM order_line), (SELECT held FROM sale_window),"
            " (SELECT count(*) FROM stock_move WHERE kind = 'hold'), (SELECT sum(held_by) FROM stock_move)"
        ).fetchone()
    if row is None or len(set(row)) != 1:
        raise SystemExit(f"lines, stock and its ledger differ: {row}")
    return int(row[0])
