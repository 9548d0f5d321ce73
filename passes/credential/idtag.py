"""Two keyed digests of an ID document's number: one a gate may use, one that recognises a stored holder."""

import hashlib
import hmac


def id_tag(key: bytes, serial: int, number: str) -> int:
    """The token's two bytes: with a code in hand an offline gate can match a shown card (CREDENTIAL.md)."""
    digest = hmac.digest(key, serial.to_bytes(4, "big") + number.upper().encode("ascii"), hashlib.sha256)
    return int.from_bytes(digest[:2], "big")
