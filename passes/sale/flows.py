"""Where the house talks with the payment provider: a transaction, one network call, a transaction, and so on.

Called by routes, pages, chores and the CLI, never with an open session. Nothing is locked during a call.
"""

import logging
from datetime import datetime, timedelta

from passes.db import transaction
from passes.errors import N_, Conflict, Unavailable
from passes.sale import installation, payments, queries, service
from passes.sale.provider import (
    PaymentProvider,
    ProviderMisused,
    ProviderRejected,
    ProviderUnavailable,
)
from passes.settings import Settings

log = logging.getLogger(__name__)

_LONGER_HOLD = timedelta(minutes=15)


def check_installation(settings: Settings, *, now: datetime) -> None:
    """Refuse to start on a database made for other money. Raises SettingsRefused."""
    with transaction() as session:
        installation.ensure_installation(session, settings, now=now)


def start_payment(provider: PaymentProvider, settings: Settings, order_id: int, *, now: datetime) -> str:
    """The address of the order's payment page, the same however often it is asked for.

    Conflict: the order cannot be paid now. Unavailable: nobody knows; a later click asks with the same key.
    """
    for _ in range(3):
        with transaction() as session:
            install_id = installation.ensure_installation(session, settings, now=now)
            seen = payments.begin_payment(
                session, order_id, public_url=settings.public_url, install_id=install_id, now=now
            )
        if seen.state == "succeeded":
            return seen.order_url
        if seen.state == "open" and seen.expires_at > now and seen.url:
            return seen.url
        if seen.state == "open":
            # Its page has closed: the provider's truth decides what comes next.
            _ask_or_unavailable(provider, settings, seen.id, now=now)
            continue
        url = _open_checkout(provider, settings, seen, now=now)
        if url is not None:
            return url
    raise Unavailable("payment_not_started", N_("The payment page could not be opened. Please try again in a moment."))


def _open_checkout(provider: PaymentProvider, settings: Settings, seen: payments.Seen, *, now: datetime) -> str | None:
    """None: the provider refused this try, which is over; another may be made."""
    try:
        checkout = provider.create_checkout(seen.request, seen.key)
    except ProviderUnavailable as error:
        raise _unavailable() from error
    except ProviderMisused as error:
        _report_misuse(seen.id, error, now=now)
        raise _unavailable() from error
    except ProviderRejected as error:
        log.warning("the provider refused payment %s: %s", seen.id, error)
        with transaction() as session:
            payments.reject_checkout(session, seen.id, error.code, now=now)
        return None
    with transaction() as session:
        wanted = payments.adopt_checkout(session, seen.id, checkout, now=now)
    if not wanted:
        try:
            _close_checkout(provider, settings, seen.id, now=now)
        except ProviderUnavailable as error:
            # The poller looks after it: whoever pays there all the same is refunded.
            log.warning("payment %s of an ended order stays open: %s", seen.id, error)
        raise Conflict("order_ended", N_("This order has ended meanwhile. Please make a new one."))
    return checkout.url


def _unavailable() -> Unavailable:
    return Unavailable(
        "payment_provider_unavailable",
        N_("The payment service does not answer. Nothing was charged; your order is kept. Please try again shortly."),
    )


def _report_misuse(payment_id: int, error: ProviderMisused, *, now: datetime) -> None:
    log.error("payment %s: %s", payment_id, error)
    with transaction() as session:
        payments.flag_order(session, payment_id, "idempotency_conflict", now=now)


def sync_payment(
    provider: PaymentProvider,
    settings: Settings,
    payment_id: int,
    *,
    now: datetime,
    actor: str = "chore",
    checkout_id: str | None = None,
) -> str:
    """Fetch the provider's truth and apply it; returns the payment's state. checkout_id: a message's word for it.

    Raises ProviderUnavailable: nothing is known, nothing changed. ProviderRejected: the provider knows no such page.
    """
    with transaction() as session:
        seen = payments.see(session, payment_id)
    known = seen.checkout_id or checkout_id
    if known is None:
        # Nobody told us the answer to `create`: the same key gives it again.
        if seen.state != "creating":
            return seen.state
        try:
            _open_checkout(provider, settings, seen, now=now)
        except Unavailable as error:
            raise ProviderUnavailable(str(error)) from error
        except Conflict:
            log.info("payment %s was closed: its order has ended", payment_id)
        with transaction() as session:
            return payments.see(session, payment_id).state
    snapshot = provider.fetch(known)
    with transaction() as session:
        return payments.record_snapshot(
            session, payment_id, snapshot, actor=actor, public_url=settings.public_url, now=now
        )


def _ask_or_unavailable(provider: PaymentProvider, settings: Settings, payment_id: int, *, now: datetime) -> str:
    try:
        return sync_payment(provider, settings, payment_id, now=now, actor="visitor")
    except (ProviderUnavailable, ProviderRejected) as error:
        raise _unavailable() from error


