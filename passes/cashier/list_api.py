"""The lists of Stripe's API the shop reads: refunds, disputes, charges, balance lines and payouts."""

from flask import Response

from passes.cashier.api import blueprint, list_of, read

_OF_PAYMENT = {
    "payment_intent": "body->>'payment_intent' = :payment_intent",
    "charge": "body->>'charge' = :charge",
}


@blueprint.get("/refunds")
def list_refunds() -> Response:
    return list_of("refund", _OF_PAYMENT)


@blueprint.get("/disputes")
def list_disputes() -> Response:
    return list_of("dispute", _OF_PAYMENT)


@blueprint.get("/disputes/<dispute_id>")
def retrieve_dispute(dispute_id: str) -> Response:
    return read("dispute", dispute_id)


@blueprint.get("/charges")
def list_charges() -> Response:
    return list_of("charge", {"payment_intent": _OF_PAYMENT["payment_intent"]})


@blueprint.get("/balance_transactions")
def list_balance_transactions() -> Response:
    return list_of(
        "balance_transaction",
        {
            "payout": "body->>'_payout' = :payout",
            "source": "body->>'source' = :source",
            "type": "body->>'type' = :type",
            "currency": "body->>'currency' = :currency",
        },
    )


@blueprint.get("/payouts")
def list_payouts() -> Response:
    return list_of("payout", {"status": "body->>'status' = :status"})


@blueprint.get("/payouts/<payout_id>")
def retrieve_payout(payout_id: str) -> Response:
    return read("payout", payout_id)
