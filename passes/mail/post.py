"""The only smtplib. Claims in one transaction, sends in none, records in another."""

import logging
import smtplib
import ssl
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from passes import clock
from passes.db import in_transaction, transaction
from passes.mail import service
from passes.mail.errors import NeverDelivered
from passes.mail.models import Letter
from passes.mail.texts import send_text
from passes.settings import Settings

log = logging.getLogger(__name__)

_SECONDS = 15


def send_waiting(settings: Settings, *, now: datetime, limit: int = 20) -> int:
    """Send what is due; returns how many letters left the house.

    Without SMTP_URL e-mails are kept for the back office, without SMS_URL text messages.
    """
    unset = [name for name, url in (("mail", settings.smtp_url), ("sms", settings.sms_url)) if url is None]
    with transaction() as session:
        service.give_up_late(session, now=now)
        service.keep_waiting(session, unset)
        letters = list(service.claim_due(session, now=now, limit=limit)) if len(unset) < 2 else []
    return sum(_send_one(settings, letter) for letter in letters)


def _send_one(settings: Settings, letter: Letter) -> bool:
    error, final = None, False
    try:
        if letter.channel == "sms":
            send_text(settings.sms_url or "", letter)
        else:
            _send_mail(settings, letter)
    except NeverDelivered as refused:
        error, final = str(refused), True
    except Exception as failed:
        # Ours or the server's: this letter later again, and the next one now.
        log.warning("letter %s was not sent: %s", letter.id, type(failed).__name__)
        error = f"{type(failed).__name__}: {failed}"
    with transaction() as session:
        if error is None:
            service.record_sent(session, letter.id, now=clock.now())
        else:
            service.record_failure(session, letter.id, error, final=final, now=clock.now())
    return error is None


def _send_mail(settings: Settings, letter: Letter) -> None:
    try:
        message = message_of(settings, letter)
    except (ValueError, LookupError) as impossible:
        # The library finds no address: it never will.
        raise NeverDelivered(f"no address: {impossible}") from impossible
    try:
        deliver(settings, message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as refused:
        # 5xx is a definite no for this letter; 4xx means later.
        if _is_permanent(refused):
            raise NeverDelivered(str(refused)) from refused
        raise


def _is_permanent(refused: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> bool:
    if isinstance(refused, smtplib.SMTPDataError):
        return refused.smtp_code >= 500
    return all(code >= 500 for code, _ in refused.recipients.values())


def message_of(settings: Settings, letter: Letter) -> EmailMessage:
    """Raises ValueError or LookupError for an address that is none."""
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["From"] = Address("悠游兰州 Youyou Lanzhou", addr_spec=settings.smtp_from)
    message["To"] = Address(addr_spec=letter.recipient or "")
    message["Date"] = format_datetime(letter.created_at)
    # The same id however often it is sent: a reader's program shows a repeated letter once.
    domain = settings.smtp_from.rpartition("@")[2]
    message["Message-ID"] = f"<letter.{letter.id}.{int(letter.created_at.timestamp())}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = letter.locale
    message.set_content(letter.body)
    return message


def deliver(settings: Settings, message: EmailMessage) -> None:
    """One connection, one letter. SMTP_URL: smtp[s]://user:password@host:port[?starttls=1]."""
    if in_transaction():
        raise AssertionError("a letter was sent while a transaction was open")
    parts = urlsplit(settings.smtp_url or "")
    host = parts.hostname or ""
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_SECONDS, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=_SECONDS)
    with server:
        if parse_qs(parts.query).get("starttls") == ["1"]:
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
