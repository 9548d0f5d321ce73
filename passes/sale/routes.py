"""Where the payment provider tells us that something happened."""

import logging

from flask import Blueprint, Response, request

from passes import clock, settings
from passes.access.guard import public
from passes.sale import webhook_flows
from passes.sale.provider import WebhookRefused
from passes.sale.stripe_gateway import current_provider

log = logging.getLogger(__name__)

blueprint = Blueprint("payments", __name__)

_LONGEST_BYTES = 256 * 1024


@blueprint.post("/webhooks/stripe")
@public
def receive_webhook() -> Response:
    """Its guard is the signature. 200: stored, or here before; 400: not signed by the provider, nothing is kept."""
    request.max_content_length = _LONGEST_BYTES
    raw = request.get_data(cache=False)
    header = request.headers.get("Stripe-Signature")
    try:
        kept = webhook_flows.receive_webhook(current_provider(), settings.current(), raw, header, now=clock.now())
    except WebhookRefused as refused:
        log.warning("a message was refused: %s", refused)
        return Response("refused", 400, mimetype="text/plain")
    return Response("kept" if kept else "another mode", 200 if kept else 400, mimetype="text/plain")
