"""Exact stock: nobody gets what is not there, and what nobody pays for comes back."""

import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry
from passes.catalogue.service import load_catalogue
from passes.db import transaction
from passes.errors import Conflict, Invalid
from passes.lifecycle.models import Pass
from passes.sale import queries, service, stock, stock_windows
from passes.sale.models import Order, OrderLine, Payment, Refund
from passes.sale.payments import adopt_checkout, begin_payment, record_snapshot
from passes.sale.provider import Checkout
from passes.sale.stock_models import SaleWindow, StockMove
from passes.sale.stock_windows import NewWindow
from tests.city import INSTALLATION, METHODS, PUBLIC_URL, paid_snapshot
from tests.factories import CATALOGUE, city
from tests.services.test_sale import place, request


def window_of(session: Session, quota: int, now: datetime, **changes: object) -> int:
    facts: dict[str, object] = {"product_id": "PASS-ADULT", "opens_at": now - timedelta(days=1), "closes_at": None}
    return stock_windows.add_window(session, None, NewWindow(**facts | changes, quota=quota), now=now)  # type: ignore[arg-type]


def counts(session: Session) -> tuple[int, int]:
    window = session.scalars(select(SaleWindow).execution_options(populate_existing=True)).one()
    return window.held, window.sold


def kinds(session: Session) -> list[str]:
    return list(session.scalars(select(StockMove.kind).order_by(StockMove.id)))


def begun(session: Session, order: Order, now: datetime) -> int:
    seen = begin_payment(session, order.id, public_url=PUBLIC_URL, install_id=INSTALLATION, now=now)
    checkout = Checkout(f"cs_test_{seen.id}", f"{PUBLIC_URL}/closed", seen.expires_at, METHODS)
    adopt_checkout(session, seen.id, checkout, now=now)
    return seen.id


def money_comes(session: Session, payment_id: int, now: datetime) -> None:
    payment = queries.get_payment(session, payment_id)
    snapshot = paid_snapshot(payment_id, payment.amount_fen, payment.request["metadata"], "card")
    record_snapshot(session, payment_id, snapshot, actor="provider", public_url=PUBLIC_URL, now=now)


def expire(session: Session, order: Order, payment_id: int | None, now: datetime) -> None:
    if payment_id is not None:
        queries.get_payment(session, payment_id).state = "expired"
        session.flush()
    assert service.end_order(session, order, "hold_over", actor="chore", reason="", now=now)


def test_an_order_holds_a_payment_sells_and_an_end_gives_back(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 2, now)
    first, second = place(session, request(), now), place(session, request(), now)
    assert counts(session) == (2, 0)
    with pytest.raises(Conflict, match="sold_out"):
        place(session, request(), now)
    money_comes(session, begun(session, first, now), now)
    assert counts(session) == (1, 1)
    expire(session, second, None, now)
    assert counts(session) == (0, 1)
    place(session, request(), now)
    assert kinds(session) == ["quota", "hold", "hold", "sell", "release", "hold"]
    assert stock.list_faults(session) == []


def test_a_form_sent_again_finds_its_order_though_all_is_sold(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 1, now)
    form = request()
    order = place(session, form, now)
    assert place(session, form, now).id == order.id
    assert counts(session) == (1, 0)


def test_a_form_sent_again_finds_its_order_though_its_pass_is_sold_no_more(session: Session, now: datetime) -> None:
    city(session, now=now)
    form = request()
    order = place(session, form, now)
    text = (CATALOGUE / "catalog.sample.yaml").read_text()
    none_sold = re.sub(r"(PASS-ADULT.*?)sold: true", r"\1sold: false", text, count=1, flags=re.DOTALL)
    load_catalogue(session, none_sold, (CATALOGUE / "holidays.sample.yaml").read_text(), now=now)
    assert place(session, form, now).id == order.id
    for other in (request(), replace(form, phone="+8613900000000")):
        with pytest.raises(Invalid):
            place(session, other, now)
    assert session.scalars(select(Order.id)).all() == [order.id]


