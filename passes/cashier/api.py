"""The part of Stripe's API the shop uses, at Stripe's paths, with Stripe's key check, idempotency and errors."""

import hmac
import logging
import socket
import time
from collections.abc import Callable, Iterable
from typing import cast

import orjson
from flask import Blueprint, Response, current_app, request
from sqlalchemy.orm import Session

from passes import clock
from passes.cashier import checkout, events, refunds, store
from passes.cashier.errors import StripeError, refuse
from passes.cashier.form import ANY, nested, refuse_unknown, whole
from passes.cashier.till import Till
from passes.db import transaction

blueprint = Blueprint("api", __name__, url_prefix="/v1")
log = logging.getLogger(__name__)

_EXPANDABLE = {"payment_intent": "payment_intent", "latest_charge": "charge", "charge": "charge", "source": None}
_SLOW_SECONDS = 1.5
_LIST = {
    "limit": ANY,
    "starting_after": ANY,
    "expand": [ANY],
    "created": {"gte": ANY, "gt": ANY, "lte": ANY, "lt": ANY},
}


def till() -> Till:
    return cast(Till, current_app.extensions["till"])


@blueprint.before_request
def check_key() -> None:
    """Bearer key, version and the operator's wish to be down. Raises StripeError."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not hmac.compare_digest(key.encode(), till().api_key.encode()):
        raise StripeError(401, "Invalid API Key provided.")
    version = request.headers.get("Stripe-Version")
    if version not in (None, store.API_VERSION):
        raise refuse(f"This cashier speaks {store.API_VERSION} only.")
    if request.path.startswith("/v1/test_helpers/"):
        return
    with transaction() as session:
        mode = store.get_controls(session)["api"]
    if mode == "down":
        raise StripeError(503, "The cashier is down on purpose.", type_="api_error")
    if mode == "busy":
        raise StripeError(429, "Request rate limit exceeded, on purpose.", code="rate_limit")
    if mode == "slow":
        time.sleep(_SLOW_SECONDS)


@blueprint.errorhandler(StripeError)
def say_no(error: StripeError) -> Response:
    return _answer(error.body(), error.status)


def _answer(body: object, status: int = 200) -> Response:
    response = Response(orjson.dumps(body), status, content_type="application/json")
    response.headers["Request-Id"] = store.new_id("req")
    return response


def write(run: Callable[..., store.JSON]) -> Response:
    """A POST: its key is claimed, its work done and its answer kept in one transaction."""
    params = nested(request.form.items(multi=True))
    key = request.headers.get("Idempotency-Key")
    asked = orjson.dumps([request.path, params], option=orjson.OPT_SORT_KEYS)
    now = clock.now()
    with transaction() as session:
        answer = store.claim_key(session, key, asked, now=now) if key else None
        if answer is None:
            answer = store.shown(run(session, params, now=now))
            if key:
                store.keep_answer(session, key, answer)
        mode = store.get_controls(session)["api"]
        answer = _expanded(session, answer, params.get("expand", []))
    till().deliverer.wake()
    _lose(mode)
    return _answer(answer)


def _lose(mode: str) -> None:
    """The work is done and nobody hears of it: an error for an answer, or a line that is cut."""
    if request.path.startswith("/v1/test_helpers/"):
        return
    if mode == "no_answer":
        raise StripeError(500, "The answer was lost on purpose.", type_="api_error")
    if mode == "cut":
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def read(kind: str, object_id: str) -> Response:
    params = nested(request.args.items(multi=True))
    with transaction() as session:
        body = store.shown(store.get_object(session, kind, object_id))
        return _answer(_expanded(session, body, params.get("expand", [])))


def _expanded(session: Session, body: store.JSON, paths: Iterable[str]) -> store.JSON:
    """`payment_intent.latest_charge` and the like: the ids on the path become the objects."""
    body = dict(body)
    for path in paths:
        name, _, rest = path.partition(".")
        if name not in _EXPANDABLE:
            raise refuse(f"This property cannot be expanded ({path}).")
        value = body.get(name)
        if isinstance(value, str):
            kind = _EXPANDABLE[name] or body.get("_source_object", "")
            found = store.find_object(session, kind, value)
            value = store.shown(found) if found is not None else value
        if isinstance(value, dict) and rest:
            value = _expanded(session, value, [rest])
        body[name] = value
    return body


def _page(session: Session, found: list[store.JSON], params: store.JSON, limit: int) -> Response:
    """The list object; `data.source` and the like are expanded in each of its lines."""
    paths = [path.partition(".")[2] for path in params.get("expand", []) if path.startswith("data.")]
    shown = [_expanded(session, body, paths) for body in found[:limit]]
    bare = [store.shown(body) for body in shown]
    return _answer({"object": "list", "data": bare, "has_more": len(found) > limit, "url": request.path})


def list_of(kind: str, conditions: dict[str, str]) -> Response:
    """A list of objects, newest first. conditions: {parameter: its SQL}; any of them may be missing."""
    params = nested(request.args.items(multi=True))
    refuse_unknown(params, dict.fromkeys(conditions, ANY) | _LIST)
    limit = _limit(params)
    where, facts = events.created_in(params)
    for name, condition in conditions.items():
        if name in params:
            where.append(condition)
            facts[name] = params[name]
    with transaction() as session:
        return _page(session, store.list_page(session, kind, where, facts, params, limit=limit), params, limit)


def _limit(params: store.JSON) -> int:
    limit = whole(params, "limit")
    if limit is None:
        return 10
    if not 1 <= limit <= 100:
        raise refuse("limit must be between 1 and 100", param="limit")
    return limit


@blueprint.post("/checkout/sessions")
def create_session() -> Response:
    address = till().address
    return write(lambda session, params, now: checkout.create_session(session, params, address=address, now=now))


@blueprint.get("/checkout/sessions/<checkout_id>")
def retrieve_session(checkout_id: str) -> Response:
    return read("checkout.session", checkout_id)


@blueprint.post("/checkout/sessions/<checkout_id>/expire")
def expire_session(checkout_id: str) -> Response:
    return write(lambda session, params, now: checkout.expire_session(session, checkout_id, now=now))


@blueprint.get("/payment_intents/<intent_id>")
def retrieve_intent(intent_id: str) -> Response:
    return read("payment_intent", intent_id)


@blueprint.get("/charges/<charge_id>")
def retrieve_charge(charge_id: str) -> Response:
    return read("charge", charge_id)


@blueprint.post("/refunds")
def create_refund() -> Response:
    return write(lambda session, params, now: refunds.create_refund(session, params, now=now))


@blueprint.get("/refunds/<refund_id>")
def retrieve_refund(refund_id: str) -> Response:
    return read("refund", refund_id)


@blueprint.get("/events")
def list_events() -> Response:
    params = nested(request.args.items(multi=True))
    limit = _limit(params)
    with transaction() as session:
        return _page(session, events.list_events(session, params, limit=limit), params, limit)


@blueprint.get("/events/<event_id>")
def retrieve_event(event_id: str) -> Response:
    return read("event", event_id)
