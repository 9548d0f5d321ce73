"""A city that lives: passes sold, visits, refusals and answers over some weeks, made by the use cases of the service.

Everything is drawn from one seed, so two cities of the same day are alike. The screenshots and the checks of every
page look at it.
"""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from threading import Event
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from consumers.sources import OutboxSource
from consumers.wiring import CONSUMERS
from consumers.worker import Worker
from passes import clock, db
from passes.access.rules import Gate
from passes.catalogue.queries import get_current
from passes.clock import SHANGHAI, local_day
from passes.credential.service import ensure_issuer_keys
from passes.events.failpoints import Failpoint
from passes.events.queries import list_pending
from passes.feedback.models import SurveyInvitation
from passes.feedback.service import answer_survey
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.documents import check_digit
from passes.lifecycle.models import Pass
from passes.lifecycle.service import activate_pass
from passes.sale.payments import adopt_checkout, begin_payment, record_snapshot
from passes.sale.placing import OrderRequest, PassWanted, place_order
from passes.sale.provider import Checkout, PaymentSnapshot
from tests.factories import city, code_of, gate_at

PUBLIC_URL = "http://127.0.0.1:8000"
INSTALLATION = UUID(int=1)

# Spots, what their lane gives, and how much they are liked by visitors: weight, share of good answers.
SPOTS = {
    "S01": ("B01", 10, 0.97),
    "S02": ("B02", 8, 0.95),
    "S04": ("B04", 6, 0.96),
    "S05": ("B05", 4, 0.93),
    "S14": ("B14", 2, 0.98),
    "S15": ("B15", 3, 0.96),
    "S16": ("B16", 3, 0.90),
    "S20": ("B20", 1, 0.97),
}
# Visits begin in these hours of the local day, most of them late in the morning and in the afternoon.
HOURS = {9: 4, 10: 8, 11: 7, 12: 3, 13: 4, 14: 8, 15: 7, 16: 4}
FAMILY = "王李张刘陈杨马赵周吴徐孙朱胡郭"
GIVEN = ("小明", "丽", "建国", "雪梅", "子涵", "海燕", "志强", "玉兰", "晓东", "思源")
METHODS = ("alipay", "wechat_pay", "wechat_pay", "card")


@dataclass
class City:
    """What was made; `days` of history end at `now`."""

    now: datetime
    days: int
    chance: random.Random
    gates: dict[str, Gate]
    passes: list[int]
    orders: list[int]


def build(url: str, *, now: datetime, days: int = 28, visits_a_day: int = 40, orders: int = 60) -> City:
    """Fill a migrated, empty database, up to and including what the workers make of it."""
    first = now - timedelta(days=days)
    made = City(now, days, random.Random(20261001), {}, [], [])
    with db.transaction() as session:
        city(session, now=first - timedelta(days=1))
        for venue_id, (benefit_id, _, _) in SPOTS.items():
            enrolled = gate_at(session, venue_id, now=first, name="东门", default_benefit_id=benefit_id)
            made.gates[venue_id] = enrolled.gate
    _sell(made, orders, first)
    for day in range(days, -1, -1):
        with db.transaction() as session:
            ensure_issuer_keys(session, now=now - timedelta(days=day))
        _visit(made, local_day(now - timedelta(days=day)), visits_a_day)
        work(url, at=now - timedelta(days=day))
    _answer(made)
    work(url, at=now)
    return made


def work(url: str, *, at: datetime) -> None:
    """What the workers do at that time, until nothing waits."""
    before, clock.now = clock.now, lambda: at  # workers ask the clock
    try:
        _work(url)
    finally:
        clock.now = before


def _work(url: str) -> None:
    source = OutboxSource(url, Event(), consumers=list(CONSUMERS))
    worker = Worker(source, list(CONSUMERS.values()), failpoint=Failpoint(None))
    try:
        while _waiting():
            worker.step()
    finally:
        source.close()


def _waiting() -> bool:
    with db.transaction() as session:
        return bool(list_pending(session, 1))


def _sell(made: City, orders: int, first: datetime) -> None:
    """Orders over the weeks. Most are paid; the last few are still open or ran out."""
    span = (made.now - first - timedelta(hours=3)) / orders
    for number in range(orders):
        placed_at = first + span * number * 0.6
        name = made.chance.choice(FAMILY) + made.chance.choice(GIVEN)
        is_paid = number < orders - 3
        order_id = place(number, name, placed_at if is_paid else made.now - timedelta(minutes=9))
        made.orders.append(order_id)
        if is_paid:
            pay(order_id, made.chance.choice(METHODS), placed_at)
    with db.transaction() as session:
        made.passes = list(session.scalars(select(Pass.id).order_by(Pass.id)))


