"""What the visitor sees instead of Stripe's page, and the operator's panel. Draws no logo and asks for no card."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, redirect, render_template, request, send_from_directory
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from passes import clock
from passes.cashier import checkout, store
from passes.cashier.api import till
from passes.cashier.errors import StripeError
from passes.db import transaction

blueprint = Blueprint("pages", __name__)


@blueprint.before_request
def same_site_only() -> None:
    """A page elsewhere must not press our buttons."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        abort(403)


@blueprint.get("/style.css")
def style() -> Response:
    return send_from_directory(str(blueprint.root_path), "style.css", max_age=3600)


@blueprint.get("/pay/<checkout_id>")
def pay_page(checkout_id: str) -> AnyResponse:
    with transaction() as session:
        body = store.get_object(session, "checkout.session", checkout_id)
        declined = checkout.decline_of(session, body)
    return _pay(body, declined)


@blueprint.post("/pay/<checkout_id>")
def press(checkout_id: str) -> AnyResponse:
    """303 to the shop when the visit is over, else the same page again."""
    action, method = request.form.get("action", ""), request.form.get("method", "card")
    with transaction() as session:
        body = store.get_object(session, "checkout.session", checkout_id)
        if action == "back":
            return redirect(body["cancel_url"] or body["success_url"], 303)
        if action not in checkout.VISITOR_ACTIONS:
            abort(400)
        body = checkout.act(session, checkout_id, action, method, now=clock.now())
        declined = checkout.decline_of(session, body)
    till().deliverer.wake()
    if body["status"] == "complete":
        return redirect(body["success_url"].replace("{CHECKOUT_SESSION_ID}", checkout_id), 303)
    return _pay(body, declined if action == "decline" else None)


def _pay(body: store.JSON, declined: str | None) -> AnyResponse:
    g.shop_locale = body["locale"]
    page = Response(
        render_template("cashier/pay.html", checkout=body, methods=_method_names(body), declined=declined),
        200 if body["status"] == "open" else 410,
    )
    # Our form answers with a redirect to the shop, and browsers hold that to form-action too.
    shops = {_origin(body[name]) for name in ("success_url", "cancel_url") if body[name]}
    page.headers["Content-Security-Policy"] = f"{POLICY} {' '.join(sorted(shops))}"
    return page


POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _method_names(body: store.JSON) -> list[tuple[str, str]]:
    names = {"card": _("Bank card"), "alipay": _("Alipay"), "wechat_pay": _("WeChat Pay")}
    return [(method, names[method]) for method in body["payment_method_types"]]


@blueprint.errorhandler(StripeError)
def unknown(error: StripeError) -> tuple[str, int]:
    """404: nothing of this name; else why it cannot be done, in the words of the API."""
    reason = None if error.status == 404 else error.message
    return render_template("cashier/unknown.html", reason=reason), error.status
