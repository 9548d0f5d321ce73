"""Everything about one holder, to take along; and its erasure."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry
from passes.access.rules import HOLDER
from passes.access.service import write_audit
from passes.booking.models import Reservation
from passes.errors import N_, Conflict
from passes.feedback.models import SurveyInvitation
from passes.gate.models import PassCounter, Scan, ScanVoid
from passes.lifecycle.endings import void_passes
from passes.lifecycle.models import Member, Pass, PassHold, WalletLink
from passes.lifecycle.queries import get_member, lock_passes
from passes.mail.models import Letter
from passes.mail.service import is_about
from passes.mail.words import INDENT, without_lines
from passes.sale.models import Order, OrderLine, Payment, Refund, RefundLine, WebhookEvent
from passes.sale.money_rules import dispute_state
from passes.sale.queries import is_about_orders, list_payments, lock_order
from passes.sale.refund_quotes import find_quote
from passes.wallet.models import Lookup
from passes.wallet.retention import erase_passes
from passes.wallet.retention_rules import may_erase

# What is left out of an export, and why it is no loss: secrets of ours that say nothing of the holder.
SECRETS = frozenset(
    {"document_hmac", "id_tag", "form_key", "public_id", "idempotency_key", "request", "content_hash", "code_body"}
)

# Who of the staff did it, and what they noted for each other: of them, not of the holder. So is the name of who paid,
# which stands in what the provider said; that it said something is told.
OF_OTHERS = frozenset(
    {"requested_by", "approved_by", "evidence_note", "staff_id", "staff_login", "by", "made_by", "shift_id"}
    | {"payload", "last_error"}
)

_CODE = re.compile(r"\b[0-9]{6}\b")

WHY_NOT = {
    "refund_under_way": N_("A refund is under way: it needs these data. Please come back when the money has arrived."),
    "dispute_open": N_("A payment is disputed: the data are needed until that is settled."),
    "pass_alive": N_("The pass can still be used. Ask for the money first, or say below that it shall end without it."),
}


def export_of(session: Session, pass_: Pass, now: datetime) -> dict[str, Any]:
    """JSON-able: every row about this pass and its order, as it is stored, but for SECRETS and OF_OTHERS.

    Whoever reads it has the link of one pass and may not be the buyer: invoice data stand on the order's own page.
    """
    line = session.get(OrderLine, pass_.order_line_id)
    order = session.get(Order, line.order_id) if line else None
    about = [f"pass:{pass_.id}", *([f"order:{order.id}"] if order else [])]
    member = get_member(session, pass_.member_id)
    found: dict[str, Any] = {
        "exported_at": now,
        "pass": _plain(pass_),
        "holder": _plain(member),
        "order": _plain(order) if order else None,
        "order_line": _plain(line) if line else None,
        "holds": _all(session, PassHold, PassHold.pass_id == pass_.id),
        "links": _all(session, WalletLink, WalletLink.pass_id == pass_.id),
        "visits": _all(session, Scan, Scan.pass_id == pass_.id),
        "visits_taken_back": _taken_back(session, pass_.id),
        "used": _all(session, PassCounter, PassCounter.pass_id == pass_.id),
        "reservations": _all(session, Reservation, Reservation.pass_id == pass_.id),
        "surveys": _all(session, SurveyInvitation, SurveyInvitation.pass_id == pass_.id),
        "letters": _letters(session, pass_, about),
        "changes": _changes(session, about),
        "lookups": _all(session, Lookup, _of(member)),
    }
    return found | _money(session, order.id, pass_.id) if order else found


def _money(session: Session, order_id: int, pass_id: int) -> dict[str, Any]:
    """Of the order's refunds those for this pass, and those for none of its passes: late money that went back.

    The lines of a refund name visits: of other passes of the order they are of others.
    """
    of_passes = select(RefundLine.pass_id).where(RefundLine.refund_id == Refund.id)
    own = of_passes.where(RefundLine.pass_id == pass_id).exists() | ~of_passes.exists()
    refunds = _all(session, Refund, (Refund.order_id == order_id) & own)
    for refund in refunds:
        refund["lines"] = [line for line in refund["lines"] or () if line["pass_id"] in (pass_id, None)]
    return {
        "payments": _all(session, Payment, Payment.order_id == order_id),
        "refunds": refunds,
        "provider_messages": _all(session, WebhookEvent, is_about_orders(session, [order_id])),
    }


def _taken_back(session: Session, pass_id: int) -> list[dict[str, Any]]:
    """Without the reason: a clerk's own words."""
    scans = select(Scan.id).where(Scan.pass_id == pass_id)
    rows = _all(session, ScanVoid, ScanVoid.scan_row_id.in_(scans))
    return [{"scan_row_id": row["scan_row_id"], "voided_at": row["voided_at"]} for row in rows]


