"""Several passes in one order: priced together, kept in stock all or none, issued together."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes import settings
from passes.catalogue.service import load_catalogue
from passes.db import transaction
from passes.errors import Conflict, Invalid
from passes.events.outbox import OutboxRow
from passes.lifecycle.models import Member, Pass
from passes.mail.models import Letter
from passes.sale import placing_flows, queries, stock
from passes.sale.consents import PRIVACY_VERSION, Acceptance
from passes.sale.models import Order, OrderLine, Refund
from passes.sale.placing import OrderRequest, PassWanted, place_order
from passes.sale.stock_models import SaleWindow, StockMove
from passes.sale.stripe_gateway import current_provider
from tests.factories import CATALOGUE, city, order_request, pass_wanted
from tests.services.test_sale import place
from tests.services.test_stock import begun, expire, money_comes, window_of

CHILD_ON_SALE = {"guardian_consent: true, sold: false": "guardian_consent: true, sold: true"}


def adult(number: int = 1, **changes: object) -> PassWanted:
    return pass_wanted(name=f"王{number}", document_number=f"E1234567{number}", **changes)


def senior(number: int = 5) -> PassWanted:
    return adult(number, product_id="PASS-SENIOR", birth_on=date(1950, 2, 28))


def child(number: int = 7) -> PassWanted:
    return adult(number, product_id="PASS-CHILD", birth_on=date(2018, 6, 1))


def taken(session: Session) -> dict[str, tuple[int, int]]:
    """product → (held, sold)."""
    rows = session.execute(select(SaleWindow.product_id, SaleWindow.held, SaleWindow.sold)).all()
    return {product: (held, sold) for product, held, sold in rows}


def test_a_family_is_one_order_with_a_line_for_each(session: Session, now: datetime) -> None:
    version = city(session, now=now, **CHILD_ON_SALE)
    given = order_request(adult(1), senior(), child(), email="wang@example.com", guardian_consent=True, locale="en")
    order = place(session, given, now)
    lines = queries.list_lines(session, order.id)
    assert [(line.position, line.product_id, line.amount_fen) for line in lines] == [
        (1, "PASS-ADULT", 19900),
        (2, "PASS-SENIOR", 12900),
        (3, "PASS-CHILD", 6900),
    ]
    assert order.total_fen == 39700 and len({line.serial for line in lines}) == 3
    assert {(line.holder_phone, line.holder_email) for line in lines} == {("+8613812345678", "wang@example.com")}
    assert queries.acceptance_of(order) == Acceptance(now, version, "en", PRIVACY_VERSION, True)
    placed = session.scalars(select(OutboxRow.event)).one()
    assert placed["data"]["passes"] == 3


def test_a_family_pays_once_and_gets_a_pass_each_and_one_letter(session: Session, now: datetime) -> None:
    city(session, now=now)
    order = place(session, order_request(adult(1), adult(2), senior(), email="wang@example.com"), now)
    money_comes(session, begun(session, order, now), now)
    names = ["王1", "王2", "王5"]
    assert session.scalars(select(Member.name).order_by(Member.id)).all() == names
    letter = session.scalars(select(Letter)).one()
    numbers = session.scalars(select(Pass.number).order_by(Pass.id)).all()
    told = [line for line in letter.body.splitlines() if "/w/" in line]
    found = [(name in line, number in line) for name, number, line in zip(names, numbers, told, strict=True)]
    assert found == [(True, True)] * 3


def test_a_form_is_one_order_only_while_all_of_it_is_the_same(session: Session, now: datetime) -> None:
    city(session, now=now)
    form = order_request(adult(1), adult(2))
    first = place(session, form, now)
    assert place(session, form, now).id == first.id
    changed = (
        (adult(1), adult(3)),
        (adult(2), adult(1)),
        (adult(1),),
        (adult(1), adult(2, birth_on=date(1991, 1, 1))),
        (adult(1), adult(2), adult(3)),
    )
    ids = {place(session, order_request(*holders, form_id=form.form_id), now).id for holders in changed}
    assert len(ids | {first.id}) == 1 + len(changed)


def test_one_order_holds_nine_passes_and_no_more(session: Session, now: datetime) -> None:
    city(session, now=now)
    nine = [adult(number) for number in range(9)]
    assert len(queries.list_lines(session, place(session, order_request(*nine), now).id)) == 9
    ten = OrderRequest(**{**fields(order_request(*nine)), "holders": (*nine, senior())})
    with pytest.raises(Invalid, match="too_many_passes"):
        place(session, ten, now)
    with pytest.raises(Invalid, match="too_many_passes"):
        place(session, OrderRequest(**{**fields(order_request()), "holders": ()}), now)


def fields(request: OrderRequest) -> dict[str, object]:
    return {name: getattr(request, name) for name in OrderRequest.__slots__}


def test_what_is_wrong_is_named_at_the_holder_it_is_wrong_with(session: Session, now: datetime) -> None:
    city(session, now=now, **CHILD_ON_SALE)
    with pytest.raises(Invalid) as refused:
        place(session, order_request(adult(1), adult(1), senior(1), child(), child(8), child(9)), now)
    assert list(refused.value.fields) == [
        "holders.1.document_number",
        "holders.2.document_number",
        "guardian_consent",
    ]
    with pytest.raises(Invalid) as refused:
        place(session, order_request(senior(), child(), guardian_consent=True), now)
    assert list(refused.value.fields) == ["holders.1.product_id"]
    assert session.scalar(select(func.count()).select_from(Order)) == 0


def test_terms_published_meanwhile_have_to_be_read_first(session: Session, now: datetime) -> None:
    first = city(session, now=now)
    form = order_request(adult(1), terms_version=first)
    options = {"livemode": False, "hold_minutes": 35, "min_charge_fen": 500}
    order = place_order(session, form, now=now, **options)  # type: ignore[arg-type]
    text = (CATALOGUE / "catalog.sample.yaml").read_text().replace("price_fen: 12900", "price_fen: 13900")
    load_catalogue(session, text, (CATALOGUE / "holidays.sample.yaml").read_text(), now=now)
    assert place_order(session, form, now=now, **options).id == order.id, "sent twice"  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="terms_changed") as refused:
        place_order(session, order_request(adult(1), terms_version=first), now=now, **options)  # type: ignore[arg-type]
    assert list(refused.value.fields) == ["accept_terms"]


def test_the_database_knows_no_half_acceptance(session: Session, now: datetime) -> None:
    city(session, now=now)
    order = place(session, order_request(), now)
    order.privacy_version = None
    with pytest.raises(IntegrityError, match="acceptance_is_whole"):
        session.flush()


def test_all_pieces_or_none_and_it_is_said_what_is_short(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 5, now)
    window_of(session, 1, now, product_id="PASS-SENIOR")
    with pytest.raises(Conflict, match="too_few_left") as refused:
        place(session, order_request(adult(1), senior(), senior(6)), now)
    assert refused.value.facts == {"product_id": "PASS-SENIOR", "left": 1}
    assert session.scalars(select(Order.id)).all() == []
    place(session, order_request(adult(1), senior(), adult(2)), now)
    assert taken(session) == {"PASS-ADULT": (2, 0), "PASS-SENIOR": (1, 0)}
    with pytest.raises(Conflict, match="sold_out") as refused:
        place(session, order_request(adult(1), senior(6)), now)
    assert refused.value.facts == {"product_id": "PASS-SENIOR", "left": 0}
    assert stock.list_faults(session) == []


def test_every_line_is_sold_given_back_and_taken_again(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 3, now)
    window_of(session, 1, now, product_id="PASS-SENIOR")
    order = place(session, order_request(adult(1), senior(), adult(2)), now)
    payment_id = begun(session, order, now)
    expire(session, order, payment_id, now)
    assert taken(session) == {"PASS-ADULT": (0, 0), "PASS-SENIOR": (0, 0)}
    money_comes(session, payment_id, now)
    assert (order.state, taken(session)) == ("paid", {"PASS-ADULT": (0, 2), "PASS-SENIOR": (0, 1)})
    assert Counter(session.scalars(select(StockMove.kind))) == {"quota": 2, "hold": 3, "release": 3, "retake": 3}
    assert stock.list_faults(session) == []


def test_late_money_goes_back_whole_when_one_of_its_pieces_is_gone(session: Session, now: datetime) -> None:
    city(session, now=now)
    window_of(session, 9, now)
    window_of(session, 1, now, product_id="PASS-SENIOR")
    order = place(session, order_request(adult(1), senior(), adult(2)), now)
    payment_id = begun(session, order, now)
    expire(session, order, payment_id, now)
    place(session, order_request(senior(6)), now)
    money_comes(session, payment_id, now)
    assert (order.state, taken(session)) == ("expired", {"PASS-ADULT": (0, 0), "PASS-SENIOR": (1, 0)})
    assert session.scalars(select(Refund.amount_fen)).all() == [52700]
    assert session.scalars(select(Pass.id)).all() == [] and stock.list_faults(session) == []


def test_families_that_want_the_same_in_another_order_never_wait_for_each_other(database: str, now: datetime) -> None:
    with transaction() as session:
        city(session, now=now)
        window_of(session, 1000, now)
        window_of(session, 1000, now, product_id="PASS-SENIOR")
    repeats, families = 12, 8
    barrier = threading.Barrier(families, timeout=60)

    def buy(number: int) -> int:
        holders = (adult(1), senior(), adult(2), senior(6))
        for _ in range(repeats):
            barrier.wait()
            with transaction() as session:
                place(session, order_request(*(holders if number % 2 else reversed(holders))), now)
        return repeats

    with ThreadPoolExecutor(families) as pool:
        assert sum(pool.map(buy, range(families))) == families * repeats
    with transaction() as session:
        pieces = 2 * families * repeats
        assert taken(session) == {"PASS-ADULT": (pieces, 0), "PASS-SENIOR": (pieces, 0)}
        assert stock.list_faults(session) == []


def test_families_correct_their_orders_in_a_rush_and_lose_nothing(database: str, now: datetime) -> None:
    """Every piece is held; whoever corrects keeps theirs, and nobody else gets one in between."""
    families, repeats = 4, 6
    with transaction() as session:
        city(session, now=now)
        window_of(session, families, now)
        window_of(session, families, now, product_id="PASS-SENIOR")
        held = [place(session, order_request(adult(1), senior()), now).public_id for _ in range(families)]
    barrier = threading.Barrier(2 * families + 2, timeout=60)

    def correct(number: int) -> str:
        """Two clicks on each correction, from two threads."""
        token = queries.order_token(held[number % families])
        for turn in range(repeats):
            holders = (adult(1, birth_on=date(1990, 1, turn + 1)), senior())
            form_id = UUID(int=1000 * (number % families) + turn + 1)
            wanted = order_request(*(holders if number % 2 else reversed(holders)), form_id=form_id)
            barrier.wait()
            token = placing_flows.place(current_provider(), settings.current(), wanted, token, now=now)
        return token

    def strange(_: int) -> set[str]:
        codes = set()
        for _ in range(repeats):
            barrier.wait()
            try:
                with transaction() as session:
                    place(session, order_request(adult(9)), now)
            except Conflict as refused:
                codes.add(refused.code)
        return codes

    with ThreadPoolExecutor(2 * families + 2) as pool:
        corrected = [pool.submit(correct, number) for number in range(2 * families)]
        strangers = [pool.submit(strange, number) for number in range(2)]
        tokens = [future.result() for future in corrected]
        assert [future.result() for future in strangers] == [{"sold_out"}] * 2
    assert tokens[:families] == tokens[families:] and len(set(tokens)) == families
    with transaction() as session:
        assert taken(session) == {"PASS-ADULT": (families, 0), "PASS-SENIOR": (families, 0)}
        states = Counter(session.scalars(select(Order.state)))
        assert states == {"pending": families, "canceled": families * repeats}
        assert stock.list_faults(session) == []


def test_families_at_once_get_whole_orders_only(database: str, now: datetime) -> None:
    """Eleven pieces, three each: three families, whatever the race; the last two are told of, and still there."""
    with transaction() as session:
        city(session, now=now)
        window_of(session, 11, now)
    barrier = threading.Barrier(16, timeout=60)

    def buy(_: int) -> tuple[str, object]:
        barrier.wait()
        try:
            with transaction() as session:
                place(session, order_request(adult(1), adult(2), adult(3)), now)
        except Conflict as refused:
            return refused.code, refused.facts["left"]
        return "held", None

    with ThreadPoolExecutor(16) as pool:
        outcomes = Counter(pool.map(buy, range(16)))
    assert outcomes == {("held", None): 3, ("too_few_left", 2): 13}
    with transaction() as session:
        assert taken(session) == {"PASS-ADULT": (9, 0)}
        assert session.scalar(select(func.count()).select_from(OrderLine)) == 9
        assert stock.list_faults(session) == []
        place(session, order_request(adult(1), adult(2)), now + timedelta(seconds=1))
