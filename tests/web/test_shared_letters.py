"""Orders, letters and messages that are about several people: told and forgotten for each alone."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from passes import clock
from passes.entitlement.nodes import Text
from passes.lifecycle.models import Member, Pass
from passes.lifecycle.queries import wallet_path
from passes.mail.models import Letter
from passes.sale import queries, refund_words
from passes.sale.inbox import claim_due, close_event, postpone_event
from passes.sale.invoice_models import OrderInvoice
from passes.sale.invoices import InvoiceData, keep_invoice
from passes.sale.models import Order, OrderLine, Payment, Refund, WebhookEvent
from passes.sale.money_back import record_money_back
from passes.sale.provider import MoneyBack, RefundSnapshot
from passes.sale.refund_rules import Line
from passes.sale.refunds import RefundAsked, RefundPart, request_refund
from passes.sale.rules import WEBHOOK_TRIES
from passes.wallet.lookups import answer_lookups, ask_for_code
from passes.wallet.retention import erase_passes, forget_old_data
from tests.factories import HOLDER, city, issued_pass, order_request, pass_wanted
from tests.services.test_sale import place, request
from tests.services.test_stock import begun, expire, money_comes, window_of
from tests.web.test_my_data import tables_with

FATHER, MOTHER = "欧阳父", "欧阳母"
DAY = timedelta(days=1)


class Family:
    """Two holders of one order, paid; their passes and the pages of their data."""

    def __init__(self, client: FlaskClient, session: Session, now: datetime) -> None:
        self.client, self.session, self.now = client, session, now
        city(session, now=now)
        holders = [pass_wanted(name=FATHER), pass_wanted(name=MOTHER, document_number="E22345678")]
        self.order = place(session, order_request(*holders, email="home@example.com"), now)
        money_comes(session, begun(session, self.order, now), now)
        self.father, self.mother = session.scalars(select(Pass).order_by(Pass.id)).all()
        client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "en-GB", "HTTP_SEC_FETCH_SITE": "same-origin"}

    def file_of(self, pass_: Pass) -> dict[str, list[dict[str, object]]]:
        found: dict[str, list[dict[str, object]]] = self.client.get(
            f"{wallet_path(self.session, pass_.id)}/data.json"
        ).get_json()
        return found

    def forget(self, pass_: Pass) -> None:
        given = {"sure": "yes", "end_pass": "yes"}
        assert self.client.post(f"{wallet_path(self.session, pass_.id)}/data", data=given).status_code == 303


@pytest.fixture
def family(client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Family:
    monkeypatch.setattr(clock, "now", lambda: now)
    return Family(client, session, now)


def test_the_file_of_one_holder_says_nothing_of_the_other(family: Family) -> None:
    found = family.file_of(family.mother)
    (letter,) = found["letters"]
    assert family.mother.number in str(letter["body"]) and MOTHER in str(letter["body"])
    text = str(found)
    assert FATHER not in text and family.father.number not in text and "/w/" not in text
    assert found["order"]["terms_version"] == 1 and found["order"]["privacy_version"]  # type: ignore[call-overload]


def test_a_file_tells_the_refunds_of_its_own_pass(family: Family, session: Session) -> None:
    asked = RefundAsked("one", (RefundPart(family.father.id, 19900),), by="care")
    request_refund(session, family.order.id, asked, now=family.now)
    assert [len(family.file_of(pass_)["refunds"]) for pass_ in (family.father, family.mother)] == [1, 0]


def visits(place: str, times: int) -> list[Line]:
    return [Line("use", refund_words.use(Text(place, place), date(2026, 10, day + 1)), -600) for day in range(times)]


def both_asked_back(family: Family, session: Session) -> Refund:
    """One refund for father and mother, with the places where each of them was."""
    parts = [
        RefundPart(pass_.id, 19900 - 600 * times, lines=(Line("paid", refund_words.PAID, 19900), *visits(place, times)))
        for pass_, place, times in ((family.father, "甲园", 2), (family.mother, "乙园", 1))
    ]
    return request_refund(session, family.order.id, RefundAsked("both", tuple(parts), by="care"), now=family.now)


def test_a_buyer_reads_how_many_visits_were_taken_off_and_no_place(family: Family, session: Session) -> None:
    both_asked_back(family, session)
    letter = session.scalars(select(Letter).where(Letter.kind == "refund_asked")).one()
    page = family.client.get(f"/orders/{queries.order_token(family.order.public_id)}").text
    assert page.count('data-line="use"') == 2
    assert "已使用权益 2 次：-¥12\n" in letter.body and "已使用权益 1 次：-¥6\n" in letter.body
    assert "2 visits made" in page and "1 visit made" in page
    for words in ("甲园", "乙园", "2026-10-01"):
        assert words not in letter.body + page
    assert [letter.about, *letter.also_about] == [
        f"order:{family.order.id}",
        f"pass:{family.father.id}",
        f"pass:{family.mother.id}",
    ]


def test_a_file_holds_no_letter_about_a_refund_of_others_nor_their_numbers(family: Family, session: Session) -> None:
    asked = RefundAsked("his", (RefundPart(family.father.id, 9900),), by="care")
    request_refund(session, family.order.id, asked, now=family.now)
    kinds = {
        name: [letter["kind"] for letter in family.file_of(pass_)["letters"]]
        for name, pass_ in (("his", family.father), ("hers", family.mother))
    }
    assert kinds == {"his": ["order_paid", "refund_asked"], "hers": ["order_paid"]}
    assert family.father.number not in str(family.file_of(family.mother))


def test_a_file_tells_of_a_refund_of_both_no_number_of_the_other(family: Family, session: Session) -> None:
    both_asked_back(family, session)
    found = family.file_of(family.mother)
    (letter,) = [letter for letter in found["letters"] if letter["kind"] == "refund_asked"]
    assert family.mother.number in str(letter["body"]) and family.father.number not in str(found)
    assert "乙园" in str(found["refunds"]) and "甲园" not in str(found)


def test_the_visits_of_who_is_forgotten_leave_the_refund_and_every_letter(family: Family, session: Session) -> None:
    refund = both_asked_back(family, session)
    refund.state = "succeeded"
    written = session.scalars(select(Letter).where(Letter.kind == "refund_asked")).one()
    # As letters were written once: a line for each visit, indented below the number of its pass.
    written.body = "\n".join(
        [
            f"Pass {family.father.number}",
            "  Used on 2026-10-01: 甲园: -¥6",
            f"Pass {family.mother.number}",
            "  Used on 2026-10-01: 乙园: -¥6",
            "",
            "It went back.",
        ]
    )
    session.flush()
    family.forget(family.father)
    session.refresh(written)
    assert written.body.splitlines() == [
        f"Pass {family.mother.number}",
        "  Used on 2026-10-01: 乙园: -¥6",
        "",
        "It went back.",
    ]
    assert tables_with(session, "甲园") == []
    session.refresh(refund)
    told = [(line["pass_id"], line["code"], line["en"], line["amount_fen"]) for line in refund.lines or ()]
    assert told == [
        (family.father.id, "paid", "Paid", 19900),
        (family.father.id, "use", "1 visit made", -600),
        (family.father.id, "use", "1 visit made", -600),
        (family.mother.id, "paid", "Paid", 19900),
        (family.mother.id, "use", "Used on 2026-10-01: 乙园", -600),
    ]


def test_who_is_forgotten_leaves_the_letter_of_the_order_to_the_others(family: Family, session: Session) -> None:
    family.forget(family.father)
    page = family.client.get(f"/orders/{queries.order_token(family.order.public_id)}").text
    assert "<dt>Mobile phone</dt><dd>" in page and "<dt>Mobile phone</dt><dd></dd>" not in page
    assert page.count("<dt>Birth date</dt>") == page.count("<dt>ID document</dt>") == 1 and "1900" not in page
    assert family.father.number in page and MOTHER in page
    letter = session.scalars(select(Letter)).one()
    assert letter.erased_at is None and letter.recipient == "home@example.com"
    assert MOTHER in letter.body and family.mother.number in letter.body
    assert tables_with(session, FATHER) == [] and family.father.number not in letter.body
    assert session.get_one(Order, family.order.id).email == "home@example.com"
    family.forget(family.mother)
    session.refresh(letter)
    assert (letter.body, letter.recipient) == ("–", None)
    for words in (MOTHER, "home@example.com", "12345678"):
        assert tables_with(session, words) == []


def test_a_code_for_several_passes_is_told_with_each_and_forgotten_with_the_last(
    client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
    city(session, now=now)
    older, newer = (issued_pass(session, now=now + timedelta(minutes=n), holder=HOLDER) for n in (0, 1))
    ask_for_code(session, uuid4(), HOLDER.phone, HOLDER.document_last4, locale="en", now=now)
    assert answer_lookups(session, by_mail=True, by_sms=False, now=now) == 1
    letter = session.scalars(select(Letter).where(Letter.kind == "lookup_code")).one()
    assert [letter.about, *letter.also_about] == [f"pass:{newer.id}", f"pass:{older.id}"]
    for pass_ in (older, newer):
        (told,) = client.get(f"{wallet_path(session, pass_.id)}/data.json").get_json()["letters"]
        assert (told["about"], told["also_about"]) == (f"pass:{pass_.id}", []), "of the other it says nothing"
    erase_passes(session, [newer.id], now=now)
    assert (letter.about, letter.also_about, letter.erased_at) == (f"pass:{older.id}", [], None)
    assert letter.recipient == "wang@example.com", "it is the other's address, too"
    erase_passes(session, [older.id], now=now)
    session.refresh(letter)
    assert (letter.about, letter.body, letter.recipient, letter.state) == (f"pass:{older.id}", "–", None, "kept")


def test_both_forgotten_at_once_leave_nothing(session: Session, now: datetime) -> None:
    city(session, now=now)
    ids = [issued_pass(session, now=now, holder=HOLDER).id for _ in range(3)]
    ask_for_code(session, uuid4(), HOLDER.phone, HOLDER.document_last4, locale="en", now=now)
    answer_lookups(session, by_mail=True, by_sms=False, now=now)
    erase_passes(session, ids, now=now)
    assert session.scalars(select(Letter.body)).all() == ["–"]
    assert tables_with(session, "wang@example.com") == []


def late_money(session: Session, now: datetime) -> tuple[Order, Refund]:
    """An order whose money came after its end, when all was sold; it has to go back."""
    city(session, now=now)
    window_of(session, 1, now)
    order = place(session, request(holder_name="李迟", email="late@example.com"), now)
    payment_id = begun(session, order, now)
    expire(session, order, payment_id, now)
    place(session, request(), now)
    money_comes(session, payment_id, now + timedelta(hours=1))
    keep = {"order_id": order.id, "buyer_kind": "person", "title": "李迟", "email": "late@example.com"}
    session.add(OrderInvoice(**keep, changed_at=now))
    session.flush()
    return order, session.scalars(select(Refund)).one()


def goes_back(session: Session, refund: Refund, at: datetime, status: str = "succeeded") -> None:
    payment = queries.get_payment(session, refund.payment_id)
    snapshot = RefundSnapshot("re_late", status, refund.amount_fen, None, None, str(refund.uid))
    record_money_back(session, payment.id, MoneyBack((snapshot,), ()), now=at)


def test_late_money_keeps_a_buyer_known_until_it_went_back_and_a_while_longer(session: Session, now: datetime) -> None:
    order, refund = late_money(session, now)
    forget_old_data(session, now=now + 300 * DAY)
    assert order.erased_at is None, "nobody forgets to whom money is owed"
    goes_back(session, refund, now + 301 * DAY)
    assert refund.state == "succeeded"
    forget_old_data(session, now=now + 330 * DAY)
    assert session.get_one(Order, order.id).erased_at is None, "it may yet come back"
    forget_old_data(session, now=now + 332 * DAY)
    session.expire_all()
    found = session.get_one(Order, order.id)
    assert (found.erased_at is not None, found.email, found.state) == (True, None, "expired")
    for words in ("李迟", "late@example.com"):
        assert tables_with(session, words) == []
    paid = session.scalars(select(Payment).where(Payment.order_id == order.id)).one()
    assert (paid.amount_received_fen, paid.amount_refunded_fen) == (19900, 19900)
    assert session.scalars(select(Refund.amount_fen)).all() == [19900]


@pytest.mark.parametrize("facts", [{"dispute_id": "d", "dispute_status": "needs_response"}, {"amount_refunded_fen": 1}])
def test_money_that_is_not_back_whole_or_disputed_keeps_a_buyer_known(
    session: Session, now: datetime, facts: dict[str, object]
) -> None:
    order, refund = late_money(session, now)
    goes_back(session, refund, now + DAY)
    session.execute(update(Payment).where(Payment.order_id == order.id).values(**facts))
    forget_old_data(session, now=now + 400 * DAY)
    session.expire_all()
    assert session.get_one(Order, order.id).erased_at is None


def test_a_lost_dispute_is_money_gone_back_as_well(session: Session, now: datetime) -> None:
    order, refund = late_money(session, now)
    refund.state = "failed"
    lost = {"dispute_id": "d", "dispute_status": "lost", "disputed_fen": 19900}
    session.execute(update(Payment).where(Payment.order_id == order.id).values(**lost))
    forget_old_data(session, now=now + 400 * DAY)
    session.expire_all()
    assert session.get_one(Order, order.id).erased_at is not None


def message(payment: Payment, now: datetime, name: str) -> WebhookEvent:
    return WebhookEvent(
        event_id=name,
        type="checkout.session.completed",
        livemode=False,
        object_type="checkout.session",
        object_id=payment.checkout_id or "",
        provider_created_at=now,
        payload={"data": {"object": {"customer_details": {"name": "PAYER"}}}},
        received_at=now,
        next_attempt_at=now,
        state="received",
    )


def test_a_message_that_waited_while_its_buyer_was_forgotten_says_nothing_once_it_is_done(
    family: Family, session: Session
) -> None:
    payment = session.scalars(select(Payment)).one()
    session.add_all([message(payment, family.now, name) for name in ("acted", "unmatched", "given_up", "tried")])
    session.flush()
    for pass_ in (family.father, family.mother):
        family.forget(pass_)
    assert tables_with(session, "PAYER") == ["webhook_event"], "it has to be acted on first"
    assert len(claim_due(session, now=family.now, limit=9)) == 4
    close_event(session, "acted", "processed", now=family.now)
    close_event(session, "unmatched", "unmatched", now=family.now)
    session.get_one(WebhookEvent, "given_up").attempts = WEBHOOK_TRIES
    postpone_event(session, "given_up", "why", fault_of_ours=True, now=family.now)
    postpone_event(session, "tried", "why", fault_of_ours=True, now=family.now)
    session.flush()
    left = select(WebhookEvent.event_id).where(WebhookEvent.payload != {})
    assert session.scalars(left).all() == ["tried"]


def test_a_message_about_somebody_known_keeps_what_it_says(family: Family, session: Session) -> None:
    session.add(message(session.scalars(select(Payment)).one(), family.now, "acted"))
    session.flush()
    family.forget(family.father)
    close_event(session, "acted", "processed", now=family.now)
    session.flush()
    assert session.get_one(WebhookEvent, "acted").payload != {}


def test_invoice_data_left_with_an_order_that_was_erased_before_are_dropped(session: Session, now: datetime) -> None:
    city(session, now=now)
    orders = [place(session, request(), now) for _ in range(3)]
    for order in orders:
        keep_invoice(session, order.id, InvoiceData("person", "李丽", None, "books@example.com"), now=now)
    erased_unpaid, known, paid = orders
    money_comes(session, begun(session, paid, now), now)
    erased = update(Order).where(Order.id.in_([erased_unpaid.id, paid.id])).values(erased_at=now)
    session.execute(erased)
    session.expire_all()
    assert forget_old_data(session, now=now + DAY) == 1
    assert set(session.scalars(select(OrderInvoice.order_id))) == {known.id, paid.id}
    assert session.scalars(select(Member.erased_at)).all() == [None]
    assert session.scalars(select(OrderLine.holder_name).where(OrderLine.order_id == known.id)).all() == ["王小明"]