def id_number(born: date, number: int) -> str:
    """A resident's number with a right check digit."""
    start = f"620102{born:%Y%m%d}{number % 1000:03d}"
    return start + check_digit(start)


def place(number: int, name: str, at: datetime) -> int:
    """An order whose buyer differs by its number; returns its id."""
    senior = number % 7 == 3
    born = date(1955 if senior else 1975 + number % 28, 1 + number % 12, 1 + number % 27)
    product_id = "PASS-SENIOR" if senior else "PASS-ADULT"
    with db.transaction() as session:
        request = OrderRequest(
            form_id=uuid4(),
            locale="en" if number % 9 == 4 else "zh",
            terms_version=get_current(session).version,
            phone=f"+861391234{number:04d}",
            email=f"holder{number}@example.com" if number % 3 else None,
            holders=(PassWanted(product_id, name, "CN_ID", id_number(born, number), None),),
        )
        order = place_order(session, request, livemode=False, hold_minutes=30, min_charge_fen=0, now=at)
        return order.id


def pay(order_id: int, method: str, at: datetime) -> None:
    """The provider says that the order's money has come."""
    with db.transaction() as session:
        seen = begin_payment(session, order_id, public_url=PUBLIC_URL, install_id=INSTALLATION, now=at)
        checkout = Checkout(f"cs_test_{seen.id}", f"{PUBLIC_URL}/closed", seen.expires_at, METHODS)
        adopt_checkout(session, seen.id, checkout, now=at)
        amount = int(seen.request["line_items"][0]["price_data"]["unit_amount"])
        snapshot = paid_snapshot(seen.id, amount, seen.request["metadata"], method)
        paid_at = at + timedelta(minutes=2)
        record_snapshot(session, seen.id, snapshot, actor="return", public_url=PUBLIC_URL, now=paid_at)


def paid_snapshot(payment_id: int, amount_fen: int, metadata: dict[str, str], method: str) -> PaymentSnapshot:
    """What the provider says of a payment that has come."""
    return PaymentSnapshot(
        checkout_id=f"cs_test_{payment_id}",
        url=None,
        checkout_status="complete",
        payment_status="paid",
        livemode=False,
        currency="cny",
        amount_fen=amount_fen,
        metadata=metadata,
        intent_id=f"pi_test_{payment_id}",
        intent_status="succeeded",
        amount_received_fen=amount_fen,
        charge_id=f"ch_test_{payment_id}",
        method=method,
    )


def _visit(made: City, day: date, visits: int) -> None:
    """One day at the gates: busier at weekends, and one visitor in twelve comes to the same gate twice."""
    busy = round(visits * (1.6 if day.weekday() >= 5 else 1.0) * made.chance.uniform(0.8, 1.2))
    scans: dict[tuple[str, datetime], list[int]] = defaultdict(list)
    for _ in range(busy):
        venue_id = made.chance.choices(list(SPOTS), [weight for _, weight, _ in SPOTS.values()])[0]
        hour = made.chance.choices(list(HOURS), list(HOURS.values()))[0]
        at = datetime.combine(day, time(hour, made.chance.randrange(0, 60, 20)), SHANGHAI).astimezone(UTC)
        if at <= made.now:
            scans[venue_id, at].append(made.chance.choice(made.passes))
            if made.chance.random() < 1 / 12:
                scans[venue_id, at].append(scans[venue_id, at][-1])
    for (venue_id, at), pass_ids in sorted(scans.items(), key=lambda item: item[0][1]):
        with db.transaction() as session:
            _scan(session, made.gates[venue_id], pass_ids, at)


def _scan(session: Session, gate: Gate, pass_ids: list[int], at: datetime) -> None:
    requests = []
    for pass_id in pass_ids:
        pass_ = session.get_one(Pass, pass_id)
        if pass_.issued_at > at:
            continue
        if pass_.state == "issued":
            activate_pass(session, pass_id, now=at)
        requests.append(ScanRequest(scan_id=uuid4(), code=code_of(session, pass_, now=at)))
    if requests:
        record_scans(session, gate, requests, now=at)


def _answer(made: City) -> None:
    """Two of three who were asked answer; the last few days' are still open."""
    with db.transaction() as session:
        for invitation in session.scalars(select(SurveyInvitation).order_by(SurveyInvitation.id)).all():
            if made.chance.random() > 0.66:
                continue
            good = SPOTS[invitation.venue_id][2]
            score = 3 if made.chance.random() < good else made.chance.choice((1, 2))
            at = datetime.combine(invitation.visited_on, time(20), SHANGHAI)
            answer_survey(session, invitation.id, invitation.pass_id, score, now=min(at, made.now))
