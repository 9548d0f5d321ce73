"""The one checker every scenario ends in: our books, our passes and our stock beside the cashier's own objects.

They agree, and what we say came in, less what went back, less what the cashier says, is zero for every payment.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import scalar_row
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.cashier.balance import settled
from passes.db import transaction
from passes.events.outbox import OutboxRow
from passes.lifecycle.models import Pass, PassHold
from passes.mail.models import Letter
from passes.sale import reconciliation, stock
from passes.sale.models import Order, OrderLine, Payment, PaymentEvent, Refund, RefundLine
from passes.sale.money_models import Installation
from passes.sale.money_rules import COUNTED, GONE, dispute_state
from passes.sale.queries import find_paying_payment
from passes.sale.stock_models import SaleWindow, StockMove
from tests.services.conftest import Cashier

JSON = dict[str, Any]


@dataclass
class TheirBooks:
    """What the cashier keeps about one installation."""

    sessions: dict[str, JSON]
    intents: dict[str, JSON]
    charges: dict[str, JSON]
    refunds: list[JSON]
    disputes: list[JSON]
    lines: list[JSON]

    def kept_fen(self, intent_id: str | None) -> int:
        """What is left of a payment at the cashier: taken in, less refunds on their way or gone, less disputes."""
        came = sum(charge["amount"] for charge in self.charges.values() if charge["payment_intent"] == intent_id)
        back = sum(
            refund["amount"]
            for refund in self.refunds
            if refund["payment_intent"] == intent_id and refund["status"] in ("pending", "succeeded")
        )
        taken = sum(found["_taken_fen"] for found in self.disputes if found["payment_intent"] == intent_id)
        return came - back - taken


def their_books(cashier: Cashier, install_id: str) -> TheirBooks:
    with psycopg.connect(cashier.settings.database_url, row_factory=scalar_row) as connection:

        def read(kind: str, where: str = "true", *facts: object) -> list[JSON]:
            statement = f"SELECT body FROM cashier.objects WHERE object = %s AND {where} ORDER BY seq"
            return list(connection.execute(statement, (kind, *facts)))  # type: ignore[arg-type]

        ours = "body->'metadata'->>'env' = %s"
        intents = {found["id"]: found for found in read("payment_intent", ours, install_id)}
        charges = {found["id"]: found for found in read("charge", ours, install_id)}
        of_ours = "body->>'payment_intent' = ANY(%s)"
        refunds = read("refund", of_ours, list(intents))
        disputes = read("dispute", of_ours, list(intents))
        sources = [*charges, *(found["id"] for found in (*refunds, *disputes))]
        return TheirBooks(
            sessions={found["id"]: found for found in read("checkout.session", ours, install_id)},
            intents=intents,
            charges=charges,
            refunds=refunds,
            disputes=disputes,
            lines=read("balance_transaction", "body->>'source' = ANY(%s)", sources),
        )


def check(cashier: Cashier) -> None:
    """Raises AssertionError, naming what does not agree."""
    with transaction() as session:
        install_id = session.scalar(select(Installation.install_id))
        theirs = their_books(cashier, str(install_id))
        payments = session.scalars(select(Payment).order_by(Payment.id)).all()
        _check_payments(payments, theirs)
        _check_refunds(session, theirs)
        _check_lines(session)
        _check_balance(theirs)
        _check_ledger(session, payments, theirs)
        for order in session.scalars(select(Order).order_by(Order.id)):
            _check_order(session, order, [payment for payment in payments if payment.order_id == order.id])
        _check_stock(session)
        _check_told_once(session)


def _check_payments(payments: Sequence[Payment], theirs: TheirBooks) -> None:
    known = {payment.checkout_id for payment in payments}
    paid = {id_ for id_, found in theirs.sessions.items() if found["payment_status"] == "paid"}
    assert paid <= known, f"paid at the cashier and unknown to us: {paid - known}"
    for payment in payments:
        if payment.provider != "stripe":
            continue
        came = sum(c["amount"] for c in theirs.charges.values() if c["payment_intent"] == payment.provider_intent_id)
        assert payment.amount_received_fen == came, f"payment {payment.id}: {payment.amount_received_fen} != {came}"
        if came:
            assert payment.state in ("succeeded", "review", "returned"), f"payment {payment.id} is {payment.state}"
        else:
            assert payment.state not in ("succeeded", "review", "returned"), f"payment {payment.id} got nothing"


def _check_lines(session: Session) -> None:
    """The kept lines come to their refund, and to what each of its passes gets of it."""
    for refund in session.scalars(select(Refund).where(Refund.lines.is_not(None))):
        lines = refund.lines or []
        assert sum(line["amount_fen"] for line in lines) == refund.amount_fen
        parts = session.scalars(select(RefundLine).where(RefundLine.refund_id == refund.id)).all()
        for part in parts:
            mine = sum(line["amount_fen"] for line in lines if line["pass_id"] == part.pass_id)
            assert mine == part.amount_fen, f"refund {refund.id}, pass {part.pass_id}: {mine} != {part.amount_fen}"


def _check_refunds(session: Session, theirs: TheirBooks) -> None:
    ours = session.scalars(select(Refund).where(Refund.channel == "provider")).all()
    sent = {
        refund.provider_refund_id: (refund.amount_fen, refund.state) for refund in ours if refund.provider_refund_id
    }
    assert sent == {found["id"]: (found["amount"], found["status"]) for found in theirs.refunds}
    unsent = [refund for refund in ours if not refund.provider_refund_id]
    assert {refund.state for refund in unsent} <= {"failed", "canceled"}, "a refund was never sent"


def _check_balance(theirs: TheirBooks) -> None:
    """The cashier's own lines come to what its objects say, cent by cent."""
    amounts = [settled(found["amount"]) for found in theirs.charges.values()]
    amounts += [-settled(found["amount"]) for found in theirs.refunds]
    amounts += [settled(found["amount"]) for found in theirs.refunds if found["status"] == "failed"]
    lines = [line for line in theirs.lines if not line["reporting_category"].startswith("dispute")]
    assert sum(line["amount"] for line in lines) == sum(amounts)
    for dispute in theirs.disputes:
        moved = sum(line["amount"] for line in theirs.lines if line["source"] == dispute["id"])
        assert moved == -settled(dispute["_taken_fen"]), f"dispute {dispute['id']}"


