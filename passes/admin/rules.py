"""What somebody typed into a search box may mean, and who may end which hold."""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from passes.access.rules import ADMIN
from passes.lifecycle.rules import NUMBER_ALPHABET

LONGEST_SEARCH = 100
# Set and ended by refunds and disputes themselves: at the desk only an admin may step in.
HOLDS_OF_MONEY = frozenset({"refund", "dispute"})
DESK_HOLDS = ("lost", "misuse", "dispute")

_PASS_NUMBER = re.compile(rf"(?:T-?)?([{NUMBER_ALPHABET}]{{4}})-?([{NUMBER_ALPHABET}]{{4}})")
_ORDER_NUMBER = re.compile(r"(?:T-?)?([0-9]{6})-?([0-9A-HJ-NP-Z]{6})")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{5,}[0-9]")
_ENDING = re.compile(r"[0-9A-Z]{4}")


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search text may mean; several at once, none where it cannot be. numbers: live and test, as printed."""

    pass_numbers: tuple[str, ...] = ()
    order_numbers: tuple[str, ...] = ()
    phone: str | None = None
    ending: str | None = None
    name: str | None = None


def sought(text: str) -> Sought | None:
    """None when nothing was asked. Full-width characters, blanks at the ends, case and hyphens do not matter."""
    plain = unicodedata.normalize("NFKC", text).strip()[:LONGEST_SEARCH]
    if not plain:
        return None
    upper = re.sub(r"[‐‑–—−]", "-", plain).upper()
    ending = upper if _ENDING.fullmatch(upper) and any(character.isdigit() for character in upper) else None
    return Sought(
        pass_numbers=_both(_PASS_NUMBER.fullmatch(upper)),
        order_numbers=_both(_ORDER_NUMBER.fullmatch(upper)),
        phone=_phone(upper),
        ending=ending,
        name=plain.lower() if any(character.isalpha() for character in plain) else None,
    )


def _both(found: re.Match[str] | None) -> tuple[str, ...]:
    if found is None:
        return ()
    number = f"{found[1]}-{found[2]}"
    return (number, f"T-{number}")


def _phone(text: str) -> str | None:
    """E.164, a number without a country being one of China."""
    if not _PHONE.fullmatch(text):
        return None
    try:
        return phonenumbers.format_number(phonenumbers.parse(text, "CN"), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return None


def shown_phone(phone: str) -> str:
    """+86 138 1234 5678: as it is read out."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(phone), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return phone


def may_release(role: str, reason: str) -> bool:
    """Whether staff of this role may end a hold set for this reason."""
    return role == ADMIN or reason not in HOLDS_OF_MONEY
