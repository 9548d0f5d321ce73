"""What travels: compressed where the browser can, kept for a year where its name says what it holds."""

import gzip

import pytest
from flask.testing import FlaskClient

from passes.http.assets import asset


def test_a_page_travels_compressed_to_a_browser_that_can_unpack_it(client: FlaskClient) -> None:
    plain = client.get("/admin/sign-in")
    packed = client.get("/admin/sign-in", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert b"<form" in gzip.decompress(packed.data)
    assert len(packed.data) < len(plain.data)


@pytest.mark.parametrize("name", ["style.css", "wallet.js", "zxing_reader.wasm"])
def test_a_built_file_is_compressed_and_kept_for_a_year(client: FlaskClient, name: str) -> None:
    with client.get(asset(name), headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert "max-age=31536000" in answer.headers["Cache-Control"]
