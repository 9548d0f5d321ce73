"""What the back office says of stock: when a product is sold, and how many. Every change is audited."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from passes.access.rules import Staff
from passes.access.service import write_audit
from passes.errors import N_, Conflict, Invalid, NotFound
from passes.sale.stock_models import SaleWindow, StockMove

NOT_SAVED = N_("The sale window was not saved.")


@dataclass(frozen=True, slots=True)
class NewWindow:
    """When a product is sold and how many. closes_at: exclusive, None = no end."""

    product_id: str
    opens_at: datetime
    closes_at: datetime | None
    quota: int


def add_window(session: Session, staff: Staff | None, wanted: NewWindow, *, now: datetime) -> int:
    """A window beside those the product has; its id. The caller has looked the product up in the catalogue."""
    _refuse_nonsense(session, wanted, None)
    window = SaleWindow(
        product_id=wanted.product_id,
        opens_at=wanted.opens_at,
        closes_at=wanted.closes_at,
        quota=wanted.quota,
        held=0,
        sold=0,
    )
    session.add(window)
    session.flush()
    _note_quota(session, window, now)
    write_audit(
        session,
        staff,
        "sale_window.added",
        f"sale_window:{window.id}",
        now=now,
        product_id=wanted.product_id,
        quota=wanted.quota,
        opens_at=wanted.opens_at.isoformat(),
        closes_at=wanted.closes_at.isoformat() if wanted.closes_at else None,
    )
    return window.id


def change_window(
    session: Session,
    staff: Staff | None,
    window_id: int,
    *,
    opens_at: datetime,
    closes_at: datetime | None,
    quota: int,
    now: datetime,
) -> bool:
    """Move the window or its quota; whether anything differed. Conflict: more is taken than the new quota."""
    window = session.get(SaleWindow, window_id, with_for_update=True, populate_existing=True)
    if window is None:
        raise NotFound("sale_window_not_found", N_("We know no sale window with this number."))
    _refuse_nonsense(session, NewWindow(window.product_id, opens_at, closes_at, quota), window_id)
    if quota < window.held + window.sold:
        taken = N_("%(taken)s are sold or held already: the quota cannot be lower.")
        raise Conflict("quota_below_taken", taken, taken=window.held + window.sold)
    wanted = {"opens_at": opens_at, "closes_at": closes_at, "quota": quota}
    changes = {name: [getattr(window, name), value] for name, value in wanted.items() if getattr(window, name) != value}
    for name, (_, value) in changes.items():
        setattr(window, name, value)
    session.flush()
    if "quota" in changes:
        _note_quota(session, window, now)
    if changes:
        facts = {name: [_plain(value) for value in pair] for name, pair in changes.items()}
        subject = f"sale_window:{window_id}"
        write_audit(session, staff, "sale_window.changed", subject, now=now, product_id=window.product_id, **facts)
    return bool(changes)


def _refuse_nonsense(session: Session, wanted: NewWindow, window_id: int | None) -> None:
    """The exclusion constraint has the last word; this one says which field."""
    faults: dict[str, list[str]] = {}
    if wanted.closes_at is not None and wanted.closes_at <= wanted.opens_at:
        faults["closes_at"] = [N_("The end must lie after the beginning.")]
    others = select(SaleWindow.opens_at, SaleWindow.closes_at).where(
        SaleWindow.product_id == wanted.product_id, SaleWindow.id != (window_id or 0)
    )
    for opens_at, closes_at in session.execute(others):
        before = wanted.closes_at is not None and wanted.closes_at <= opens_at
        after = closes_at is not None and closes_at <= wanted.opens_at
        if not (before or after):
            faults.setdefault("opens_at", [N_("Another window of this product stands open at that time.")])
    if faults:
        raise Invalid("sale_window_not_valid", NOT_SAVED, fields=faults)


def _note_quota(session: Session, window: SaleWindow, now: datetime) -> None:
    """Into the ledger, under the lock of the row: what the quota was at every moment is part of the proof."""
    session.execute(
        insert(StockMove).values(at=now, window_id=window.id, kind="quota", held_by=0, sold_by=0, quota=window.quota)
    )


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
