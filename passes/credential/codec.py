"""Verifying a YP1 code with public keys only, in the order CREDENTIAL.md "Verifying" gives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from passes.credential.token import DAY_SECONDS, EPOCH, Token, TokenType, read

__all__ = ["Token", "Trust", "TrustedKey", "Verdict", "read", "trusted_key", "verify"]

_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ISSUER_SIGNS: dict[TokenType, int] = {"C": 16, "T": 20, "D": 52}
_CURVE = ec.SECP256R1()
_ECDSA = ec.ECDSA(SHA256())

OLDEST_SECONDS = 45  # a D code's age
EARLIEST_SECONDS = 20  # how far the two clocks may differ
LONGEST_LEFT_SECONDS = 80  # a T code's 60 and the 20 of the clocks


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """An issuer key ready for use; `not_before` and `not_after` are unix seconds, both inclusive."""

    kid: int
    public_key: Ed25519PublicKey
    types: frozenset[str]
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verifier knows: keys by kid, and the highest revoked generation by serial."""

    keys: Mapping[int, TrustedKey]
    revoked: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is "ok" or a refusal code of the API. `serial` is only a claim until `proved` (the issuer's signature).

    `proof_ok`: of a D code, that the phone's signature, the window and the venue tag are good, whatever
    else is wrong: with `cert_expired` such a code ranks as a card.
    """

    code: str
    token: Token | None
    serial: int | None
    proved: bool
    proof_ok: bool


def trusted_key(
    kid: int, algorithm: str, public_key: bytes, types: Iterable[str], not_before: int, not_after: int
) -> TrustedKey:
    """A key of the trust bundle; ValueError for an algorithm we do not verify or a key that is none."""
    if algorithm != "Ed25519":
        raise ValueError(f"unknown issuer algorithm {algorithm}")
    return TrustedKey(kid, Ed25519PublicKey.from_public_bytes(public_key), frozenset(types), not_before, not_after)


def verify(text: str, *, now: int, venue_number: int, trust: Trust) -> Verdict:
    """Is this code good here and now? `now` is the gate's corrected clock in whole unix seconds; venue 0 = any."""
    token = read(text, now=now)
    if isinstance(token, str):
        return Verdict(token, None, None, proved=False, proof_ok=False)
    key = trust.keys.get(token.kid)
    if key is None or token.type not in key.types or not key.not_before <= now <= key.not_after:
        return Verdict("unknown_key", token, token.serial, proved=False, proof_ok=False)
    if not _is_issued(token, key.public_key):
        return Verdict("forged", token, token.serial, proved=False, proof_ok=False)
    proof = _proof_fault(token, now, venue_number)
    code = _day_fault(token, now) or _certificate_fault(token, now) or proof
    if code is None and token.generation <= trust.revoked.get(token.serial, -1):
        code = "credential_revoked"
    proof_ok = token.type == "D" and proof is None
    return Verdict(code or "ok", token, token.serial, proved=True, proof_ok=proof_ok)


def _is_issued(token: Token, public_key: Ed25519PublicKey) -> bool:
    length = _ISSUER_SIGNS[token.type]
    signature = token.data[length : length + 64]
    if int.from_bytes(signature[32:], "little") >= _ED25519_ORDER:
        return False
    try:
        public_key.verify(signature, b"YP1" + token.type.encode() + token.data[:length])
    except InvalidSignature:
        return False
    return True


def _day_fault(token: Token, now: int) -> str | None:
    today = (now - EPOCH) // DAY_SECONDS  # no summer time since 1991: a local day is 86400 seconds
    if today < token.valid_from:
        return "pass_not_yet_valid"
    return "pass_expired" if today > token.valid_until else None


def _certificate_fault(token: Token, now: int) -> str | None:
    return "cert_expired" if token.cert_expiry is not None and now > token.cert_expiry else None


def _proof_fault(token: Token, now: int, venue_number: int) -> str | None:
    """What is wrong with the phone's proof, the time window or the venue tag, in this order."""
    if token.moment is None:
        return None
    if token.type == "T":
        left = token.moment - now
        if left < -EARLIEST_SECONDS:
            return "code_stale"
        return "code_future" if left > LONGEST_LEFT_SECONDS else None
    if not _is_shown_by_its_phone(token):
        return "bad_proof"
    age = now - token.moment
    if age > OLDEST_SECONDS:
        return "code_stale"
    if age < -EARLIEST_SECONDS:
        return "code_future"
    return "wrong_venue" if token.venue_tag and venue_number and token.venue_tag != venue_number else None


def _is_shown_by_its_phone(token: Token) -> bool:
    point, signature = token.data[19:52], token.data[120:184]
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if point[0] not in (2, 3) or not 0 < r < _P256_ORDER or not 0 < s < _P256_ORDER:
        return False
    try:
        device_key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
        device_key.verify(encode_dss_signature(r, s), b"YP1P" + token.data[:120], _ECDSA)
    except (ValueError, InvalidSignature):
        return False
    return True