def _check_ledger(session: Session, payments: Sequence[Payment], theirs: TheirBooks) -> None:
    assert reconciliation.ledger_faults(session) == []
    for payment in payments:
        moved = session.scalar(
            select(func.coalesce(func.sum(PaymentEvent.moved_fen), 0)).where(
                PaymentEvent.payment_id == payment.id, PaymentEvent.account == "provider"
            )
        )
        zero = int(moved or 0) - (theirs.kept_fen(payment.provider_intent_id) if payment.provider_intent_id else 0)
        assert zero == 0, f"payment {payment.id}: our ledger and the cashier are {zero} fen apart"
        # What staff transferred although it should not be is in the books, and over what may go back.
        anyway = select(PaymentEvent.refund_id).where(PaymentEvent.fact == "transferred_anyway")
        counted = session.scalars(
            select(Refund.amount_fen).where(
                Refund.payment_id == payment.id, Refund.state.in_(COUNTED), Refund.id.not_in(anyway)
            )
        )
        assert sum(counted) <= payment.amount_received_fen, f"payment {payment.id} is refunded too much"
        back = session.scalars(select(Refund.amount_fen).where(Refund.payment_id == payment.id, Refund.state.in_(GONE)))
        assert payment.amount_refunded_fen == sum(back)


def _check_order(session: Session, order: Order, payments: Sequence[Payment]) -> None:
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()
    assert order.total_fen == sum(line.amount_fen for line in lines)
    passes = session.scalars(select(Pass).where(Pass.order_line_id.in_([line.id for line in lines]))).all()
    succeeded = [payment for payment in payments if payment.state == "succeeded"]
    assert len(passes) == (len(lines) if order.state == "paid" else 0), f"order {order.number} has {len(passes)} passes"
    assert order.state != "paid" or succeeded, f"order {order.number} is paid by nothing"
    assert order.hold_state == {"paid": "consumed", "pending": "held"}.get(order.state, "released")
    live = [payment for payment in payments if payment.state in ("creating", "open", "processing", "review")]
    assert len(live) <= 1
    first = find_paying_payment(session, order.id)
    for payment in succeeded:
        if first is not None and payment.id == first.id:
            continue
        left = payment.amount_received_fen - payment.amount_refunded_fen - (payment.disputed_fen or 0)
        failed = session.scalar(select(Refund.id).where(Refund.payment_id == payment.id, Refund.state == "failed"))
        assert left <= 0 or failed is not None, f"payment {payment.id}: {left} fen of nobody's"
    dispute = ("lost" if first.lost_fen else dispute_state(first.dispute_status)) if first else "none"
    for pass_ in passes:
        _check_pass(session, pass_, dispute)


