"""Exact stock: every move in the transaction of its order, decided by one conditional UPDATE, kept in a ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Integer, Text, bindparam, insert, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from passes.clock import local_time
from passes.errors import N_, Conflict
from passes.sale.models import OrderLine
from passes.sale.stock_models import SaleWindow, StockMove
from passes.sale.stock_rules import MOVES, Availability, Window, availability_of

_COLUMNS = (
    SaleWindow.id,
    SaleWindow.product_id,
    SaleWindow.opens_at,
    SaleWindow.closes_at,
    SaleWindow.quota,
    SaleWindow.held,
    SaleWindow.sold,
)


_ALL = select(*_COLUMNS).order_by(SaleWindow.product_id, SaleWindow.opens_at)
_OF_PRODUCT = _ALL.where(SaleWindow.product_id == bindparam("product_id"))


def list_windows(session: Session, product_id: str | None = None) -> Sequence[Window]:
    """The windows of a product, or all, by product and time."""
    statement, facts = (_ALL, {}) if product_id is None else (_OF_PRODUCT, {"product_id": product_id})
    return [Window(*row) for row in session.connection().execute(statement, facts)]


def list_availabilities(session: Session, product_ids: Iterable[str], now: datetime) -> Mapping[str, Availability]:
    """How each of these products stands now."""
    windows = list_windows(session)
    return {
        product_id: availability_of([window for window in windows if window.product_id == product_id], now)
        for product_id in product_ids
    }


def find_room(session: Session, wanted: Mapping[str, int], now: datetime) -> dict[str, Window | None]:
    """The open window of each product of which so many are wanted; None where it is sold without end.

    Conflict(sold_out | too_few_left | not_yet_on_sale | sale_over) with product_id and left, told before anything is
    written. What is on sale may yet go.
    """
    return {product_id: _room_of(session, product_id, pieces, now) for product_id, pieces in wanted.items()}


def _room_of(session: Session, product_id: str, pieces: int, now: datetime) -> Window | None:
    found = availability_of(list_windows(session, product_id), now)
    if found.standing == "not_yet" and found.opens_at is not None:
        raise Conflict(
            "not_yet_on_sale",
            N_("The sale of this pass begins on %(moment)s, Lanzhou time."),
            moment=f"{local_time(found.opens_at):%Y-%m-%d %H:%M}",
            product_id=product_id,
        )
    if found.standing == "over":
        raise Conflict("sale_over", N_("The sale of this pass has ended."), product_id=product_id)
    if found.left is not None and found.left < pieces:
        raise short_of(product_id, found.left)
    return found.window


def short_of(product_id: str, left: int) -> Conflict:
    """Told by whoever sees it first: the plain read before, or the move itself."""
    if left <= 0:
        words = N_(
            "This pass is sold out; nothing was ordered. What others do not pay for comes back: look again later."
        )
        return Conflict("sold_out", words, product_id=product_id, left=0)
    words = N_("Only %(left)s of this pass are left; nothing was ordered. Please order fewer.")
    return Conflict("too_few_left", words, product_id=product_id, left=left)


def hold(session: Session, lines: Sequence[OrderLine], windows: Mapping[str, Window | None], *, now: datetime) -> None:
    """Keep a piece for each line of a new order, all or none; Conflict as short_of when the last one has gone.

    windows: as find_room found them, locked by their numbers, so that two orders for the same products never wait for
    each other. To be called last: until the commit everybody else waits for these rows.
    """
    wanted = sorted(
        (window.id, line.id, line.product_id) for line in lines if (window := windows[line.product_id]) is not None
    )
    taken: Counter[int] = Counter()
    for window_id, line_id, product_id in wanted:
        if not _move(session, window_id, line_id, "hold", now=now):
            raise short_of(product_id, _left_of(session, window_id) + taken[window_id])
        taken[window_id] += 1


def _left_of(session: Session, window_id: int) -> int:
    left = select(SaleWindow.quota - SaleWindow.held - SaleWindow.sold).where(SaleWindow.id == window_id)
    return session.scalars(left).one()


def lock_windows(session: Session, product_ids: Iterable[str]) -> None:
    """All windows of these products, by number as everywhere: for whoever gives pieces back and then takes others."""
    windows = select(SaleWindow.id).where(SaleWindow.product_id.in_(set(product_ids))).order_by(SaleWindow.id)
    session.execute(windows.with_for_update(key_share=True))


def sell(session: Session, line_ids: Sequence[int], *, now: datetime) -> None:
    """What these lines held is sold."""
    for line_id, window_id in _held_by(session, line_ids):
        _move(session, window_id, line_id, "sell", now=now)


def release(session: Session, line_ids: Sequence[int], *, now: datetime) -> None:
    """Their order has ended unpaid: others may have it."""
    for line_id, window_id in _held_by(session, line_ids):
        _move(session, window_id, line_id, "release", now=now)


def retake(session: Session, line_ids: Sequence[int], *, now: datetime) -> bool:
    """Money came after the order's end: take again what was released. False, and nothing moved, when it is gone."""
    with session.begin_nested() as savepoint:
        for line_id, window_id in _held_by(session, line_ids):
            if not _move(session, window_id, line_id, "retake", now=now):
                savepoint.rollback()
                return False
    return True


