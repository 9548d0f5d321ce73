"""Money of one order from the back office: pay back, record a transfer, decide a review, take the evidence along."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard
from passes.access.rules import ADMIN, FINANCE
from passes.admin import desk_refunds, money_service
from passes.admin.case_schemas import NoteForm
from passes.admin.desk import blueprint
from passes.admin.desk_refunds import DeskRefund
from passes.admin.evidence import evidence_of
from passes.admin.money_schemas import MadeForm, PaidForm, PayAgainForm, RefundForm, key_of
from passes.admin.order_deeds import do_with_order
from passes.db import transaction
from passes.errors import N_
from passes.http.languages import show_yuan

_REFUND, _AGAIN, _PAID, _MADE, _NOTE = RefundForm(), PayAgainForm(), PaidForm(), MadeForm(), NoteForm()

# By the way it goes, and whether it waits for the gates.
_ASKED = {
    ("manual", True): N_(
        "Asked for: %(amount)s. Do not transfer it yet: the amount may change until every gate was heard of."
    ),
    ("manual", False): N_("Transfer %(amount)s to the buyer now, then record it below."),
    ("provider", True): N_("%(amount)s goes back the way it came when every gate was heard of, in three days at most."),
    ("provider", False): N_("%(amount)s goes back the way it came."),
}


@blueprint.post("/orders/<int:order_id>/refunds")
@guard.staff(FINANCE, ADMIN)
def post_refund(order_id: int) -> ResponseReturnValue:
    """Ask for a refund: its passes are held at once; the money leaves, waits for the gates, or for a transfer."""
    staff, now = guard.current_staff(), clock.now()
    return do_with_order(
        order_id,
        "refund",
        _REFUND,
        lambda session, data: desk_refunds.refund_from_desk(session, staff, order_id, _wanted(data), now=now),
        lambda refund: gettext(
            _ASKED[refund.channel, (refund.next_attempt_at or now) > now], amount=show_yuan(refund.amount_fen)
        ),
    )


def _wanted(data: Mapping[str, Any]) -> DeskRefund:
    return DeskRefund(
        key_of(data),
        data["what"],
        data["amount"],
        data["reason"],
        data["way"] == "transfer",
        data["note"],
        data["cause"],
        data["compensation"],
        data["seen"],
    )


@blueprint.post("/orders/<int:order_id>/payments/<int:payment_id>/again")
@guard.staff(FINANCE, ADMIN)
def post_again(order_id: int, payment_id: int) -> ResponseReturnValue:
    """Money that came late or twice did not arrive when it went back: pay it back once more."""
    staff, now = guard.current_staff(), clock.now()
    words = {
        "manual": N_("Transfer it to the buyer now, then record it below."),
        "provider": N_("All of it goes back the way it came."),
    }
    return do_with_order(
        order_id,
        f"again-{payment_id}",
        _AGAIN,
        lambda session, data: desk_refunds.pay_again(session, staff, order_id, payment_id, _again(data), now=now),
        lambda refund: gettext(words[refund.channel]),
    )


def _again(data: Mapping[str, Any]) -> DeskRefund:
    return DeskRefund(key_of(data), "none", None, "requested", data["way"] == "transfer", data["note"])


@blueprint.post("/orders/<int:order_id>/refunds/<int:refund_id>/paid")
@guard.staff(FINANCE, ADMIN)
def post_transfer(order_id: int, refund_id: int) -> ResponseReturnValue:
    """A transfer by hand has been made."""
    staff, now = guard.current_staff(), clock.now()
    return do_with_order(
        order_id,
        f"paid-{refund_id}",
        _PAID,
        lambda session, data: money_service.record_transfer(
            session, staff, order_id, refund_id, evidence=data["evidence"], now=now
        ),
        lambda _: gettext("The transfer is recorded. A pass it was for is cancelled."),
    )


@blueprint.post("/orders/<int:order_id>/refunds/<int:refund_id>/made")
@guard.staff(FINANCE, ADMIN)
def post_made_already(order_id: int, refund_id: int) -> ResponseReturnValue:
    """A transfer has been made that this page forbids: what is true is written down all the same."""
    staff, now = guard.current_staff(), clock.now()
    return do_with_order(
        order_id,
        f"made-{refund_id}",
        _MADE,
        lambda session, data: money_service.record_made_already(
            session, staff, order_id, refund_id, evidence=data["evidence"], note=data["note"], now=now
        ),
        lambda _: gettext("Recorded. The order is marked, so that somebody looks at what went back in all."),
    )


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
    staff, now = guard.current_staff(), clock.now()
    return do_with_order(
        order_id,
        f"{what}-{refund_id}",
        _NOTE,
        lambda session, data: money_service.give_up_transfer(
            session, staff, order_id, refund_id, what, note=data["note"], now=now
        ),
        lambda _: done,
    )


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
    staff, now, public_url = guard.current_staff(), clock.now(), settings.current().public_url
    return do_with_order(
        order_id,
        f"{verdict}-{payment_id}",
        _NOTE,
        lambda session, data: money_service.decide_review(
            session, staff, order_id, payment_id, verdict, note=data["note"], public_url=public_url, now=now
        ),
        lambda _: done,
    )


@blueprint.post("/orders/<int:order_id>/passes/<int:pass_id>/cancel")
@guard.staff(FINANCE, ADMIN)
def post_cancel_pass(order_id: int, pass_id: int) -> ResponseReturnValue:
    """The money of this pass went back at the provider: the pass ends, too."""
    staff, now = guard.current_staff(), clock.now()
    return do_with_order(
        order_id,
        f"cancel-{pass_id}",
        _NOTE,
        lambda session, data: money_service.cancel_pass(session, staff, order_id, pass_id, note=data["note"], now=now),
        lambda _: gettext("The pass is cancelled."),
    )


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
