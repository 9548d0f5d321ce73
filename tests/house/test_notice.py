"""Who accepted something accepted these words: the privacy notice never changes under its old version."""

import hashlib
import re

from flask import Flask

from passes.sale.consents import PRIVACY_VERSION

# Of the words of every version there was, zh and en. A change of the notice needs a new version, and a line here.
SAID = {"2026-11-27": "d76c00a1dce52ac8", "2026-11-27.2": "59e5288ac9a0902e"}


def digest_of(app: Flask) -> str:
    """What the notice says, without its frame, version and blanks."""
    said = []
    for language in ("zh", "en"):
        page = app.test_client().get(f"/privacy?lang={language}").text
        main = page.partition('<main id="main"')[2].partition("</main>")[0]
        said.append("".join(re.sub(r"<[^>]+>", " ", main).replace(PRIVACY_VERSION, "").split()))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def test_the_privacy_notice_says_under_its_version_what_it_said(app: Flask) -> None:
    assert SAID[PRIVACY_VERSION] == digest_of(app)
    assert f"{PRIVACY_VERSION}" in app.test_client().get("/privacy").text
