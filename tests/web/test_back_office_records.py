"""Orders, letters, parked events, versions of the catalogue and health, as staff meets them."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import clock
from passes.access.models import AuditEntry
from passes.admin.service import note_chore
from passes.db import transaction
from passes.events import replays
from passes.events.models import DeadLetter
from passes.mail.models import Letter
from passes.mail.service import write_letter
from passes.sale.models import Order
from passes.sale.service import add_attention
from tests.consumers.conftest import worker_environ
from tests.factories import active_pass, city
from tests.services.test_sale import payment_of, place, request
from tests.web.browsers import signed_in


@pytest.fixture
def admin(app: Flask, session: Session, now: datetime) -> FlaskClient:
    city(session, now=now)
    return signed_in(app, session, "admin", now)


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def marked_order(session: Session, now: datetime) -> Order:
    order = place(session, request(), now)
    session.add(payment_of(order, now, attempt_no=1, state="failed"))
    add_attention(order, "amount_mismatch")
    session.flush()
    return order


def parked(session: Session, **changes: object) -> DeadLetter:
    facts: dict[str, object] = {
        "consumer": "analytics",
        "topic": "youyou.redemptions",
        "partition": 3,
        "position": 4711,
        "event_id": "0193",
        "type": "redemption.admitted.v1",
        "reason": "handler_failed",
        "error": "DataError: <b>out of range</b>",
        "body": b'{"data": {"pass_id": 7}}',
    }
    letter = DeadLetter(**facts | changes)
    session.add(letter)
    session.flush()
    return letter


def test_an_order_is_found_by_number_and_holder(admin: FlaskClient, session: Session, now: datetime) -> None:
    order, other = (
        place(session, request(), now),
        place(session, request(holder_name="Anna", phone="+85291234567"), now),
    )
    for asked in (order.number, order.number.lower().replace("-", ""), "13812345678", "王小", "E12345678"[-4:]):
        page = main_of(admin.get("/admin/orders", query_string={"q": asked}).text)
        assert order.number in page, asked
    assert other.number not in main_of(admin.get("/admin/orders?q=13812345678").text)
    assert "没有与" in admin.get("/admin/orders?q=nobody").text
    assert admin.get("/admin/orders?q=%00&marked=yes&state=moon&page=-3").status_code == 200


def test_a_mark_stays_until_somebody_says_what_they_did(admin: FlaskClient, session: Session, now: datetime) -> None:
    order = marked_order(session, now)
    path = f"/admin/orders/{order.id}"
    assert order.number in main_of(admin.get("/admin/orders?marked=yes").text)
    page = admin.get(path).text
    assert "金额不符" in page and "请在下方核对" in page and "失败" in page
    flag = f"{path}/flags/amount_mismatch"
    for note in ("", "x", "y" * 10_000, "\x07bell"):
        answer = admin.post(flag, data={"note": note})
        assert answer.status_code == 422 and 'id="flag-note-1-error-1"' in answer.text
    session.refresh(order)
    assert order.attention == ["amount_mismatch"]
    assert admin.post(flag, data={"note": "已核对，手工退款 😀"}).status_code == 303
    again = admin.post(flag, data={"note": "twice"})
    assert again.status_code == 409 and "已有人处理过" in again.text
    session.refresh(order)
    page = admin.get(path).text
    assert (
        order.attention == [] and "已核对，手工退款 😀" in page and "已处理：金额不符" in page and "one.admin" in page
    )
    assert admin.post(f"{path}/flags/nonsense", data={"note": "what"}).status_code == 409


def test_asking_the_provider_says_when_there_is_nothing_to_ask_or_nobody_answers(
    admin: FlaskClient, session: Session, now: datetime
) -> None:
    order = place(session, request(), now)
    nothing = admin.post(f"/admin/orders/{order.id}/ask")
    assert nothing.status_code == 409 and "尚未开始付款" in nothing.text
    session.add(payment_of(order, now, attempt_no=1, state="open", checkout_id="cs_test_1"))
    session.flush()
    silent = admin.post(f"/admin/orders/{order.id}/ask")
    assert silent.status_code == 409 and "没有应答" in silent.text
    assert admin.post("/admin/orders/999999/ask").status_code == 404
    assert admin.get("/admin/orders/999999").status_code == 404


def test_finance_sees_orders_but_no_passes_letters_or_links(app: Flask, session: Session, now: datetime) -> None:
    city(session, now=now)
    order = marked_order(session, now)
    write_letter(session, "order_paid", None, "zh", "年卡", "……", about=f"order:{order.id}", now=now)
    finance = signed_in(app, session, "finance", now)
    page = main_of(finance.get(f"/admin/orders/{order.id}").text)
    assert "金额不符" in page and "/orders/" not in page.replace("/admin/orders/", "") and "/admin/letters/" not in page
    for path in ("/admin/passes", "/admin/letters", "/admin/health", "/admin/catalogue", "/admin/dead-letters"):
        assert finance.get(path).status_code == 403, path


def test_a_failed_letter_is_sent_again_to_a_corrected_address(
    admin: FlaskClient, session: Session, now: datetime, app: Flask
) -> None:
    failed = write_letter(session, "order_paid", "wang@exampel.com", "zh", "年卡", "打开：http://x/w/ab", now=now)
    failed.state, failed.attempts, failed.last_error = "failed", 8, "550 no such user"
    session.flush()
    path = f"/admin/letters/{failed.id}"
    page = admin.get(path).text
    assert 'href="http://x/w/ab"' in page and "550 no such user" in page
    for wrong in ("nobody", "a b@c", "x" * 400 + "@example.com", "a@b\x00.com", "😀"):
        answer = admin.post(f"{path}/send", data={"recipient": wrong})
        assert answer.status_code == 422, wrong
    session.refresh(failed)
    assert failed.state == "failed"
    assert admin.post(f"{path}/send", data={"recipient": "wang@example.com"}).status_code == 303
    session.refresh(failed)
    assert (failed.state, failed.attempts, failed.recipient) == ("waiting", 0, "wang@example.com")
    kept = session.scalars(select(AuditEntry.facts).where(AuditEntry.action == "letter.sent_again")).all()
    assert kept == [{"letter_id": failed.id, "readdressed": True}]
    twice = admin.post(f"{path}/send", data={"recipient": "wang@example.com"})
    assert twice.status_code == 409 and "已在等待发送" in twice.text
    assert session.scalar(select(func.count()).select_from(Letter)) == 1


def test_a_sent_letter_stays_and_its_copy_goes(admin: FlaskClient, session: Session, now: datetime) -> None:
    sent = write_letter(session, "order_paid", "wang@example.com", "zh", "年卡", "……", about="order:1", now=now)
    sent.state, sent.sent_at = "sent", now
    session.flush()
    assert admin.post(f"/admin/letters/{sent.id}/send", data={}).status_code == 303
    copy = session.scalars(select(Letter).order_by(Letter.id.desc())).first()
    assert copy is not None and copy.id != sent.id
    assert (copy.state, copy.body, copy.about) == ("waiting", sent.body, "order:1")
    session.refresh(sent)
    assert sent.state == "sent"
    kept = write_letter(session, "order_paid", None, "zh", "年卡", "……", now=now)
    nowhere = admin.post(f"/admin/letters/{kept.id}/send", data={"recipient": ""})
    assert nowhere.status_code == 422
    late = write_letter(
        session, "lookup_code", "+8613812345678", "zh", "", "123456", channel="sms", good_until=now, now=now
    )
    late.state, late.good_until = "failed", clock.now() - timedelta(minutes=1)
    session.flush()
    assert "已过时" in admin.post(f"/admin/letters/{late.id}/send", data={}).text


def test_letters_are_searched_by_address_and_subject(admin: FlaskClient, session: Session, now: datetime) -> None:
    write_letter(session, "order_paid", "Li.Wei@Example.com", "zh", "订单 100%", "……", now=now)
    write_letter(session, "pass_link", "wang@example.com", "zh", "新链接", "……", now=now)
    assert "Li.Wei" in admin.get("/admin/letters?q=li.wei").text
    assert "Li.Wei" in admin.get("/admin/letters?q=100%25").text
    assert "Li.Wei" not in main_of(admin.get("/admin/letters?kind=pass_link").text)
    assert "没有与" in admin.get("/admin/letters?q=%25%25").text


def test_a_parked_event_is_read_tried_again_and_discarded(
    admin: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter, other = parked(session), parked(session, body=b"\xff\x00rubbish", reason="undecodable", type=None)
    listed = main_of(admin.get("/admin/dead-letters").text)
    assert "redemption.admitted.v1" in listed and "类型未知" in listed
    page = admin.get(f"/admin/dead-letters/{letter.id}").text
    assert "&#34;pass_id&#34;: 7" in page and "&lt;b&gt;out of range" in page
    assert "\\xff\\0rubbish" in admin.get(f"/admin/dead-letters/{other.id}").text
    path = f"/admin/dead-letters/{letter.id}"
    answers = iter(["RuntimeError('still broken')", None])
    monkeypatch.setattr("passes.admin.dead_letter_pages.replay", lambda number: next(answers))
    assert admin.post(f"{path}/replay", data={"note": ""}).status_code == 422
    failed = admin.post(f"{path}/replay", data={"note": "new version"})
    assert failed.status_code == 409 and "still broken" in failed.text and ">new version</textarea>" in failed.text
    assert admin.post(f"{path}/replay", data={"note": "new version"}).status_code == 303
    assert admin.post(f"{path}/drop", data={"note": "a test of ours"}).status_code == 303
    twice = admin.post(f"{path}/drop", data={"note": "a test of ours"})
    assert twice.status_code == 409 and "已" in twice.text
    assert f"/admin/dead-letters/{letter.id}" not in main_of(admin.get("/admin/dead-letters").text)
    assert f"/admin/dead-letters/{letter.id}" in main_of(admin.get("/admin/dead-letters?state=dropped").text)
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"dead_letter:{letter.id}")).all()
    assert actions == ["dead_letter.replayed", "dead_letter.dropped"]
    assert admin.get("/admin/dead-letters/999999").status_code == 404


def test_a_replay_runs_where_the_handlers_are(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (worker_environ(database) | {"EVENTS": "direct"}).items():
        monkeypatch.setenv(name, value)
    with transaction() as session:
        number = parked(session, topic="youyou.unknown", type="unknown.v1", body=b"rubbish").id
    fault = replays.replay(number)
    assert fault is not None and "failed again and stays parked" in fault
    assert replays.replay(999_999) == "There is no parked event with this number."


def test_a_new_catalogue_says_what_it_changed(admin: FlaskClient, session: Session, now: datetime) -> None:
    active_pass(session, now=now)
    first = main_of(admin.get("/admin/catalogue/1?lang=en").text)
    assert "This is the first version" in first
    city(session, now=now, **{"price_fen: 19900": "price_fen: 20900", "{per_day: 1}, {per_term: 6}]": "{per_day: 2}]"})
    listed = main_of(admin.get("/admin/catalogue").text)
    assert "on sale now" in listed and "Youyou Lanzhou Annual Pass (Adult), Qingcheng" in listed
    page = main_of(admin.get("/admin/catalogue/2").text)
    for words in ("<del>¥199</del>", "<ins>¥209</ins>", "<del>once a day</del>", "<ins>twice a day</ins>"):
        assert words in page
    assert "Version 2 says the same" not in page and "six times a year" in page
    backwards = main_of(admin.get("/admin/catalogue/1?against=2").text)
    assert "<ins>¥199</ins>" in backwards
    for path in ("/admin/catalogue/3", "/admin/catalogue/1?against=99"):
        assert admin.get(path).status_code == 404
    assert admin.get("/admin/catalogue/2?against=moon").status_code == 200


def test_health_says_what_to_do_and_is_quiet_when_all_is_well(
    admin: FlaskClient, session: Session, now: datetime
) -> None:
    assert "none has ever run" in main_of(admin.get("/admin/health?lang=en").text)
    note_chore(session, "mail", 2, error=None, now=clock.now())
    note_chore(session, "refunds", 5, error="ProviderUnavailable: <timeout>", now=clock.now() - timedelta(hours=1))
    note_chore(session, "refunds", 5, error="ProviderUnavailable: <timeout>", now=clock.now())
    parked(session)
    marked_order(session, now)
    page = main_of(admin.get("/admin/health").text)
    assert "failed 2 times" in page and "&lt;timeout&gt;" in page
    assert "Read why, mend the cause" in page and "Open each and deal with its mark." in page
    assert "PostgreSQL" in page and "Holidays known until" in page
    note_chore(session, "refunds", 5, error=None, now=clock.now())
    assert "failed 2 times" not in admin.get("/admin/health").text
