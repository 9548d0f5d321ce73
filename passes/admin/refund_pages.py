"""Money of one order from the back office: pay back, record a transfer, decide a review, take the evidence along."""

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard
from passes.access.rules import ADMIN, FINANCE
from passes.admin import money_service, order_queries
from passes.admin.case_schemas import NoteForm
from passes.admin.desk import blueprint, marks
from passes.admin.evidence import evidence_of
from passes.admin.money_schemas import PaidForm, PayAgainForm, RefundForm, key_of
from passes.admin.money_service import DeskRefund
from passes.admin.order_pages import show_order
from passes.db import transaction
from passes.errors import Invalid, Problem
from passes.http import read_form
from passes.http.languages import show_yuan

_REFUND, _AGAIN, _PAID, _NOTE = RefundForm(), PayAgainForm(), PaidForm(), NoteForm()


@blueprint.post("/orders/<int:order_id>/refunds")
@guard.staff(FINANCE, ADMIN)
def post_refund(order_id: int) -> ResponseReturnValue:
    """Ask for a refund: its passes are held at once, the money leaves within seconds or waits for a transfer."""
    data, errors = read_form(_REFUND)
    if errors:
        return show_order(order_id, "refund", errors, 422)
    wanted = DeskRefund(
        key_of(data), data["what"], data["amount"], data["reason"], data["way"] == "transfer", data["note"]
    )
    try:
        with transaction() as session:
            order_queries.get_order(session, order_id)
            refund = money_service.refund_from_desk(session, guard.current_staff(), order_id, wanted, now=clock.now())
            amount, channel = refund.amount_fen, refund.channel
    except Problem as problem:
        return show_order(order_id, "refund", marks(problem), 422 if isinstance(problem, Invalid) else 409)
    if channel == "manual":
        flash(gettext("Transfer %(amount)s to the buyer now, then record it below.", amount=show_yuan(amount)))
    else:
        flash(gettext("%(amount)s goes back the way it came.", amount=show_yuan(amount)))
    return _back(order_id)


@blueprint.post("/orders/<int:order_id>/payments/<int:payment_id>/again")
@guard.staff(FINANCE, ADMIN)
def post_again(order_id: int, payment_id: int) -> ResponseReturnValue:
    """Money that came late or twice did not arrive when it went back: pay it back once more."""
    data, errors = read_form(_AGAIN)
    if errors:
        return show_order(order_id, f"again-{payment_id}", errors, 422)
    wanted = DeskRefund(key_of(data), "none", None, "requested", data["way"] == "transfer", data["note"])
    try:
        with transaction() as session:
            order_queries.get_order(session, order_id)
            refund = money_service.pay_again(
                session, guard.current_staff(), order_id, payment_id, wanted, now=clock.now()
            )
            channel = refund.channel
    except Problem as problem:
        return show_order(order_id, f"again-{payment_id}", marks(problem), 422 if isinstance(problem, Invalid) else 409)
    if channel == "manual":
        flash(gettext("Transfer it to the buyer now, then record it below."))
    else:
        flash(gettext("All of it goes back the way it came."))
    return _back(order_id)


@blueprint.post("/orders/<int:order_id>/refunds/<int:refund_id>/paid")
@guard.staff(FINANCE, ADMIN)
def post_transfer(order_id: int, refund_id: int) -> ResponseReturnValue:
    """A transfer by hand has been made."""
    data, errors = read_form(_PAID)
    if errors:
        return show_order(order_id, f"paid-{refund_id}", errors, 422)
    try:
        with transaction() as session:
            order_queries.get_order(session, order_id)
            money_service.record_transfer(
                session, guard.current_staff(), order_id, refund_id, evidence=data["evidence"], now=clock.now()
            )
    except Problem as problem:
        return show_order(order_id, "", marks(problem), 409)
    flash(gettext("The transfer is recorded. Its passes are cancelled."))
    return _back(order_id)


