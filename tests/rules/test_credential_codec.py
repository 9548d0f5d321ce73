"""Writing what we read, drawing what a stranger's reader decodes, and surviving rubbish."""

import hashlib
from dataclasses import asdict, fields
from datetime import date

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from passes.credential import base41
from passes.credential.codec import Trust, trusted_key, verify
from passes.credential.drawing import draw, matrix
from passes.credential.token import (
    EPOCH,
    Body,
    card_text,
    device_certificate,
    device_text,
    flags_of,
    read,
    timed_text,
    wire_day,
)

NOW = EPOCH + 2500 * 86400 + 3600
ISSUER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a test's issuer").digest())
PHONE = ec.derive_private_key(4711, ec.SECP256R1())
TRUST = Trust({9: trusted_key(9, "Ed25519", ISSUER.public_key().public_bytes_raw(), "CDT", 0, NOW * 2)}, {})

bodies = st.builds(
    Body,
    serial=st.integers(0, 2**32 - 1),
    generation=st.integers(0, 255),
    product=st.integers(0, 65535),
    valid_from=st.integers(0, 2500),
    valid_until=st.integers(2500, 65535),
    flags=st.integers(0, 15),
    id_tag=st.integers(0, 65535),
)


def phone_signs(message: bytes) -> bytes:
    r, s = decode_dss_signature(PHONE.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def three_codes(body: Body) -> dict[str, str]:
    point = PHONE.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    certificate = device_certificate(body, 9, EPOCH + (NOW - EPOCH) // 60 * 60 + 86400, point, ISSUER.sign)
    return {
        "C": card_text(body, 9, ISSUER.sign),
        "T": timed_text(body, 9, NOW + 60, ISSUER.sign),
        "D": device_text(certificate, NOW, 0, phone_signs),
    }


@given(bodies)
def test_every_type_reads_back_as_written(body: Body) -> None:
    for token_type, text in three_codes(body).items():
        verdict = verify(text, now=NOW, venue_number=1, trust=TRUST)
        token = verdict.token
        assert verdict.code == "ok"
        assert token is not None
        assert token.type == token_type
        assert {field.name: getattr(token, field.name) for field in fields(body)} == asdict(body)
        assert token.text_body == body.to_bytes(token_type, 9)


def test_the_texts_are_as_long_as_the_page_says() -> None:
    codes = three_codes(Body(1, 0, 1, 1, 3000, 0, 0))
    assert {token_type: len(text) for token_type, text in codes.items()} == {"C": 122, "T": 128, "D": 278}


@given(st.binary(max_size=300))
def test_base41_gives_back_every_byte(data: bytes) -> None:
    assert base41.decode(base41.encode(data)) == data


@given(st.text(alphabet=base41.ALPHABET, max_size=60))
def test_there_is_one_text_for_one_value(text: str) -> None:
    try:
        data = base41.decode(text)
    except ValueError:
        return
    assert base41.encode(data) == text


@given(st.text())
@example("YP\ud800")
@example("YP" + "0" * 120)
@example("YP" + "Ⅷ" * 120)
def test_rubbish_is_foreign_or_malformed_and_never_breaks(text: str) -> None:
    for candidate in (text, "YP" + text, "YP" + (text * 130)[:120]):
        verdict = verify(candidate, now=NOW, venue_number=0, trust=TRUST)
        assert verdict.code in {"foreign", "malformed", "unknown_key", "forged"}


@given(bodies, st.integers(0, 127), st.sampled_from(base41.ALPHABET))
def test_one_changed_character_is_never_good(body: Body, place: int, character: str) -> None:
    text = timed_text(body, 9, NOW + 60, ISSUER.sign)
    changed = text[:place] + character + text[place + 1 :]
    if changed != text:
        verdict = verify(changed, now=NOW, venue_number=0, trust=TRUST)
        assert not verdict.proved


@given(st.integers(0, 2**33))
def test_a_phones_time_is_read_as_the_moment_nearest_to_now(moment: int) -> None:
    code = device_text(bytes([0x12]) + bytes(115), EPOCH + moment, 0, lambda _: bytes(64))
    for drift in (-(2**23), -60, 0, 60, 2**23 - 1):
        token = read(code, now=EPOCH + moment + drift)
        assert not isinstance(token, str)
        assert token.moment == EPOCH + moment


@pytest.mark.parametrize(
    ("holder_class", "more", "flags"),
    [("adult", {}, 0), ("senior", {"always_check_document": True}, 10), ("child", {"companion": True}, 5)],
)
def test_flags_say_who_holds_the_pass(holder_class: str, more: dict[str, bool], flags: int) -> None:
    assert flags_of(holder_class, **more) == flags


def test_an_issuer_key_of_an_unknown_algorithm_is_not_believed() -> None:
    with pytest.raises(ValueError, match="SM2"):
        trusted_key(1, "SM2", bytes(32), "T", 0, 1)


def photo_of_path(path: str, size: int) -> Image.Image:
    """What a camera sees of the SVG path: each M x y h w v 1 h -w z is a rectangle."""
    scale = 6
    picture = Image.new("L", (size * scale, size * scale), 255)
    pen = ImageDraw.Draw(picture)
    for piece in path.split("z")[:-1]:
        place, width = piece.removeprefix("M").split("v")[0].split("h")
        x, y = (int(part) * scale for part in place.split(" "))
        pen.rectangle((x, y, x + int(width) * scale - 1, y + scale - 1), fill=0)
    return picture


@pytest.mark.parametrize("token_type", ["C", "T", "D"])
def test_an_independent_reader_decodes_the_drawing(token_type: str) -> None:
    text = three_codes(Body(12345678, 0, 1, wire_day(date(2026, 1, 1)), 3000, 0, 99))[token_type]
    drawing = draw(text)
    found = zxingcpp.read_barcodes(photo_of_path(drawing.path, drawing.size))
    assert [barcode.text for barcode in found] == [text]


def test_a_timed_code_is_drawn_in_alphanumeric_mode_small_and_with_a_quiet_zone() -> None:
    drawing = draw(three_codes(Body(12345678, 0, 1, 1, 3000, 0, 99))["T"])
    assert drawing.size == 41 + 8  # version 6-M: one byte segment would need version 8
    assert len(drawing.path) < 9000
    assert len(matrix("YP")) == 21
