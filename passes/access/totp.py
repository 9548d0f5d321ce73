"""One-time codes by the clock (RFC 6238), as every authenticator app makes them: SHA-1, six digits, 30 seconds."""

import base64
import hashlib
import hmac
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
SECRET_BYTES = 20
_DIGITS = 6
_NEIGHBOURS = (0, -1, 1)


def step_at(now: datetime) -> int:
    """The number of the half minute."""
    return int(now.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The six digits of one half minute (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), hashlib.sha1)
    offset = digest[-1] & 0xF
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def matching_step(secret: bytes, code: str, *, now: datetime, after: int | None) -> int | None:
    """The half minute this code belongs to: this one or a neighbour, but none at or before `after`, else None."""
    steps = [step_at(now) + shift for shift in _NEIGHBOURS]
    matches = [step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), code.encode())]
    return next((step for step in matches if after is None or step > after), None)


def secret_text(secret: bytes) -> str:
    """The secret to type by hand, in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(secret: bytes, *, login: str, issuer: str) -> str:
    """The otpauth:// address an app reads from a QR code."""
    query = urlencode({"secret": base64.b32encode(secret).decode().rstrip("="), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(login)}?{query}"
