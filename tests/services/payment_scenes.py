"""What happens between a buyer, the shop and the cashier, in words the scenarios share."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import orjson
import requests
from sqlalchemy import func, select, update

from passes import clock
from passes.access.rules import Gate
from passes.access.service import note_seen
from passes.cashier.delivery import signature_header
from passes.catalogue.queries import get_current
from passes.db import transaction
from passes.errors import Conflict
from passes.events.outbox import OutboxRow
from passes.gate.models import Scan
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass
from passes.mail.models import Letter
from passes.sale import flows, money_flows, queries, stock_windows, webhook_flows
from passes.sale.models import Order, OrderLine, Payment, Refund
from passes.sale.placing import OrderRequest
from passes.sale.refunds import RefundAsked, RefundPart, request_refund
from passes.sale.stock_windows import NewWindow
from tests.chaos import buyers
from tests.factories import code_of, form_of, gate_at, order_request, pass_wanted
from tests.services.conftest import Cashier, Shop
from tests.services.payment_checker import check

LATER = timedelta(minutes=40)
ROUNDS = 6  # of every race: a fault that one round does not show


def start(shop: Shop, order: Order) -> str:
    return flows.start_payment(shop.provider, shop.settings, order.id, now=clock.now())


def click_pay(shop: Shop, order: Order) -> str:
    """The button of the order's page; returns where it leads."""
    address = f"{shop.address}/orders/{queries.order_token(order.public_id)}/pay"
    answer = requests.post(address, allow_redirects=False, timeout=60)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def send_form(shop: Shop, number: int) -> int:
    """Buyer so-and-so sends the shop's form; returns the status: 303 is an order, 409 is none."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    form = buyers.form_of(number)
    return requests.post(
        f"{shop.address}/buy", data=form, headers=headers, allow_redirects=False, timeout=60
    ).status_code


def sync(shop: Shop, payment_id: int) -> str:
    return flows.sync_payment(shop.provider, shop.settings, payment_id, now=clock.now())


def payments_of(order: Order) -> list[Payment]:
    with transaction() as session:
        return list(queries.list_payments(session, order.id))


def state_of(order: Order) -> str:
    with transaction() as session:
        return session.get_one(Order, order.id).state


def count(table: type) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def hear(shop: Shop, until: Callable[[], bool] | None = None) -> None:
    """Let webhooks arrive and act on them, for at most a minute."""
    for _ in range(1_200):
        webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=clock.now())
        if until is None or until():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def come_back(shop: Shop, answer: requests.Response) -> requests.Response:
    """Follow the cashier's redirect to the shop, as a browser does."""
    assert answer.status_code == 303
    return requests.get(answer.headers["Location"], timeout=20)


def assert_paid_once(order: Order) -> None:
    assert state_of(order) == "paid"
    with transaction() as session:
        assert session.scalars(select(Pass.livemode).where(Pass.livemode.is_(False))).all() == [False]
        assert session.scalars(select(Letter.kind)).all() == ["order_paid"]
        types = session.scalars(select(OutboxRow.type).order_by(OutboxRow.id)).all()
        assert types == ["order.placed.v1", "pass.issued.v1", "order.paid.v1"]
        assert session.scalars(select(Payment.state)).all().count("succeeded") == 1


def signed(payload: object, *, secret: str = "whsec_sandbox_new", age: int = 0) -> tuple[bytes, str]:
    """A body and its header, made by the cashier's own signer."""
    body = orjson.dumps(payload)
    return body, signature_header(body, [secret], at=int(clock.now().timestamp()) - age)


def post_webhook(shop: Shop, body: bytes, header: str | None) -> int:
    headers = {"Stripe-Signature": header} if header is not None else {}
    return requests.post(f"{shop.address}/webhooks/stripe", data=body, headers=headers, timeout=20).status_code


EVENT = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-10-28.endive",
    "created": 1_790_000_000,
    "livemode": False,
    "type": "checkout.session.completed",
    "data": {"object": {"id": "cs_unknown", "object": "checkout.session", "metadata": {}}},
}


def paid_order(shop: Shop, cashier: Cashier, method: str = "card", **changes: object) -> Order:
    """An order that was paid, the buyer being back at the shop; no message has arrived yet."""
    cashier.behave(webhooks="hold")
    order = shop.order(**changes)
    come_back(shop, cashier.press(start(shop, order), "pay", method))
    assert state_of(order) == "paid"
    return order


def order_by_form(shop: Shop, request: OrderRequest) -> Order:
    """The order that the shop makes of a browser's form, under the terms of this moment."""
    with transaction() as session:
        request = replace(request, terms_version=get_current(session).version)
    answer = requests.post(f"{shop.address}/buy", data=form_of(request), allow_redirects=False, timeout=20)
    if answer.status_code == 409:
        raise Conflict("sold_out", "by the form")
    assert answer.status_code == 303, answer.text
    with transaction() as session:
        return queries.get_order_by_token(session, answer.headers["Location"].rpartition("/")[2])


