"""Scenarios 28–30, 34 and 36: messages and addresses that somebody made up, of another mode, or of nobody."""

from dataclasses import replace
from datetime import timedelta

import requests
from sqlalchemy import select

from passes import clock
from passes.db import transaction
from passes.sale import inbox, queries, webhook_flows
from passes.sale.models import WebhookEvent
from passes.sale.stripe_gateway import StripePayments
from tests.services.conftest import Cashier, Shop
from tests.services.payment_scenes import (
    EVENT,
    count,
    finish,
    hear,
    paid_order,
    payments_of,
    post_webhook,
    signed,
    start,
    state_of,
)


def test_s28_bad_signatures_and_signed_junk(shop: Shop, cashier: Cashier) -> None:
    body, good = signed(EVENT)
    about = {"id": "cs_1", "object": "checkout.session", "metadata": {"payment": {}}}
    cases: list[tuple[bytes, str | None]] = [
        (body, None),
        (body, ""),
        (body, "nonsense"),
        (body, "t=x,v1=y"),
        (body, "王"),
        (body + b" ", good),
        signed(EVENT, secret="whsec_of_somebody"),
        signed(EVENT, age=400),
        (b"\xff\xfe" + body, good),
        signed([]),
        signed({"object": "event"}),
        signed(EVENT | {"data": {"object": None}}),
        signed(EVENT | {"id": 5}),
        signed(EVENT | {"created": "soon"}),
        signed(EVENT | {"id": "evt_\x00"}),
        signed(EVENT | {"api_version": 5}),
        signed(EVENT | {"data": {"object": about}}),
        (b'{"id": "\xff"}', good),
    ]
    for given, header in cases:
        encoded = header.encode().decode("latin-1") if header else header
        assert post_webhook(shop, given, encoded) == 400, (given, header)
    assert count(WebhookEvent) == 0
    with transaction() as session:
        assert inbox.refusals_since(session, clock.now() - timedelta(minutes=5)) == (len(cases), 0)
    finish(shop, cashier)


def test_s29_secret_rotated(shop: Shop, cashier: Cashier) -> None:
    for secrets, index in (("first", 0), ("last", 1), ("all", 0)):
        cashier.behave(webhooks="hold", secrets=secrets)
        before = count(WebhookEvent)
        order = paid_order(shop, cashier, holder_name=f"王{secrets}")
        cashier.behave(webhooks="deliver", release="true")
        hear(shop, lambda before=before: count(WebhookEvent) == before + 1)  # type: ignore[misc]
        with transaction() as session:
            about = select(WebhookEvent.signature_key_index).where(
                WebhookEvent.object_id == payments_of(order)[0].checkout_id
            )
            assert session.scalars(about).all() == [index]
    finish(shop, cashier)


def test_s30_event_of_the_other_mode(shop: Shop, cashier: Cashier) -> None:
    body, header = signed(EVENT | {"livemode": True})
    assert post_webhook(shop, body, header) == 400
    live = replace(shop.settings, payments="stripe", stripe_secret_key="rk_live_x", stripe_api_base=None)
    body, header = signed(EVENT)
    assert not webhook_flows.receive_webhook(StripePayments(live), live, body, header, now=clock.now())
    assert count(WebhookEvent) == 0
    paid_order(shop, cashier)
    finish(shop, cashier)


def test_s34_event_for_an_unknown_session(shop: Shop, cashier: Cashier) -> None:
    order = paid_order(shop, cashier)
    body, header = signed(EVENT)
    assert post_webhook(shop, body, header) == 200
    hear(shop)
    with transaction() as session:
        assert session.get_one(WebhookEvent, "evt_1").state == "unmatched"
        inbox.take_up_again(session, "evt_1", now=clock.now())
    hear(shop)
    with transaction() as session:
        assert session.get_one(WebhookEvent, "evt_1").state == "unmatched"
    assert state_of(order) == "paid"
    finish(shop, cashier)


def test_s36_return_with_another_orders_session(shop: Shop, cashier: Cashier) -> None:
    cashier.behave(webhooks="hold")
    mine, theirs = shop.order(), shop.order(holder_name="李四")
    url = start(shop, theirs)
    cashier.press(url, "pay")
    start(shop, mine)
    token = queries.order_token(mine.public_id)
    for session_id in (url.rpartition("/")[2], payments_of(mine)[0].checkout_id, "%00", "cs_test_x"):
        address = f"{shop.settings.public_url}/pay/return?order={token}&session_id={session_id}"
        page = requests.get(address, timeout=20)
        assert page.status_code == 200 and mine.number in page.text and theirs.number not in page.text
        assert 'data-order-state="pending"' in page.text
    assert (state_of(mine), state_of(theirs)) == ("pending", "pending")
    forged = requests.get(f"{shop.settings.public_url}/pay/return?order={token[:-2]}AA&session_id=x", timeout=20)
    assert forged.status_code == 404
    finish(shop, cashier)
