"""What travels: compressed where the browser can, kept for a year where its name says what it holds."""

import gzip
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient

from passes.http.assets import STATIC, asset, manifest


def test_a_page_travels_compressed_to_a_browser_that_can_unpack_it(client: FlaskClient) -> None:
    plain = client.get("/admin/sign-in")
    packed = client.get("/admin/sign-in", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert b"<form" in gzip.decompress(packed.data)
    assert len(packed.data) < len(plain.data)


TYPES = {
    ".css": {"text/css"},
    ".js": {"text/javascript", "application/javascript"},
    ".wasm": {"application/wasm"},
}


@pytest.mark.parametrize("name", ["style.css", "wallet.js", "zxing_reader.wasm"])
@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0", None), ("", None)])
def test_a_built_file_comes_packed_for_who_can_unpack_it_and_is_kept_for_a_year(
    client: FlaskClient, name: str, accepted: str, encoding: str | None
) -> None:
    with client.get(asset(name), headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.mimetype in TYPES[Path(name).suffix]
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "Accept-Encoding" in answer.headers["Vary"]
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}.get(encoding or "", bytes)
        assert unpack(answer.data) == (STATIC / manifest()[name]).read_bytes()


@pytest.mark.parametrize("name", ["../build.mjs", "no-such-file.js", "%2e%2e/build.mjs"])
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}", headers={"Accept-Encoding": "br"}).status_code == 404