def give_back(session: Session, line_ids: Sequence[int], *, now: datetime) -> None:
    """The passes of these lines were refunded and are void. A line that never moved stock moves none."""
    for line_id, window_id in _held_by(session, line_ids):
        _move(session, window_id, line_id, "return", now=now)


def _held_by(session: Session, line_ids: Sequence[int]) -> list[tuple[int, int]]:
    """(line, window) of the lines that took stock, in the order in which windows are locked."""
    statement = (
        select(StockMove.order_line_id, StockMove.window_id)
        .where(StockMove.order_line_id.in_(line_ids), StockMove.kind == "hold")
        .order_by(StockMove.window_id, StockMove.order_line_id)
    )
    return [(line_id, window_id) for line_id, window_id in session.execute(statement) if line_id is not None]


def _move(session: Session, window_id: int, line_id: int, kind: str, *, now: datetime) -> bool:
    """False when there is too little left. The row is locked from here to the commit, so the ledger is in its order.

    One statement: nobody waits for a round trip of ours in between.
    """
    held_by, sold_by = MOVES[kind]
    facts = {
        "now": now,
        "window_id": window_id,
        "line_id": line_id,
        "kind": kind,
        "more_held": held_by,
        "more_sold": sold_by,
    }
    statement = _TAKE if held_by + sold_by > 0 else _MOVE
    return session.connection().scalar(statement, facts) is not None


def _moving(*, within_quota: bool) -> ReturningInsert[int]:
    """Built once: it stands on the way of every order, behind a row that all of them want."""
    more_held, more_sold = bindparam("more_held", type_=Integer), bindparam("more_sold", type_=Integer)
    moving = (
        update(SaleWindow)
        .where(SaleWindow.id == bindparam("window_id"))
        .values(held=SaleWindow.held + more_held, sold=SaleWindow.sold + more_sold)
        .returning(SaleWindow.id, SaleWindow.quota)
    )
    if within_quota:
        taken = SaleWindow.held + SaleWindow.sold + more_held + more_sold
        moving = moving.where(taken <= SaleWindow.quota)
    moved = moving.cte("moved")
    noted = select(
        bindparam("now", type_=DateTime(timezone=True)),
        moved.c.id,
        bindparam("line_id", type_=BigInteger),
        bindparam("kind", type_=Text),
        more_held,
        more_sold,
        moved.c.quota,
    )
    names = ["at", "window_id", "order_line_id", "kind", "held_by", "sold_by", "quota"]
    return insert(StockMove).from_select(names, noted).returning(StockMove.id)


_TAKE, _MOVE = _moving(within_quota=True), _moving(within_quota=False)


# The proof: the highest sum of held and sold at any moment of a window beside the quota of that very moment, and
# whether the ledger ends at what the window says. A row is a fault.
FAULTS = text(
    """
    WITH running AS (
        SELECT window_id, id, quota,
               sum(held_by) OVER w AS held, sum(sold_by) OVER w AS sold
        FROM stock_move WINDOW w AS (PARTITION BY window_id ORDER BY id)
    ),
    last AS (SELECT DISTINCT ON (window_id) * FROM running ORDER BY window_id, id DESC)
    SELECT window_id, 'oversold' AS fault FROM running WHERE held + sold > quota OR held < 0 OR sold < 0
    UNION
    SELECT sale_window.id, 'ledger differs' FROM sale_window LEFT JOIN last ON last.window_id = sale_window.id
    WHERE (sale_window.held, sale_window.sold) IS DISTINCT FROM (coalesce(last.held, 0), coalesce(last.sold, 0))
    """
)


def list_faults(session: Session) -> list[tuple[int, str]]:
    """[(window, what is wrong)]: empty when no moment of the ledger oversold, and it ends at what the windows say."""
    return [(window_id, fault) for window_id, fault in session.execute(FAULTS)]
