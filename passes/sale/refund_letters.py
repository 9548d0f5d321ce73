"""What the shop writes of a refund somebody asked for: that it was, that it has been paid, or that it will not be."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import settings
from passes.errors import N_
from passes.lifecycle.queries import get_pass
from passes.mail.service import write_letter
from passes.mail.words import INDENT, in_language
from passes.money import in_currency
from passes.sale.models import Order, Payment, Refund, RefundLine
from passes.sale.queries import order_token
from passes.sale.refund_lines import told_to_buyer

# What goes back by itself has a letter of its own, and what was made elsewhere is told there.
_TOLD = ("customer", "staff")

ASKED_SUBJECT = N_("Your refund · order %(number)s")
ASKED_BODY = N_(
    "Hello,\n\n"
    "%(amount)s of your order %(number)s will be paid back.\n\n"
    "%(lines)s"
    "%(how)s\n\n"
    "Your order: %(order_url)s\n\n"
    "Youyou Lanzhou"
)
PAID_SUBJECT = N_("Your money is back · order %(number)s")
PAID_BODY = N_(
    "Hello,\n\n"
    "%(amount)s of your order %(number)s has been paid back.\n\n"
    "%(lines)s"
    "%(how)s\n\n"
    "Your order: %(order_url)s\n\n"
    "Youyou Lanzhou"
)
STOPPED_SUBJECT = N_("Your refund was stopped · order %(number)s")
STOPPED_BODY = N_(
    "Hello,\n\n"
    "The refund of %(amount)s for your order %(number)s will not be paid.\n\n"
    "%(how)s\n\n"
    "Your order: %(order_url)s\n\n"
    "Youyou Lanzhou"
)
_USED_UP = N_(
    "Gates that had no network told of visits since: by the terms of the pass nothing is left to pay back today. "
    "The pass is no longer on hold."
)
_WITHDRAWN = N_("The service desk has withdrawn it. The pass is no longer on hold.")
_WITHDRAWN_MONEY = N_("The service desk has withdrawn it.")
_WAITS = N_(
    "Before the money leaves we wait for every gate, so that all visits are counted: three days at most. "
    "The amount may still change with them."
)
_ON_HOLD = N_("The pass is on hold from now on, and cancelled when the money has gone back.")
_CANCELLED = N_("The pass is cancelled.")
# By the channel.
_WILL = {
    "provider": N_("It goes back the way it came. A card or a wallet shows it within ten days at most."),
    "manual": N_("We transfer it to you: the service desk contacts you."),
}
_DID = {
    "provider": N_("It went back the way it came. A card or a wallet shows it within ten days at most."),
    "manual": N_("It has been transferred to you."),
}


def write_refund_asked(session: Session, order: Order, payment: Payment, refund: Refund, *, now: datetime) -> None:
    """In the language of the order; waits where the gates are awaited."""
    if refund.source not in _TOLD:
        return
    how = [in_language(order.locale, _WILL[refund.channel])]
    if refund.next_attempt_at is not None and refund.next_attempt_at > now:
        how.insert(0, in_language(order.locale, _WAITS))
    if _is_of_passes(session, refund):
        how.append(in_language(order.locale, _ON_HOLD))
    words = (ASKED_SUBJECT, ASKED_BODY, "\n\n".join(how))
    _write(session, "refund_asked", words, order, payment, refund, now=now)


def write_refund_paid(session: Session, order: Order, payment: Payment, refund: Refund, *, now: datetime) -> None:
    """The amount and the lines are those that were paid in the end."""
    if refund.source not in _TOLD:
        return
    how = [in_language(order.locale, _DID[refund.channel])]
    if _is_of_passes(session, refund):
        how.append(in_language(order.locale, _CANCELLED))
    words = (PAID_SUBJECT, PAID_BODY, "\n\n".join(how))
    _write(session, "refund_paid", words, order, payment, refund, now=now)


def write_refund_stopped(
    session: Session, order: Order, payment: Payment, refund: Refund, *, by: str, now: datetime
) -> None:
    """by: who stopped it; the chore does where late visits have used it up."""
    if refund.source not in _TOLD:
        return
    why = _USED_UP if by == "chore" else _WITHDRAWN if _is_of_passes(session, refund) else _WITHDRAWN_MONEY
    words = (STOPPED_SUBJECT, STOPPED_BODY, in_language(order.locale, why))
    _write(session, "refund_stopped", words, order, payment, refund, now=now)


def _is_of_passes(session: Session, refund: Refund) -> bool:
    return bool(_passes_of(session, refund))


def _passes_of(session: Session, refund: Refund) -> Sequence[int]:
    lines = select(RefundLine.pass_id).where(RefundLine.refund_id == refund.id)
    return session.scalars(lines.order_by(RefundLine.pass_id)).all()


def _write(
    session: Session,
    kind: str,
    words: tuple[str, str, str],
    order: Order,
    payment: Payment,
    refund: Refund,
    *,
    now: datetime,
) -> None:
    """words: the msgids of subject and body, and what is said of the way it goes."""
    subject, body, how = words
    text = in_language(
        order.locale,
        body,
        amount=in_currency(refund.amount_fen, payment.received_currency),
        number=order.number,
        lines=_lines(session, order.locale, refund),
        how=how,
        order_url=f"{settings.current().public_url}/orders/{order_token(order.public_id)}",
    )
    title = in_language(order.locale, subject, number=order.number)
    about, passes = f"order:{order.id}", [f"pass:{pass_id}" for pass_id in _passes_of(session, refund)]
    write_letter(session, kind, order.email, order.locale, title, text, about=about, also_about=passes, now=now)


def _lines(session: Session, locale: str, refund: Refund) -> str:
    """Each pass with its lines indented below, and an empty line behind; nothing where none were kept."""
    colon = "：" if locale == "zh" else ": "
    told = []
    for pass_id, lines in groupby(told_to_buyer(refund.lines), lambda line: line["pass_id"]):
        if pass_id is not None:
            told.append(in_language(locale, N_("Pass %(number)s"), number=get_pass(session, pass_id).number))
        told += [f"{INDENT}{line[locale]}{colon}{in_currency(line['amount_fen'], None)}" for line in lines]
    return "".join(f"{line}\n" for line in [*told, ""]) if told else ""
