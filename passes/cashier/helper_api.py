"""What the operator's panel does, for programs: misbehave, act as a visitor, a bank, a wallet. None of it Stripe's."""

from flask import Response

from passes.cashier import balance, checkout, disputes, events, refunds
from passes.cashier.api import blueprint, write
from passes.cashier.errors import refuse
from passes.cashier.form import whole


@blueprint.post("/test_helpers/controls")
def change_controls() -> Response:
    """How to misbehave: any of the controls of events.py; `release` and `forget`. What is not named stays."""
    return write(lambda session, params, now: events.change_controls(session, params, now=now))


@blueprint.post("/test_helpers/sessions/<checkout_id>/act")
def act(checkout_id: str) -> Response:
    """What a visitor's click does, for programs: action, and method unless it is later's turn."""
    return write(
        lambda session, params, now: checkout.act(
            session, checkout_id, params.get("action", "pay"), params.get("method", "card"), now=now
        )
    )


@blueprint.post("/test_helpers/refunds/<refund_id>/fail")
def fail_refund(refund_id: str) -> Response:
    return write(lambda session, params, now: refunds.fail_refund(session, refund_id, now=now))


@blueprint.post("/test_helpers/refunds/<refund_id>/settle")
def settle_refund(refund_id: str) -> Response:
    """The wallet pays now, without the wait."""
    return write(lambda session, params, now: refunds.settle_refund(session, refund_id, now=now))


@blueprint.post("/test_helpers/charges/<charge_id>/dispute")
def open_dispute(charge_id: str) -> Response:
    """inquiry=true: the bank only asks. amount: what it claims, else all."""
    return write(
        lambda session, params, now: disputes.open_dispute(
            session, charge_id, inquiry=params.get("inquiry") == "true", amount=whole(params, "amount"), now=now
        )
    )


@blueprint.post("/test_helpers/disputes/<dispute_id>/<step>")
def decide_dispute(dispute_id: str, step: str) -> Response:
    if step not in disputes.STEPS:
        raise refuse(f"Unknown step: {step}")
    return write(lambda session, params, now: disputes.decide_dispute(session, dispute_id, step, now=now))


@blueprint.post("/test_helpers/payouts")
def create_payout() -> Response:
    """Pay out what has not been yet."""
    return write(lambda session, params, now: balance.create_payout(session, now=now))


@blueprint.post("/test_helpers/payouts/<payout_id>/fail")
def fail_payout(payout_id: str) -> Response:
    return write(lambda session, params, now: balance.fail_payout(session, payout_id, now=now))


@blueprint.post("/test_helpers/stray_lines")
def add_stray_line() -> Response:
    """A movement nobody at the shop knows of."""
    return write(lambda session, params, now: balance.add_stray_line(session, whole(params, "amount") or -100, now=now))
