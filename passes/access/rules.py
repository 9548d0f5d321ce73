"""Names, passwords, roles, codes, tokens and addresses as plain values."""

import hashlib
import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from passes.errors import N_

# marketing: the dashboard. care: passes, orders, reservations, letters. finance: orders, payments.
# gate_manager: lanes, devices, clerks, closures, reservations. admin: everything, and accounts, keys, the audit log…
MARKETING, CARE, FINANCE, GATE_MANAGER, ADMIN = "marketing", "care", "finance", "gate_manager", "admin"
ROLES = (MARKETING, CARE, FINANCE, GATE_MANAGER, ADMIN)
# Who is no staff and changes something that the audit log keeps: whoever has the link to a pass.
HOLDER = "holder"

SESSION_IDLE = timedelta(hours=1)
SESSION_LIFE = timedelta(hours=12)
ENROLMENT_CODE_LIFE = timedelta(minutes=15)
SHIFT_LIFE = timedelta(hours=14)

# No 0 O 1 I L U: a code is read from one screen and typed on another.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
PIN_LENGTH = 6
RECOVERY_CODE_LENGTH = 10
PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX = 12, 128

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,60}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_CODE = re.compile(f"[{CODE_ALPHABET}]{{{CODE_LENGTH}}}")
_RECOVERY_CODE = re.compile(f"[{CODE_ALPHABET}]{{{RECOVERY_CODE_LENGTH}}}")
_COMMON = ("password", "passw0rd", "123456", "qwerty", "lanzhou", "youyou", "letmein", "welcome", "111111", "abcdef")


@dataclass(frozen=True, slots=True)
class Staff:
    """A signed-in member of staff."""

    id: int
    login: str
    name: str
    role: str
    must_change_password: bool
    has_second_factor: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """An enrolled device and the lane it stands at; `name` is the lane's, `device_name` the tablet's.

    shift_id: whose shift it is, None without one; up to two seconds old, like all of it.
    """

    enrolment_id: UUID
    lane_id: int
    venue_id: str
    attended: bool
    default_benefit_id: str | None
    name: str
    device_name: str
    shift_id: int | None = None


def normal_login(text: str) -> str:
    """The one spelling of a login: full-width and upper-case letters folded, spaces at the ends cut."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def is_login(text: str) -> bool:
    """2 to 40 of a-z 0-9 . _ -, the first a letter or digit."""
    return _LOGIN.fullmatch(text) is not None


def is_email(text: str) -> bool:
    """name@example.com, roughly: whether it arrives only a letter can tell."""
    return _EMAIL.fullmatch(text) is not None


def normal_password(text: str) -> str:
    """The same characters whichever keyboard typed them (RFC 8265 asks for a normal form; NFKC folds full-width)."""
    return unicodedata.normalize("NFKC", text)


def password_faults(password: str, *, login: str, old: str | None = None) -> list[str]:
    """What is wrong with a new password: msgids, none when it is good (after NIST SP 800-63B: length, no recipe)."""
    faults = []
    if len(password) < PASSWORD_LENGTH_MIN:
        faults.append(N_("Use at least 12 characters. A few unrelated words are good."))
    if len(password) > PASSWORD_LENGTH_MAX:
        faults.append(N_("Use at most 128 characters."))
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in password):
        faults.append(N_("This password has characters that cannot be typed. Use visible characters."))
    folded = password.casefold()
    stripped = folded
    for word in (*_COMMON, login):
        stripped = stripped.replace(word, "")
    if len(password) >= PASSWORD_LENGTH_MIN and (len(set(folded)) < 5 or len(stripped) < 5):
        faults.append(N_("This password is too easy to guess. Choose another one."))
    if old is not None and password == old:
        faults.append(N_("The new password must differ from the old one."))
    return faults


def normal_code(text: str) -> str | None:
    """The enrolment code as it was drawn, whatever case, width, spaces or hyphens it was typed with; else None."""
    code = _without_gaps(text)
    return code if _CODE.fullmatch(code) else None


def normal_recovery_code(text: str) -> str | None:
    """The written code as it was drawn, however it was typed; else None."""
    code = _without_gaps(text)
    return code if _RECOVERY_CODE.fullmatch(code) else None


def normal_digits(text: str) -> str | None:
    """The six digits an app shows, however they were typed; else None."""
    digits = _without_gaps(text)
    return digits if re.fullmatch(r"[0-9]{6}", digits) else None


def _without_gaps(text: str) -> str:
    return re.sub(r"[\s\-–—]", "", unicodedata.normalize("NFKC", text)).upper()


def shown_recovery_code(code: str) -> str:
    """ABCDE-FGHJK."""
    return f"{code[:5]}-{code[5:]}"


def normal_pin(text: str) -> str | None:
    """The six digits of a PIN, whatever width or spaces they were typed with; else None."""
    pin = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return pin if len(pin) == PIN_LENGTH and pin.isascii() and pin.isdigit() else None


def shown_code(code: str) -> str:
    """ABCD-EFGH: two groups are easier to carry from one screen to another."""
    return f"{code[:4]}-{code[4:]}"


def is_token(text: str) -> bool:
    """32 random bytes in base64url."""
    return _TOKEN.fullmatch(text) is not None


def secret_hash(text: str) -> bytes:
    """What is stored of a token or code. Plain SHA-256: both are random, so there is nothing to slow down."""
    return hashlib.sha256(text.encode()).digest()


def session_is_alive(*, started_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Within an hour of the last request and twelve of the sign-in; a moment ahead of the clock is not alive."""
    return (timedelta(0) <= now - started_at < SESSION_LIFE) and (timedelta(0) <= now - seen_at < SESSION_IDLE)


def second_factor_required(role: str, *, policy: str) -> bool:
    """Whether an account of this role must have a second factor. policy: optional, admins or everyone."""
    return policy == "everyone" or (policy == "admins" and role == ADMIN)


def address_block(address: str | None) -> str:
    """Whom a limit by address counts together: one IPv4 address, one IPv6 /64 (a home has a whole one)."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def local_target(target: str | None, *, otherwise: str) -> str:
    """`target` when it is a path of this site, else `otherwise`: a sign-in link must not lead to another site."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return otherwise
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in target):
        return otherwise
    try:
        parts = urlsplit(target)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else target