def _changes(session: Session, about: list[str]) -> list[dict[str, Any]]:
    rows = _all(session, AuditEntry, AuditEntry.subject.in_(about))
    return [row | {"facts": {name: fact for name, fact in row["facts"].items() if name != "note"}} for row in rows]


def _letters(session: Session, pass_: Pass, about: list[str]) -> list[dict[str, Any]]:
    """Those about this pass and its order; of the letters about refunds, those for this pass."""
    bought_with = select(OrderLine.order_id).where(OrderLine.id == pass_.order_line_id).scalar_subquery()
    lines = select(OrderLine.id).where(OrderLine.order_id == bought_with)
    others = session.scalars(select(Pass.number).where(Pass.order_line_id.in_(lines), Pass.id != pass_.id)).all()
    found = _all(session, Letter, is_about(about))
    return [_told(letter, pass_, about, others) for letter in found if _is_for(letter, pass_)]


def _is_for(letter: dict[str, Any], pass_: Pass) -> bool:
    """A letter about a refund is also about each pass the refund is for, or names it: older ones do only that."""
    if not letter["kind"].startswith("refund_"):
        return True
    return f"pass:{pass_.id}" in (letter["about"], *letter["also_about"]) or pass_.number in letter["body"]


def _told(letter: dict[str, Any], pass_: Pass, about: list[str], others: Sequence[str]) -> dict[str, Any]:
    """The letter without what opens something, a page or a code; and of the other passes that it is about, nothing.

    Nor with the lines of a refund, which are a buyer's: those of this pass stand beside the refund itself.
    others: the numbers of the other passes of the order.
    """
    lines = without_lines(letter["body"], others).splitlines()
    if letter["kind"].startswith("refund_"):
        lines = [line for line in lines if not line.startswith(INDENT)]
    own = [line for line in lines if "/w/" not in line or pass_.number in line]
    body = "\n".join(line.split("/w/")[0].split("/orders/")[0] for line in own)
    body = _CODE.sub("······", body) if letter["kind"] == "lookup_code" else body
    subjects = [subject for subject in (letter["about"], *letter["also_about"]) if subject in about]
    return letter | {"body": body, "about": subjects[0], "also_about": subjects[1:]}


def _of(member: Member) -> Any:
    return (Lookup.phone == member.phone) & (Lookup.document_last4 == member.document_last4)


def _all(session: Session, table: type[Any], which: Any) -> list[dict[str, Any]]:
    rows: Iterable[Any] = session.scalars(select(table).where(which).order_by(*table.__table__.primary_key))
    return [_plain(row) for row in rows]


def _plain(row: Any) -> dict[str, Any]:
    names = [column.key for column in row.__mapper__.column_attrs]
    plain = {name: getattr(row, name) for name in names if name not in SECRETS | OF_OTHERS}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in plain.items()}


def why_not_erase(session: Session, pass_: Pass, now: datetime) -> str | None:
    """retention_rules.may_erase of this pass now."""
    quote = find_quote(session, pass_, now=now)
    under_way = quote is not None and quote.refund is not None and quote.refund.state in ("requested", "pending")
    return may_erase(pass_.state, refund_under_way=under_way, disputed=_is_disputed(session, pass_))


def _is_disputed(session: Session, pass_: Pass) -> bool:
    """Whether the bank has any payment of the order in dispute: the holds of a pass say only what froze it first."""
    line = session.get(OrderLine, pass_.order_line_id)
    payments = list_payments(session, line.order_id) if line else ()
    return any(dispute_state(payment.dispute_status) == "open" for payment in payments)


def erase_my_data(session: Session, pass_: Pass, *, end_pass: bool, now: datetime) -> None:
    """Blank everything personal; done twice, it is done. end_pass: a living pass ends, without money back.

    Conflict: refund_under_way, dispute_open, pass_alive. Kept are amounts, numbers, times, invoice data and the log.
    """
    line = session.get(OrderLine, pass_.order_line_id)
    if line is not None:
        lock_order(session, line.order_id)
    lock_passes(session, [pass_.id])
    reason = why_not_erase(session, pass_, now)
    if reason == "pass_alive" and end_pass:
        void_passes(session, [pass_.id], "given_up", now=now)
    elif reason is not None:
        raise Conflict(reason, WHY_NOT[reason])
    member = get_member(session, pass_.member_id)
    if member.erased_at is not None:
        return
    session.execute(delete(Lookup).where(_of(member)))
    erase_passes(session, [pass_.id], now=now)
    write_audit(session, None, "pass.data_erased", f"pass:{pass_.id}", now=now, by=HOLDER)