def _check_pass(session: Session, pass_: Pass, dispute: str) -> None:
    """void: its money is back, or lost. Held: its money is on its way, stuck, or claimed by a bank.

    A refund that was withdrawn before it was sent is none.
    """
    states = session.scalars(
        select(Refund.state)
        .join(RefundLine, RefundLine.refund_id == Refund.id)
        .where(RefundLine.pass_id == pass_.id)
        .where((Refund.state != "canceled") | Refund.provider_refund_id.is_not(None))
        .order_by(Refund.id)
    ).all()
    holds = set(
        session.scalars(select(PassHold.reason).where(PassHold.pass_id == pass_.id, PassHold.closed_at.is_(None)))
    )
    if "succeeded" in states or dispute == "lost":
        assert pass_.state == "void", f"pass {pass_.id} is {pass_.state}"
    elif not states and dispute not in ("lost", "open"):
        assert pass_.state != "void", f"pass {pass_.id} is void for nothing"
    if pass_.state != "void":
        assert ("refund" in holds) == bool(states), f"pass {pass_.id}: holds {holds}, refunds {states}"
        assert ("dispute" in holds) == (dispute == "open"), f"pass {pass_.id}: holds {holds}, dispute {dispute}"


def _check_stock(session: Session) -> None:
    """Held and sold are what orders hold and passes have, and were never more than there is."""
    assert stock.list_faults(session) == []
    took = select(StockMove.window_id, Order.state, Pass.state.label("pass_state")).join_from(
        StockMove, OrderLine, OrderLine.id == StockMove.order_line_id
    )
    took = took.join(Order, Order.id == OrderLine.order_id).outerjoin(Pass, Pass.order_line_id == OrderLine.id)
    rows = session.execute(took.where(StockMove.kind == "hold")).all()
    for window in session.scalars(select(SaleWindow)):
        mine = [row for row in rows if row.window_id == window.id]
        assert window.held == sum(row.state == "pending" for row in mine)
        assert window.sold == sum(row.state == "paid" and row.pass_state != "void" for row in mine)


def _check_told_once(session: Session) -> None:
    """Nothing was said or written twice."""
    said = Counter((row.type, row.key) for row in session.execute(select(OutboxRow.type, OutboxRow.key)))
    once = ("order.paid.v1", "pass.issued.v1", "pass.voided.v1", "order.placed.v1")
    assert [fact for fact, times in said.items() if fact[0] in once and times != 1] == []
    letters = Counter((row.kind, row.about) for row in session.execute(select(Letter.kind, Letter.about)))
    assert [letter for letter, times in letters.items() if letter[0] == "order_paid" and times != 1] == []