def return_from_checkout(
    provider: PaymentProvider, settings: Settings, token: str, checkout_id: str, *, now: datetime
) -> None:
    """The visitor is back: look at once, so that the page need not wait for a message. The link decides which order."""
    with transaction() as session:
        order = queries.get_order_by_token(session, token)
        payment = queries.find_payment_of_checkout(session, order.id, checkout_id)
        live = payment or queries.find_live_payment(session, order.id)
    if live is None:
        return
    try:
        sync_payment(provider, settings, live.id, now=now, actor="visitor")
    except (ProviderUnavailable, ProviderRejected) as error:
        log.warning("payment %s was not synced on return: %s", live.id, error)


def cancel_order(provider: PaymentProvider, settings: Settings, token: str, *, now: datetime) -> None:
    """Close the payment page first, then the order. Conflict when it is paid, or may yet be."""
    order_id = close_page_of(provider, settings, token, now=now)
    with transaction() as session:
        service.cancel_by_buyer(session, order_id, now=now)


def close_page_of(provider: PaymentProvider, settings: Settings, token: str, *, now: datetime) -> int:
    """The order of this link, whose payment page is closed now."""
    with transaction() as session:
        order_id = queries.get_order_by_token(session, token).id
    try:
        _close_live_payment(provider, settings, order_id, now=now)
    except ProviderUnavailable as error:
        raise _unavailable() from error
    return order_id


def expire_holds(provider: PaymentProvider, settings: Settings, *, now: datetime, limit: int = 20) -> int:
    """End pending orders whose time is over: the provider's page first, then the truth, then the order.

    While the truth is unknown nothing is released. Returns how many ended.
    """
    with transaction() as session:
        due = list(queries.list_orders_to_expire(session, now, limit))
    return sum(_expire_order(provider, settings, order_id, now=now) for order_id in due)


def _expire_order(provider: PaymentProvider, settings: Settings, order_id: int, *, now: datetime) -> bool:
    try:
        _close_live_payment(provider, settings, order_id, now=now)
    except ProviderUnavailable as error:
        log.warning("order %s is kept: %s", order_id, error)
    except Exception:
        log.exception("order %s is kept", order_id)
    with transaction() as session:
        order = queries.lock_order(session, order_id)
        if order.state != "pending" or order.hold_expires_at > now:
            return False
        if service.end_order(session, order, "hold_over", actor="chore", reason="", now=now):
            return True
        # Something is still in flight: look again later, and let nobody else have the place.
        order.hold_expires_at = now + _LONGER_HOLD
        return False


def _close_live_payment(provider: PaymentProvider, settings: Settings, order_id: int, *, now: datetime) -> None:
    with transaction() as session:
        live = queries.find_live_payment(session, order_id)
        payment_id, state = (live.id, live.state) if live else (0, "")
    if state in ("creating", "open", "processing"):
        _close_checkout(provider, settings, payment_id, now=now)


def _close_checkout(provider: PaymentProvider, settings: Settings, payment_id: int, *, now: datetime) -> None:
    """Close the page if it is open, then take over whatever is true. Raises ProviderUnavailable."""
    with transaction() as session:
        seen = payments.see(session, payment_id)
    if seen.checkout_id is None:
        sync_payment(provider, settings, payment_id, now=now)
        with transaction() as session:
            seen = payments.see(session, payment_id)
    if seen.checkout_id is None:
        return
    try:
        provider.expire(seen.checkout_id)
    except ProviderRejected:
        log.info("payment %s is no longer open at the provider", payment_id)
    try:
        sync_payment(provider, settings, payment_id, now=now)
    except ProviderRejected as error:
        raise ProviderUnavailable(str(error)) from error


def poll_payments(provider: PaymentProvider, settings: Settings, *, now: datetime, limit: int = 20) -> int:
    """Ask after payments we have not heard of in a while; returns how many were asked for."""
    with transaction() as session:
        due = list(queries.list_payments_to_poll(session, now, limit))
    for payment_id in due:
        try:
            sync_payment(provider, settings, payment_id, now=now)
        except ProviderUnavailable as error:
            # Asking the others would end the same way; they come first next time, should it be this one's fault.
            log.warning("the payment provider does not answer: %s", error)
            _poll_later(payment_id, now=now)
            break
        except ProviderRejected as error:
            log.error("the provider knows nothing of payment %s: %s", payment_id, error)
            with transaction() as session:
                payments.flag_order(session, payment_id, "unknown_to_provider", now=now)
        except Exception:
            # A fault of ours at one payment is no reason to forget the others.
            log.exception("payment %s was not synced", payment_id)
            _poll_later(payment_id, now=now)
    return len(due)


def _poll_later(payment_id: int, *, now: datetime) -> None:
    with transaction() as session:
        payments.poll_later(session, payment_id, now=now)
