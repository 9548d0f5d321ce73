"""What the back office calls states, reasons and facts: msgids by their code."""

from collections.abc import Mapping

from flask_babel import gettext

from passes.access.rules import ADMIN, CARE, FINANCE, GATE_MANAGER, MARKETING
from passes.errors import N_

ROLE_NAMES = {
    MARKETING: N_("Marketing"),
    CARE: N_("Visitor care"),
    FINANCE: N_("Finance"),
    GATE_MANAGER: N_("Gate manager"),
    ADMIN: N_("Admin"),
}
STAFF_STATES = {
    "active": N_("active"),
    "invited": N_("invited"),
    "first_password": N_("first password"),
    "disabled": N_("disabled"),
}
CLERK_STATES = {"active": N_("active"), "disabled": N_("disabled")}
LANE_STATES = {"open": N_("in service"), "closed": N_("closed")}
LETTER_STATES = {"waiting": N_("waiting"), "sent": N_("sent"), "failed": N_("failed"), "kept": N_("kept")}
ORDER_STATES = {
    "pending": N_("to be paid"),
    "paid": N_("paid"),
    "expired": N_("hold ended"),
    "canceled": N_("cancelled"),
}
PAYMENT_STATES = {
    "creating": N_("being opened"),
    "open": N_("open"),
    "processing": N_("with the bank"),
    "review": N_("needs a look"),
    "succeeded": N_("succeeded"),
    "returned": N_("sent back"),
    "failed": N_("failed"),
    "expired": N_("ran out"),
}
ATTENTION = {
    "amount_mismatch": N_("amount differs"),
    "duplicate_payment": N_("paid twice, the second goes back"),
    "idempotency_conflict": N_("the provider refused a repeated request"),
    "foreign_checkout": N_("payment page of another order"),
    "late_payment": N_("paid after its end, goes back"),
    "late_payment_accepted": N_("paid late, accepted"),
    "payment_in_doubt": N_("payment in doubt"),
    "refund_failed": N_("refund failed"),
    "unknown_to_provider": N_("the provider does not know this payment"),
    "refund_by_hand": N_("a refund waits for a transfer by hand"),
    "transferred_anyway": N_("transferred although it should not be"),
    "refund_waits": N_("a refund does not arrive"),
    "refund_in_doubt": N_("refund in doubt"),
    "external_refund": N_("refunded at the provider"),
    "disputed": N_("disputed by the buyer's bank"),
    "dispute_asked": N_("the buyer's bank asks"),
    "dispute_lost": N_("dispute lost"),
    "methods_missing": N_("ways to pay are missing"),
}


def translated(words: Mapping[str, str]) -> dict[str, str]:
    """The same codes in the reader's language."""
    return {key: gettext(text) for key, text in words.items()}