def order_of_three(shop: Shop) -> Order:
    """One order of a family with three passes of 199 yuan each, by the shop's own form."""
    family = [pass_wanted(name=f"王{name}", document_number=f"E1234567{name}") for name in "123"]
    # One phone makes so many orders in ten minutes, and a long history more.
    phone = f"+8613{secrets.randbelow(10**9):09d}"
    return order_by_form(shop, order_request(*family, phone=phone, email="wang@example.com"))


def passes_of(order: Order) -> list[Pass]:
    with transaction() as session:
        lines = select(OrderLine.id).where(OrderLine.order_id == order.id)
        return list(session.scalars(select(Pass).where(Pass.order_line_id.in_(lines)).order_by(Pass.id)))


def refunds_of(order: Order) -> list[Refund]:
    with transaction() as session:
        return list(session.scalars(select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)))


def attention_of(order: Order) -> list[str]:
    with transaction() as session:
        return list(session.get_one(Order, order.id).attention)


def quota(shop: Shop, pieces: int) -> int:
    """So many adult passes are on sale; returns the window."""
    wanted = NewWindow("PASS-ADULT", clock.now() - timedelta(days=1), None, pieces)
    with transaction() as session:
        return stock_windows.add_window(session, None, wanted, now=clock.now())


def ask_back(
    order: Order, pass_ids: Sequence[int], *, key: str = "form", fen: int = 19900, **changes: object
) -> Refund:
    """Staff asks for a refund of these passes."""
    parts = tuple(RefundPart(pass_id, fen) for pass_id in pass_ids)
    asked = RefundAsked(f"{key}:{order.id}", parts, by="finance", **changes)  # type: ignore[arg-type]
    with transaction() as session:
        return request_refund(session, order.id, asked, now=clock.now())


def ask(_: Shop, order: Order, part: RefundPart, key: str) -> int:
    """The desk asks for a refund of one pass: its id."""
    asked = RefundAsked(f"{key}:{order.id}", (part,), by="care")
    with transaction() as session:
        return request_refund(session, order.id, asked, now=clock.now()).id


def gate_of_park() -> Gate:
    with transaction() as session:
        gate = gate_at(session, "S01", now=clock.now(), default_benefit_id="B01").gate
        note_seen(session, gate.enrolment_id, now=clock.now())
        return gate


def used_before(gate: Gate, pass_id: int, times: int) -> None:
    """A gate tells late of visitors who went in before the pass was held."""
    with transaction() as session:
        for _ in range(times):
            at = clock.now() - timedelta(seconds=30)
            code = code_of(session, session.get_one(Pass, pass_id), now=at)
            report = ScanRequest(scan_id=uuid4(), code=code, scanned_at=at, shown="admitted", sequence=1)
            record_scans(session, gate, [report], now=clock.now())
            session.execute(update(Scan).where(Scan.pass_id == pass_id).values(verdict="admitted"))


def three_in_flight(shop: Shop, cashier: Cashier) -> tuple[Order, Order, Order]:
    """What chores have to do: an order that was paid unheard, one nobody pays, and one whose money is asked back."""
    cashier.behave(webhooks="hold")
    paid, ended = shop.order(), shop.order(holder_name="李四")
    back = paid_order(shop, cashier, holder_name="王五")
    cashier.press(start(shop, paid), "pay")
    start(shop, ended)
    ask_back(back, [passes_of(back)[0].id])
    cashier.behave(webhooks="deliver", release="true")
    return paid, ended, back


def send_refunds(shop: Shop, at: datetime | None = None) -> int:
    return money_flows.submit_refunds(shop.provider, now=at or clock.now())


def finish(shop: Shop, cashier: Cashier) -> None:
    """Let everything arrive that was held, do every chore until nothing is left to do; then all must agree."""
    cashier.behave(
        webhooks="deliver", delay_seconds=0, api="up", refunds="normal", secrets="all", skew_seconds=0, release="true"
    )
    soon = clock.now() + timedelta(minutes=6)
    webhook_flows.sweep_undelivered_events(
        shop.provider, shop.settings, since=clock.now() - timedelta(hours=1), now=clock.now()
    )
    for _ in range(3):
        webhook_flows.process_webhook_inbox(shop.provider, shop.settings, now=soon, limit=200)
        flows.poll_payments(shop.provider, shop.settings, now=soon)
        money_flows.submit_refunds(shop.provider, now=soon)
        with transaction() as session:
            on_their_way = session.scalars(select(Refund.provider_refund_id).where(Refund.state == "pending")).all()
        for refund_id in on_their_way:
            cashier.helper(f"refunds/{refund_id}/settle")
        soon += timedelta(minutes=6)
    check(cashier)
