"""All that shows a bank what was sold, to whom, under which terms, and how it was used: one ZIP of plain files."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.admin.order_queries import OrderPage, get_order_page
from passes.admin.sheets import Cell, plain_yuan, safe
from passes.catalogue.models import TermsVersion
from passes.clock import local_time
from passes.gate.models import Scan
from passes.sale.consents import Acceptance
from passes.sale.models import PaymentEvent
from passes.sale.queries import acceptance_of

_LIKE = "%Y-%m-%d %H:%M:%S"


def evidence_of(session: Session, order_id: int) -> tuple[str, bytes]:
    """(file name, ZIP). NotFound("order_not_found")."""
    page = get_order_page(session, order_id)
    scans = _scans(session, page)
    files = {
        "README.txt": _summary(page, scans),
        "order.json": _order(page),
        "visits.csv": _visits(page, scans),
        "ledger.csv": _ledger(session, order_id),
        "letters.txt": _letters(page),
    }
    accepted = [page.order.terms_version] if page.order.terms_version is not None else []
    for version in sorted({*accepted, *(line.terms_version for line in page.lines)}):
        files[f"terms-{version}.json"] = _json(session.get_one(TermsVersion, version).catalogue)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(zipfile.ZipInfo(name, date_time=local_time(page.order.placed_at).timetuple()[:6]), content)
    return f"evidence-{page.order.number}.zip", made.getvalue()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _scans(session: Session, page: OrderPage) -> Sequence[Scan]:
    ids = [pass_.id for pass_ in page.passes.values()]
    return session.scalars(select(Scan).where(Scan.pass_id.in_(ids)).order_by(Scan.scanned_at, Scan.id)).all()


def _summary(page: OrderPage, scans: Sequence[Scan]) -> str:
    order = page.order
    admitted = sum(scan.verdict == "admitted" for scan in scans)
    disputes = [payment for payment in page.payments if payment.dispute_id]
    lines = [
        f"Order {order.number}, placed {local_time(order.placed_at):{_LIKE}} Lanzhou time (UTC+8)",
        f"Amount: CNY {plain_yuan(order.total_fen)}",
        _acceptance(acceptance_of(order)),
        f"Passes issued: {len(page.passes)}. Admissions at gates: {admitted}; see visits.csv.",
        f"Letters to the buyer: {len(page.letters)}; see letters.txt.",
    ]
    for payment in disputes:
        due = f", evidence until {local_time(payment.dispute_due_at):{_LIKE}}" if payment.dispute_due_at else ""
        lines.append(
            f"Dispute {payment.dispute_id}: {payment.dispute_status}, reason {payment.dispute_reason}{due}; "
            f"charge {payment.provider_charge_id}, payment {payment.provider_intent_id}"
        )
    return "\n".join(lines) + "\n"


def _acceptance(found: Acceptance | None) -> str:
    """What the row of the order says, and no more."""
    if found is None:
        return "The acceptance of the terms was not noted with this order: it is older than such notes."
    language = {"zh": "Chinese", "en": "English"}.get(found.locale, found.locale)
    words = (
        f"The buyer accepted the terms, version {found.terms_version} (terms-{found.terms_version}.json), by a tick, "
        f"in {language}, on {local_time(found.at):{_LIKE}}; privacy notice in force: {found.privacy_version}."
    )
    if found.guardian_consent:
        words += " The buyer ticked to be the parent or guardian of the children among the holders."
    return words


def _order(page: OrderPage) -> str:
    order, accepted = page.order, acceptance_of(page.order)
    return _json(
        {
            "number": order.number,
            "placed_at": order.placed_at,
            "paid_at": order.paid_at,
            "email": order.email,
            "language": order.locale,
            "acceptance": asdict(accepted) if accepted else None,
            "lines": [
                {
                    "product": line.product_name,
                    "amount_fen": line.amount_fen,
                    "holder": line.holder_name,
                    "phone": line.holder_phone,
                    "document_type": line.document_type,
                    "document_last4": line.document_last4,
                    "terms_version": line.terms_version,
                    "pass": page.passes[line.id].number if line.id in page.passes else None,
                    "activated_at": page.passes[line.id].activated_at if line.id in page.passes else None,
                }
                for line in page.lines
            ],
            "payments": [
                {
                    "method": payment.method,
                    "state": payment.state,
                    "received_fen": payment.amount_received_fen,
                    "succeeded_at": payment.succeeded_at,
                    "provider_payment": payment.provider_intent_id,
                }
                for payment in page.payments
            ],
            "refunds": [
                {
                    "asked_at": refund.created_at,
                    "state": refund.state,
                    "amount_fen": refund.amount_fen,
                    "settled_at": refund.settled_at,
                    "channel": refund.channel,
                    "provider_refund": refund.provider_refund_id,
                    "lines": [
                        {name: line[name] for name in ("code", "en", "amount_fen")} for line in refund.lines or ()
                    ],
                }
                for refund in page.refunds
            ],
        }
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[safe(cell) for cell in row] for row in rows])
    return written.getvalue()


def _visits(page: OrderPage, scans: Sequence[Scan]) -> str:
    numbers = {pass_.id: pass_.number for pass_ in page.passes.values()}
    rows = (
        [f"{local_time(s.scanned_at):{_LIKE}}", numbers[s.pass_id or 0], s.venue_id, s.benefit_id, s.shown, s.verdict]
        for s in scans
    )
    return _table(("at", "pass", "venue", "benefit", "shown", "counts_as"), rows)


def _ledger(session: Session, order_id: int) -> str:
    events = session.scalars(select(PaymentEvent).where(PaymentEvent.order_id == order_id).order_by(PaymentEvent.id))
    rows = ([f"{local_time(e.at):{_LIKE}}", e.fact, e.from_state, e.to_state, e.moved_fen, e.actor] for e in events)
    return _table(("at", "fact", "from", "to", "moved_fen", "actor"), rows)


def _letters(page: OrderPage) -> str:
    """Whole, but for the secret links: whoever reads this at a bank shall open nobody's pass."""
    parts = []
    for letter in page.letters:
        body = "\n".join(line.split("/w/")[0].split("/orders/")[0] for line in letter.body.splitlines())
        sent = f"{local_time(letter.sent_at):{_LIKE}}" if letter.sent_at else "not sent"
        parts.append(
            f"To: {letter.recipient}\nWritten: {local_time(letter.created_at):{_LIKE}}\nSent: {sent}\n"
            f"Subject: {letter.subject}\n\n{body}"
        )
    return ("\n\n" + "-" * 60 + "\n\n").join(parts)
