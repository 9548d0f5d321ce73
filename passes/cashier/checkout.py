"""Checkout sessions: made by the shop, paid, declined, left pending or given up by the visitor."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.cashier import store
from passes.cashier.balance import book, charge_fee, settled
from passes.cashier.errors import refuse
from passes.cashier.events import record_event
from passes.cashier.form import ANY, MAP, refuse_unknown, whole

METHODS = ("card", "alipay", "wechat_pay")
MINIMUM_FEN = 400
MAXIMUM_FEN = 99_999_999
SHORTEST_SECONDS, LONGEST_SECONDS = 1800, 86400

_CREATE = {
    "mode": ANY,
    "ui_mode": ANY,
    "locale": ANY,
    "line_items": [
        {
            "quantity": ANY,
            "price_data": {
                "currency": ANY,
                "unit_amount": ANY,
                "product_data": {"name": ANY, "description": ANY, "metadata": MAP},
            },
        }
    ],
    "allowed_payment_method_types": [ANY],
    "payment_method_options": {"wechat_pay": {"client": ANY}},
    "adaptive_pricing": {"enabled": ANY},
    "client_reference_id": ANY,
    "metadata": MAP,
    "payment_intent_data": {"description": ANY, "receipt_email": ANY, "metadata": MAP},
    "customer_email": ANY,
    "expires_at": ANY,
    "success_url": ANY,
    "cancel_url": ANY,
    "expand": [ANY],
}


def create_session(session: Session, params: store.JSON, *, address: str, now: datetime) -> store.JSON:
    """POST /v1/checkout/sessions. `address`: where visitors reach this cashier."""
    _refuse_strange(params)
    checkout_id = store.new_id("cs_test")
    amount = _amount_of(params)
    created = int(now.timestamp())
    body = {
        "id": checkout_id,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": created,
        "currency": "cny",
        "customer_email": params.get("customer_email"),
        "expires_at": _expiry_of(params, created),
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,
        "_intent_data": params.get("payment_intent_data", {}),
        "payment_method_types": _methods_of(params, store.get_controls(session)["methods"]),
        "payment_status": "unpaid",
        "status": "open",
        "success_url": params["success_url"],
        "ui_mode": "hosted_page",
        "url": f"{address}/pay/{checkout_id}",
    }
    store.add_object(session, body)
    return body


def _refuse_strange(params: store.JSON) -> None:
    if "payment_method_types" in params:
        raise refuse(
            "The payment_method_types parameter is no longer supported. Use allowed_payment_method_types.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
    refuse_unknown(params, _CREATE)
    for name, only in (("mode", "payment"), ("ui_mode", "hosted_page")):
        if params.get(name) != only:
            raise refuse(f"This cashier knows only {name}={only}", param=name)
    if "success_url" not in params:
        raise refuse("Missing required param: success_url.", code="parameter_missing", param="success_url")


def _amount_of(params: store.JSON) -> int:
    items = params.get("line_items") or []
    if not 1 <= len(items) <= 100:
        raise refuse("line_items must hold 1 to 100 items", param="line_items")
    total = 0
    for item in items:
        price = item.get("price_data", {})
        if price.get("currency") != "cny":
            raise refuse("This cashier knows only currency=cny", param="line_items[0][price_data][currency]")
        if not price.get("product_data", {}).get("name"):
            raise refuse("Missing required param: name.", code="parameter_missing", param="line_items")
        quantity, unit = whole(item, "quantity"), whole(price, "unit_amount")
        if not quantity or quantity < 1 or unit is None or unit < 0:
            raise refuse("Each line item needs a quantity and a unit_amount", param="line_items")
        total += quantity * unit
    if total < MINIMUM_FEN:
        raise refuse("The Checkout Session's total amount due is too small.", code="amount_too_small")
    if total > MAXIMUM_FEN:
        raise refuse("The amount is too large: at most ¥999,999.99.", code="amount_too_large")
    return total


def _expiry_of(params: store.JSON, created: int) -> int:
    expires_at = whole(params, "expires_at")
    if expires_at is None:
        return created + LONGEST_SECONDS
    if not created + SHORTEST_SECONDS <= expires_at <= created + LONGEST_SECONDS:
        raise refuse(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return expires_at


def _methods_of(params: store.JSON, taken: str) -> list[str]:
    """What the account cannot take is dropped without a word, as at Stripe. taken: all | no_wechat."""
    wanted = params.get("allowed_payment_method_types", list(METHODS))
    methods = [name for name in METHODS if name in wanted and (taken == "all" or name != "wechat_pay")]
    if not methods:
        raise refuse("No valid payment method types for this Checkout Session.", param="allowed_payment_method_types")
    client = params.get("payment_method_options", {}).get("wechat_pay", {}).get("client")
    if "wechat_pay" in methods and client != "web":
        raise refuse("Missing required param: payment_method_options[wechat_pay][client].", code="parameter_missing")
    return methods


def expire_session(session: Session, checkout_id: str, *, now: datetime) -> store.JSON:
    """POST /v1/checkout/sessions/{id}/expire: only while open."""
    body = store.get_object(session, "checkout.session", checkout_id, lock=True)
    if body["status"] != "open":
        raise refuse(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {body['status']}."
        )
    return _expire(session, body, now=now)


def expire_due_sessions(session: Session, *, now: datetime) -> None:
    due = store.list_objects(
        session,
        "checkout.session",
        "body->>'status' = 'open' AND (body->>'expires_at')::bigint <= :now",
        {"now": int(now.timestamp())},
        limit=20,
    )
    for body in sorted(due, key=lambda found: str(found["id"])):
        locked = store.get_object(session, "checkout.session", body["id"], lock=True)
        if locked["status"] == "open":
            _expire(session, locked, now=now)


def _expire(session: Session, body: store.JSON, *, now: datetime) -> store.JSON:
    body["status"] = "expired"
    store.keep_object(session, body)
    if body["payment_intent"]:
        intent = store.get_object(session, "payment_intent", body["payment_intent"], lock=True)
        store.keep_object(session, {**intent, "status": "canceled"})
    record_event(session, "checkout.session.expired", body, now=now)
    return body


VISITOR_ACTIONS = ("pay", "decline", "pending")


def act(session: Session, checkout_id: str, action: str, method: str, *, now: datetime) -> store.JSON:
    """What the visitor (or, for settle and fail, the wallet later) does. A click too late changes nothing."""
    body = store.get_object(session, "checkout.session", checkout_id, lock=True)
    if body["status"] == "open" and body["expires_at"] <= int(now.timestamp()):
        return _expire(session, body, now=now)
    pending = body["status"] == "complete" and body["payment_status"] == "unpaid"
    if action in ("pay", "decline", "pending") and body["status"] == "open" and method in body["payment_method_types"]:
        return _try_payment(session, body, action, method, now=now)
    if action in ("settle", "fail") and pending:
        return _end_pending(session, body, action, now=now)
    if action == "late" and body["status"] == "expired":
        return _try_payment(session, body, "pay", method, now=now)
    return body


def _try_payment(session: Session, body: store.JSON, action: str, method: str, *, now: datetime) -> store.JSON:
    intent = _intent_of(session, body, method, now=now)
    if action == "decline":
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": "card_declined" if method == "card" else "payment_method_provider_decline",
            "decline_code": "generic_decline",
            "message": "Your card was declined." if method == "card" else "The payment was declined.",
        }
        store.keep_object(session, intent)
        store.keep_object(session, body)
        return body
    body["status"] = "complete"
    intent["last_payment_error"] = None
    if action == "pending":
        intent["status"] = "processing"
    else:
        controls = store.get_controls(session)
        intent["amount"] += controls["wrong_amount_fen"]
        body["amount_total"] += controls["wrong_amount_fen"]
        intent["currency"] = body["currency"] = controls["currency"]
        _receive(session, body, intent, method, now=now)
    store.keep_object(session, intent)
    store.keep_object(session, body)
    record_event(session, "checkout.session.completed", body, now=now)
    return body


def _intent_of(session: Session, body: store.JSON, method: str, *, now: datetime) -> store.JSON:
    if body["payment_intent"]:
        intent = store.get_object(session, "payment_intent", body["payment_intent"], lock=True)
        intent["payment_method_types"] = [method]
        return intent
    data = body["_intent_data"]
    intent = {
        "id": store.new_id("pi"),
        "object": "payment_intent",
        "amount": body["amount_total"],
        "amount_received": 0,
        "created": int(now.timestamp()),
        "currency": body["currency"],
        "description": data.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": data.get("metadata", {}),
        "payment_method_types": [method],
        "receipt_email": data.get("receipt_email"),
        "status": "requires_payment_method",
    }
    store.add_object(session, intent)
    body["payment_intent"] = intent["id"]
    return intent


def _receive(session: Session, body: store.JSON, intent: store.JSON, method: str, *, now: datetime) -> None:
    """The money is there: a charge, and the intent and the session say so."""
    charge: dict[str, Any] = {
        "id": store.new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "captured": True,
        "created": int(now.timestamp()),
        "currency": intent["currency"],
        "description": intent["description"],
        "disputed": False,
        "balance_transaction": None,
        "livemode": False,
        "metadata": intent["metadata"],
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method_details": {"type": method, method: {}},
        "refunded": False,
        "status": "succeeded",
    }
    line = book(session, charge, "charge", charge["amount"], fee=charge_fee(settled(charge["amount"])), now=now)
    charge["balance_transaction"] = line["id"]
    store.add_object(session, charge)
    intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
    body["payment_status"] = "paid"


def decline_of(session: Session, body: store.JSON) -> str | None:
    """The code of the last refused try of an open visit."""
    if not body["payment_intent"]:
        return None
    error = store.get_object(session, "payment_intent", body["payment_intent"])["last_payment_error"]
    return str(error["code"]) if error else None


def _end_pending(session: Session, body: store.JSON, action: str, *, now: datetime) -> store.JSON:
    intent = store.get_object(session, "payment_intent", body["payment_intent"], lock=True)
    if action == "settle":
        _receive(session, body, intent, intent["payment_method_types"][0], now=now)
    else:
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": "payment_method_provider_timeout",
            "message": "The payment was not completed in time.",
        }
    store.keep_object(session, intent)
    store.keep_object(session, body)
    outcome = "succeeded" if action == "settle" else "failed"
    record_event(session, f"checkout.session.async_payment_{outcome}", body, now=now)
    return body
