"""The operator's panel: the newest visits, refunds, disputes, payouts and messages, and how to misbehave."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from passes import clock
from passes.cashier import balance, checkout, disputes, events, refunds, store
from passes.cashier.api import till
from passes.cashier.pages import blueprint
from passes.db import transaction

__all__ = ["blueprint"]

_ROWS = 20


@blueprint.get("/")
def panel() -> str:
    with transaction() as session:
        newest = {
            kind: store.list_objects(session, kind, "true", {}, limit=_ROWS)
            for kind in ("checkout.session", "charge", "refund", "dispute", "payout")
        }
        deliveries = events.list_deliveries(session, limit=30)
        controls = store.get_controls(session)
        account = balance.balance(session)
    return render_template(
        "cashier/panel.html",
        sessions=newest["checkout.session"],
        charges=newest["charge"],
        refunds=newest["refund"],
        disputes=newest["dispute"],
        payouts=newest["payout"],
        account=account,
        deliveries=deliveries,
        controls=controls,
    )


@blueprint.post("/controls")
def controls() -> AnyResponse:
    with transaction() as session:
        events.change_controls(session, request.form.to_dict(), now=clock.now())
    return _done()


@blueprint.post("/sessions/<checkout_id>/<action>")
def later(checkout_id: str, action: str) -> AnyResponse:
    """settle or fail a pending payment, when the wallet has made up its mind; late: pay one that has run out."""
    if action not in ("settle", "fail", "late"):
        abort(404)
    with transaction() as session:
        checkout.act(session, checkout_id, action, "card", now=clock.now())
    return _done()


@blueprint.post("/refunds/<refund_id>/<action>")
def end_refund(refund_id: str, action: str) -> AnyResponse:
    """settle: it has arrived; fail: the bank sends it back, even after it had."""
    if action not in ("settle", "fail"):
        abort(404)
    with transaction() as session:
        end = refunds.settle_refund if action == "settle" else refunds.fail_refund
        end(session, refund_id, now=clock.now())
    return _done()


@blueprint.post("/charges/<charge_id>/<action>")
def act_on_charge(charge_id: str, action: str) -> AnyResponse:
    """refund: as somebody at the provider's own pages would, all that is left; dispute, inquiry: the buyer's bank."""
    if action not in ("refund", "dispute", "inquiry"):
        abort(404)
    with transaction() as session:
        if action == "refund":
            refunds.create_refund(session, {"charge": charge_id}, now=clock.now())
        else:
            disputes.open_dispute(session, charge_id, inquiry=action == "inquiry", now=clock.now())
    return _done()


@blueprint.post("/disputes/<dispute_id>/<step>")
def decide_dispute(dispute_id: str, step: str) -> AnyResponse:
    if step not in disputes.STEPS:
        abort(404)
    with transaction() as session:
        disputes.decide_dispute(session, dispute_id, step, now=clock.now())
    return _done()


@blueprint.post("/payouts")
def create_payout() -> AnyResponse:
    with transaction() as session:
        balance.create_payout(session, now=clock.now())
    return _done()


@blueprint.post("/payouts/<payout_id>/fail")
def fail_payout(payout_id: str) -> AnyResponse:
    with transaction() as session:
        balance.fail_payout(session, payout_id, now=clock.now())
    return _done()


def _done() -> AnyResponse:
    till().deliverer.wake()
    return redirect(url_for("pages.panel"), 303)
