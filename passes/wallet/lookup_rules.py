"""Finding one's own pass, as values."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 5
# One phone and four characters may stand for passes bought with different e-mails: each gets a code for its own.
MOST_ADDRESSES = 3
# Twice clicked is once answered: for so long the browser that used a code gets the same answer again.
DOUBLE_CLICK = timedelta(seconds=30)
KEPT = timedelta(days=1)

_CODE = re.compile(r"[0-9]{6}")
_LAST4 = re.compile(r"[0-9A-Z]{4}")


@dataclass(frozen=True)
class Asked:
    """Where a look-up stands."""

    expires_at: datetime
    tries: int
    used_at: datetime | None


@dataclass(frozen=True)
class Held:
    """A pass of the holder and the e-mail it was bought with."""

    pass_id: int
    email: str | None


@dataclass(frozen=True)
class Address:
    """Where a code goes, and the passes it opens. channel: mail | sms."""

    channel: str
    recipient: str
    pass_ids: tuple[int, ...]


def standing(asked: Asked, now: datetime) -> str:
    """open: a code may be tried; used, tried_out or late: a new one has to be asked for."""
    if asked.used_at is not None:
        return "used"
    if asked.tries >= MOST_TRIES:
        return "tried_out"
    return "open" if now < asked.expires_at else "late"


def addresses(passes: Iterable[Held], phone: str, *, by_mail: bool, by_sms: bool) -> list[Address]:
    """Each address with the passes bought with it, newest pass first.

    By e-mail where one was given, else by text message; a code opens only what was sold to the address it went to.
    An e-mail that nothing can send goes as a text message, where something sends those.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for held in passes:
        as_mail = held.email is not None and (by_mail or not by_sms)
        where = ("mail", held.email or "") if as_mail else ("sms", phone)
        found.setdefault(where, []).append(held.pass_id)
    return [Address(channel, to, tuple(ids)) for (channel, to), ids in list(found.items())[:MOST_ADDRESSES]]


def code_of(text: str) -> str | None:
    """The six digits, however they were typed; None for anything else."""
    return _narrow(text, _CODE)


def last4_of(text: str) -> str | None:
    """The last four characters of a document's number, as they are kept; None for anything else."""
    return _narrow(text, _LAST4)


def _narrow(text: str, shape: re.Pattern[str]) -> str | None:
    narrow = re.sub(r"[\s\-–—·.]+", "", unicodedata.normalize("NFKC", text)).upper()
    return narrow if shape.fullmatch(narrow) else None
