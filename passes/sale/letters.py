"""What the shop writes to its buyers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import settings
from passes.errors import N_
from passes.lifecycle.queries import get_pass, wallet_path
from passes.mail.service import write_letter
from passes.mail.words import in_language
from passes.money import in_currency, yuan
from passes.sale.models import Order, Payment, Refund
from passes.sale.queries import list_lines, order_token

PAID_SUBJECT = N_("Your city pass · order %(number)s")
PAID_BODY = N_(
    "Hello,\n\n"
    "we have received %(amount)s for your order %(number)s. Thank you.\n\n"
    "%(passes)s\n\n"
    "Whoever has the link of a pass can use the pass: please give it to its holder only. "
    "Activate the pass on the day of the first visit, at the latest by the day shown there; the year begins then.\n\n"
    "Your order: %(order_url)s\n\n"
    "Youyou Lanzhou"
)
SEVERAL_SUBJECT = N_("Your city passes · order %(number)s")
HOLDER_LINE = N_("%(holder)s · %(product)s · pass %(number)s: %(url)s")
PASS_LINE = N_("Pass %(number)s: %(url)s")
SANDBOX_LINE = N_("TEST: no money has moved, and this pass opens nothing.")


BACK_SUBJECT = N_("Your payment goes back · order %(number)s")
BACK_BODY = N_(
    "Hello,\n\n"
    "we received %(amount)s for order %(number)s, but could not use it: %(why)s. All of it goes back the way it "
    "came, without anything to do for you. A card or a wallet shows it within ten days at most.\n\n"
    "Your order: %(order_url)s\n\n"
    "Youyou Lanzhou"
)
# By the reason of its refund. A second payment may be a duplicate while the first is still open.
BACK_REASONS = {
    "late_payment": N_("it came after the order had ended"),
    "duplicate_payment": N_("there is another payment for this order"),
    "requested": N_("it is not the amount or the currency that was asked for"),
}


def write_money_back(session: Session, order: Order, payment: Payment, amount_fen: int, *, now: datetime) -> None:
    """The letter about money that goes back by itself, as its refund, just made, says; in the language of the order."""
    refund = select(Refund.reason).where(Refund.order_id == order.id).order_by(Refund.id.desc()).limit(1)
    why = BACK_REASONS[session.scalars(refund).one()]
    body = in_language(
        order.locale,
        BACK_BODY,
        amount=in_currency(amount_fen, payment.received_currency),
        why=in_language(order.locale, why),
        number=order.number,
        order_url=f"{settings.current().public_url}/orders/{order_token(order.public_id)}",
    )
    subject = in_language(order.locale, BACK_SUBJECT, number=order.number)
    about = f"order:{order.id}"
    write_letter(session, "money_back", order.email, order.locale, subject, body, about=about, now=now)


def write_paid(session: Session, order: Order, pass_ids: Sequence[int], *, public_url: str, now: datetime) -> None:
    """The letter with the link to each pass, in the language of the order. pass_ids: in the order of the lines."""
    lines = _pass_lines(session, order, pass_ids, public_url)
    if not order.livemode:
        lines.append(in_language(order.locale, SANDBOX_LINE))
    body = in_language(
        order.locale,
        PAID_BODY,
        amount=yuan(order.total_fen),
        number=order.number,
        passes="\n".join(lines),
        order_url=f"{public_url}/orders/{order_token(order.public_id)}",
    )
    subject = in_language(order.locale, PAID_SUBJECT if len(pass_ids) == 1 else SEVERAL_SUBJECT, number=order.number)
    about = f"order:{order.id}"
    write_letter(session, "order_paid", order.email, order.locale, subject, body, about=about, now=now)


def _pass_lines(session: Session, order: Order, pass_ids: Sequence[int], public_url: str) -> list[str]:
    """A line each. Of several it says whose it is; whoever forgets one of the holders cuts the line by its number."""
    language = "en" if order.locale == "en" else "zh"
    written = []
    for pass_id, line in zip(pass_ids, list_lines(session, order.id), strict=True):
        facts: dict[str, object] = {
            "number": get_pass(session, pass_id).number,
            "url": public_url + wallet_path(session, pass_id),
        }
        if len(pass_ids) == 1:
            written.append(in_language(order.locale, PASS_LINE, **facts))
        else:
            facts |= {"holder": line.holder_name, "product": line.product_name[language]}
            written.append(in_language(order.locale, HOLDER_LINE, **facts))
    return written