@blueprint.post("/orders/<int:order_id>/refunds/<int:refund_id>/withdrawn")
@guard.staff(FINANCE, ADMIN)
def post_withdrawn(order_id: int, refund_id: int) -> ResponseReturnValue:
    """Nobody will make this transfer."""
    done = gettext("The transfer is withdrawn. Its passes are no longer on hold for it.")
    return _give_up(order_id, refund_id, "withdrawn", done)


@blueprint.post("/orders/<int:order_id>/refunds/<int:refund_id>/bounced")
@guard.staff(FINANCE, ADMIN)
def post_bounced(order_id: int, refund_id: int) -> ResponseReturnValue:
    """A recorded transfer has come back."""
    return _give_up(order_id, refund_id, "bounced", gettext("Recorded. Pay it back once more below."))


def _give_up(order_id: int, refund_id: int, what: str, done: str) -> ResponseReturnValue:
    data, errors = read_form(_NOTE)
    if errors:
        return show_order(order_id, f"{what}-{refund_id}", errors, 422)
    try:
        with transaction() as session:
            order_queries.get_order(session, order_id)
            money_service.give_up_transfer(
                session, guard.current_staff(), order_id, refund_id, what, note=data["note"], now=clock.now()
            )
    except Problem as problem:
        return show_order(order_id, "", marks(problem), 409)
    flash(done)
    return _back(order_id)


@blueprint.post("/orders/<int:order_id>/payments/<int:payment_id>/accept")
@guard.staff(FINANCE, ADMIN)
def post_accept(order_id: int, payment_id: int) -> ResponseReturnValue:
    """What came is good enough: issue the passes."""
    return _decide(order_id, payment_id, "accept", gettext("The payment is accepted and the passes are issued."))


@blueprint.post("/orders/<int:order_id>/payments/<int:payment_id>/send-back")
@guard.staff(FINANCE, ADMIN)
def post_send_back(order_id: int, payment_id: int) -> ResponseReturnValue:
    """What came goes back whole."""
    return _decide(order_id, payment_id, "send_back", gettext("All of it goes back the way it came."))


def _decide(order_id: int, payment_id: int, verdict: str, done: str) -> ResponseReturnValue:
    data, errors = read_form(_NOTE)
    if errors:
        return show_order(order_id, f"{verdict}-{payment_id}", errors, 422)
    try:
        with transaction() as session:
            order_queries.get_order(session, order_id)
            money_service.decide_review(
                session,
                guard.current_staff(),
                order_id,
                payment_id,
                verdict,
                note=data["note"],
                public_url=settings.current().public_url,
                now=clock.now(),
            )
    except Problem as problem:
        return show_order(order_id, "", marks(problem), 409)
    flash(done)
    return _back(order_id)


@blueprint.post("/orders/<int:order_id>/passes/<int:pass_id>/cancel")
@guard.staff(FINANCE, ADMIN)
def post_cancel_pass(order_id: int, pass_id: int) -> ResponseReturnValue:
    """The money of this pass went back at the provider: the pass ends, too."""
    data, errors = read_form(_NOTE)
    if errors:
        return show_order(order_id, f"cancel-{pass_id}", errors, 422)
    try:
        with transaction() as session:
            order_queries.get_order(session, order_id)
            money_service.cancel_pass(
                session, guard.current_staff(), order_id, pass_id, note=data["note"], now=clock.now()
            )
    except Problem as problem:
        return show_order(order_id, "", marks(problem), 409)
    flash(gettext("The pass is cancelled."))
    return _back(order_id)


@blueprint.post("/orders/<int:order_id>/evidence")
@guard.staff(FINANCE, ADMIN)
def post_evidence(order_id: int) -> ResponseReturnValue:
    """A ZIP for the bank. It holds names and visits, so that it was taken is kept in the audit log."""
    with transaction() as session:
        name, content = evidence_of(session, order_id)
        money_service.note_evidence(session, guard.current_staff(), order_id, now=clock.now())
    response = Response(content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _back(order_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.order", order_id=order_id), 303)
