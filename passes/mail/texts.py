"""Text messages, through a gateway the operator names in SMS_URL: POST {"to": "+86…", "text": "…"}, 2xx = taken."""

import base64
from email.message import Message
from typing import IO
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import orjson

from passes.db import in_transaction
from passes.mail.errors import NeverDelivered
from passes.mail.models import Letter

_SECONDS = 15
# A no to this message. Anything else (a wrong password, too many, a gateway that is down) may be a yes later.
_REFUSALS = frozenset({400, 413, 422})


class _Stay(HTTPRedirectHandler):
    """A redirected POST would become a GET that sends nothing."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        return None


_opener = build_opener(_Stay)


def send_text(sms_url: str, letter: Letter) -> None:
    """Hand one message to the gateway. NeverDelivered: it refused this one; other errors: later perhaps."""
    if in_transaction():
        raise AssertionError("a text message was sent while a transaction was open")
    try:
        with _opener.open(request_for(sms_url, letter), timeout=_SECONDS) as answer:
            answer.read(1024)
    except HTTPError as error:
        with error:
            words = error.read(300).decode("utf-8", "replace")
        if error.code in _REFUSALS:
            raise NeverDelivered(f"{error.code} {words}") from error
        raise


def request_for(sms_url: str, letter: Letter) -> Request:
    """A name and password in the address go into the header; the key lets a gateway send a repeated message once."""
    parts = urlsplit(sms_url)
    address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = Request(address, orjson.dumps({"to": letter.recipient, "text": letter.body}), method="POST")
    request.add_header("Content-Type", "application/json")
    request.add_header("Idempotency-Key", f"letter.{letter.id}.{int(letter.created_at.timestamp())}")
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    return request
