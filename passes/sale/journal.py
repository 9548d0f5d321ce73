"""The ledger of money: who moved what, from where to where. Rows are only ever added, with what they tell of."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from passes import logs
from passes.sale.models import Order, Payment, PaymentEvent


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that came to an account (+) or left it (-). account: provider | bank."""

    fen: int
    account: str = "provider"
    currency: str = "cny"


NOTHING_MOVED = Moved(0)


def note(
    session: Session,
    order: Order,
    payment: Payment | None,
    *,
    actor: str,
    fact: str,
    from_state: str | None = None,
    to_state: str | None = None,
    refund_id: int | None = None,
    amount_fen: int | None = None,
    moved: Moved = NOTHING_MOVED,
    now: datetime,
) -> None:
    """One line of the ledger, with the request it happened in. actor: visitor, provider, chore or a staff login."""
    session.add(
        PaymentEvent(
            at=now,
            order_id=order.id,
            payment_id=payment.id if payment else None,
            refund_id=refund_id,
            actor=actor,
            fact=fact,
            from_state=from_state,
            to_state=to_state,
            amount_fen=order.total_fen if amount_fen is None else amount_fen,
            moved_fen=moved.fen,
            account=moved.account,
            currency=moved.currency,
            request_id=logs.request_id.get(),
        )
    )
