"""What is sent to make the hosted payment page, stored with the payment, so that a retry is the same request."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from passes.sale.models import Order, OrderLine, Payment
from passes.sale.rules import METHODS

# Stands in the stored request for the secret of the order's page, which is stored nowhere.
TOKEN = "{ORDERTOKEN}"


def checkout_request(
    order: Order, lines: Sequence[OrderLine], payment: Payment, *, public_url: str, install_id: UUID
) -> dict[str, Any]:
    """What is sent to make the hosted page. Prices are the order's; of the buyer it says nothing."""
    metadata = {"order": order.number, "payment": str(payment.uid), "env": str(install_id)}
    return {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "locale": "en" if order.locale == "en" else "zh",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency,
                    "unit_amount": line.amount_fen,
                    "product_data": {
                        "name": line.product_name["en" if order.locale == "en" else "zh"],
                        "metadata": {"product": line.product_id},
                    },
                },
            }
            for line in lines
        ],
        "allowed_payment_method_types": list(METHODS),
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        "adaptive_pricing": {"enabled": False},
        "client_reference_id": order.number,
        "metadata": metadata,
        "payment_intent_data": {"description": order.number, "metadata": metadata},
        "expires_at": int(payment.expires_at.timestamp()),
        "success_url": f"{public_url}/pay/return?order={TOKEN}&session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{public_url}/pay/return?order={TOKEN}",
    }
