"""From a form to its order, also where it corrects another: with what the other one holds, where there is no more."""

from datetime import datetime

from sqlalchemy.orm import Session

from passes.db import transaction
from passes.errors import Conflict, NotFound, Unavailable
from passes.sale import flows, placing, queries, service, stock
from passes.sale.models import Order
from passes.sale.placing import OrderRequest
from passes.sale.provider import PaymentProvider
from passes.settings import Settings


def place(
    provider: PaymentProvider, settings: Settings, wanted: OrderRequest, instead_of: str | None, *, now: datetime
) -> str:
    """The token of the order of this form. instead_of: the token of an unpaid order that is corrected.

    That one ends here only where its pieces of stock are needed. Errors are those of placing.place_order; and
    Conflict(order_paid | payment_in_progress) where what is corrected cannot end.
    """
    try:
        with transaction() as session:
            if instead_of:
                # Two clicks on one correction come one after the other, whichever way each of them takes.
                queries.lock_order_of(session, instead_of)
            order = _place(session, settings, wanted, now=now)
    except Conflict as refused:
        if not instead_of or refused.code not in ("sold_out", "too_few_left"):
            raise
        try:
            return _correct(provider, settings, wanted, instead_of, now=now)
        except (NotFound, Unavailable):
            raise refused from None
    return queries.order_token(order.public_id)


def _correct(
    provider: PaymentProvider, settings: Settings, wanted: OrderRequest, instead_of: str, *, now: datetime
) -> str:
    """One order ends and the other takes its pieces with the same commit, or the first stays as it is.

    Its payment page is closed all the same; whoever pays after all gets another.
    """
    order_id = flows.close_page_of(provider, settings, instead_of, now=now)
    with transaction() as session:
        queries.lock_order(session, order_id)
        held = [line.product_id for line in queries.list_lines(session, order_id)]
        stock.lock_windows(session, [*held, *(holder.product_id for holder in wanted.holders)])
        service.cancel_by_buyer(session, order_id, now=now)
        order = _place(session, settings, wanted, now=now)
    return queries.order_token(order.public_id)


def _place(session: Session, settings: Settings, wanted: OrderRequest, *, now: datetime) -> Order:
    return placing.place_order(
        session,
        wanted,
        livemode=settings.livemode,
        hold_minutes=settings.hold_minutes,
        min_charge_fen=settings.min_charge_fen,
        now=now,
    )
