"""The bytes of a YP1 token: reading and writing them, without any key (CREDENTIAL.md "Body", "Types")."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from passes.credential import base41

PREFIX = "YP"
EPOCH = 1577808000  # 2020-01-01T00:00:00+08:00
EPOCH_DAY = date(2020, 1, 1)
DAY_SECONDS = 86400
TIME_WRAP = 1 << 24

TokenType = Literal["C", "D", "T"]
HOLDER_CLASSES = ("adult", "child", "senior")
_TYPES: dict[int, TokenType] = {1: "C", 2: "D", 3: "T"}
_NUMBERS: dict[TokenType, int] = {"C": 1, "D": 2, "T": 3}
_LENGTHS: dict[TokenType, int] = {"C": 80, "D": 184, "T": 84}
_TEXT_LENGTHS = {len(PREFIX) + length * 3 // 2 for length in _LENGTHS.values()}
_BODY = struct.Struct(">BBIBHHHBH")
_RESERVED_FLAGS = 0xF0


@dataclass(frozen=True, slots=True)
class Body:
    """What was bought. Days are counted from 2020-01-01 (+08:00); `valid_until` is inclusive here, on the wire."""

    serial: int
    generation: int
    product: int
    valid_from: int
    valid_until: int
    flags: int
    id_tag: int

    def to_bytes(self, token_type: TokenType, kid: int) -> bytes:
        """The 16 bytes every token begins with."""
        return _BODY.pack(
            1 << 4 | _NUMBERS[token_type], kid, self.serial, self.generation, self.product,
            self.valid_from, self.valid_until, self.flags, self.id_tag,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A well-shaped token. Nothing in it is proved: that is `codec.verify`'s answer.

    `moment` is the middle of the replay key: D the phone's time in unix seconds, T the expiry, C None.
    """

    type: TokenType
    kid: int
    serial: int
    generation: int
    product: int
    valid_from: int
    valid_until: int
    flags: int
    id_tag: int
    moment: int | None
    cert_expiry: int | None
    venue_tag: int
    data: bytes

    @property
    def holder_class(self) -> str | None:
        """adult, child or senior; None for the number that is kept free."""
        number = self.flags & 0b11
        return HOLDER_CLASSES[number] if number < len(HOLDER_CLASSES) else None

    @property
    def companion(self) -> bool:
        return bool(self.flags & 0b100)

    @property
    def always_check_document(self) -> bool:
        return bool(self.flags & 0b1000)

    @property
    def text_body(self) -> bytes:
        """The 16 bytes of the body: all of a C code that a log may keep."""
        return self.data[:16]

    def replay_key(self, benefit_id: str) -> tuple[int, int, str] | None:
        """What an admitted scan uses up; None for C, which may be shown again."""
        return None if self.moment is None else (self.serial, self.moment, benefit_id)


def read(text: str, *, now: int) -> Token | Literal["foreign", "malformed"]:
    """The token in `text`, or why there is none. `now` (unix seconds) gives D's 24-bit time its nearest whole value."""
    if not text.startswith(PREFIX):
        return "foreign"
    if len(text) not in _TEXT_LENGTHS:
        return "malformed"
    try:
        data = base41.decode(text[len(PREFIX) :])
    except ValueError:
        return "malformed"
    first, kid, serial, generation, product, valid_from, valid_until, flags, id_tag = _BODY.unpack_from(data)
    token_type = _TYPES.get(first & 0x0F)
    if first >> 4 != 1 or token_type is None or len(data) != _LENGTHS[token_type] or flags & _RESERVED_FLAGS:
        return "malformed"
    moment, cert_expiry, venue_tag = _times(token_type, data, now)
    return Token(token_type, kid, serial, generation, product, valid_from, valid_until, flags, id_tag,
                 moment, cert_expiry, venue_tag, data)  # fmt: skip


def _times(token_type: TokenType, data: bytes, now: int) -> tuple[int | None, int | None, int]:
    """(moment, certificate expiry, venue tag) of a token of this type."""
    if token_type == "T":
        return int.from_bytes(data[16:20], "big"), None, 0
    if token_type == "D":
        half = TIME_WRAP // 2
        time = int.from_bytes(data[116:119], "big")
        age = (now - EPOCH - time + half) % TIME_WRAP - half
        return now - age, EPOCH + 60 * int.from_bytes(data[16:19], "big"), data[119]
    return None, None, 0


Sign = Callable[[bytes], bytes]


def card_text(body: Body, kid: int, sign: Sign) -> str:
    """A C code. `sign` gives the issuer's 64-byte signature of its argument."""
    signed = body.to_bytes("C", kid)
    return PREFIX + base41.encode(signed + sign(b"YP1C" + signed))


def timed_text(body: Body, kid: int, expiry: int, sign: Sign) -> str:
    """A T code that runs out at `expiry` (unix seconds)."""
    signed = body.to_bytes("T", kid) + expiry.to_bytes(4, "big")
    return PREFIX + base41.encode(signed + sign(b"YP1T" + signed))


def device_certificate(body: Body, kid: int, cert_expiry: int, device_key: bytes, sign: Sign) -> bytes:
    """The 116 bytes a phone keeps. `cert_expiry` is unix seconds, a whole minute; `device_key` compressed P-256."""
    signed = body.to_bytes("D", kid) + ((cert_expiry - EPOCH) // 60).to_bytes(3, "big") + device_key
    return signed + sign(b"YP1D" + signed)


def device_text(certificate: bytes, moment: int, venue_tag: int, sign: Sign) -> str:
    """A D code of the second `moment` (unix). `sign` is the phone's: raw r‖s of its argument."""
    signed = certificate + ((moment - EPOCH) % TIME_WRAP).to_bytes(3, "big") + bytes([venue_tag])
    return PREFIX + base41.encode(signed + sign(b"YP1P" + signed))


def wire_day(day: date) -> int:
    """A local day as the token counts it."""
    return (day - EPOCH_DAY).days


def day_of_wire(number: int) -> date:
    """The local day a token's number stands for."""
    return EPOCH_DAY + timedelta(days=number)


def flags_of(holder_class: str, *, companion: bool = False, always_check_document: bool = False) -> int:
    """The flags byte."""
    return HOLDER_CLASSES.index(holder_class) | companion << 2 | always_check_document << 3
