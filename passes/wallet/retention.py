"""The retention chore: what was kept long enough is blanked, a batch at a time; safe to run twice."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.access.service import write_audit
from passes.gate.erasing import erase_holders
from passes.lifecycle.erasing import erase_members, list_forgotten
from passes.lifecycle.models import Pass
from passes.mail.erasing import cut_lines, erase_letters_about, erase_old_letters
from passes.sale.erasing import (
    empty_messages,
    empty_messages_about,
    erase_lines,
    erase_visits,
    forget_invoices,
    list_unpaid_lines,
    orders_of,
)
from passes.sale.queries import lock_order
from passes.wallet import retention_rules as rules

BATCH = 200


def forget_old_data(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Blank what has passed its time; returns how many rows. The audit log says how many, and of whom nothing."""
    holders = list(list_forgotten(session, now - rules.HOLDER_AFTER_END, limit))
    erase_passes(session, holders, now=now)
    unpaid = list(list_unpaid_lines(session, now - rules.UNPAID_ORDER, limit))
    orders = erase_lines(session, unpaid, now=now) if unpaid else []
    erase_letters_about(session, [f"order:{order_id}" for order_id in orders], now=now)
    empty_messages_about(session, orders)
    letters = erase_old_letters(session, now - rules.LETTERS, limit, now=now)
    messages = empty_messages(session, now - rules.PROVIDER_MESSAGES, limit)
    invoices = forget_invoices(session, limit)
    counts = {"holders": len(holders), "orders": len(orders), "letters": letters, "messages": messages}
    counts |= {"invoices": invoices} if invoices else {}
    if any(counts.values()):
        write_audit(session, None, "house.data_forgotten", "house:retention", now=now, **counts)
    return sum(counts.values())


def erase_passes(session: Session, pass_ids: list[int], *, now: datetime) -> None:
    """Blank everything personal about these passes, in every room: holder, order, letters, what gates were told.

    A letter about an order of which other holders are still known loses the lines about these, and stays.
    """
    if not pass_ids:
        return
    rows = session.execute(select(Pass.number, Pass.order_line_id).where(Pass.id.in_(pass_ids))).all()
    lines = [line_id for _, line_id in rows]
    for order_id in sorted(orders_of(session, lines)):
        lock_order(session, order_id)  # before refunds and passes, as everywhere
    erase_visits(session, pass_ids)
    erase_members(session, pass_ids, now=now)
    orders = erase_lines(session, lines, now=now)
    subjects = [*(f"pass:{pass_id}" for pass_id in pass_ids), *(f"order:{order_id}" for order_id in orders)]
    erase_letters_about(session, subjects, now=now)
    for order_id in orders_of(session, lines):
        cut_lines(session, f"order:{order_id}", [number for number, _ in rows])
    empty_messages_about(session, orders)
    erase_holders(session, pass_ids)
