"""Letters: written in a transaction, sent outside one, tried again, kept where no mail server is set."""

import base64
import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import db
from passes.errors import Conflict
from passes.mail.erasing import erase_letters_about
from passes.mail.models import Letter
from passes.mail.post import deliver, send_waiting
from passes.mail.service import record_failure, record_sent, send_again, write_letter
from passes.mail.words import in_language
from passes.sale.letters import PAID_SUBJECT
from passes.settings import Settings


class Postbox:
    """What a mail server received, and what it answers."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.received.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return self.answer


@pytest.fixture
def postbox(settings: Settings) -> Iterator[tuple[Postbox, Settings]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, replace(settings, smtp_url=f"smtp://127.0.0.1:{port}", smtp_from="shop@youyou.example")
    with contextlib.suppress(OSError):
        controller.stop()


def letter(session: Session, now: datetime, recipient: str | None = "wang@example.com") -> Letter:
    return write_letter(session, "order_paid", recipient, "zh", "您的年卡", "链接：https://a/w/x\n谢谢", now=now)


def test_a_waiting_letter_is_sent_once_with_its_chinese_whole(
    session: Session, postbox: tuple[Postbox, Settings], now: datetime
) -> None:
    box, settings = postbox
    written = letter(session, now)
    session.commit()
    assert send_waiting(settings, now=now) == 1
    assert send_waiting(settings, now=now + timedelta(hours=1)) == 0
    (received,) = box.received
    assert received["Subject"] == "您的年卡"
    assert received.get_content().split() == ["链接：https://a/w/x", "谢谢"]
    assert received["To"] == "wang@example.com"
    assert "shop@youyou.example" in received["From"] and "悠游兰州" in received["From"]
    session.refresh(written)
    assert (written.state, written.attempts) == ("sent", 1)


def test_without_a_mail_server_letters_are_kept_and_stay_kept_when_one_comes(
    session: Session, postbox: tuple[Postbox, Settings], settings: Settings, now: datetime
) -> None:
    box, with_server = postbox
    letter(session, now)
    session.commit()
    assert send_waiting(settings, now=now) == 0
    assert send_waiting(with_server, now=now) == 0
    assert box.received == []
    assert session.scalars(select(Letter.state).execution_options(populate_existing=True)).all() == ["kept"]


def test_a_letter_to_nobody_is_kept_for_the_back_office(session: Session, now: datetime) -> None:
    assert letter(session, now, None).state == "kept"


def test_a_busy_server_is_tried_again_later_and_given_up_at_last(
    session: Session, postbox: tuple[Postbox, Settings], now: datetime
) -> None:
    box, settings = postbox
    box.answer = "451 try later"
    written = letter(session, now)
    session.commit()
    moment = now
    pauses = []
    for _ in range(8):
        send_waiting(settings, now=moment)
        session.refresh(written)
        pauses.append(written.next_attempt_at)
        # record_failure counts from the clock; the next round begins long after.
        moment = max(moment, written.next_attempt_at) + timedelta(days=1)
        written.next_attempt_at = moment
        session.commit()
    assert (written.state, written.attempts) == ("failed", 8)
    assert "451" in (written.last_error or "")


def test_a_refused_letter_is_failed_at_once_and_does_not_hold_up_the_next(
    session: Session, postbox: tuple[Postbox, Settings], now: datetime
) -> None:
    box, settings = postbox
    box.answer = "550 no such mailbox"
    refused = letter(session, now)
    session.commit()
    send_waiting(settings, now=now)
    box.answer = "250 OK"
    letter(session, now, "li@example.com")
    session.commit()
    assert send_waiting(settings, now=now) == 1
    session.refresh(refused)
    assert (refused.state, refused.attempts) == ("failed", 1)


@pytest.mark.parametrize("address", ["wang@", "wang example", "a@b.example, c@d.example"])
def test_an_address_that_is_none_fails_its_letter_and_holds_up_no_other(
    session: Session, postbox: tuple[Postbox, Settings], now: datetime, address: str
) -> None:
    wrong = letter(session, now, address)
    letter(session, now, "li@example.com")
    session.commit()
    assert send_waiting(postbox[1], now=now) == 1
    session.refresh(wrong)
    assert (wrong.state, wrong.attempts) == ("failed", 1)


def test_a_password_the_server_cannot_be_told_loses_no_letter(
    session: Session, postbox: tuple[Postbox, Settings], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UnicodeEncodeError("ascii", "密码", 0, 2, "ordinal not in range")

    monkeypatch.setattr("smtplib.SMTP.login", refuse)
    written = letter(session, now)
    session.commit()
    chosen = replace(postbox[1], smtp_url=(postbox[1].smtp_url or "").replace("//", "//youyou:%E5%AF%86@"))
    assert send_waiting(chosen, now=now) == 0
    session.refresh(written)
    assert (written.state, written.attempts) == ("waiting", 1)


def test_an_absent_server_loses_no_letter(session: Session, settings: Settings, now: datetime) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = replace(settings, smtp_url=f"smtp://127.0.0.1:{probe.getsockname()[1]}")
    written = letter(session, now)
    session.commit()
    assert send_waiting(nobody, now=now) == 0
    session.refresh(written)
    assert written.state == "waiting" and "ConnectionRefused" in (written.last_error or "")


@pytest.fixture
def gateway(settings: Settings) -> Iterator[tuple[list[dict[str, object]], list[int], Settings]]:
    """A text message gateway: what it was handed, what it answers next, and settings that name it."""
    heard: list[dict[str, object]] = []
    answers = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.append({**body, "login": self.headers["Authorization"], "key": self.headers["Idempotency-Key"]})
            self.send_response(answers[0])
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"because\x00")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield heard, answers, replace(settings, sms_url=f"http://me:p%40ss@127.0.0.1:{server.server_port}/send?v=1")
        server.shutdown()
        thread.join()


def text_message(session: Session, now: datetime, **facts: object) -> Letter:
    made = write_letter(
        session, "lookup_code", "+8613812345678", "zh", "验证码", "【悠游兰州】123456", channel="sms", now=now, **facts
    )  # type: ignore[arg-type]
    session.commit()
    return made


def test_a_text_message_goes_through_the_gateway_with_its_password_and_a_key_of_its_own(
    session: Session, gateway: tuple[list[dict[str, object]], list[int], Settings], now: datetime
) -> None:
    heard, _, settings = gateway
    written, mail = text_message(session, now), letter(session, now)
    session.commit()
    assert send_waiting(settings, now=now) == 1
    (message,) = heard
    assert (message["to"], message["text"]) == ("+8613812345678", "【悠游兰州】123456")
    assert base64.b64decode(str(message["login"]).removeprefix("Basic ")) == b"me:p@ss"
    assert str(message["key"]).startswith(f"letter.{written.id}.")
    session.expire_all()
    assert (written.state, mail.state) == ("sent", "kept"), "no mail server is set"


@pytest.mark.parametrize(("answer", "state"), [(422, "failed"), (403, "waiting"), (503, "waiting"), (302, "waiting")])
def test_a_gateways_no_is_final_for_the_message_alone(
    session: Session,
    gateway: tuple[list[dict[str, object]], list[int], Settings],
    now: datetime,
    answer: int,
    state: str,
) -> None:
    heard, answers, settings = gateway
    answers[0] = answer
    written = text_message(session, now)
    assert send_waiting(settings, now=now) == 0
    session.refresh(written)
    assert (written.state, len(heard)) == (state, 1)
    assert str(answer) in (written.last_error or "")


def test_a_code_does_not_wait_behind_letters(
    session: Session, gateway: tuple[list[dict[str, object]], list[int], Settings], now: datetime
) -> None:
    heard, _, settings = gateway
    letter(session, now)
    text_message(session, now + timedelta(minutes=1), good_until=now + timedelta(minutes=11))
    both = replace(settings, smtp_url="smtp://127.0.0.1:1")
    assert send_waiting(both, now=now + timedelta(minutes=2), limit=1) == 1
    assert len(heard) == 1


def test_a_message_of_no_use_any_more_is_not_sent(
    session: Session, gateway: tuple[list[dict[str, object]], list[int], Settings], now: datetime
) -> None:
    heard, _, settings = gateway
    written = text_message(session, now, good_until=now + timedelta(minutes=10))
    assert send_waiting(settings, now=now + timedelta(minutes=10)) == 0
    session.refresh(written)
    assert (written.state, heard) == ("failed", [])


def test_no_letter_is_sent_while_a_transaction_is_open(session: Session, settings: Settings) -> None:
    with pytest.raises(AssertionError, match="transaction"), db.transaction():
        deliver(settings, EmailMessage())


def test_letters_speak_both_languages() -> None:
    assert in_language("zh", PAID_SUBJECT, number="T-1") == "您的悠游兰州年卡 · 订单 T-1"
    assert in_language("en", PAID_SUBJECT, number="T-1") == "Your city pass · order T-1"


def test_of_an_erased_letter_nothing_is_written_down_nor_sent_again(session: Session, now: datetime) -> None:
    refused, under_way = letter(session, now), letter(session, now)
    refused.about = under_way.about = "pass:7"
    record_failure(session, refused.id, "550 <wang@example.com>: no such mailbox", final=True, now=now)
    erase_letters_about(session, ["pass:7"], now=now)
    # The chore held the second one in its hand when it was erased.
    record_sent(session, under_way.id, now=now)
    record_failure(session, under_way.id, "451 wang@example.com", final=False, now=now)
    session.flush()
    session.expire_all()
    assert (refused.state, refused.last_error, refused.recipient) == ("failed", None, None)
    assert (under_way.state, under_way.last_error, under_way.sent_at) == ("kept", None, None)
    for erased in (refused, under_way):
        with pytest.raises(Conflict, match="erased"):
            send_again(session, erased.id, recipient="li@example.com", now=now)