def test_late_money_takes_stock_again_where_some_is_left(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 1, now)
    order = place(session, request(), now)
    payment_id = begun(session, order, now)
    expire(session, order, payment_id, now)
    money_comes(session, payment_id, now)
    assert (order.state, order.attention, counts(session)) == ("paid", ["late_payment_accepted"], (0, 1))
    assert stock.list_faults(session) == []


def test_late_money_goes_back_when_all_is_sold(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 1, now)
    order = place(session, request(), now)
    payment_id = begun(session, order, now)
    expire(session, order, payment_id, now)
    place(session, request(), now)
    money_comes(session, payment_id, now)
    assert (order.state, counts(session)) == ("expired", (1, 0))
    assert session.scalars(select(Refund.reason)).all() == ["late_payment"]
    assert session.scalars(select(Pass.id)).all() == []
    assert stock.list_faults(session) == []


def test_a_refunded_pass_comes_back_once(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 2, now)
    order, other = place(session, request(), now), place(session, request(), now)
    money_comes(session, begun(session, order, now), now)
    money_comes(session, begun(session, other, now), now)
    lines = [line.id for line in queries.list_lines(session, order.id)]
    stock.give_back(session, lines, now=now)
    assert counts(session) == (0, 1)
    with pytest.raises(IntegrityError, match="uq_stock_move_order_line_id_kind"), session.begin_nested():
        stock.give_back(session, lines, now=now)
    assert counts(session) == (0, 1)


def test_a_product_without_a_window_moves_no_stock(session: Session, now: datetime) -> None:
    city(session, now=now)
    order = place(session, request(), now)
    money_comes(session, begun(session, order, now), now)
    assert kinds(session) == []


@pytest.mark.parametrize(
    ("opens", "closes", "code"), [(1, None, "not_yet_on_sale"), (-2, -1, "sale_over"), (-1, None, "sold_out")]
)
def test_outside_a_window_it_is_told_before_anything_is_written(
    session: Session, now: datetime, opens: int, closes: int | None, code: str
) -> None:
    city(session, now=now)
    ends = None if closes is None else now + timedelta(days=closes)
    window_of(session, 0, now, opens_at=now + timedelta(days=opens), closes_at=ends)
    with pytest.raises(Conflict, match=code):
        place(session, request(), now)
    assert session.scalars(select(Order.id)).all() == []


def test_a_quota_never_falls_below_what_is_taken(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_id = window_of(session, 3, now)
    place(session, request(), now)
    place(session, request(), now)
    opens_at = now - timedelta(days=1)
    with pytest.raises(Conflict, match="quota_below_taken"):
        stock_windows.change_window(session, None, window_id, opens_at=opens_at, closes_at=None, quota=1, now=now)
    stock_windows.change_window(session, None, window_id, opens_at=opens_at, closes_at=None, quota=2, now=now)
    with pytest.raises(Conflict, match="sold_out"):
        place(session, request(), now)
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "sale_window.changed")).all()
    assert [entry.facts["quota"] for entry in entries] == [[3, 2]]
    assert stock.list_faults(session) == []


def test_windows_of_one_product_stand_apart(session: Session, now: datetime) -> None:
    window_of(session, 5, now, closes_at=now + timedelta(days=2))
    window_of(session, 5, now, opens_at=now + timedelta(days=2))
    window_of(session, 5, now, product_id="PASS-SENIOR")
    with pytest.raises(Invalid) as refused:
        window_of(session, 5, now, opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=3))
    assert "opens_at" in refused.value.fields
    with pytest.raises(IntegrityError, match="sale_windows_apart"):
        session.add(SaleWindow(product_id="PASS-SENIOR", opens_at=now, closes_at=None, quota=1))
        session.flush()


def test_the_ledger_tells_a_moment_at_which_too_much_was_taken(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 1, now)
    place(session, request(), now)
    assert stock.list_faults(session) == []
    move = session.scalars(select(StockMove).where(StockMove.kind == "hold")).one()
    move.quota = 0
    session.flush()
    assert [fault for _, fault in stock.list_faults(session)] == ["oversold"]
    session.delete(move)
    session.flush()
    assert [fault for _, fault in stock.list_faults(session)] == ["ledger differs"]


BUYERS, PIECES = 200, 50


def test_two_hundred_buyers_at_once_get_fifty_passes(database: str, now: datetime) -> None:
    with transaction() as session:
        city(session, now=now)
        window_of(session, PIECES, now)
    barrier = threading.Barrier(20)

    def buy(numbers: int) -> list[str]:
        barrier.wait()
        outcomes = []
        for _ in range(numbers):
            try:
                with transaction() as session:
                    place(session, request(), now)
                outcomes.append("held")
            except Conflict as refused:
                outcomes.append(refused.code)
        return outcomes

    with ThreadPoolExecutor(20) as pool:
        outcomes = [outcome for part in pool.map(buy, [BUYERS // 20] * 20) for outcome in part]
    assert (outcomes.count("held"), outcomes.count("sold_out")) == (PIECES, BUYERS - PIECES)
    with transaction() as session:
        assert counts(session) == (PIECES, 0)
        assert len(session.scalars(select(OrderLine.id)).all()) == PIECES
        assert stock.list_faults(session) == []


PROCESS = """
import sys
from datetime import date, datetime
from uuid import uuid4
from passes import db, settings
from passes.errors import Conflict
from passes.sale.placing import OrderRequest, PassWanted, place_order
settings.use(settings.Settings(
    app_env="test", payments="sandbox", events="direct", database_url=sys.argv[1], kafka_bootstrap_servers=None,
    public_url="http://127.0.0.1:8000", secret_key=b"only for tests, thirty-two bytes!",
    stripe_secret_key="sk_sandbox_tests", stripe_webhook_secrets=("whsec_sandbox_tests",),
    stripe_api_base="http://127.0.0.1:1",
))
db.connect(sys.argv[1])
now = datetime.fromisoformat(sys.argv[2])
def buy():
    wanted = PassWanted("PASS-ADULT", "王小明", "PASSPORT", "E1234567", date(1990, 5, 17))
    form = OrderRequest(uuid4(), "zh", 1, "+8613812345678", None, (wanted,))
    try:
        with db.transaction() as session:
            place_order(session, form, livemode=False, hold_minutes=35, min_charge_fen=500, now=now)
        return True
    except Conflict as refused:
        assert refused.code == "sold_out"
        return False
print("ready", flush=True)
sys.stdin.readline()
print(sum(buy() for _ in range(15)), flush=True)
"""


def test_buyers_in_several_processes_race_with_expiry_and_late_money(database: str, now: datetime) -> None:
    """While two processes buy, orders end and late money comes: no moment oversold, and the ledger is whole."""
    with transaction() as session:
        city(session, now=now)
        window_of(session, 40, now)
        early = [place(session, request(), now) for _ in range(20)]
        payments = {order.id: begun(session, order, now) for order in early[:10]}
    command = [sys.executable, "-c", PROCESS, database, now.isoformat()]
    buyers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for buyer in buyers:
        assert buyer.stdout is not None and buyer.stdout.readline() == "ready\n"
    for buyer in buyers:
        assert buyer.stdin is not None
        buyer.stdin.write("\n")
        buyer.stdin.flush()
    for order in early:
        with transaction() as session:
            expire(session, queries.lock_order(session, order.id), payments.get(order.id), now)
    for payment_id in payments.values():
        with transaction() as session:
            money_comes(session, payment_id, now)
    held = sum(int(buyer.communicate(timeout=60)[0]) for buyer in buyers)
    assert [buyer.returncode for buyer in buyers] == [0] * 2
    with transaction() as session:
        late = len(session.scalars(select(Order.id).where(Order.state == "paid")).all())
        refunded = len(session.scalars(select(Refund.id)).all())
        assert late + refunded == 10
        assert counts(session) == (held, late) and held + late <= 40
        assert stock.list_faults(session) == []
        assert len(session.scalars(select(Payment.id).where(Payment.state == "succeeded")).all()) == 10
